//! What can be written into a document.

use std::fmt;

/// A value to write.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above the range of [`Value::Int`].
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// Text, which stays text: it gets quotes where it would be read as something else.
    String(String),
    /// A list, written in brackets.
    List(Vec<Self>),
    /// A map in this order, written in braces.
    Map(Vec<(String, Self)>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

#[cfg(feature = "serde")]
impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number
                .as_i64()
                .map(Self::Int)
                .or_else(|| number.as_u64().map(Self::Uint))
                .unwrap_or_else(|| Self::Float(number.as_f64().unwrap_or(f64::NAN))),
            Json::String(text) => Self::String(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Json::Object(fields) => {
                Self::Map(fields.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect())
            }
        }
    }
}

/// A number as both schemas read it back: digits as long as there are at most 21, else an exponent.
pub(super) struct Number(pub(super) f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0;
        let size = number.abs();
        if number.is_nan() {
            return f.write_str(".nan");
        }
        if number.is_infinite() {
            return f.write_str(if number > 0.0 { ".inf" } else { "-.inf" });
        }
        if size == 0.0 || (1e-6..1e21).contains(&size) {
            return write!(f, "{number}");
        }
        let scientific = format!("{number:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let sign = if exponent.starts_with('-') { '-' } else { '+' };
        write!(f, "{digits}e{sign}{:0>2}", exponent.trim_start_matches('-'))
    }
}
