//! `strconv.Quote`, which is also `%q`.

use std::fmt::Write;

use super::strings::runes;
use super::unicode::is_print;

/// A Go string literal in double quotes: printable characters stay, others are escaped, and so is each
/// byte that is not UTF-8.
///
/// ```
/// use kargo_expr::go::quote::quote;
/// assert_eq!(quote("é\n\u{a0}".as_bytes()), r#""é\n\u00a0""#);
/// ```
#[must_use]
pub fn quote(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for rune in runes(text) {
        match rune {
            Ok(c) => push_escaped(&mut out, c),
            Err(byte) => push_hex(&mut out, 'x', 2, u32::from(byte)),
        }
    }
    out.push('"');
    out
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '"' | '\\' => out.extend(['\\', c]),
        c if is_print(c) => out.push(c),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        c if c.is_ascii() => push_hex(out, 'x', 2, u32::from(c)),
        c if u32::from(c) < 0x10000 => push_hex(out, 'u', 4, u32::from(c)),
        c => push_hex(out, 'U', 8, u32::from(c)),
    }
}

fn push_hex(out: &mut String, mark: char, width: usize, value: u32) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\{mark}{value:0width$x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go() {
        let table: &[(&[u8], &str)] = &[
            (b"", r#""""#),
            (b"a\"b\\\n\t\x07\x7f\x01", r#""a\"b\\\n\t\a\x7f\x01""#),
            ("é☃😀".as_bytes(), r#""é☃😀""#),
            ("\u{a0}\u{ad}\u{85}\u{feff}\u{2028}".as_bytes(), r#""\u00a0\u00ad\u0085\ufeff\u2028""#),
            ("\u{e0001}\u{10ffff}".as_bytes(), r#""\U000e0001\U0010ffff""#),
            ("\u{fffd}".as_bytes(), "\"\u{fffd}\""),
            (b"\xff\xe2\x82a", r#""\xff\xe2\x82a""#),
            // Assigned in Unicode 16, so not yet printable for Go.
            ("\u{10d50}".as_bytes(), r#""\U00010d50""#),
        ];
        for (text, expected) in table {
            assert_eq!(quote(text), *expected);
        }
    }
}
