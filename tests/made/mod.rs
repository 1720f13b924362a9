//! Parts of the documentation that tests make, between two marks.

use std::path::Path;

const END: &str = "<!-- end -->";

/// The document, from the workspace's root, has what the command made;
/// `UPDATE_PICTURES=1` before the command writes it.
pub fn compare(document: &str, command: &str, made: &str) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = package.ancestors().map(|folder| folder.join(document));
    let path = paths.find(|path| path.exists()).expect(document);
    let begin = format!("<!-- made by `UPDATE_PICTURES=1 {command}` -->\n");
    let text = std::fs::read_to_string(&path).unwrap();
    let parts = text.split_once(&begin).and_then(|(before, rest)| {
        let (documented, after) = rest.split_once(END)?;
        Some((before, documented, after))
    });
    let (before, documented, after) =
        parts.unwrap_or_else(|| panic!("{document} has no part made by `{command}`"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::write(path, [before, &begin, made, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(documented, made);
}
