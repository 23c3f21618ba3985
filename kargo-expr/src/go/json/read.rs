//! `json.Unmarshal` and `json.Valid`.

use serde_json::{Map, Number, Value};

use crate::go::Error;
use crate::go::quote::quote;
use crate::go::strings::to_valid;

/// How deep arrays and objects may nest in text that is read.
///
/// Go stops at 10000; this is far beyond real data and keeps any walk over the result on a small stack.
pub const MAX_DEPTH: usize = 512;

/// `json.Valid`.
#[must_use]
pub fn is_valid(text: &[u8]) -> bool {
    Reader::new(text).document().is_ok()
}

/// `json.Unmarshal` into `any`: white space around is fine, the last of several equal keys wins, half a
/// surrogate pair and bytes that are not UTF-8 become U+FFFD.
///
/// Go reads every number as a float64. So does this, but a whole number that a float holds exactly stays
/// an integer of `serde_json`, so that it prints without a point.
///
/// # Errors
/// Text that is not one JSON value, nests deeper than [`MAX_DEPTH`] or has a number no float can hold.
pub fn parse(text: &[u8]) -> Result<Value, Error> {
    let mut reader = Reader::new(text);
    let value = reader.document()?;
    match reader.unfit_number {
        Some(number) => Err(Error::new(format_args!(
            "json: cannot unmarshal number {number} into Go value of type float64"
        ))),
        None => Ok(value),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    /// The first number beyond the floats; an error of syntax anywhere has precedence.
    unfit_number: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0, unfit_number: None }
    }

    fn document(&mut self) -> Result<Value, Error> {
        let value = self.value()?;
        self.skip_space();
        if self.at < self.text.len() { Err(self.unexpected("after top-level value")) } else { Ok(value) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The next byte does not fit; `context` is Go's name of the place.
    fn unexpected(&self, context: &str) -> Error {
        match self.peek() {
            Some(_) => self.unexpected_in_word(context),
            None => Error::new("unexpected end of JSON input"),
        }
    }

    /// The same inside a word, number or escape, where Go reads the end of the text as a space.
    fn unexpected_in_word(&self, context: &str) -> Error {
        let byte = self.peek().unwrap_or(b' ');
        let shown = match byte {
            b'\'' => r"\'".to_owned(),
            b'"' => "\"".to_owned(),
            byte => quote(char::from(byte).encode_utf8(&mut [0; 4]).as_bytes()).trim_matches('"').to_owned(),
        };
        Error::new(format_args!("invalid character '{shown}' {context}"))
    }

    fn value(&mut self) -> Result<Value, Error> {
        self.skip_space();
        match self.peek() {
            Some(b'[') => self.nested(Self::array),
            Some(b'{') => self.nested(Self::object),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Error>) -> Result<Value, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.unexpected("exceeded max depth"));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        let value = read(self)?;
        self.at += 1;
        self.depth -= 1;
        Ok(value)
    }

    /// Stops at the closing bracket.
    fn array(&mut self) -> Result<Value, Error> {
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => return Ok(Value::Array(items)),
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    /// Stops at the closing brace.
    fn object(&mut self) -> Result<Value, Error> {
        let mut map = Map::new();
        if self.peek() == Some(b'}') {
            return Ok(Value::Object(map));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            let value = self.value()?;
            map.insert(key, value);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => return Ok(Value::Object(map)),
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                let context = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(self.unexpected_in_word(&context));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        // Only ASCII was read.
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        Ok(Value::Number(self.float_or_integer(text, whole)))
    }

    /// One digit or more.
    fn digits(&mut self, context: &str) -> Result<(), Error> {
        if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
            return Err(self.unexpected_in_word(context));
        }
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn float_or_integer(&mut self, text: &'a str, whole: bool) -> Number {
        const EXACT: i64 = 1 << 53;
        let integer = text.parse::<i64>().ok().filter(|i| whole && i.abs() <= EXACT && text != "-0");
        if let Some(integer) = integer {
            return integer.into();
        }
        // What does not fit reads as infinite, which `Number` refuses.
        let number = text.parse().ok().and_then(Number::from_f64);
        if number.is_none() {
            self.unfit_number.get_or_insert(text);
        }
        number.unwrap_or_else(|| 0.into())
    }

    fn string(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|b| b >= b' ' && b != b'"' && b != b'\\') {
                self.at += 1;
            }
            out.push_str(&to_valid(&self.text[start..self.at]));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let c = match self.peek() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.unexpected_in_word("in string escape code")),
        };
        self.at += 1;
        Ok(c)
    }

    /// After `\u`: one unit, or two that form a pair.
    fn unicode_escape(&mut self) -> Result<char, Error> {
        let first = self.unit()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let after_first = self.at;
        if first < 0xdc00 && self.text[self.at..].starts_with(b"\\u") {
            self.at += 2;
            let second = self.unit()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            // Not a pair: the second escape is read again by itself.
            self.at = after_first;
        }
        Ok('\u{fffd}')
    }

    fn unit(&mut self) -> Result<u32, Error> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            let digit =
                digit.ok_or_else(|| self.unexpected_in_word("in \\u hexadecimal character escape"))?;
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_as_go() {
        let table: &[(&[u8], Value)] = &[
            (b" \n[1, 2.5 ,-0, 1e2]\t", json!([1, 2.5, -0.0, 100.0])),
            (br#"{"a":1,"a":{"b":2}}"#, json!({"a": {"b": 2}})),
            (br#""\ud83d\ude00 \ud83d \ud83dA \ude00\/""#, json!("😀 \u{fffd} \u{fffd}A \u{fffd}/")),
            (br#""\ud83d\ud83d\ude00""#, json!("\u{fffd}😀")),
            (b"\"a\xff\x7f\"", json!("a\u{fffd}\u{7f}")),
            (b"12345678901234567890", json!(12345678901234567890.0)),
            (b"9007199254740993", json!(9007199254740992.0)),
            (b"1e-999", json!(0.0)),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).as_ref(), Ok(expected), "{}", text.escape_ascii());
            assert!(is_valid(text));
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        let deep = "[".repeat(MAX_DEPTH + 1);
        let table: &[(&str, &str)] = &[
            ("", "unexpected end of JSON input"),
            ("  [1", "unexpected end of JSON input"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("{a:1}", "invalid character 'a' looking for beginning of object key string"),
            (r#"{"a":1,}"#, "invalid character '}' looking for beginning of object key string"),
            (r#"{"a" 1}"#, "invalid character '1' after object key"),
            (r#"{"a":1 2}"#, "invalid character '2' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("1 2", "invalid character '2' after top-level value"),
            ("01", "invalid character '1' after top-level value"),
            ("tru ", "invalid character ' ' in literal true (expecting 'e')"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("\"a", "unexpected end of JSON input"),
            ("1.", "invalid character ' ' after decimal point in numeric literal"),
            ("nul", "invalid character ' ' in literal null (expecting 'l')"),
            ("1.e", "invalid character 'e' after decimal point in numeric literal"),
            ("1e+z", "invalid character 'z' in exponent of numeric literal"),
            ("\"\n\"", "invalid character '\\n' in string literal"),
            (r#""\x""#, "invalid character 'x' in string escape code"),
            (r#""\u12g4""#, "invalid character 'g' in \\u hexadecimal character escape"),
            ("'a'", r"invalid character '\'' looking for beginning of value"),
            ("é", "invalid character 'Ã' looking for beginning of value"),
            ("\u{a0}1", "invalid character 'Â' looking for beginning of value"),
            ("[1e999]", "json: cannot unmarshal number 1e999 into Go value of type float64"),
            (&deep, "invalid character '[' exceeded max depth"),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text.as_bytes()).unwrap_err().message(), *expected, "{text}");
        }
    }
}
