//! The files of a folder that belong to the page, and their list for the service worker.
//!
//! `build.rs` also includes this module, so that the program contains the same files that
//! are served from a folder. `web/bundle.sh` follows the same rule; a test compares them.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use std::{fs, io};

/// Files that a page may load: MIME types by file name extension.
const TYPES: [(&str, &str); 7] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("webmanifest", "application/manifest+json"),
    ("wasm", "application/wasm"),
];

/// Folders of tests, tools and types, which are not served.
const OTHERS: [&str; 6] = ["node_modules", "test", "tests", "bench", "types", "wasm"];

/// The generated list for the service worker; see [`list`].
pub const LIST: &str = "files.js";

/// Not in the list: the browser caches this file itself.
const SERVICE_WORKER: &str = "service-worker.js";

/// Returns the MIME type of a path if the file belongs to the page. Names between slashes
/// are plain, so that no path leads out of the folder or to hidden files.
pub fn mime(path: &str) -> Option<&'static str> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folders = folders.split('/').filter(|_| path.contains('/'));
    let (_, extension) = name.rsplit_once('.')?;
    let (_, mime) = TYPES.iter().find(|(known, _)| *known == extension)?;
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

/// Returns the paths of a folder's page, sorted, without the list. Leaves out symbolic
/// links.
///
/// # Errors
/// Fails if a folder cannot be read.
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

/// Returns a tag that identifies a file's content, in plain characters.
pub fn tag(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    format!("{:016x}", hasher.finish())
}

/// Returns the service worker's list of files, with a version that depends on their
/// contents.
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
