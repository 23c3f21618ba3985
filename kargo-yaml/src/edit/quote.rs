//! When text needs quotes, and how it is quoted.

use std::borrow::Cow;

use crate::{Resolved, Schema};

/// Text as a scalar that every reader reads as this text: as it is where that is safe, else in quotes.
///
/// Quotes are needed where the text would break the syntax (`a: b`, `- x`, ` #`), or where a reader by YAML 1.1
/// or 1.2 would take it for something else: `yes`, `1.10`, `0755`, `12:30:45`, `2024-01-02`. `in_flow` says that
/// it stands inside brackets or braces.
///
/// ```
/// use kargo_yaml::quote_scalar;
/// assert_eq!(quote_scalar("v1.18.1", false), "v1.18.1");
/// assert_eq!(quote_scalar("1.10", false), "\"1.10\"");
/// assert_eq!(quote_scalar("a, b", false), "a, b");
/// assert_eq!(quote_scalar("a, b", true), "\"a, b\"");
/// ```
#[must_use]
pub fn quote_scalar(text: &str, in_flow: bool) -> Cow<'_, str> {
    if is_plain(text, in_flow) {
        Cow::Borrowed(text)
    } else if text.contains(['"', '\\']) && is_single_line(text) {
        Cow::Owned(single(text))
    } else {
        Cow::Owned(double(text))
    }
}

/// In single quotes; only for what [`is_single_line`] allows.
pub(super) fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// In double quotes, with escapes.
pub(super) fn double(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_printable(char) => out.push(char),
            // What is not printable is in the basic plane.
            _ => out.push_str(&format!("\\u{:04x}", char as u32)),
        }
    }
    out.push('"');
    out
}

/// Whether the text can stand between single quotes, or in the line of a block scalar.
pub(super) fn is_single_line(text: &str) -> bool {
    text.chars().all(is_printable)
}

/// Whether a character can be written as itself on a line, for readers by either version of YAML.
pub(super) fn is_printable(char: char) -> bool {
    !char.is_control() && !matches!(char, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether the text can stand without quotes.
pub(super) fn is_plain(text: &str, in_flow: bool) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let is_space = |char: char| char.is_whitespace();
    let second = text[first.len_utf8()..].chars().next();
    let begins_badly = match first {
        ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
            true
        }
        '-' | '?' | ':' => second.is_none_or(|second| is_space(second) || in_flow),
        _ => is_space(first),
    };
    let has_flow_indicator = in_flow && text.contains([',', '[', ']', '{', '}']);
    !begins_badly
        && !has_flow_indicator
        && !text.ends_with(is_space)
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("---")
        && !text.starts_with("...")
        && is_single_line(text)
        && !is_read_otherwise(text)
}

/// Whether some reader takes the text, without quotes, for something else than text.
fn is_read_otherwise(text: &str) -> bool {
    let is_text = |schema: Schema| matches!(schema.read(text), Resolved::String(_));
    !is_text(Schema::Kubernetes11)
        || !is_text(Schema::Core12)
        || matches!(text, "<<" | "=")
        || is_base_60(text)
        || is_date(text)
}

/// `12:30:45`, `-1:20.5`: numbers of YAML 1.1.
fn is_base_60(text: &str) -> bool {
    let mut parts = text.strip_prefix(['-', '+']).unwrap_or(text).split(':');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.'));
    let begins =
        parts.next().is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()) && digits(part));
    let mut rest = parts.peekable();
    begins && rest.peek().is_some() && rest.all(|part| !part.is_empty() && digits(part))
}

/// `2024-01-02`, alone or with a time behind it.
fn is_date(text: &str) -> bool {
    let end = text.find(['T', 't', ' ', '\t']).unwrap_or(text.len());
    let parts: Vec<_> = text[..end].split('-').collect();
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    matches!(&parts[..], [year, month, day] if year.len() == 4 && digits(year, 4) && digits(month, 2) && digits(day, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_where_it_must_be() {
        for (text, block, flow) in [
            ("v1.0.0", "v1.0.0", "v1.0.0"),
            ("a b", "a b", "a b"),
            ("it's", "it's", "it's"),
            ("a:b", "a:b", "a:b"),
            ("http://x/y?z=1#f", "http://x/y?z=1#f", "http://x/y?z=1#f"),
            ("-x", "-x", "\"-x\""),
            ("a[1]", "a[1]", "\"a[1]\""),
            ("é ✓ 😀", "é ✓ 😀", "é ✓ 😀"),
            ("", "\"\"", "\"\""),
            (" a", "\" a\"", "\" a\""),
            ("a ", "\"a \"", "\"a \""),
            ("a: b", "\"a: b\"", "\"a: b\""),
            ("a #b", "\"a #b\"", "\"a #b\""),
            ("- x", "\"- x\"", "\"- x\""),
            ("-", "\"-\"", "\"-\""),
            ("---", "\"---\"", "\"---\""),
            ("yes", "\"yes\"", "\"yes\""),
            ("1.10", "\"1.10\"", "\"1.10\""),
            ("0o17", "\"0o17\"", "\"0o17\""),
            ("12:30:45", "\"12:30:45\"", "\"12:30:45\""),
            ("2024-01-02", "\"2024-01-02\"", "\"2024-01-02\""),
            ("2024-01-02T03:04:05Z", "\"2024-01-02T03:04:05Z\"", "\"2024-01-02T03:04:05Z\""),
            ("a\nb", "\"a\\nb\"", "\"a\\nb\""),
            ("\u{85}", "\"\\u0085\"", "\"\\u0085\""),
            ("\"q\"", "'\"q\"'", "'\"q\"'"),
            ("*a", "\"*a\"", "\"*a\""),
        ] {
            assert_eq!(quote_scalar(text, false), block, "{text:?}");
            assert_eq!(quote_scalar(text, true), flow, "{text:?} in flow");
        }
    }
}
