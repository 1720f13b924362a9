//! Names of presets and bend layers.
//!
//! ```
//! use instrument::names::{free_name, is_name};
//!
//! assert!(is_name("night train") && !is_name("../x"));
//! assert_eq!(free_name("solo", |name| name == "solo"), "solo 2");
//! ```

/// Longest name, in characters.
const MAX_CHARACTERS: usize = 40;
/// Characters that are left for a space and a number after a name.
const NUMBER_CHARACTERS: usize = 7;

/// Returns whether a preset or a bend layer may have this name.
///
/// A name has 1 to 40 letters, digits, spaces, `-` and `_`, and neither begins nor ends
/// with a space. Every name is also a valid file name.
pub fn is_name(name: &str) -> bool {
    let is_allowed = |c: char| c.is_alphanumeric() || "-_ ".contains(c);
    !name.is_empty()
        && name.chars().count() <= MAX_CHARACTERS
        && name.chars().all(is_allowed)
        && name.trim() == name
}

/// Returns the name or, if it is taken, the first of `name 2`, `name 3` and so on that
/// is free.
pub fn free_name(name: &str, mut is_taken: impl FnMut(&str) -> bool) -> String {
    let short: String = name
        .chars()
        .take(MAX_CHARACTERS - NUMBER_CHARACTERS)
        .collect();
    let (mut free, mut number) = (name.to_string(), 1);
    while is_taken(&free) {
        number += 1;
        free = format!("{} {number}", short.trim_end());
    }
    free
}
