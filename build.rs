//! Puts the page (`web/`) into the program, compressed.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Endings of what a page may load.
const ENDINGS: [&str; 7] = ["html", "css", "js", "svg", "png", "webmanifest", "wasm"];
/// Folders with something else in them.
const OTHERS: [&str; 7] = [
    "node_modules",
    "test",
    "tests",
    "bench",
    "types",
    "wasm",
    "target",
];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut page = String::from("static PAGE: &[Embedded] = &[\n");
    // The instrument in a page has no other page in it.
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|target| target != "wasm32") {
        let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("web");
        let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
        let mut files = Vec::new();
        collect(&root, &mut files)?;
        files.sort();
        for (i, file) in files.iter().enumerate() {
            println!("cargo::rerun-if-changed={}", file.display());
            let content = fs::read(file)?;
            let compressed = out.join(format!("{i}.gz"));
            let mut encoder = GzEncoder::new(fs::File::create(&compressed)?, Compression::best());
            encoder.write_all(&content)?;
            encoder.finish()?;
            let mut hasher = DefaultHasher::new();
            hasher.write(&content);
            let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy();
            let _ = writeln!(
                page,
                "    Embedded {{ path: {:?}, hash: {:#x}, gzip: include_bytes!({compressed:?}) }},",
                name.replace('\\', "/"),
                hasher.finish(),
            );
        }
    }
    page.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("page.rs"), page)
}

/// What is of the page in a folder. A folder that has no other in it is watched as a
/// whole: cargo sees what is new there.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut watched = true;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            watched = false;
            if !OTHERS.contains(&name.as_str()) && !name.starts_with('.') {
                collect(&path, files)?;
            }
        } else if path
            .extension()
            .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
            && !name.ends_with(".config.js")
            && name != "files.js"
        {
            files.push(path);
        }
    }
    if watched {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    Ok(())
}
