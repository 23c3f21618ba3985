//! `Time.Format`.

use super::Time;
use super::civil::{Date, MONTHS, WEEKDAYS};
use super::layout::{OffsetParts, Pad, Word, next_word};
use super::location::Zone;

/// Prints a time; the layout's literal parts stay as they are.
pub(super) fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let printer = Printer { time, zone: time.zone_info(), date: time.civil_date() };
    let mut out = Vec::new();
    let mut rest = layout;
    while let Some(found) = next_word(rest) {
        out.extend_from_slice(found.prefix);
        out.extend_from_slice(printer.word(found.word).as_bytes());
        rest = found.rest;
    }
    out.extend_from_slice(rest);
    out
}

struct Printer<'a> {
    time: &'a Time,
    zone: Zone,
    date: Date,
}

impl Printer<'_> {
    fn word(&self, word: Word) -> String {
        let hour12 = (self.time.hour() + 11) % 12 + 1;
        let is_afternoon = self.time.hour() >= 12;
        match word {
            Word::LongYear if self.date.year < 0 => format!("-{:04}", -self.date.year),
            Word::LongYear => format!("{:04}", self.date.year),
            Word::Year => format!("{:02}", self.date.year.abs() % 100),
            Word::LongMonth => self.month().to_owned(),
            Word::Month => self.month()[..3].to_owned(),
            Word::NumericMonth(pad) => padded(self.date.month, pad, 2),
            Word::LongWeekday => self.weekday().to_owned(),
            Word::Weekday => self.weekday()[..3].to_owned(),
            Word::Day(pad) => padded(self.date.day, pad, 2),
            Word::YearDay(pad) => padded(self.time.year_day(), pad, 3),
            Word::Hour => padded(self.time.hour(), Pad::Zero, 2),
            Word::Hour12(pad) => padded(hour12, pad, 2),
            Word::Minute(pad) => padded(self.time.minute(), pad, 2),
            Word::Second(pad) => padded(self.time.second(), pad, 2),
            Word::UpperHalf => if is_afternoon { "PM" } else { "AM" }.to_owned(),
            Word::LowerHalf => if is_afternoon { "pm" } else { "am" }.to_owned(),
            Word::Abbreviation if self.zone.abbreviation.is_empty() => {
                self.offset(OffsetParts { minutes: true, seconds: false, colons: false })
            }
            Word::Abbreviation => self.zone.abbreviation.clone(),
            Word::Offset { z: true, .. } if self.zone.offset == 0 => "Z".to_owned(),
            Word::Offset { parts, .. } => self.offset(parts),
            Word::Fraction { separator, digits } => {
                format!("{}{}", char::from(separator), self.fraction(digits))
            }
            Word::TrimmedFraction { separator, digits } => {
                match self.fraction(digits).trim_end_matches('0') {
                    "" => String::new(),
                    fraction => format!("{}{fraction}", char::from(separator)),
                }
            }
        }
    }

    /// A date's month is 1 to 12.
    fn month(&self) -> &'static str {
        MONTHS[(self.date.month - 1) as usize]
    }

    /// A time's weekday is 0 to 6.
    fn weekday(&self) -> &'static str {
        WEEKDAYS[self.time.weekday().0 as usize]
    }

    fn offset(&self, parts: OffsetParts) -> String {
        // Go takes the sign from the whole minutes.
        let minutes = self.zone.offset / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let seconds = if minutes < 0 { -self.zone.offset } else { self.zone.offset } % 60;
        let minutes = minutes.abs();
        let colon = if parts.colons { ":" } else { "" };
        let mut out = format!("{sign}{:02}", minutes / 60);
        if parts.minutes {
            out.push_str(&format!("{colon}{:02}", minutes % 60));
        }
        if parts.seconds {
            out.push_str(&format!("{colon}{seconds:02}"));
        }
        out
    }

    /// Never more than nine digits.
    fn fraction(&self, digits: usize) -> String {
        let mut fraction = format!("{:09}", self.time.nanosecond());
        fraction.truncate(digits);
        fraction
    }
}

fn padded(number: i64, pad: Pad, width: usize) -> String {
    match pad {
        Pad::None => number.to_string(),
        Pad::Space => format!("{number:width$}"),
        Pad::Zero => format!("{number:0width$}"),
    }
}
