//! `json.Marshal` and `json.MarshalIndent`.

use std::fmt::Write;

use serde_json::{Map, Number, Value};

use crate::go::Error;
use crate::go::float::{format, format_json};
use crate::go::strings::runes;

/// `json.Marshal`: compact, keys sorted, `<`, `>` and `&` escaped.
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut writer = Writer::compact();
    writer.value(value);
    writer.finish()
}

/// `json.MarshalIndent(value, "", "  ")`.
#[must_use]
pub fn to_string_indented(value: &Value) -> String {
    let mut writer = Writer::indented();
    writer.value(value);
    writer.finish()
}

/// Writes JSON as Go does, value by value: the caller walks its own data.
///
/// ```
/// let mut json = kargo_expr::go::json::Writer::compact();
/// json.begin_object();
/// json.key(b"a");
/// json.float(1.0)?;
/// json.end_object();
/// assert_eq!(json.finish(), r#"{"a":1}"#);
/// # Ok::<(), kargo_expr::go::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer {
    out: String,
    indented: bool,
    /// One entry for each open array or object: whether it has an element yet.
    open: Vec<bool>,
    after_key: bool,
}

impl Writer {
    /// Without any space.
    #[must_use]
    pub fn compact() -> Self {
        Self { out: String::new(), indented: false, open: Vec::new(), after_key: false }
    }

    /// Two spaces for each level, and one after a colon.
    #[must_use]
    pub fn indented() -> Self {
        Self { indented: true, ..Self::compact() }
    }

    /// The text so far.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }

    /// `null`.
    pub fn null(&mut self) {
        self.item("null");
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.item(if value { "true" } else { "false" });
    }

    /// An integer.
    pub fn int(&mut self, value: i64) {
        self.item(&value.to_string());
    }

    /// A float.
    ///
    /// # Errors
    /// NaN and the infinities have no JSON.
    pub fn float(&mut self, value: f64) -> Result<(), Error> {
        let text = format_json(value)
            .ok_or_else(|| Error::new(format_args!("json: unsupported value: {}", format(value))))?;
        self.item(&text);
        Ok(())
    }

    /// A string.
    pub fn string(&mut self, text: &[u8]) {
        self.start_item();
        push_string(&mut self.out, text);
    }

    /// `[`.
    pub fn begin_array(&mut self) {
        self.item("[");
        self.open.push(false);
    }

    /// `]`.
    pub fn end_array(&mut self) {
        self.end(']');
    }

    /// `{`. The caller gives the keys in Go's order: sorted by their bytes.
    pub fn begin_object(&mut self) {
        self.item("{");
        self.open.push(false);
    }

    /// A key of the open object; its value comes next.
    pub fn key(&mut self, key: &[u8]) {
        self.string(key);
        self.out.push_str(if self.indented { ": " } else { ":" });
        self.after_key = true;
    }

    /// `}`.
    pub fn end_object(&mut self) {
        self.end('}');
    }

    /// A whole value, its keys sorted.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(b) => self.bool(*b),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.string(text.as_bytes()),
            Value::Array(items) => {
                self.begin_array();
                items.iter().for_each(|item| self.value(item));
                self.end_array();
            }
            Value::Object(map) => {
                self.begin_object();
                for (key, value) in sorted(map) {
                    self.key(key.as_bytes());
                    self.value(value);
                }
                self.end_object();
            }
        }
    }

    fn number(&mut self, number: &Number) {
        let text = match number.as_f64() {
            Some(f) if number.is_f64() => format_json(f),
            _ => None,
        };
        self.item(&text.unwrap_or_else(|| number.to_string()));
    }

    fn item(&mut self, text: &str) {
        self.start_item();
        self.out.push_str(text);
    }

    fn start_item(&mut self) {
        if std::mem::take(&mut self.after_key) {
            return;
        }
        let Some(has_items) = self.open.last_mut() else { return };
        if std::mem::replace(has_items, true) {
            self.out.push(',');
        }
        self.new_line();
    }

    fn end(&mut self, bracket: char) {
        if self.open.pop() == Some(true) {
            self.new_line();
        }
        self.out.push(bracket);
    }

    fn new_line(&mut self) {
        if self.indented {
            self.out.push('\n');
            (0..self.open.len()).for_each(|_| self.out.push_str("  "));
        }
    }
}

/// The entries in Go's order, whatever order the map keeps.
fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

/// A JSON string as Go writes it: also safe inside HTML and JavaScript.
#[must_use]
pub fn quote_string(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_string(&mut out, text);
    out
}

fn push_string(out: &mut String, text: &[u8]) {
    out.push('"');
    for rune in runes(text) {
        match rune {
            Ok(c) => push_char(out, c),
            Err(_) => out.push_str("\\ufffd"),
        }
    }
    out.push('"');
}

fn push_char(out: &mut String, c: char) {
    match c {
        '"' | '\\' => out.extend(['\\', c]),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_as_go() {
        let value =
            json!({"b": [1, 2.0, 1e21, null, true], "a": {"x": "<&>\u{2028}\u{7f}é\u{1}"}, "e": [], "o": {}});
        assert_eq!(
            to_string(&value),
            "{\"a\":{\"x\":\"\\u003c\\u0026\\u003e\\u2028\u{7f}é\\u0001\"},\"b\":[1,2,1e+21,null,true],\"e\":[],\"o\":{}}"
        );
        assert_eq!(
            to_string_indented(&json!([1, {"a": {"b": []}}])),
            "[\n  1,\n  {\n    \"a\": {\n      \"b\": []\n    }\n  }\n]"
        );
        assert_eq!(quote_string(b"\xff\0\"\\\n"), r#""\ufffd\u0000\"\\\n""#);
        assert!(Writer::compact().float(f64::NAN).is_err());
    }
}
