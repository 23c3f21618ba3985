//! Strings: which style they need, and each style.

use std::sync::LazyLock;

use regex::Regex;

use super::emit::Emitter;
use crate::go::float::parse_float;
use crate::time::{Location, parse};

/// Longest key, in bytes, that is written without `?`.
const LONGEST_SIMPLE_KEY: usize = 128;

/// The style that the meaning of a text asks for; its characters may need a stricter one.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Requested {
    Plain,
    DoubleQuoted,
    Literal,
}

impl Requested {
    pub(super) fn of(text: &str) -> Self {
        if text.contains('\n') { Self::Literal } else { Self::of_key(text) }
    }

    /// For a text without a line end.
    pub(super) fn of_key(text: &str) -> Self {
        if reads_as_string(text) { Self::Plain } else { Self::DoubleQuoted }
    }
}

/// Whether a simple key can hold the text.
pub(super) fn is_simple_key(key: &str) -> bool {
    key.len() <= LONGEST_SIMPLE_KEY && !key.contains(is_break)
}

pub(super) fn write(emitter: &mut Emitter, text: &str, requested: Requested, indent: usize) {
    let shape = Shape::of(text);
    match requested {
        Requested::Plain if shape.plain => emitter.token(text),
        Requested::Plain if shape.single_quoted => single_quoted(emitter, text, indent),
        Requested::Literal if shape.literal => literal(emitter, text, indent),
        _ => double_quoted(emitter, text),
    }
}

/// The styles that the characters of a text allow in block context.
struct Shape {
    plain: bool,
    single_quoted: bool,
    literal: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        let is_special = |c: char| c != '\t' && !is_printable(c);
        let special = text.contains(is_special);
        let pairs = || text.chars().zip(text.chars().skip(1));
        let space_before_break = pairs().any(|(a, b)| a == ' ' && is_break(b));
        let space_after_break = pairs().any(|(a, b)| is_break(a) && b == ' ');
        let edge = |c: char| c == ' ' || is_break(c);
        let quotable = !space_before_break && !space_after_break && !text.contains('\t') && !special;
        Self {
            plain: quotable
                && !text.starts_with(edge)
                && !text.ends_with(edge)
                && !text.contains(is_break)
                && !has_indicators(text),
            single_quoted: quotable,
            literal: !text.is_empty() && !text.ends_with(' ') && !space_before_break && !special,
        }
    }
}

/// Whether the text would be read as something else than a plain scalar.
fn has_indicators(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let is_blank = |c: char| c == ' ' || c == '\t';
    let blank_at = |at: usize| text[at..].chars().next().is_none_or(is_blank);
    let first_is_indicator = match text.chars().next() {
        Some(
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`',
        ) => true,
        Some('?' | '-') => blank_at(1),
        _ => false,
    };
    let mut after_space = true;
    first_is_indicator
        || text.char_indices().any(|(at, c)| {
            let comment = c == '#' && after_space;
            after_space = is_blank(c) || is_break(c) || c == '\0';
            comment || (c == ':' && blank_at(at + 1))
        })
}

const fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// As yaml.v3 sees it: nothing beyond the first plane.
const fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

fn single_quoted(emitter: &mut Emitter, text: &str, indent: usize) {
    emitter.token("'");
    let mut after_break = false;
    for c in text.chars() {
        if is_break(c) {
            emitter.push_break(c);
            after_break = true;
            continue;
        }
        if std::mem::take(&mut after_break) {
            emitter.indent(indent);
        }
        if c == '\'' {
            emitter.push(c);
        }
        emitter.push(c);
    }
    emitter.push('\'');
}

fn literal(emitter: &mut Emitter, text: &str, indent: usize) {
    emitter.token("|");
    if text.starts_with(|c| c == ' ' || is_break(c)) {
        emitter.push('4');
    }
    let mut ends = text.chars().rev();
    match (ends.next().is_some_and(is_break), ends.next()) {
        (false, _) => emitter.push('-'),
        (true, before) if before.is_none_or(is_break) => emitter.push('+'),
        _ => {}
    }
    // yaml.v3 leaves this out before a text that begins with a line end, and so loses that line end.
    emitter.line_break();
    let mut at_line_start = true;
    for c in text.chars() {
        if is_break(c) {
            emitter.push_break(c);
            at_line_start = true;
            continue;
        }
        if std::mem::take(&mut at_line_start) {
            emitter.indent(indent);
        }
        emitter.push(c);
    }
}

fn double_quoted(emitter: &mut Emitter, text: &str) {
    // Behind a byte order mark yaml.v3 escapes everything.
    let escape_all = text.starts_with('\u{feff}');
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if escape_all || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
            push_escape(&mut quoted, c);
        } else {
            quoted.push(c);
        }
    }
    quoted.push('"');
    emitter.token(&quoted);
}

fn push_escape(out: &mut String, c: char) {
    out.push('\\');
    match c {
        '\0' => out.push('0'),
        '\x07' => out.push('a'),
        '\x08' => out.push('b'),
        '\t' => out.push('t'),
        '\n' => out.push('n'),
        '\x0b' => out.push('v'),
        '\x0c' => out.push('f'),
        '\r' => out.push('r'),
        '\x1b' => out.push('e'),
        '"' | '\\' => out.push(c),
        '\u{85}' => out.push('N'),
        '\u{a0}' => out.push('_'),
        '\u{2028}' => out.push('L'),
        '\u{2029}' => out.push('P'),
        c => match u32::from(c) {
            code @ ..=0xff => out.push_str(&format!("x{code:02X}")),
            code @ ..=0xffff => out.push_str(&format!("u{code:04X}")),
            code => out.push_str(&format!("U{code:08X}")),
        },
    }
}

/// Whether YAML 1.1 and 1.2 both read the bare text as a string.
fn reads_as_string(text: &str) -> bool {
    static BASE_60: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\A[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\z"));
    let is_known_word = matches!(
        text,
        "" | "~" | "null" | "Null" | "NULL" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE"
            | ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
            | "-.INF"
            // Only of YAML 1.1.
            | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON"
            | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF"
    );
    !is_known_word
        && match text.as_bytes().first() {
            Some(b'.') => parse_float(text).is_err(),
            Some(b'+' | b'-' | b'0'..=b'9') => {
                !is_timestamp(text) && !is_number(&text.replace('_', "")) && !BASE_60.is_match(text)
            }
            _ => true,
        }
}

#[expect(clippy::expect_used, reason = "constant patterns, compiled by the tests of this module")]
fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a valid pattern")
}

fn is_timestamp(text: &str) -> bool {
    const LAYOUTS: [&str; 4] = [
        "2006-1-2T15:4:5.999999999Z07:00",
        "2006-1-2t15:4:5.999999999Z07:00",
        "2006-1-2 15:4:5.999999999",
        "2006-1-2",
    ];
    text.bytes().position(|b| !b.is_ascii_digit()) == Some(4)
        && text.as_bytes()[4] == b'-'
        && LAYOUTS.iter().any(|layout| parse(layout, text, &Location::UTC).is_ok())
}

/// An integer or a float, from which the underscores have been taken.
fn is_number(text: &str) -> bool {
    static FLOAT: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\A[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z"));
    let fits = |digits: &str, radix| {
        i64::from_str_radix(digits, radix).is_ok() || u64::from_str_radix(digits, radix).is_ok()
    };
    is_go_integer(text)
        || (FLOAT.is_match(text) && parse_float(text).is_ok())
        || text.strip_prefix("0b").is_some_and(|digits| fits(digits, 2))
        || text.strip_prefix("0o").is_some_and(|digits| fits(digits, 8))
}

/// `strconv.ParseInt(text, 0, 64)` or `ParseUint`: the prefix gives the base, and a lone leading 0 means octal.
fn is_go_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let prefix = |lower: &str, upper: &str| digits.strip_prefix(lower).or_else(|| digits.strip_prefix(upper));
    let (digits, radix) = if let Some(digits) = prefix("0x", "0X") {
        (digits, 16)
    } else if let Some(digits) = prefix("0b", "0B") {
        (digits, 2)
    } else if let Some(digits) = prefix("0o", "0O") {
        (digits, 8)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (digits, 8)
    } else {
        (digits, 10)
    };
    if !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let most = match text.as_bytes().first() {
        Some(b'-') => 1 << 63,
        Some(b'+') => (1 << 63) - 1,
        _ => u64::MAX,
    };
    u64::from_str_radix(digits, radix).is_ok_and(|size| size <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut emitter = Emitter::default();
        write(&mut emitter, text, Requested::of(text), 4);
        emitter.finish()
    }

    #[test]
    fn quotes_what_would_be_read_as_something_else() {
        for text in [
            "",
            "~",
            "null",
            "TRUE",
            "yes",
            "N",
            "0",
            "-1",
            "+.5",
            "1_000",
            "0x1f",
            "0o17",
            "0b1",
            "08",
            "1e3",
            ".5",
            "1.",
            "2024-01-02",
            "2024-1-2 3:4:5",
            "12:30:45",
            ".inf",
            "-.INF",
            "18446744073709551615",
            "0b-1",
        ] {
            assert_eq!(written(text), format!("\"{text}\"\n"));
        }
        for text in [
            "a",
            "1.2.3",
            "v1",
            "<<",
            "=",
            "1a",
            "-a",
            "0x",
            "0xg",
            "-",
            "a:b",
            "a#b",
            "http://x/y?z",
            "nO",
            "é",
            "1e999",
            "2024-13-01",
            "12:99",
            "0b2",
            "+x",
            "a'b\"c",
            "\u{a0}x",
        ] {
            let expected = if text == "-" { "'-'\n".to_owned() } else { format!("{text}\n") };
            assert_eq!(written(text), expected);
        }
    }

    #[test]
    fn quotes_what_is_no_plain_scalar() {
        let table = [
            ("a: b", "'a: b'\n"),
            ("x: it's", "'x: it''s'\n"),
            ("@at", "'@at'\n"),
            (" a", "' a'\n"),
            ("a #b", "'a #b'\n"),
            ("- a", "'- a'\n"),
            ("--- a", "'--- a'\n"),
            ("a\tb", "\"a\\tb\"\n"),
            ("a\u{7f}\u{85}😀", "\"a\\x7F\\N\\U0001F600\"\n"),
            ("\u{feff}a", "\"\\uFEFF\\x61\"\n"),
            ("a \nb", "\"a \\nb\"\n"),
            ("a\n b", "|-\n    a\n     b\n"),
            ("a\tb\n", "|\n    a\tb\n"),
            ("\n", "|4+\n\n"),
        ];
        for (text, expected) in table {
            assert_eq!(written(text), expected, "{text:?}");
        }
    }
}
