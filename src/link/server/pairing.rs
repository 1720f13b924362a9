//! The pairing code, which gets longer while somebody guesses.

use std::hint::black_box;

use super::Error;
use crate::link::client_session::Proof;
use crate::link::protocol::Secret;

/// Digits of the first code.
const DIGITS: u32 = 6;
/// Digits by which each code is longer than the one that it replaces; also the size of the
/// groups in which they are shown.
const GROUP: usize = 3;
/// Most digits of a code. Its wrong guesses would take centuries.
const MAX_DIGITS: u32 = 18;
/// The chance that a code is guessed before it is replaced is 1 in this number.
const CHANCE: u64 = 100_000;
/// Bytes of a token.
const TOKEN_BYTES: usize = 16;

/// The code that the display shows, and the token that replaces it once a client has paired.
///
/// Wrong codes are counted over all addresses, and right codes are never delayed: there is
/// no state in which the code on the display is refused. A code of six digits is replaced
/// after 10 wrong ones by one of nine, that after 10,000 by one of twelve, and so on, so
/// that each is guessed with a chance of at most 1 in 100,000.
pub struct Pairing {
    code: String,
    /// Wrong codes until the next code; 0 if there was no random number to make it from.
    left: u64,
    token: Secret,
}

/// Result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The client may play.
    Paired,
    /// No code was sent, and no valid token.
    NoCode,
    /// The code was wrong.
    Wrong,
    /// The code was wrong and has been replaced.
    Replaced,
}

impl Pairing {
    /// Makes a code and a token.
    ///
    /// # Errors
    /// Fails if the system has no random numbers.
    pub fn new() -> Result<Pairing, Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Pairing {
            code: random_code(DIGITS)?,
            left: most_wrong(DIGITS),
            token: Secret(format!("{:032x}", u128::from_ne_bytes(bytes))),
        })
    }

    /// The token that clients receive once they have paired.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Returns the code as people read it: in groups of three digits.
    pub fn shown(&self) -> String {
        let groups = self.code.as_bytes().chunks(GROUP);
        let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
        groups.join(" ")
    }

    /// Checks what a client has sent. Only codes count as guesses.
    pub fn check(&mut self, proof: &Proof) -> Check {
        let is_token = |Secret(token): &Secret| is_same(token, &self.token.0);
        if proof.token.as_ref().is_some_and(is_token) {
            return Check::Paired;
        }
        let Some(Secret(code)) = &proof.code else {
            return Check::NoCode;
        };
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if self.left > 0 && is_same(&code, &self.code) {
            return Check::Paired;
        }
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            return Check::Wrong;
        }
        let digits = (self.code.len() as u32 + GROUP as u32).min(MAX_DIGITS);
        // Without a random number, no code is right until the next try.
        let Ok(code) = random_code(digits) else {
            return Check::Wrong;
        };
        self.code = code;
        self.left = most_wrong(digits);
        Check::Replaced
    }
}

/// Returns the number of wrong codes that leaves a chance of 1 in [`CHANCE`].
fn most_wrong(digits: u32) -> u64 {
    10u64.pow(digits) / CHANCE
}

fn random_code(digits: u32) -> Result<String, getrandom::Error> {
    let number = getrandom::u64()? % 10u64.pow(digits);
    Ok(format!("{number:0width$}", width = digits as usize))
}

/// Compares texts in a time that depends on their lengths only.
fn is_same(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    let difference = pairs.fold(0, |difference, (a, b)| black_box(difference | (a ^ b)));
    one.len() == other.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Proof {
        Proof {
            code: Some(Secret(text.into())),
            token: None,
        }
    }

    #[test]
    fn the_shown_code_is_right_whatever_others_have_guessed() {
        let mut pairing = Pairing::new().unwrap();
        let mut before = Vec::new();
        for (digits, wrong) in [(6, 10), (9, 10_000)] {
            let shown = pairing.shown();
            assert_eq!(shown.replace(' ', "").len(), digits);
            assert_eq!(shown.split(' ').map(str::len).max(), Some(3));
            for _ in before.len() + 1..wrong {
                assert_eq!(pairing.check(&code("no")), Check::Wrong);
            }
            assert_eq!(pairing.check(&code(&shown)), Check::Paired);
            assert_eq!(pairing.check(&code(&format!("{shown} "))), Check::Paired);
            assert_eq!(pairing.check(&code("no")), Check::Replaced);
            before.push(shown);
            for old in &before {
                assert_eq!(pairing.check(&code(old)), Check::Wrong);
            }
        }
        assert_eq!(pairing.shown().len(), "123 456 789 012".len());
        assert_eq!(most_wrong(12), 10_000_000);
        assert_eq!(most_wrong(MAX_DIGITS), 10_000_000_000_000);
    }

    #[test]
    fn a_token_is_not_a_guess() {
        let mut pairing = Pairing::new().unwrap();
        let with = |token: &str| Proof {
            code: None,
            token: Some(Secret(token.into())),
        };
        let own = pairing.token().0.clone();
        assert!(own.len() == 2 * TOKEN_BYTES && own != Pairing::new().unwrap().token().0);
        let shown = pairing.shown();
        for other in ["", "x", &own[1..], &format!("{own}0")] {
            for _ in 0..10 {
                assert_eq!(pairing.check(&with(other)), Check::NoCode);
            }
        }
        assert_eq!((pairing.shown(), pairing.left), (shown, 10));
        // The token stays valid when the code is replaced.
        while pairing.check(&code("no")) != Check::Replaced {}
        assert_eq!(pairing.check(&with(&own)), Check::Paired);
        // An old token does not keep a client from sending the code.
        let both = Proof {
            token: Some(Secret("old".into())),
            ..code(&pairing.shown())
        };
        assert_eq!(pairing.check(&both), Check::Paired);
    }

    #[test]
    fn no_code_is_right_while_there_is_none_to_replace_it() {
        let mut pairing = Pairing::new().unwrap();
        pairing.left = 0;
        let shown = pairing.shown();
        assert_eq!(pairing.check(&code(&shown)), Check::Replaced);
    }

    #[test]
    fn texts_are_compared_whole() {
        for (one, other, same) in [("", "", true), ("12", "12", true), ("12", "13", false)] {
            assert_eq!(is_same(one, other), same);
        }
        assert!(!is_same("12", "123") && !is_same("", "1"));
    }
}
