//! Go's Unicode tables where they answer differently from Rust's: Go is at version 15.

use std::sync::LazyLock;

use regex::Regex;

/// `unicode.IsPrint`: letters, marks, numbers, punctuation and symbols, and the ASCII space.
#[must_use]
pub fn is_print(c: char) -> bool {
    static PRINTABLE: LazyLock<Regex> =
        LazyLock::new(|| class(r"[[\p{L}\p{M}\p{N}\p{P}\p{S}]&&\p{age:15.0}]"));
    match c {
        ' '..='~' => true,
        c if c.is_ascii() => false,
        c => matches(&PRINTABLE, c),
    }
}

/// `unicode.IsLetter`.
#[must_use]
pub fn is_letter(c: char) -> bool {
    static LETTER: LazyLock<Regex> = LazyLock::new(|| class(r"[\p{L}&&\p{age:15.0}]"));
    if c.is_ascii() { c.is_ascii_alphabetic() } else { matches(&LETTER, c) }
}

/// `unicode.IsDigit`: decimal digits of any script.
#[must_use]
pub fn is_digit(c: char) -> bool {
    static DIGIT: LazyLock<Regex> = LazyLock::new(|| class(r"[\p{Nd}&&\p{age:15.0}]"));
    if c.is_ascii() { c.is_ascii_digit() } else { matches(&DIGIT, c) }
}

/// Whether Go's tables have this character at all.
#[must_use]
pub fn is_known(c: char) -> bool {
    static KNOWN: LazyLock<Regex> = LazyLock::new(|| class(r"\p{age:15.0}"));
    c.is_ascii() || matches(&KNOWN, c)
}

#[expect(clippy::expect_used, reason = "constant patterns, each compiled by the tests of this module")]
fn class(pattern: &str) -> Regex {
    Regex::new(&format!(r"\A{pattern}\z")).expect("a valid pattern")
}

fn matches(class: &Regex, c: char) -> bool {
    class.is_match(c.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_of_version_15() {
        for c in ['a', ' ', 'é', '☃', '😀', '\u{301}', '\u{fffd}'] {
            assert!(is_print(c) && is_known(c), "{c:?}");
        }
        for c in ['\n', '\x7f', '\u{a0}', '\u{ad}', '\u{2028}', '\u{feff}', '\u{e000}'] {
            assert!(!is_print(c), "{c:?}");
        }
        assert!(is_letter('é') && is_letter('ª') && !is_letter('\u{345}') && !is_letter('1'));
        assert!(is_digit('٣') && !is_digit('²') && !is_digit('a'));
        // A letter of Unicode 16.
        assert!(!is_print('\u{10d50}') && !is_known('\u{10d50}'));
    }
}
