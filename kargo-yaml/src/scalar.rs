//! What a scalar means: the readings of Kubernetes' tools, and of YAML 1.2.

/// How scalars without quotes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// As `sigs.k8s.io/yaml`, and so Kargo, reads them: `yes` and `on` are booleans, `0755` is octal, `1_000` a
    /// number. Dates stay text.
    Kubernetes11,
    /// The core schema of YAML 1.2.
    Core12,
}

/// The value of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved<'a> {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above those.
    Uint(u64),
    /// Another number; also `.inf` and `.nan`.
    Float(f64),
    /// Text.
    String(&'a str),
}

impl Schema {
    /// The value of `text`; `quoted` text is text, unless a tag says otherwise.
    pub fn resolve<'a>(self, text: &'a str, quoted: bool, tag: Option<&str>) -> Resolved<'a> {
        match tag.map(|tag| tag.strip_prefix("!!").unwrap_or(tag)) {
            Some("str" | "binary" | "!") => Resolved::String(text),
            Some("int" | "float" | "bool" | "null") => self.plain(text),
            _ if quoted => Resolved::String(text),
            _ => self.plain(text),
        }
    }

    fn plain(self, text: &str) -> Resolved<'_> {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
            "true" | "True" | "TRUE" => return Resolved::Bool(true),
            "false" | "False" | "FALSE" => return Resolved::Bool(false),
            ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
            _ => {}
        }
        if self == Self::Kubernetes11 {
            match text {
                "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Resolved::Bool(true),
                "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Resolved::Bool(false),
                _ => {}
            }
        }
        let number = match text.as_bytes()[0] {
            b'0'..=b'9' | b'+' | b'-' | b'.' => self.number(text),
            _ => None,
        };
        number.unwrap_or(Resolved::String(text))
    }

    fn number<'a>(self, text: &str) -> Option<Resolved<'a>> {
        match self {
            Self::Core12 => core_int(text).or_else(|| float(text)),
            Self::Kubernetes11 => {
                let plain = text.replace('_', "");
                go_int(&plain).or_else(|| float(&plain))
            }
        }
    }
}

/// YAML 1.2: decimal, `0o17`, `0x1F`.
fn core_int<'a>(text: &str) -> Option<Resolved<'a>> {
    if let Some(octal) = text.strip_prefix("0o") {
        return whole(false, digits(octal, 8)?);
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return whole(false, digits(hex, 16)?);
    }
    let (negative, rest) = sign(text);
    whole(negative, digits(rest, 10)?)
}

/// Go's integers with a prefix for the base, where a leading 0 alone means octal.
fn go_int<'a>(text: &str) -> Option<Resolved<'a>> {
    let (negative, rest) = sign(text);
    let lower = rest.get(..2).map(str::to_ascii_lowercase);
    let value = match lower.as_deref() {
        Some("0x") => digits(&rest[2..], 16)?,
        Some("0o") => digits(&rest[2..], 8)?,
        Some("0b") => digits(&rest[2..], 2)?,
        Some(other) if other.starts_with('0') => digits(&rest[1..], 8)?,
        _ => digits(rest, 10)?,
    };
    whole(negative, value)
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    }
}

/// Digits alone: no sign of their own.
fn digits(text: &str, radix: u32) -> Option<u64> {
    let all = !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    if all { u64::from_str_radix(text, radix).ok() } else { None }
}

fn whole<'a>(negative: bool, value: u64) -> Option<Resolved<'a>> {
    match (negative, i64::try_from(value)) {
        (false, Ok(value)) => Some(Resolved::Int(value)),
        (true, Ok(value)) => Some(Resolved::Int(-value)),
        (true, Err(_)) if value == i64::MIN.unsigned_abs() => Some(Resolved::Int(i64::MIN)),
        (false, Err(_)) => Some(Resolved::Uint(value)),
        (true, Err(_)) => None,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn float<'a>(text: &str) -> Option<Resolved<'a>> {
    let (_, rest) = sign(text);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = match mantissa.split_once('.') {
        Some((before, after)) => {
            all_digits(before) && all_digits(after) && !(before.is_empty() && after.is_empty())
        }
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && all_digits(exponent)
    });
    // Go refuses a number that overflows; it stays text.
    let value: f64 = if fits && exponent_fits { text.parse().ok()? } else { return None };
    value.is_finite().then_some(Resolved::Float(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_tools_read_yaml_1_1() {
        use Resolved::*;
        for (text, value) in [
            ("yes", Bool(true)),
            ("Off", Bool(false)),
            ("n", Bool(false)),
            ("~", Null),
            ("", Null),
            ("0755", Int(493)),
            ("08", Float(8.0)),
            ("1_000", Int(1000)),
            ("0x1F", Int(31)),
            ("0o17", Int(15)),
            ("-0b11", Int(-3)),
            ("18446744073709551615", Uint(u64::MAX)),
            ("1e3", Float(1000.0)),
            ("1.", Float(1.0)),
            (".5", Float(0.5)),
            ("1.2.3", String("1.2.3")),
            ("2024-01-02", String("2024-01-02")),
            ("v1", String("v1")),
            ("-", String("-")),
            (".", String(".")),
            ("1e999", String("1e999")),
            ("12:30:45", String("12:30:45")),
            ("+", String("+")),
            ("-9223372036854775808", Int(i64::MIN)),
            ("0", Int(0)),
            ("0_1", Int(1)),
            ("1e", String("1e")),
            ("yEs", String("yEs")),
        ] {
            assert_eq!(Schema::Kubernetes11.resolve(text, false, None), value, "{text:?}");
        }
    }

    #[test]
    fn the_core_schema_has_fewer_words() {
        use Resolved::*;
        for (text, value) in [
            ("yes", String("yes")),
            ("0755", Int(755)),
            ("0o17", Int(15)),
            ("1_000", String("1_000")),
            ("0b11", String("0b11")),
            ("true", Bool(true)),
        ] {
            assert_eq!(Schema::Core12.resolve(text, false, None), value, "{text:?}");
        }
        assert_eq!(Schema::Core12.resolve("1", true, None), String("1"));
        assert_eq!(Schema::Core12.resolve("1", false, Some("!!str")), String("1"));
    }
}
