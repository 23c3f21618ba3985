//! Operators of strings.

use regex::Regex;

use super::fetch;
use crate::functions::not_a;
use crate::limits::Budget;
use crate::value::{Repr, Text};
use crate::{CallError, Code, Value, go, re2};

/// What compiling a pattern costs, in steps, and each byte of it.
const COMPILE: u64 = 1000;
const PATTERN_BYTE: u64 = 100;

pub(super) fn expect(value: &Value) -> Result<&Text, CallError> {
    value.as_text().ok_or_else(|| not_a(value, "string"))
}

/// A `==` whose sides the checker takes for strings.
pub(super) fn equal(budget: &mut Budget, a: &Value, b: &Value) -> Result<Value, CallError> {
    let (a, b) = (expect(a)?, expect(b)?);
    budget.scan(a.as_bytes().len())?;
    Ok((a == b).into())
}

/// `contains` and its like; nil on either side is false.
pub(super) fn test(
    a: &Value,
    b: &Value,
    test: fn(&[u8], &[u8]) -> bool,
    budget: &mut Budget,
) -> Result<Value, CallError> {
    if a.is_nil() || b.is_nil() {
        return Ok(false.into());
    }
    let (a, b) = (expect(a)?.as_bytes(), expect(b)?.as_bytes());
    budget.scan(a.len())?;
    Ok(test(a, b).into())
}

pub(super) fn contains(text: &[u8], wanted: &[u8]) -> bool {
    go::strings::index(text, wanted).is_some()
}

/// `a matches b` where the pattern is known only now.
pub(super) fn matches(a: &Value, b: &Value, budget: &mut Budget) -> Result<bool, CallError> {
    if a.is_nil() || b.is_nil() {
        return Ok(false);
    }
    let pattern = expect(b)?;
    budget.step(COMPILE + PATTERN_BYTE * pattern.as_bytes().len() as u64)?;
    let regex =
        re2::compile(&pattern.to_str()).map_err(|error| CallError::coded(Code::Regex, error.to_string()))?;
    matches_regex(a, &regex, budget)
}

pub(super) fn matches_regex(value: &Value, regex: &Regex, budget: &mut Budget) -> Result<bool, CallError> {
    budget.scan(fetch::length(value).unwrap_or(0))?;
    match &value.repr {
        Repr::Text(text) => Ok(re2::is_match(regex, text.as_bytes())),
        Repr::Bytes(bytes) => Ok(re2::is_match(regex, bytes)),
        _ if value.is_nil() => Ok(false),
        _ => Err(not_a(value, "[]uint8")),
    }
}
