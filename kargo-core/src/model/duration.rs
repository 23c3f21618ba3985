//! Go's durations: `1h30m`, `5m0s`, `1.5s`.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::BAD_DURATION;
use crate::error::Error;

/// A length of time in nanoseconds, written as Go writes it.
///
/// In JSON it is the text that Kubernetes' `metav1.Duration` prints, whatever way it was written: `1h` comes
/// back as `1h0m0s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

/// Units of Go's `time.ParseDuration` in nanoseconds; both letters that look like a mu are allowed.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A whole number of seconds; what does not fit is the longest duration (about 292 years).
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds; below zero for a duration that was written with a minus.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// As the standard library's type. What is below zero is zero, as Kargo treats it where it waits.
    pub const fn as_std(self) -> std::time::Duration {
        std::time::Duration::from_nanos(if self.0 < 0 { 0 } else { self.0.unsigned_abs() })
    }
}

impl From<std::time::Duration> for Duration {
    /// What does not fit is the longest duration.
    fn from(duration: std::time::Duration) -> Self {
        Self(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl FromStr for Duration {
    type Err = Error;

    /// Reads what Go's `time.ParseDuration` reads.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).ok_or_else(|| {
            Error::new(BAD_DURATION, format!("{text:?} is not a duration"))
                .with_hint("write numbers with units, such as 1h30m, 5m or 90s")
        })
    }
}

fn parse(text: &str) -> Option<Duration> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (nanos, after) = parse_part(rest)?;
        total = total.checked_add(nanos)?;
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).ok().map(Duration)
}

/// One number with its unit, in nanoseconds (what is finer is cut off), and what follows it.
fn parse_part(text: &str) -> Option<(i128, &str)> {
    let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(number_end);
    let unit_end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_end);
    let unit = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, nanos)| i128::from(*nanos))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()?.into() };
    // Eighteen digits are far below a nanosecond even for hours.
    let fraction = &fraction[..fraction.len().min(18)];
    let part = match fraction {
        "" => 0,
        // At most 18 digits, so neither number overflows.
        digits => digits.parse::<i128>().ok()? * unit / 10_i128.pow(digits.len() as u32),
    };
    Some((whole * unit + part, rest))
}

impl fmt::Display for Duration {
    /// As Go's `Duration.String`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanos}ns"),
            1_000..1_000_000 => write!(f, "{}µs", Decimal(nanos, 3)),
            1_000_000..1_000_000_000 => write!(f, "{}ms", Decimal(nanos, 6)),
            _ => {
                let minutes = nanos / 60_000_000_000;
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                write!(f, "{}s", Decimal(nanos % 60_000_000_000, 9))
            }
        }
    }
}

/// A number divided by a power of ten, without needless zeros.
struct Decimal(u64, u32);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u64.pow(self.1);
        write!(f, "{}", self.0 / scale)?;
        match self.0 % scale {
            0 => Ok(()),
            fraction => {
                let digits = format!("{fraction:0width$}", width = self.1 as usize);
                write!(f, ".{}", digits.trim_end_matches('0'))
            }
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A Go duration, such as 1h30m, 5m0s or 90s." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_as_go() {
        for (written, printed) in [
            ("5m", "5m0s"),
            ("5m0s", "5m0s"),
            ("1h", "1h0m0s"),
            ("1.5h", "1h30m0s"),
            ("90s", "1m30s"),
            (".5s", "500ms"),
            ("1.s", "1s"),
            ("0", "0s"),
            ("-0", "0s"),
            ("+3s", "3s"),
            ("-1m", "-1m0s"),
            ("1s500ms", "1.5s"),
            ("100ns", "100ns"),
            ("1500ns", "1.5µs"),
            ("1µs1μs1us", "3µs"),
            ("2562047h47m16.854775807s", "2562047h47m16.854775807s"),
        ] {
            let read: Duration = written.parse().unwrap();
            assert_eq!(read.to_string(), printed, "{written}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in ["", "5", "m", ".", ".s", "1.2.3s", "5 m", "1d", "1h ", "-", "9999999999h", "1m-1s", "९s"]
        {
            let error = text.parse::<Duration>().unwrap_err();
            assert_eq!(error.code(), BAD_DURATION, "{text}");
        }
    }
}
