//! What a scalar says: two readings of the same text.

use crate::{Code, Error, Kind, Node, Style};

/// How plain scalars are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Schema {
    /// As Kargo and the tools of Kubernetes read them, by YAML 1.1: `yes`, `on` and `y` are booleans, `0755`
    /// is octal, `1_000` is a number, `<<` merges; dates stay strings.
    Kubernetes11,
    /// The core schema of YAML 1.2: only `true` and `false` are booleans, `0o17` is octal, `0755` is 755,
    /// nothing is merged.
    Core12,
}

/// What a scalar says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved<'a> {
    /// `null`, `~` or nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above the range of [`Resolved::Int`].
    Uint(u64),
    /// Any other number, also one that is infinite or none.
    Float(f64),
    /// Text.
    String(&'a str),
}

const TAG_PREFIX: &str = "tag:yaml.org,2002:";

impl Schema {
    /// What a plain scalar with that text says.
    #[must_use]
    pub fn read(self, text: &str) -> Resolved<'_> {
        match self {
            Self::Kubernetes11 => kubernetes11(text),
            Self::Core12 => core12(text),
        }
    }
}

impl<'a> Node<'a> {
    /// What this scalar says, by its text, its quotes and its tag. An alias is looked through.
    ///
    /// # Errors
    /// [`Code::Type`] for a list or a map, [`Code::Tag`] where a tag such as `!!int` does not fit the text.
    pub fn read(self, schema: Schema) -> Result<Resolved<'a>, Error> {
        let node = self.resolve();
        let Some(text) = node.text() else {
            let message = format!("{} stands where a scalar is needed", node.kind().as_str());
            return Err(Error::new(Code::Type, message).at(node.span()));
        };
        let Some(tag) = node.tag() else {
            return Ok(if node.style() == Some(Style::Plain) {
                schema.read(text)
            } else {
                Resolved::String(text)
            });
        };
        let wrong = || {
            let message = format!("`{text}` is not what its tag !!{} says", &tag[TAG_PREFIX.len()..]);
            Error::new(Code::Tag, message).at(node.span())
        };
        let Some(kind) = tag.strip_prefix(TAG_PREFIX) else { return Ok(Resolved::String(text)) };
        let plain = schema.read(text);
        match (kind, plain) {
            ("null", Resolved::Null)
            | ("bool", Resolved::Bool(_))
            | ("int", Resolved::Int(_) | Resolved::Uint(_))
            | ("float", Resolved::Float(_)) => Ok(plain),
            ("float", Resolved::Int(number)) => Ok(Resolved::Float(number as f64)),
            ("float", Resolved::Uint(number)) => Ok(Resolved::Float(number as f64)),
            ("null" | "bool" | "int" | "float", _) => Err(wrong()),
            _ => Ok(Resolved::String(text)),
        }
    }

    /// [`Node::read`] without the reason; none where that has an error.
    #[must_use]
    pub fn resolved(self, schema: Schema) -> Option<Resolved<'a>> {
        self.read(schema).ok()
    }

    /// The text of a scalar that Kubernetes' tools read as text; none for a number, a truth value or null.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        match self.read(Schema::Kubernetes11) {
            Ok(Resolved::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether this key merges its value into the map.
    pub(crate) fn is_merge_key(self, schema: Schema) -> bool {
        schema == Schema::Kubernetes11
            && self.kind() == Kind::Scalar
            && self.style() == Some(Style::Plain)
            && self.text() == Some("<<")
            && self.tag().is_none_or(|tag| tag.strip_prefix(TAG_PREFIX) == Some("merge"))
    }
}

fn kubernetes11(text: &str) -> Resolved<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Resolved::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Resolved::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if !begins_like_a_number(text) {
        return Resolved::String(text);
    }
    // Where underscores stand does not matter, save in what begins with a point.
    let bare = if text.starts_with('.') { text.to_owned() } else { text.replace('_', "") };
    integer11(&bare)
        .or_else(|| float(&bare, text.starts_with('.') && text.contains('_')))
        .unwrap_or(Resolved::String(text))
}

fn begins_like_a_number(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'0'..=b'9' | b'+' | b'-' | b'.'))
}

/// `0x1f`, `0o17`, `017`, `0b1` and decimals.
fn integer11(text: &str) -> Option<Resolved<'static>> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match lower.as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        Some(_) if digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    integer(negative, digits, radix, text.starts_with('+'))
}

/// A whole number of 64 bits. One that has a plus sign has to fit the signed range.
fn integer(negative: bool, digits: &str, radix: u32, plus: bool) -> Option<Resolved<'static>> {
    // `from_str_radix` would take a second sign.
    if !digits.bytes().next()?.is_ascii_alphanumeric() {
        return None;
    }
    let number = u64::from_str_radix(digits, radix).ok()?;
    match (i64::try_from(number), negative) {
        (Ok(number), false) => Some(Resolved::Int(number)),
        (Ok(number), true) => Some(Resolved::Int(-number)),
        (Err(_), true) => (number == i64::MIN.unsigned_abs()).then_some(Resolved::Int(i64::MIN)),
        (Err(_), false) => (!plus).then_some(Resolved::Uint(number)),
    }
}

/// A decimal fraction or a number with an exponent; none where it is out of range.
fn float(text: &str, refuse: bool) -> Option<Resolved<'static>> {
    if refuse || !looks_like_float(text) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Resolved::Float)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn looks_like_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa_fits && exponent.is_none_or(|text| digits(text.strip_prefix(['-', '+']).unwrap_or(text)))
}

fn core12(text: &str) -> Resolved<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if !begins_like_a_number(text) {
        return Resolved::String(text);
    }
    integer12(text).or_else(|| float(text, false)).unwrap_or(Resolved::String(text))
}

fn integer12(text: &str) -> Option<Resolved<'static>> {
    if let Some(digits) = text.strip_prefix("0x") {
        return integer(false, digits, 16, false);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return integer(false, digits, 8, false);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    integer(text.starts_with('-'), digits, 10, text.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use super::Resolved::{Bool, Float, Int, Null, String as Str, Uint as Large};
    use super::*;

    #[test]
    fn both_readings() {
        for (text, kubernetes, core) in [
            ("", Null, Null),
            ("~", Null, Null),
            ("yes", Bool(true), Str("yes")),
            ("Off", Bool(false), Str("Off")),
            ("y", Bool(true), Str("y")),
            ("TRUE", Bool(true), Bool(true)),
            ("tRUE", Str("tRUE"), Str("tRUE")),
            ("0755", Int(493), Int(755)),
            ("08", Float(8.0), Int(8)),
            ("0o17", Int(15), Int(15)),
            ("0x1F", Int(31), Int(31)),
            ("0b11", Int(3), Str("0b11")),
            ("1_000", Int(1000), Str("1_000")),
            ("-12", Int(-12), Int(-12)),
            ("+12", Int(12), Int(12)),
            ("--1", Str("--1"), Str("--1")),
            ("-", Str("-"), Str("-")),
            ("1.10", Float(1.1), Float(1.1)),
            ("1.", Float(1.0), Float(1.0)),
            (".5", Float(0.5), Float(0.5)),
            (".", Str("."), Str(".")),
            ("1e3", Float(1000.0), Float(1000.0)),
            ("1e400", Str("1e400"), Str("1e400")),
            ("1.2.3", Str("1.2.3"), Str("1.2.3")),
            ("12:30", Str("12:30"), Str("12:30")),
            ("2024-01-02", Str("2024-01-02"), Str("2024-01-02")),
            ("18446744073709551615", Large(u64::MAX), Large(u64::MAX)),
            ("-9223372036854775808", Int(i64::MIN), Int(i64::MIN)),
            ("18446744073709551616", Float(18446744073709551616.0), Float(18446744073709551616.0)),
            (".inf", Float(f64::INFINITY), Float(f64::INFINITY)),
            ("inf", Str("inf"), Str("inf")),
            ("nan", Str("nan"), Str("nan")),
        ] {
            assert_eq!(Schema::Kubernetes11.read(text), kubernetes, "{text}");
            assert_eq!(Schema::Core12.read(text), core, "{text}");
        }
    }
}
