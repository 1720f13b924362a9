//! The page's files: those in the program, or a folder's while they are worked on.
//!
//! Any path may be asked for. What is not the page's is not found.

use std::borrow::Cow;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::page;

/// A file in the program.
struct Embedded {
    path: &'static str,
    tag: &'static str,
    gzip: &'static [u8],
}

// Made by `build.rs`.
include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Where the files are.
#[derive(Clone, Debug)]
pub struct Files(Place);

#[derive(Clone, Debug)]
enum Place {
    Program,
    /// A folder's path without symbolic links.
    Folder(PathBuf),
}

/// A file to be sent.
#[derive(Debug)]
pub struct File {
    /// Its type, for `Content-Type`.
    pub mime: &'static str,
    /// What tells this content from others, in quotes, for `ETag`.
    pub tag: String,
    /// Whether the content is compressed, for `Content-Encoding`.
    pub gzip: bool,
    /// What is sent.
    pub content: Cow<'static, [u8]>,
}

impl Files {
    /// Those in the program.
    pub fn embedded() -> Files {
        Files(Place::Program)
    }

    /// Those of a folder, as they are whenever they are asked for.
    ///
    /// # Errors
    /// A sentence when it has no page.
    pub fn folder(path: &Path) -> Result<Files, String> {
        match path.canonicalize() {
            Ok(folder) if folder.join("index.html").is_file() => Ok(Files(Place::Folder(folder))),
            _ => Err(format!(
                "{} is no folder with an index.html; name the one of the page, web/",
                path.display()
            )),
        }
    }

    /// The file of a path that begins with `/`, by itself the page; compressed only if
    /// `gzip` is allowed. Paths are taken as they are: nothing is decoded or cut off.
    pub fn find(&self, path: &str, gzip: bool) -> Option<File> {
        let path = match path.strip_prefix('/')? {
            "" => "index.html",
            path => path,
        };
        let mime = page::mime(path)?;
        match &self.0 {
            Place::Program => embedded(path, mime, gzip),
            Place::Folder(folder) => from_folder(folder, path, mime),
        }
    }
}

fn embedded(path: &str, mime: &'static str, gzip: bool) -> Option<File> {
    let file = PAGE.iter().find(|file| file.path == path)?;
    let tag = quoted(file.tag, gzip);
    let content = if gzip {
        file.gzip.into()
    } else {
        file.plain()?.into()
    };
    Some(File {
        mime,
        tag,
        gzip,
        content,
    })
}

impl Embedded {
    fn plain(&self) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(self.gzip);
        decoder.read_to_end(&mut content).ok()?;
        Some(content)
    }
}

fn from_folder(folder: &Path, path: &str, mime: &'static str) -> Option<File> {
    let content = if path == page::LIST {
        list(folder)?.into_bytes()
    } else {
        // Neither out of the folder by a symbolic link, nor what would keep us waiting.
        let file = folder.join(path).canonicalize().ok()?;
        if !file.starts_with(folder) || !file.is_file() {
            return None;
        }
        fs::read(file).ok()?
    };
    Some(File {
        mime,
        tag: quoted(&page::tag(&content), false),
        gzip: false,
        content: content.into(),
    })
}

/// The service worker's list of a folder.
fn list(folder: &Path) -> Option<String> {
    let paths = page::paths(folder).ok()?.into_iter();
    let files: Option<Vec<_>> = paths
        .map(|path| Some((path.clone(), fs::read(folder.join(path)).ok()?)))
        .collect();
    Some(page::list(&files?))
}

/// Another encoding is another content.
fn quoted(tag: &str, gzip: bool) -> String {
    format!("\"{tag}{}\"", if gzip { "-gzip" } else { "" })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;

    use super::*;

    const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web");
    /// Most bytes that the page may have in the program, compressed, and the instrument in
    /// WebAssembly beside it; 64 and 580 kB when this was written. Boards have room for
    /// both, and a phone has them in a second.
    const MOST_PAGE: usize = 150_000;
    const MOST_WASM: usize = 700_000;

    fn text(files: &Files, path: &str) -> Option<String> {
        String::from_utf8(files.find(path, false)?.content.into_owned()).ok()
    }

    /// What of the page a text names: strings that begin with `./` or `../`.
    fn named(text: &str) -> impl Iterator<Item = &str> {
        text.split(['\'', '"'])
            .filter(|part| part.starts_with("./") || part.starts_with("../"))
            .filter(|part| page::mime(part.rsplit('/').next().unwrap()).is_some())
    }

    /// A path named by the file of another.
    fn resolve(from: &str, name: &str) -> String {
        let mut parts: Vec<&str> = from.split('/').collect();
        parts.pop();
        for part in name.split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()),
                _ => parts.push(part),
            }
        }
        parts.join("/")
    }

    #[test]
    fn whatever_the_page_loads_is_in_the_program() {
        let files = Files::embedded();
        let mut known = BTreeSet::new();
        let mut next = vec!["/index.html".to_string()];
        while let Some(path) = next.pop() {
            if path == "/gatebend.wasm" || !known.insert(path.clone()) {
                continue;
            }
            let text = text(&files, &path).unwrap_or_else(|| panic!("{path} is missing"));
            next.extend(named(&text).map(|name| resolve(&path, name)));
        }
        for path in [
            "/main.js",
            "/style.css",
            "/icon.svg",
            "/audio/worklet.js",
            "/service-worker.js",
        ] {
            assert!(known.contains(path), "nothing names {path}");
        }
    }

    #[test]
    fn the_program_has_what_the_folder_and_the_bundle_have() {
        let (program, folder) = (Files::embedded(), Files::folder(Path::new(WEB)).unwrap());
        for file in PAGE
            .iter()
            .filter(|file| !["gatebend.wasm", page::LIST].contains(&file.path))
        {
            let path = format!("/{}", file.path);
            let plain = program.find(&path, false).unwrap();
            assert!(!plain.gzip);
            assert_eq!(
                plain.content,
                folder.find(&path, true).unwrap().content,
                "{path}"
            );
            let gzipped = program.find(&path, true).unwrap();
            assert!(gzipped.gzip && gzipped.tag != plain.tag);
            assert_eq!(
                (gzipped.mime, &gzipped.content[..2]),
                (plain.mime, &[0x1f, 0x8b][..])
            );
        }
        let of = |paths: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
            paths
                .filter(|path| !["gatebend.wasm", page::LIST].contains(path))
                .map(String::from)
                .collect()
        };
        let bundle = Command::new(format!("{WEB}/bundle.sh"))
            .arg("--files")
            .output();
        let bundle = String::from_utf8(bundle.expect("bash").stdout).unwrap();
        assert_eq!(
            of(&mut PAGE.iter().map(|file| file.path)),
            of(&mut bundle.lines())
        );
    }

    #[test]
    fn the_page_is_small() {
        let (wasm, page): (Vec<_>, Vec<_>) =
            PAGE.iter().partition(|file| file.path == "gatebend.wasm");
        let bytes = |files: Vec<&Embedded>| files.iter().map(|file| file.gzip.len()).sum::<usize>();
        let (wasm, page) = (bytes(wasm), bytes(page));
        println!("compressed: page {page} bytes, gatebend.wasm {wasm} bytes");
        assert!(page < MOST_PAGE && wasm < MOST_WASM, "{page}, {wasm}");
    }

    #[test]
    fn types_are_those_that_browsers_want() {
        let files = Files::embedded();
        for (path, mime) in [
            ("/", "text/html; charset=utf-8"),
            ("/main.js", "text/javascript; charset=utf-8"),
            ("/icon.svg", "image/svg+xml"),
            ("/manifest.webmanifest", "application/manifest+json"),
        ] {
            assert_eq!(files.find(path, true).unwrap().mime, mime);
        }
        assert_eq!(page::mime("gatebend.wasm"), Some("application/wasm"));
    }

    #[test]
    fn the_service_worker_is_told_of_every_file_but_itself() {
        let expected: Vec<String> = PAGE
            .iter()
            .map(|file| file.path)
            .filter(|path| !["service-worker.js", page::LIST].contains(path))
            .map(|path| format!("    '{path}',"))
            .collect();
        let list = text(&Files::embedded(), "/files.js").unwrap();
        let lines: Vec<&str> = list.lines().collect();
        assert!(lines[0].starts_with("self.VERSION = '") && lines[1] == "self.FILES = [");
        assert_eq!(lines[2..lines.len() - 1], expected);

        let version = |content: &str| {
            page::list(&[("main.js".into(), content.into())])
                .lines()
                .next()
                .map(String::from)
        };
        assert_ne!(version("1"), version("2"));
    }

    #[test]
    fn what_is_no_part_of_the_page_is_not_found() {
        for files in [Files::embedded(), Files::folder(Path::new(WEB)).unwrap()] {
            for path in [
                "",
                "main.js",
                "//",
                "/no-such.js",
                "/panels",
                "/panels/",
                "/package.json",
                "/eslint.config.js",
                "/build.sh",
                "/test/logic.test.mjs",
                "/test/fake-port.js",
                "/node_modules/x.js",
                "/wasm/src/lib.rs",
            ] {
                assert!(files.find(path, true).is_none(), "{path}");
            }
        }
    }

    #[test]
    fn a_folder_is_never_left() {
        let all = tempfile::tempdir().unwrap();
        let root = all.path().join("page");
        fs::create_dir_all(root.join("panels")).unwrap();
        fs::create_dir(all.path().join("page2")).unwrap();
        for path in [
            "page/index.html",
            "page/panels/pad.js",
            "page/.x.js",
            "secret.js",
            "page2/x.js",
        ] {
            fs::write(all.path().join(path), path).unwrap();
        }
        let files = Files::folder(&root).unwrap();
        assert_eq!(
            text(&files, "/panels/pad.js").unwrap(),
            "page/panels/pad.js"
        );
        let secret = all.path().join("secret.js");
        for path in [
            "/../secret.js",
            "/panels/../../secret.js",
            "/panels/../index.html",
            "/../page2/x.js",
            "/..%2fsecret.js",
            "/%2e%2e/secret.js",
            "/..\\secret.js",
            "/./index.html",
            "//index.html",
            "/.x.js",
            "/index.html\0",
            &format!("/{}", secret.display()),
            &format!("{}", secret.display()),
        ] {
            assert!(files.find(path, false).is_none(), "{path}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(&secret, root.join("link.js")).unwrap();
            symlink(all.path().join("page2"), root.join("out")).unwrap();
            symlink(root.join("panels/pad.js"), root.join("inside.js")).unwrap();
            assert!(files.find("/link.js", false).is_none());
            assert!(files.find("/out/x.js", false).is_none());
            assert!(files.find("/inside.js", false).is_some());
        }
        let list = text(&files, "/files.js").unwrap();
        assert!(
            list.contains("'panels/pad.js'") && !list.contains("x.js"),
            "{list}"
        );
    }

    #[test]
    fn a_folder_without_a_page_is_refused() {
        let empty = tempfile::tempdir().unwrap();
        assert!(
            Files::folder(empty.path())
                .unwrap_err()
                .contains("index.html")
        );
        assert!(Files::folder(&empty.path().join("none")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_path_may_be_asked_for(path in "[./a-z%\\\\]{0,12}(js|html)?", any: String) {
            for files in [Files::embedded(), Files::folder(Path::new(WEB)).unwrap()] {
                for path in [&path, &any] {
                    files.find(path, true);
                }
            }
        }
    }
}
