//! Numbers to and from text, after Go's `strconv` and `encoding/json`.

use super::Error;
use super::quote::quote;

/// A float as `%v` and `strconv.FormatFloat(f, 'g', -1, 64)` print it: the shortest digits that read
/// back the same, with an exponent below 1e-4 and from 1e+06 on.
///
/// ```
/// use kargo_expr::go::float::format;
/// assert_eq!(format(123456.0), "123456");
/// assert_eq!(format(1234567.0), "1.234567e+06");
/// ```
#[must_use]
pub fn format(f: f64) -> String {
    if let Some(name) = not_finite(f) {
        return name.to_owned();
    }
    let (digits, exponent) = shortest(f);
    if (-4..PLAIN_DIGITS).contains(&exponent) {
        plain(f, &digits, exponent)
    } else {
        scientific(f, &digits, exponent, 2)
    }
}

/// `%v` changes to the exponent form at this many digits before the point.
const PLAIN_DIGITS: i32 = 6;

/// A float as `json.Marshal` writes it; `None` when JSON has no form for it (NaN and the infinities).
#[must_use]
pub fn format_json(f: f64) -> Option<String> {
    if !f.is_finite() {
        return None;
    }
    let (digits, exponent) = shortest(f);
    let is_plain = f == 0.0 || (-6..21).contains(&exponent);
    Some(if is_plain { plain(f, &digits, exponent) } else { scientific(f, &digits, exponent, 1) })
}

/// The digits of `|f|` and the decimal exponent of the first one.
fn shortest(f: f64) -> (String, i32) {
    let (mut digits, exponent) = split_digits(&format!("{:e}", f.abs()));
    if let Some(even) = even_digits(f.abs(), &digits) {
        digits = even;
    }
    (digits, exponent)
}

fn split_digits(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// When `f` lies exactly between two shortest forms, Rust takes the upper and Go the even one.
fn even_digits(f: f64, digits: &str) -> Option<String> {
    /// No float has more significant digits.
    const ALL_DIGITS: usize = 767;
    let length = digits.len();
    let (longer, _) = split_digits(&format!("{f:.length$e}"));
    let (lower, rest) = longer.split_at(length);
    let lower_is_even = lower.ends_with(['0', '2', '4', '6', '8']);
    if rest != "5" || lower == digits || !lower_is_even {
        return None;
    }
    let (exact, _) = split_digits(&format!("{f:.ALL_DIGITS$e}"));
    exact[length + 1..].bytes().all(|b| b == b'0').then(|| lower.to_owned())
}

fn plain(f: f64, digits: &str, exponent: i32) -> String {
    let sign = if f.is_sign_negative() { "-" } else { "" };
    let size = exponent.unsigned_abs() as usize;
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(size - 1));
    }
    match digits.split_at_checked(size + 1) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits:0<width$}", width = size + 1),
    }
}

fn scientific(f: f64, digits: &str, exponent: i32, exponent_digits: usize) -> String {
    let sign = if f.is_sign_negative() { "-" } else { "" };
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    let exponent = exponent.unsigned_abs();
    // Go pads to two digits; encoding/json takes the padding of a negative exponent away again.
    let width = if exponent_sign == '+' { 2 } else { exponent_digits };
    format!("{sign}{first}{point}{rest}e{exponent_sign}{exponent:0width$}")
}

fn not_finite(f: f64) -> Option<&'static str> {
    if f.is_nan() {
        return Some("NaN");
    }
    f.is_infinite().then_some(if f > 0.0 { "+Inf" } else { "-Inf" })
}

/// `strconv.ParseFloat(text, 64)`.
///
/// Accepted are decimal and hexadecimal floats with underscores between digits, and `inf`, `infinity`
/// and `nan` in any case.
///
/// # Errors
/// Text that is no number, or one beyond the largest float.
pub fn parse_float(text: &str) -> Result<f64, Error> {
    if let Some(special) = parse_special(text) {
        return Ok(special);
    }
    let syntax = || number_error("ParseFloat", text, "invalid syntax");
    let scanned = scan_float(text).ok_or_else(syntax)?;
    let value = match scanned {
        Scanned::Decimal(digits) => digits.parse::<f64>().map_err(|_| syntax())?,
        Scanned::Hex { mantissa, exponent, negative } => hex_value(mantissa, exponent, negative),
    };
    if value.is_infinite() {
        return Err(number_error("ParseFloat", text, "value out of range"));
    }
    Ok(value)
}

fn number_error(function: &str, text: &str, problem: &str) -> Error {
    Error::new(format_args!("strconv.{function}: parsing {}: {problem}", quote(text.as_bytes())))
}

fn parse_special(text: &str) -> Option<f64> {
    let (sign, name) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if name.eq_ignore_ascii_case("inf") || name.eq_ignore_ascii_case("infinity") {
        return Some(sign * f64::INFINITY);
    }
    // NaN takes no sign.
    text.eq_ignore_ascii_case("nan").then_some(f64::NAN)
}

enum Scanned {
    /// Digits that Rust's parser reads in the same way.
    Decimal(String),
    /// `mantissa * 2^exponent`; the lowest bit of the mantissa also stands for digits that were cut off.
    Hex { mantissa: u64, exponent: i64, negative: bool },
}

/// Checks the text against Go's grammar of floats.
fn scan_float(text: &str) -> Option<Scanned> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if text.contains('_') && !underscores_separate_digits(unsigned) {
        return None;
    }
    let digits: String = unsigned.chars().filter(|&c| c != '_').collect();
    let negative = text.starts_with('-');
    // A lone "0x" is the number 0 followed by rubbish: both ways it is refused.
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => scan_hex(hex, negative),
        None => scan_decimal(&digits, negative),
    }
}

fn scan_decimal(digits: &str, negative: bool) -> Option<Scanned> {
    let (mantissa, exponent) = split_exponent(digits, ['e', 'E']);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let exponent = exponent.map_or(Some(0), parse_exponent)?;
    let sign = if negative { "-" } else { "" };
    Some(Scanned::Decimal(format!("{sign}{whole}.{fraction}0e{exponent}")))
}

fn split_exponent(text: &str, marks: [char; 2]) -> (&str, Option<&str>) {
    match text.find(marks) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// An exponent beyond ±10000 is as good as any other that large.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits.bytes().fold(0_i64, |e, b| if e < 10_000 { e * 10 + i64::from(b - b'0') } else { e });
    Some(if text.starts_with('-') { -size } else { size })
}

fn scan_hex(digits: &str, negative: bool) -> Option<Scanned> {
    let (text, exponent) = split_exponent(digits, ['p', 'P']);
    let mut exponent = parse_exponent(exponent?)?;
    let (mut mantissa, mut seen, mut after_point) = (0_u64, false, false);
    for c in text.chars() {
        if c == '.' {
            if after_point {
                return None;
            }
            after_point = true;
            continue;
        }
        let digit = u64::from(c.to_digit(16)?);
        seen = true;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | digit;
            exponent -= if after_point { 4 } else { 0 };
        } else {
            mantissa |= u64::from(digit != 0);
            exponent += if after_point { 0 } else { 4 };
        }
    }
    seen.then_some(Scanned::Hex { mantissa, exponent, negative })
}

/// Rounds to the nearest float, ties to even, also among the subnormal ones.
fn hex_value(mantissa: u64, exponent: i64, negative: bool) -> f64 {
    let sign = if negative { -1.0 } else { 1.0 };
    if mantissa == 0 {
        return sign * 0.0;
    }
    let top = 64 - i64::from(mantissa.leading_zeros());
    let value_exponent = exponent + top - 1;
    if value_exponent > 1023 {
        return sign * f64::INFINITY;
    }
    // How many low bits do not fit: 53 bits are kept, fewer below the normal range.
    let kept = if value_exponent < -1022 { 53 - (-1022 - value_exponent) } else { 53 };
    if kept < 0 {
        return sign * 0.0;
    }
    let dropped = top - kept;
    let (rounded, exponent) =
        if dropped > 0 { (round_bits(mantissa, dropped), exponent + dropped) } else { (mantissa, exponent) };
    sign * scale(rounded, exponent)
}

/// `mantissa` without its `dropped` low bits (1 to 64), to nearest even.
fn round_bits(mantissa: u64, dropped: i64) -> u64 {
    let wide = u128::from(mantissa);
    let half = 1_u128 << (dropped - 1);
    let rest = wide & ((half << 1) - 1);
    let kept = wide >> dropped;
    let up = rest > half || (rest == half && kept & 1 == 1);
    // At most 2^53, so it fits.
    (kept + u128::from(up)) as u64
}

/// `mantissa * 2^exponent` for a mantissa that loses nothing: two exact steps.
fn scale(mantissa: u64, exponent: i64) -> f64 {
    super::pow::ldexp(mantissa as f64, exponent)
}

/// Go's rule: an underscore stands between two digits, or between a base prefix and a digit.
fn underscores_separate_digits(unsigned: &str) -> bool {
    let bytes = unsigned.as_bytes();
    let prefixed = bytes.len() >= 2 && bytes[0] == b'0' && matches!(bytes[1] | 0x20, b'b' | b'o' | b'x');
    let hex = prefixed && bytes[1] | 0x20 == b'x';
    let is_digit = |b: u8| b.is_ascii_digit() || (hex && b.is_ascii_hexdigit());
    let start = if prefixed { 2 } else { 0 };
    (start..bytes.len()).filter(|&i| bytes[i] == b'_').all(|i| {
        let before = if i == start { prefixed } else { is_digit(bytes[i - 1]) };
        before && bytes.get(i + 1).is_some_and(|&b| is_digit(b))
    })
}

/// `strconv.ParseBool`.
#[must_use]
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// `strconv.ParseInt(text, base, 64)` with a base of 2 to 36: an optional sign and digits only.
///
/// # Errors
/// Text that is no number in this base, or one that needs more than 64 bits.
pub fn parse_int(text: &str, base: u32) -> Result<i64, Error> {
    let problem = |what| number_error("ParseInt", text, what);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return Err(problem("invalid syntax"));
    }
    i64::from_str_radix(text, base).map_err(|_| problem("value out of range"))
}

/// `strconv.Atoi`, which `int()` uses on text: base 10.
///
/// # Errors
/// As [`parse_int`], in the name of `Atoi`.
pub fn atoi(text: &str) -> Result<i64, Error> {
    parse_int(text, 10).map_err(|e| Error::new(e.message().replacen("ParseInt", "Atoi", 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_percent_v() {
        let table: &[(f64, &str, Option<&str>)] = &[
            (0.0, "0", Some("0")),
            (-0.0, "-0", Some("-0")),
            (1.0, "1", Some("1")),
            (0.1, "0.1", Some("0.1")),
            (0.0001, "0.0001", Some("0.0001")),
            (0.00001, "1e-05", Some("0.00001")),
            (0.0000001, "1e-07", Some("1e-7")),
            (1.5e-10, "1.5e-10", Some("1.5e-10")),
            (123456.0, "123456", Some("123456")),
            (123456.7, "123456.7", Some("123456.7")),
            (1e6, "1e+06", Some("1000000")),
            (1234567.0, "1.234567e+06", Some("1234567")),
            (-2.1e7, "-2.1e+07", Some("-21000000")),
            (1e20, "1e+20", Some("100000000000000000000")),
            (1e21, "1e+21", Some("1e+21")),
            (1e100, "1e+100", Some("1e+100")),
            (5e-324, "5e-324", Some("5e-324")),
            // Exactly between two shortest forms.
            (3236079219167045.0 / 4.0, "8.090198047917612e+14", Some("809019804791761.2")),
            (3236079219167047.0 / 4.0, "8.090198047917618e+14", Some("809019804791761.8")),
            (f64::INFINITY, "+Inf", None),
            (f64::NEG_INFINITY, "-Inf", None),
            (f64::NAN, "NaN", None),
        ];
        for (f, text, json) in table {
            assert_eq!(format(*f), *text);
            assert_eq!(format_json(*f).as_deref(), *json);
        }
    }

    #[test]
    fn parses_what_go_parses() {
        let table: &[(&str, f64)] = &[
            ("1e5", 1e5),
            ("+5", 5.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("007", 7.0),
            ("0_1", 1.0),
            ("1_000.5_5e1_0", 1000.55e10),
            ("-Infinity", f64::NEG_INFINITY),
            ("INF", f64::INFINITY),
            ("0x1p-2", 0.25),
            ("0X1.8P4", 24.0),
            ("-0x_1_0p0", -16.0),
            ("0x1p-1074", 5e-324),
            ("0x1.8p-1075", 5e-324),
            ("0x1p-1075", 0.0),
            ("0x1.fffffffffffff8p0", 2.0),
            ("1e-400", 0.0),
            ("0e99999999999", 0.0),
        ];
        for (text, value) in table {
            assert_eq!(parse_float(text), Ok(*value), "{text}");
        }
        assert!(parse_float("nAn").is_ok_and(f64::is_nan));
        for text in [
            "",
            "+",
            ".",
            "e5",
            "1e",
            "1e+",
            "0x10",
            "0x",
            "0xp1",
            "0x1.1.1p0",
            "0b1",
            "0o7",
            "1__0",
            "_1",
            "1_",
            "1_.5",
            "1._5",
            "1e_5",
            "+nan",
            " 1",
            "1 ",
            "1f",
            "0x1p",
            "infin",
            "+-1",
            "1.2.3",
            "١",
        ] {
            assert!(parse_float(text).is_err(), "{text}");
        }
        assert!(parse_float("1e309").is_err_and(|e| e.message().ends_with("value out of range")));
        assert!(parse_float("0x1p1024").is_err_and(|e| e.message().ends_with("value out of range")));
    }

    #[test]
    fn parses_integers_and_bools() {
        assert_eq!(atoi("042"), Ok(42));
        assert_eq!(atoi("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(parse_int("+7f", 16), Ok(127));
        for text in ["", "-", " 42", "4_2", "0x2A", "9223372036854775808", "+-1"] {
            assert!(atoi(text).is_err(), "{text}");
        }
        assert_eq!(parse_bool("T"), Some(true));
        assert_eq!(parse_bool("False"), Some(false));
        assert_eq!(parse_bool("yes"), None);
        assert_eq!(parse_bool("tRUE"), None);
    }
}
