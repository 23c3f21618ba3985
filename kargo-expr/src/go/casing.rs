//! `strings.ToUpper` and `strings.ToLower`: one character becomes one character.
//!
//! Rust maps `ß` to `SS`; Go leaves it, because it uses only Unicode's simple mappings.

use super::strings::runes;
use super::unicode::is_known;

/// `strings.ToUpper`. Bytes that are not UTF-8 become U+FFFD, as in Go.
///
/// ```
/// assert_eq!(kargo_expr::go::casing::upper("straße".as_bytes()), "STRAßE");
/// ```
#[must_use]
pub fn upper(text: &[u8]) -> String {
    runes(text).map(|rune| rune.map_or('\u{fffd}', upper_char)).collect()
}

/// `strings.ToLower`. Bytes that are not UTF-8 become U+FFFD, as in Go.
#[must_use]
pub fn lower(text: &[u8]) -> String {
    runes(text).map(|rune| rune.map_or('\u{fffd}', lower_char)).collect()
}

/// `unicode.ToUpper`.
#[must_use]
pub fn upper_char(c: char) -> char {
    match (only(c.to_uppercase()), c) {
        (Some(upper), _) => as_known(c, upper),
        // Greek with a small iota below: the full mapping writes the iota as a letter of its own, the
        // simple one goes to the letter that Unicode calls title case.
        (None, '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}') => shifted(c, 8),
        (None, '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}') => shifted(c, 9),
        (None, _) => c,
    }
}

/// `unicode.ToLower`.
#[must_use]
pub fn lower_char(c: char) -> char {
    // The one character whose full mapping is longer.
    if c == 'İ' { 'i' } else { only(c.to_lowercase()).map_or(c, |lower| as_known(c, lower)) }
}

fn only(mut mapped: impl Iterator<Item = char>) -> Option<char> {
    let first = mapped.next()?;
    mapped.next().is_none().then_some(first)
}

/// A pair of which Go does not know one letter is no pair.
fn as_known(c: char, mapped: char) -> char {
    if mapped == c || (is_known(c) && is_known(mapped)) { mapped } else { c }
}

fn shifted(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_one_to_one() {
        let table: &[(&str, &str, &str)] = &[
            ("ß", "ß", "ß"),
            ("ŉ", "ŉ", "ŉ"),
            ("ﬁ", "ﬁ", "ﬁ"),
            ("İ", "İ", "i"),
            ("ı", "I", "ı"),
            ("ΑΣ", "ΑΣ", "ασ"),
            ("ǆ ǅ", "Ǆ Ǆ", "ǆ ǆ"),
            ("ᾀᾳῃῳᾷ", "ᾈᾼῌῼᾷ", "ᾀᾳῃῳᾷ"),
            ("Ω", "Ω", "ω"),
            // Paired only since Unicode 16.
            ("\u{264}\u{a7cb}", "\u{264}\u{a7cb}", "\u{264}\u{a7cb}"),
        ];
        for (text, up, low) in table {
            assert_eq!(upper(text.as_bytes()), *up);
            assert_eq!(lower(text.as_bytes()), *low);
        }
        assert_eq!(upper(b"a\xff"), "A\u{fffd}");
    }
}
