//! Parts of the documentation that tests make, between two marks.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

const END: &str = "<!-- end -->";

/// Held while a document is compared or rewritten: tests of one file run in parallel.
static DOCUMENTS: Mutex<()> = Mutex::new(());

/// Checks that the document, a path from the workspace's root, has the part that the command
/// makes; `UPDATE_PICTURES=1` before the command writes it.
pub fn compare(document: &str, command: &str, made: &str) {
    let _guard = DOCUMENTS.lock();
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = package.ancestors().map(|folder| folder.join(document));
    let path = paths.find(|path| path.exists()).expect(document);
    let begin = format!("<!-- made by `UPDATE_PICTURES=1 {command}` -->\n");
    let text = fs::read_to_string(&path).unwrap();
    let parts = text.split_once(&begin).and_then(|(before, rest)| {
        let (documented, after) = rest.split_once(END)?;
        Some((before, documented, after))
    });
    let (before, documented, after) =
        parts.unwrap_or_else(|| panic!("{document} has no part made by `{command}`"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        // Renamed into place, so that other tests never read half of it.
        let whole = path.with_extension("new");
        fs::write(&whole, [before, &begin, made, END, after].concat()).unwrap();
        fs::rename(whole, path).unwrap();
        return;
    }
    assert_eq!(documented, made);
}
