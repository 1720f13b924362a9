//! `include/gatebend.h` is what cbindgen makes of the library: the interface changes on
//! purpose only. `UPDATE_HEADER=1 cargo test -p gatebend-capi` writes it after such a change.

use std::env;
use std::fs;
use std::path::Path;

#[test]
fn the_header_is_that_of_the_library() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    let source = cbindgen::Builder::new().with_config(config);
    let source = source.with_src(folder.join("src/lib.rs"));
    let mut header = Vec::new();
    source.generate().unwrap().write(&mut header);
    let header = String::from_utf8(header).unwrap();
    let path = folder.join("include/gatebend.h");
    if env::var_os("UPDATE_HEADER").is_some() {
        fs::write(&path, header).unwrap();
        return;
    }
    let kept = fs::read_to_string(&path).unwrap();
    let differs = kept.lines().zip(header.lines()).position(|(a, b)| a != b);
    assert!(
        kept == header,
        "include/gatebend.h differs from the library in line {:?}; if the interface is meant to \
         change, run UPDATE_HEADER=1 cargo test -p gatebend-capi",
        differs.map(|line| line + 1)
    );
}
