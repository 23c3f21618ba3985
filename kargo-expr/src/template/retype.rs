//! What a rendered text is: Kargo reads it once more.

use crate::go::float::{parse_bool, parse_float};
use crate::go::json;
use crate::{Numbers, Value};

/// The text as a quoted string, a number, a bool, JSON, or else a string, tried in this order.
///
/// One line end is taken off first, since block scalars of YAML have it, and put back on strings.
pub(super) fn retype(text: &[u8]) -> Value {
    let stripped = text.strip_suffix(b"\n");
    let trimmed = stripped.unwrap_or(text);
    if let Some(quoted) = trimmed.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) {
        let mut quoted = quoted.to_vec();
        if stripped.is_some() {
            quoted.push(b'\n');
        }
        return Value::text(&quoted);
    }
    if let Ok(text) = std::str::from_utf8(trimmed) {
        if let Ok(number) = parse_float(text) {
            return number.into();
        }
        if let Some(b) = parse_bool(text) {
            return b.into();
        }
    }
    match json::parse(trimmed) {
        Ok(json) => Value::from_json(&json, Numbers::GoFloat),
        Err(_) => Value::text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_again() {
        let cases: &[(&str, &str, &str)] = &[
            ("5", "float64", "5"),
            ("1e3\n", "float64", "1000"),
            ("0x1p-2", "float64", "0.25"),
            ("t", "bool", "true"),
            ("yes", "string", "\"yes\""),
            ("\"5\"\n", "string", "\"5\\n\""),
            ("\"", "string", "\"\\\"\""),
            (" [1] ", "[]interface {}", "[1]"),
            ("null", "nil", "<nil>"),
            ("a\n", "string", "\"a\\n\""),
        ];
        for (text, ty, shown) in cases {
            let value = retype(text.as_bytes());
            assert_eq!((value.type_name(), format!("{value:?}").as_str()), (*ty, *shown), "{text:?}");
        }
    }
}
