//! Durations: a count of nanoseconds.

use std::fmt;

use super::quote;
use crate::go::Error;

/// Go's `time.Duration`; it holds about 292 years.
///
/// ```
/// use kargo_expr::time::Duration;
/// assert_eq!(Duration::parse("1.5h")?.to_string(), "1h30m0s");
/// # Ok::<(), kargo_expr::go::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(i64);

const MICROSECOND: i64 = 1000;
const MILLISECOND: i64 = 1000 * MICROSECOND;
const SECOND: i64 = 1000 * MILLISECOND;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

impl Duration {
    /// So many nanoseconds.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// `time.ParseDuration`: numbers with units, such as `1h15m30.5s`.
    ///
    /// # Errors
    /// Other text, or a duration that does not fit, in Go's words.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let invalid = || problem("invalid duration", text);
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total = 0_u64;
        while !rest.is_empty() {
            let (value, after) = parse_part(rest, text)?;
            total = total.checked_add(value).filter(|total| *total <= 1 << 63).ok_or_else(invalid)?;
            rest = after;
        }
        if negative {
            return Ok(Self((total as i64).wrapping_neg()));
        }
        i64::try_from(total).map(Self).map_err(|_| invalid())
    }

    /// The whole in nanoseconds.
    #[must_use]
    pub const fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Whole microseconds.
    #[must_use]
    pub const fn microseconds(self) -> i64 {
        self.0 / MICROSECOND
    }

    /// Whole milliseconds.
    #[must_use]
    pub const fn milliseconds(self) -> i64 {
        self.0 / MILLISECOND
    }

    /// Seconds with their fraction.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.in_unit(SECOND)
    }

    /// Minutes with their fraction.
    #[must_use]
    pub fn minutes(self) -> f64 {
        self.in_unit(MINUTE)
    }

    /// Hours with their fraction.
    #[must_use]
    pub fn hours(self) -> f64 {
        self.in_unit(HOUR)
    }

    fn in_unit(self, unit: i64) -> f64 {
        (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64
    }

    /// Rounded toward zero to a multiple of `unit`; unchanged if `unit` is not positive.
    #[must_use]
    pub const fn truncate(self, unit: Self) -> Self {
        if unit.0 <= 0 { self } else { Self(self.0 - self.0 % unit.0) }
    }

    /// Rounded to the nearest multiple of `unit`, halves away from zero; unchanged if `unit` is not positive.
    /// The result stays in range.
    #[must_use]
    pub fn round(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            return self;
        }
        let rest = self.0 % unit.0;
        let toward_zero = self.0 - rest;
        if rest.unsigned_abs() * 2 < unit.0.unsigned_abs() {
            Self(toward_zero)
        } else {
            Self(toward_zero.saturating_add(unit.0 * self.0.signum()))
        }
    }

    /// Without its sign; the smallest duration becomes the largest.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

fn problem(what: &str, text: &str) -> Error {
    let place = if what.ends_with("duration") { "" } else { " in duration" };
    Error::new(format_args!("time: {what}{place} {}", quote(text.as_bytes())))
}

/// One number with its unit, in nanoseconds, and what follows.
fn parse_part<'a>(part: &'a str, whole: &str) -> Result<(u64, &'a str), Error> {
    let invalid = || problem("invalid duration", whole);
    let digits_end = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (integer, mut rest) = part.split_at(digits_end(part));
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        (fraction, rest) = after.split_at(digits_end(after));
    }
    if integer.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let value = if integer.is_empty() { 0 } else { integer.parse::<u64>().map_err(|_| invalid())? };
    let (name, rest) =
        rest.split_at(rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len()));
    if value > 1 << 63 {
        return Err(invalid());
    }
    if name.is_empty() {
        return Err(problem("missing unit", whole));
    }
    let unit = unit(name)
        .ok_or_else(|| problem(&format!("unknown unit {}", quote(name.as_bytes())), whole))?
        .unsigned_abs();
    let value = value.checked_mul(unit).filter(|value| *value <= 1 << 63).ok_or_else(invalid)?;
    let value = value + fraction_of(fraction, unit);
    if value > 1 << 63 { Err(invalid()) } else { Ok((value, rest)) }
}

/// The nanoseconds of `0.<digits>` units, computed in floats as Go does.
fn fraction_of(digits: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1.0_f64);
    for digit in digits.bytes().map(|b| u64::from(b - b'0')) {
        // More digits than fit are dropped.
        let next = value.checked_mul(10).and_then(|v| v.checked_add(digit)).filter(|v| *v <= 1 << 63);
        let Some(next) = next else { break };
        value = next;
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

fn unit(name: &str) -> Option<i64> {
    match name {
        "ns" => Some(1),
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => Some(MICROSECOND),
        "ms" => Some(MILLISECOND),
        "s" => Some(SECOND),
        "m" => Some(MINUTE),
        "h" => Some(HOUR),
        _ => None,
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if size < SECOND.unsigned_abs() {
            let (unit, name) = match size {
                0 => return f.write_str("0s"),
                size if size < MICROSECOND.unsigned_abs() => (1, "ns"),
                size if size < MILLISECOND.unsigned_abs() => (MICROSECOND, "\u{b5}s"),
                _ => (MILLISECOND, "ms"),
            };
            return write!(f, "{}{name}", decimal(size, unit.unsigned_abs()));
        }
        let (hour, minute) = (HOUR.unsigned_abs(), MINUTE.unsigned_abs());
        if size >= hour {
            write!(f, "{}h", size / hour)?;
        }
        if size >= minute {
            write!(f, "{}m", size % hour / minute)?;
        }
        write!(f, "{}s", decimal(size % minute, SECOND.unsigned_abs()))
    }
}

/// `size / unit` without trailing zeros; the unit is a power of ten.
fn decimal(size: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let fraction = format!("{:0digits$}", size % unit);
    let fraction = if digits == 0 { "" } else { fraction.trim_end_matches('0') };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}", size / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_prints_as_go() {
        let table = [
            ("90m", "1h30m0s"),
            ("-1h", "-1h0m0s"),
            ("100ms", "100ms"),
            ("1µs", "1µs"),
            ("1μs", "1µs"),
            ("1ns", "1ns"),
            ("1500us", "1.5ms"),
            ("1.s", "1s"),
            (".5m", "30s"),
            ("+1h0m0.5s", "1h0m0.5s"),
            ("0", "0s"),
            ("-0", "0s"),
            ("9223372036854775807ns", "2562047h47m16.854775807s"),
            ("-9223372036854775808ns", "-2562047h47m16.854775808s"),
            ("0.3333333333333333333h", "20m0s"),
            (".18446744073709551619s", "184.46744ms"),
        ];
        for (text, expected) in table {
            assert_eq!(Duration::parse(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        let table = [
            ("", "time: invalid duration \"\""),
            ("h", "time: invalid duration \"h\""),
            (".s", "time: invalid duration \".s\""),
            ("1", "time: missing unit in duration \"1\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
            ("1h é", "time: unknown unit \"h \\xc3\\xa9\" in duration \"1h \\xc3\\xa9\""),
            ("2562048h", "time: invalid duration \"2562048h\""),
            (
                "9223372036854775808s.18446744073709551619s",
                "time: invalid duration \"9223372036854775808s.18446744073709551619s\"",
            ),
            ("9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""),
        ];
        for (text, expected) in table {
            assert_eq!(Duration::parse(text).unwrap_err().message(), expected);
        }
    }

    #[test]
    fn rounds_as_go() {
        let d = |text| Duration::parse(text).unwrap();
        assert_eq!(d("1h15m").round(d("1h")), d("1h"));
        assert_eq!(d("1h30m").round(d("1h")), d("2h"));
        assert_eq!(d("-1h30m").round(d("1h")), d("-2h"));
        assert_eq!(d("-1h30m").truncate(d("1h")), d("-1h"));
        assert_eq!(d("1m").round(d("-1h")), d("1m"));
        assert_eq!(Duration(i64::MAX).round(d("1h")), Duration(i64::MAX));
        assert_eq!(Duration(i64::MIN).abs(), Duration(i64::MAX));
        assert_eq!(d("90m").hours(), 1.5);
        assert_eq!(d("1h").microseconds(), 3_600_000_000);
    }
}
