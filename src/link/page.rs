//! Which files of a folder are the page's, and the list of them for the service worker.
//!
//! `build.rs` has this module, too: what is in the program and what is served from a
//! folder keep one rule. It is `web/bundle.sh`'s as well; a test compares them.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use std::{fs, io};

/// What a page may load: types by the endings of names.
const TYPES: [(&str, &str); 7] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("webmanifest", "application/manifest+json"),
    ("wasm", "application/wasm"),
];

/// Folders with tests, tools and types.
const OTHERS: [&str; 6] = ["node_modules", "test", "tests", "bench", "types", "wasm"];

/// The generated list for the service worker; see [`list`].
pub const LIST: &str = "files.js";

/// A browser keeps that one itself.
const SERVICE_WORKER: &str = "service-worker.js";

/// The type of a path's file, if it is the page's. Paths have plain names between
/// slashes, and so never lead out of the folder, nor to what is hidden.
pub fn mime(path: &str) -> Option<&'static str> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folders = folders.split('/').filter(|_| path.contains('/'));
    let (_, ending) = name.rsplit_once('.')?;
    let (_, mime) = TYPES.iter().find(|(known, _)| *known == ending)?;
    let is_page =
        folders.into_iter().all(is_page_folder) && is_plain(name) && !name.ends_with(".config.js");
    is_page.then_some(*mime)
}

fn is_page_folder(name: &str) -> bool {
    is_plain(name) && !OTHERS.contains(&name)
}

fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
}

/// The paths of a folder's page, in order, without the list. Symbolic links are left
/// out.
///
/// # Errors
/// When a folder cannot be read.
pub fn paths(root: &Path) -> io::Result<Vec<String>> {
    let mut paths = Vec::new();
    collect(root, "", &mut paths)?;
    paths.sort();
    Ok(paths)
}

fn collect(folder: &Path, before: &str, paths: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = format!("{before}{name}");
        if kind.is_dir() && is_page_folder(name) {
            collect(&entry.path(), &format!("{path}/"), paths)?;
        } else if kind.is_file() && mime(&path).is_some() && path != LIST {
            paths.push(path);
        }
    }
    Ok(())
}

/// What tells a content from others: plain characters.
pub fn tag(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    format!("{:016x}", hasher.finish())
}

/// The service worker's list of files: other contents, another version.
pub fn list(files: &[(String, Vec<u8>)]) -> String {
    let mut all = String::new();
    let mut list = String::new();
    for (path, content) in files {
        let _ = writeln!(all, "{path} {}", tag(content));
        if path != SERVICE_WORKER {
            let _ = writeln!(list, "    '{path}',");
        }
    }
    let version = tag(all.as_bytes());
    format!("self.VERSION = '{version}';\nself.FILES = [\n{list}];\n")
}
