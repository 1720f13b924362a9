//! Embeds the page (`web/`) in the program, compressed.

#[path = "src/link/page.rs"]
mod page;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/link/page.rs");
    // The module for browsers serves no page.
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|target| target == "wasm32") {
        return Ok(());
    }
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("web");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    embed(&root, &out).map_err(|error| {
        format!(
            "cannot embed the page from {} into {}: {error}",
            root.display(),
            out.display()
        )
    })
}

/// Writes the compressed files and `page.rs`, which includes them.
fn embed(root: &Path, out: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    // A new file has no use until one of these files names it, so watching them is enough.
    // Only the modules (`*.wasm`) are named before they exist: see `web/build.sh`.
    for path in page::paths(root)? {
        let file = root.join(&path);
        println!("cargo::rerun-if-changed={}", file.display());
        files.push((path, fs::read(file)?));
    }
    let list = page::list(&files);
    files.push((page::LIST.into(), list.into_bytes()));

    let mut source = String::from("static PAGE: &[Embedded] = &[\n");
    for (i, (path, content)) in files.iter().enumerate() {
        let compressed = out.join(format!("{i}.gz"));
        let mut encoder = GzEncoder::new(fs::File::create(&compressed)?, Compression::best());
        encoder.write_all(content)?;
        encoder.finish()?;
        let tag = page::tag(content);
        let compressed = compressed.to_string_lossy();
        let _ = writeln!(
            source,
            "    Embedded {{ path: {path:?}, tag: {tag:?}, gzip: include_bytes!({compressed:?}) }},"
        );
    }
    source.push_str("];\n");
    fs::write(out.join("page.rs"), source)
}
