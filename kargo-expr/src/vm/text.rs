//! Operators of strings.

use regex::Regex;

use crate::functions::not_a;
use crate::value::{Repr, Text};
use crate::{CallError, Code, Value, go, re2};

pub(super) fn expect(value: &Value) -> Result<&Text, CallError> {
    value.as_text().ok_or_else(|| not_a(value, "string"))
}

/// `contains` and its like; nil on either side is false.
pub(super) fn test(a: &Value, b: &Value, test: fn(&[u8], &[u8]) -> bool) -> Result<Value, CallError> {
    if a.is_nil() || b.is_nil() {
        return Ok(false.into());
    }
    Ok(test(expect(a)?.as_bytes(), expect(b)?.as_bytes()).into())
}

pub(super) fn contains(text: &[u8], wanted: &[u8]) -> bool {
    go::strings::index(text, wanted).is_some()
}

/// `a matches b` where the pattern is known only now.
pub(super) fn matches(a: &Value, b: &Value) -> Result<bool, CallError> {
    if a.is_nil() || b.is_nil() {
        return Ok(false);
    }
    let pattern = expect(b)?;
    let regex =
        re2::compile(&pattern.to_str()).map_err(|error| CallError::coded(Code::Regex, error.to_string()))?;
    matches_regex(a, &regex)
}

pub(super) fn matches_regex(value: &Value, regex: &Regex) -> Result<bool, CallError> {
    match &value.repr {
        Repr::Text(text) => Ok(re2::is_match(regex, text.as_bytes())),
        Repr::Bytes(bytes) => Ok(re2::is_match(regex, bytes)),
        _ if value.is_nil() => Ok(false),
        _ => Err(not_a(value, "[]uint8")),
    }
}
