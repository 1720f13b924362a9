//! The client's files: those in the program, or a folder's while they are worked on.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher};
use std::io::Read;
use std::path::PathBuf;

/// A file in the program.
struct Embedded {
    path: &'static str,
    /// What tells its content from others.
    hash: u64,
    /// Compressed by gzip.
    gzip: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Where the files are.
#[derive(Clone, Debug)]
pub struct Files(Option<PathBuf>);

/// A file to be sent.
#[derive(Debug)]
pub struct File {
    /// Its type.
    pub mime: &'static str,
    /// What tells its content from others, in quotes.
    pub tag: String,
    /// Compressed by gzip.
    pub gzip: bool,
    /// What is sent.
    pub content: Cow<'static, [u8]>,
}

/// Types by the endings of names.
const TYPES: [(&str, &str); 8] = [
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("ico", "image/x-icon"),
    ("webmanifest", "application/manifest+json"),
    ("wasm", "application/wasm"),
];

impl Files {
    /// Those in the program, or those of a folder as they are at the moment.
    pub fn new(folder: Option<PathBuf>) -> Files {
        Files(folder)
    }

    /// The file of a path that begins with `/`; `/` itself is the page.
    pub fn find(&self, path: &str, gzip: bool) -> Option<File> {
        let path = match path.strip_prefix('/')? {
            "" => "index.html",
            path => path,
        };
        let (_, ending) = path.rsplit_once('.')?;
        let (_, mime) = TYPES.iter().find(|(known, _)| *known == ending)?;
        match &self.0 {
            None => embedded(path, mime, gzip),
            Some(folder) => {
                let content = std::fs::read(folder.join(within(path)?)).ok()?;
                let mut hasher = DefaultHasher::new();
                hasher.write(&content);
                Some(File {
                    mime,
                    tag: format!("\"{:016x}\"", hasher.finish()),
                    gzip: false,
                    content: content.into(),
                })
            }
        }
    }
}

fn embedded(path: &str, mime: &'static str, gzip: bool) -> Option<File> {
    let file = PAGE.iter().find(|file| file.path == path)?;
    let content = if gzip {
        file.gzip.into()
    } else {
        let mut content = Vec::new();
        let mut plain = flate2::read::GzDecoder::new(file.gzip);
        plain.read_to_end(&mut content).ok()?;
        content.into()
    };
    Some(File {
        mime,
        tag: format!("\"{:016x}{}\"", file.hash, if gzip { "-gzip" } else { "" }),
        gzip,
        content,
    })
}

/// The same path, if it does not lead out of the folder.
fn within(path: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    path.split('/')
        .all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(plain))
        .then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web");

    #[test]
    fn the_page_is_in_the_program_as_it_is_in_its_folder() {
        let (program, folder) = (Files::new(None), Files::new(Some(FOLDER.into())));
        for file in PAGE.iter().filter(|file| file.path != "gatebend.wasm") {
            let path = format!("/{}", file.path);
            let plain = program.find(&path, false).unwrap();
            assert_eq!(
                plain.content,
                folder.find(&path, true).unwrap().content,
                "{path}"
            );
            let compressed = program.find(&path, true).unwrap();
            assert!(compressed.gzip && compressed.tag != plain.tag);
        }
        assert!(
            program
                .find("/", true)
                .unwrap()
                .mime
                .starts_with("text/html")
        );
        assert!(program.find("/main.js", true).is_some());
    }

    #[test]
    fn what_is_no_part_of_the_page_is_not_served() {
        for path in [
            "",
            "main.js",
            "/no-such.js",
            "/package.json",
            "/eslint.config.js",
            "/test/logic.test.mjs",
            "/test/fake-port.js",
            "/wasm/src/lib.rs",
            "/../Cargo.toml",
        ] {
            assert!(Files::new(None).find(path, true).is_none(), "{path}");
        }
        let folder = Files::new(Some(format!("{FOLDER}/panels").into()));
        for path in [
            "/../main.js",
            "/..%2fmain.js",
            "//etc/x.js",
            "/.x.js",
            "/./pad.js",
        ] {
            assert!(folder.find(path, true).is_none(), "{path}");
        }
        assert!(folder.find("/pad.js", true).is_some());
    }
}
