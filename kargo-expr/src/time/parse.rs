//! `time.Parse`.

use super::civil::{MONTHS, WEEKDAYS, days_in, is_leap};
use super::layout::{Found, OffsetParts, Pad, Word, next_word};
use super::{Location, Time, quote};
use crate::go::Error;

/// The layouts that `date()` tries, in its order.
const LAYOUTS: [&str; 7] = [
    "2006-01-02",
    "15:04:05",
    "2006-01-02 15:04:05",
    "2006-01-02T15:04:05Z07:00",
    "02 Jan 06 15:04 MST",
    "Monday, 02-Jan-06 15:04:05 MST",
    "Mon, 02 Jan 2006 15:04:05 MST",
];

/// A date in any of the layouts that the expression function `date` knows.
///
/// # Errors
/// Text in none of them.
pub fn parse_any(text: &str, location: &Location) -> Result<Time, Error> {
    LAYOUTS
        .iter()
        .find_map(|layout| parse(layout, text, location).ok())
        .ok_or_else(|| Error::new(format_args!("invalid date {text}")))
}

/// `time.ParseInLocation`; with [`Location::UTC`] it is `time.Parse`.
///
/// An abbreviation that the location does not know has the offset 0, as in Go.
///
/// # Errors
/// Text that does not fit the layout, or a date that does not exist, in Go's words.
pub fn parse(layout: &str, text: &str, location: &Location) -> Result<Time, Error> {
    let mut parts = Parts::default();
    let mut rest = text.as_bytes();
    let mut layout_rest = layout.as_bytes();
    while let Some(found) = next_word(layout_rest) {
        rest = skip(rest, found.prefix).map_err(|at| mismatch(layout, text, at, found.prefix))?;
        let word_start = rest;
        parts.word(&found, &mut rest).map_err(|problem| match problem {
            Problem::Mismatch => mismatch(layout, text, word_start, found.text),
            Problem::Range(what) => out_of_range(text, what),
        })?;
        layout_rest = found.rest;
    }
    rest = skip(rest, layout_rest).map_err(|at| mismatch(layout, text, at, layout_rest))?;
    if !rest.is_empty() {
        return Err(problem(text, &format!("extra text: {}", quote(rest))));
    }
    parts.resolve(text)?.to_time(&parts, location)
}

fn problem(text: &str, what: &str) -> Error {
    Error::new(format_args!("parsing time {}: {what}", quote(text.as_bytes())))
}

fn out_of_range(text: &str, what: &str) -> Error {
    problem(text, &format!("{what} out of range"))
}

fn mismatch(layout: &str, text: &str, rest: &[u8], word: &[u8]) -> Error {
    let [layout, text] = [layout, text].map(|s| quote(s.as_bytes()));
    Error::new(format_args!(
        "parsing time {text} as {layout}: cannot parse {} as {}",
        quote(rest),
        quote(word)
    ))
}

enum Problem {
    Mismatch,
    Range(&'static str),
}

/// Steps over a literal part of the layout, in which one space stands for any number of them.
fn skip<'a>(mut text: &'a [u8], mut prefix: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    while let [expected, after @ ..] = prefix {
        if *expected == b' ' {
            if text.first().is_some_and(|b| *b != b' ') {
                return Err(text);
            }
            prefix = cut_spaces(prefix);
            text = cut_spaces(text);
            continue;
        }
        match text {
            [first, rest @ ..] if first == expected => (prefix, text) = (after, rest),
            _ => return Err(text),
        }
    }
    Ok(text)
}

fn cut_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|b| **b == b' ').count()..]
}

/// What has been read so far.
#[derive(Default)]
struct Parts {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    afternoon: Option<bool>,
    is_utc: bool,
    offset: Option<i64>,
    abbreviation: String,
}

impl Parts {
    fn word(&mut self, found: &Found<'_>, rest: &mut &[u8]) -> Result<(), Problem> {
        match found.word {
            Word::Year => {
                let year = signed(take(rest, 2)?)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Word::LongYear => {
                if !rest.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Problem::Mismatch);
                }
                self.year = signed(take(rest, 4)?)?;
            }
            Word::LongMonth => self.month = Some(name(rest, &MONTHS, usize::MAX)? + 1),
            Word::Month => self.month = Some(name(rest, &MONTHS, 3)? + 1),
            Word::NumericMonth(pad) => self.month = Some(number(rest, pad, 1, 12, "month")?),
            Word::LongWeekday => drop(name(rest, &WEEKDAYS, usize::MAX)?),
            Word::Weekday => drop(name(rest, &WEEKDAYS, 3)?),
            Word::Day(pad) => self.day = Some(padded_number(rest, pad, 1, 2)?),
            Word::YearDay(pad) => self.year_day = Some(padded_number(rest, pad, 2, 3)?),
            Word::Hour => self.hour = number(rest, Pad::None, 0, 23, "hour")?,
            Word::Hour12(pad) => self.hour = number(rest, pad, 0, 12, "hour")?,
            Word::Minute(pad) => self.minute = number(rest, pad, 0, 59, "minute")?,
            Word::Second(pad) => {
                self.second = number(rest, pad, 0, 59, "second")?;
                self.unannounced_fraction(found.rest, rest)?;
            }
            Word::UpperHalf => self.afternoon = Some(half(take(rest, 2)?, b"AM", b"PM")?),
            Word::LowerHalf => self.afternoon = Some(half(take(rest, 2)?, b"am", b"pm")?),
            Word::Offset { z: true, .. } if rest.first() == Some(&b'Z') => {
                *rest = &rest[1..];
                self.is_utc = true;
            }
            Word::Offset { parts, .. } => self.offset = Some(offset(rest, parts)?),
            Word::Abbreviation if rest.starts_with(b"UTC") => {
                *rest = &rest[3..];
                self.is_utc = true;
            }
            Word::Abbreviation => {
                let length = abbreviation_length(rest).ok_or(Problem::Mismatch)?;
                self.abbreviation = String::from_utf8_lossy(take(rest, length)?).into_owned();
            }
            Word::Fraction { digits, .. } => self.nanosecond = nanoseconds(take(rest, 1 + digits)?)?,
            Word::TrimmedFraction { .. } => self.optional_fraction(rest)?,
        }
        Ok(())
    }

    /// A fraction may follow the seconds even if the layout has none.
    fn unannounced_fraction(&mut self, layout: &[u8], rest: &mut &[u8]) -> Result<(), Problem> {
        let announced = next_word(layout)
            .is_some_and(|next| matches!(next.word, Word::Fraction { .. } | Word::TrimmedFraction { .. }));
        if announced { Ok(()) } else { self.optional_fraction(rest) }
    }

    fn optional_fraction(&mut self, rest: &mut &[u8]) -> Result<(), Problem> {
        if let [b'.' | b',', digits @ ..] = rest {
            let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
            if length > 0 {
                self.nanosecond = nanoseconds(take(rest, 1 + length)?)?;
            }
        }
        Ok(())
    }

    /// Checks the date and completes it.
    fn resolve(&self, text: &str) -> Result<Resolved, Error> {
        let (month, day) = match self.year_day {
            Some(year_day) => self.date_of_year_day(year_day, text)?,
            None => (self.month.unwrap_or(1), self.day.unwrap_or(1)),
        };
        if day < 1 || day > days_in(month, self.year) {
            return Err(out_of_range(text, "day"));
        }
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        Ok(Resolved { month, day, hour })
    }

    fn date_of_year_day(&self, year_day: i64, text: &str) -> Result<(i64, i64), Error> {
        if year_day < 1 || year_day > if is_leap(self.year) { 366 } else { 365 } {
            return Err(out_of_range(text, "day-of-year"));
        }
        let (mut month, mut day) = (1, year_day);
        while day > days_in(month, self.year) {
            day -= days_in(month, self.year);
            month += 1;
        }
        if self.month.is_some_and(|given| given != month) {
            return Err(problem(text, "day-of-year does not match month"));
        }
        if self.day.is_some_and(|given| given != day) {
            return Err(problem(text, "day-of-year does not match day"));
        }
        Ok((month, day))
    }
}

/// The parts of the date that depended on each other.
struct Resolved {
    month: i64,
    day: i64,
    hour: i64,
}

impl Resolved {
    fn to_time(&self, parts: &Parts, location: &Location) -> Result<Time, Error> {
        let Self { month, day, hour } = *self;
        let clock_in = |location: &Location| {
            Time::date(parts.year, month, day, hour, parts.minute, parts.second, parts.nanosecond, location)
        };
        let utc = clock_in(&Location::UTC);
        let shifted = |offset: i64| Time::from_unix(utc.unix() - offset, utc.nanosecond());
        if parts.is_utc {
            return Ok(utc);
        }
        let name = parts.abbreviation.as_str();
        if let Some(offset) = parts.offset {
            let time = shifted(offset);
            let here = location.at(time.unix());
            // The location itself, if it has this offset then.
            let is_here = here.offset == offset && (name.is_empty() || here.abbreviation == name);
            let zone = if is_here { location.clone() } else { Location::fixed(name, offset) };
            return Ok(time.in_location(&zone));
        }
        if name.is_empty() {
            return Ok(clock_in(location));
        }
        if let Some(offset) = location.offset_of(name, utc.unix()) {
            return Ok(shifted(offset).in_location(location));
        }
        let hours = name.strip_prefix("GMT").and_then(|hours| hours.parse::<i64>().ok()).unwrap_or(0);
        // Go keeps the clock's instant and only names the zone.
        Ok(utc.in_location(&Location::fixed(name, hours * 3600)))
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Problem> {
    let (taken, after) = rest.split_at_checked(length).ok_or(Problem::Mismatch)?;
    *rest = after;
    Ok(taken)
}

/// Two or four bytes: a number that may have a sign.
fn signed(text: &[u8]) -> Result<i64, Problem> {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Problem::Mismatch)
}

/// The index of the first name that the text begins with, letter case aside; names are cut to `length`.
fn name(rest: &mut &[u8], names: &[&str], length: usize) -> Result<i64, Problem> {
    for (index, name) in (0_i64..).zip(names) {
        let name = name.get(..length).unwrap_or(name);
        if rest.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name.as_bytes())) {
            *rest = &rest[name.len()..];
            return Ok(index);
        }
    }
    Err(Problem::Mismatch)
}

/// One digit or two, exactly two if padded with zeros.
fn number(rest: &mut &[u8], pad: Pad, low: i64, high: i64, what: &'static str) -> Result<i64, Problem> {
    let number = digits(rest, 2, pad == Pad::Zero)?;
    if (low..=high).contains(&number) { Ok(number) } else { Err(Problem::Range(what)) }
}

/// A number before which some spaces may stand if the layout pads with them.
fn padded_number(rest: &mut &[u8], pad: Pad, spaces: usize, most: usize) -> Result<i64, Problem> {
    for _ in 0..spaces {
        if pad == Pad::Space && rest.first() == Some(&b' ') {
            *rest = &rest[1..];
        }
    }
    digits(rest, most, pad == Pad::Zero)
}

fn digits(rest: &mut &[u8], most: usize, exactly: bool) -> Result<i64, Problem> {
    let count = rest.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    if count == 0 || (exactly && count < most) {
        return Err(Problem::Mismatch);
    }
    Ok(take(rest, count)?.iter().fold(0, |number, b| number * 10 + i64::from(b - b'0')))
}

fn half(text: &[u8], before: &[u8], after: &[u8]) -> Result<bool, Problem> {
    if text == after {
        Ok(true)
    } else if text == before {
        Ok(false)
    } else {
        Err(Problem::Mismatch)
    }
}

/// A separator and digits, of which nine count.
fn nanoseconds(text: &[u8]) -> Result<i64, Problem> {
    let [b'.' | b',', fraction @ ..] = text else { return Err(Problem::Mismatch) };
    let fraction = &fraction[..fraction.len().min(9)];
    // As in Go, a sign may lead, and a negative fraction is out of range.
    let value = signed(fraction)?;
    if value < 0 {
        return Err(Problem::Range("fractional second"));
    }
    Ok((fraction.len()..9).fold(value, |value, _| value * 10))
}

fn offset(rest: &mut &[u8], parts: OffsetParts) -> Result<i64, Problem> {
    let separators = if parts.colons { 1 } else { 0 };
    let groups = usize::from(parts.minutes) + usize::from(parts.seconds);
    let text = take(rest, 3 + groups * (2 + separators))?;
    if parts.colons && text[3..].iter().step_by(3).any(|b| *b != b':') {
        return Err(Problem::Mismatch);
    }
    let group = |index: usize, most: i64, what| {
        let start = 1 + index * (2 + separators);
        // Groups that the layout leaves out are 0.
        let Some(mut group) = text.get(start..start + 2) else { return Ok(0) };
        let number = digits(&mut group, 2, true)?;
        // Some people do write 24 hours or 60 minutes.
        if number > most { Err(Problem::Range(what)) } else { Ok(number) }
    };
    let hours = group(0, 24, "time zone offset hour")?;
    let minutes = group(1, 60, "time zone offset minute")?;
    let seconds = group(2, 60, "time zone offset second")?;
    let size = (hours * 60 + minutes) * 60 + seconds;
    match text[0] {
        b'+' => Ok(size),
        b'-' => Ok(-size),
        _ => Err(Problem::Mismatch),
    }
}

/// How many bytes look like the abbreviation of a zone.
fn abbreviation_length(text: &[u8]) -> Option<usize> {
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(after) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_hours_length(after).unwrap_or(0));
    }
    if text.len() >= 3 && matches!(text[0], b'+' | b'-') {
        return signed_hours_length(text);
    }
    match text.iter().take(6).take_while(|b| b.is_ascii_uppercase()).count() {
        3 => Some(3),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        5 if text[4] == b'T' => Some(5),
        _ => None,
    }
}

/// A sign and up to 23 hours.
fn signed_hours_length(text: &[u8]) -> Option<usize> {
    let [b'+' | b'-', after @ ..] = text else { return None };
    let length = after.iter().take_while(|b| b.is_ascii_digit()).count();
    let hours: u64 = std::str::from_utf8(&after[..length]).ok()?.parse().ok()?;
    (hours <= 23).then_some(1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_as_the_expression_function() {
        let table = [
            ("2024-02-29", "2024-02-29 00:00:00 +0000 UTC"),
            ("15:04:05", "0000-01-01 15:04:05 +0000 UTC"),
            ("2024-02-29T13:45:56.123456789Z", "2024-02-29 13:45:56.123456789 +0000 UTC"),
            ("2024-02-29T13:45:56+02:00", "2024-02-29 13:45:56 +0200 +0200"),
            ("2024-02-29T13:45:56+00:00", "2024-02-29 13:45:56 +0000 UTC"),
            ("02 Jan 24 15:04 CET", "2024-01-02 15:04:00 +0000 CET"),
            ("Tuesday, 02-Jan-24 15:04:05 GMT+3", "2024-01-02 18:04:05 +0300 GMT+3"),
            ("Tue, 02 Jan 2006 15:04:05 UTC", "2006-01-02 15:04:05 +0000 UTC"),
        ];
        for (text, expected) in table {
            assert_eq!(parse_any(text, &Location::UTC).unwrap().to_string(), expected);
        }
        for text in ["", "2024-1-2", "2024-01-02T03:04", "24:00:00", "2024-02-30", "2024-01-02é"] {
            assert!(parse_any(text, &Location::UTC).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_layouts_in_a_location() {
        let zurich = Location::load("Europe/Zurich").unwrap();
        let table = [
            ("2006-01-02 15:04", "2024-07-02 10:00", "2024-07-02 10:00:00 +0200 CEST"),
            // In the gap, and in the hour that comes twice.
            ("2006-01-02 15:04", "2024-03-31 02:30", "2024-03-31 03:30:00 +0200 CEST"),
            ("2006-01-02 15:04", "2024-10-27 02:30", "2024-10-27 02:30:00 +0100 CET"),
            ("2006-01-02 MST", "2024-01-02 CEST", "2024-01-01 23:00:00 +0100 CET"),
            ("2006-01-02 -0700", "2024-01-02 +0100", "2024-01-02 00:00:00 +0100 CET"),
            ("2006-01-02 -07:00 MST", "2024-01-02 +01:00 XYZ", "2024-01-02 00:00:00 +0100 XYZ"),
            ("Jan _2 06 3:04PM", "feb  3 70 12:05AM", "1970-02-03 00:05:00 +0100 CET"),
            ("2006 002", "2024 060", "2024-02-29 00:00:00 +0100 CET"),
            ("15:04:05", "01:02:03,5", "0000-01-01 01:02:03.5 +0034 LMT"),
        ];
        for (layout, text, expected) in table {
            assert_eq!(parse(layout, text, &zurich).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn refuses_in_gos_words() {
        let table = [
            ("", "a", "parsing time \"a\": extra text: \"a\""),
            (
                "02/01/2006",
                "2024-01-02",
                "parsing time \"2024-01-02\" as \"02/01/2006\": cannot parse \"24-01-02\" as \"/\"",
            ),
            ("2006-01-02", "2024-02-30", "parsing time \"2024-02-30\": day out of range"),
            ("2006-01-02", "2024-13-30", "parsing time \"2024-13-30\": month out of range"),
            ("15", "24", "parsing time \"24\": hour out of range"),
            ("002 01", "060 03", "parsing time \"060 03\": day-of-year does not match month"),
            ("Jan", "é", "parsing time \"\\xc3\\xa9\" as \"Jan\": cannot parse \"\\xc3\\xa9\" as \"Jan\""),
        ];
        for (layout, text, expected) in table {
            assert_eq!(parse(layout, text, &Location::UTC).unwrap_err().message(), expected);
        }
    }
}
