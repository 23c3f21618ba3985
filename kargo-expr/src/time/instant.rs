//! Instants with a location.

use std::cmp::Ordering;
use std::fmt;

use super::Duration;
use super::civil::{DAY, Date, Month, Weekday, days_to_month, weekday, year_day};
use super::format::format;
use super::location::{Location, Zone};
use crate::go::Error;

/// Seconds from the year 1, where Go's zero time is, to 1970.
const ZERO_TO_UNIX: i64 = 62_135_596_800;
const NANOSECONDS: i64 = 1_000_000_000;

/// Go's `time.Time`: an instant, and the location in which it is shown.
///
/// Two times are equal when they are the same instant. Methods are named after Go's.
///
/// ```
/// use kargo_expr::time::{Location, Time};
/// let time = Time::date(2024, 2, 29, 13, 45, 56, 0, &Location::UTC);
/// assert_eq!(time.to_string(), "2024-02-29 13:45:56 +0000 UTC");
/// assert_eq!(time.add_date(0, 1, 1).format("01/02"), "03/30");
/// ```
#[derive(Debug, Clone)]
pub struct Time {
    unix: i64,
    /// 0 to 999,999,999.
    nanosecond: i64,
    location: Location,
}

impl Time {
    /// `time.Unix(seconds, nanoseconds)`, in UTC.
    #[must_use]
    pub const fn from_unix(seconds: i64, nanoseconds: i64) -> Self {
        let unix = seconds.wrapping_add(nanoseconds.div_euclid(NANOSECONDS));
        Self { unix, nanosecond: nanoseconds.rem_euclid(NANOSECONDS), location: Location::UTC }
    }

    /// `time.Date`: the parts may be out of range and are carried over. A time in the gap at the start of
    /// daylight saving is read with the offset before the gap.
    #[expect(clippy::too_many_arguments, reason = "the parts of Go's time.Date, in its order")]
    #[must_use]
    pub fn date(
        year: i64,
        month: i64,
        day: i64,
        hour: i64,
        minute: i64,
        second: i64,
        nanosecond: i64,
        location: &Location,
    ) -> Self {
        let wide = i128::from;
        let days = days_to_month(wide(year), wide(month)) + wide(day) - 1;
        let carried = wide(nanosecond.div_euclid(NANOSECONDS));
        let seconds = days * wide(DAY) + wide(hour) * 3600 + wide(minute) * 60 + wide(second) + carried;
        // As in Go, what is beyond 64 bits is cut off.
        let local = seconds as i64;
        let guess = location.at(local).offset;
        let offset = if guess == 0 { 0 } else { location.at(local.wrapping_sub(guess)).offset };
        Self {
            unix: local.wrapping_sub(offset),
            nanosecond: nanosecond.rem_euclid(NANOSECONDS),
            location: location.clone(),
        }
    }

    /// Seconds since 1970 in the location: what its clocks show.
    fn local(&self) -> i64 {
        self.unix.saturating_add(self.zone_info().offset)
    }

    fn days(&self) -> i64 {
        self.local().div_euclid(DAY)
    }

    fn second_of_day(&self) -> i64 {
        self.local().rem_euclid(DAY)
    }

    pub(super) fn civil_date(&self) -> Date {
        Date::from_days(self.days())
    }

    pub(super) fn zone_info(&self) -> Zone {
        self.location.at(self.unix)
    }

    /// The year.
    #[must_use]
    pub fn year(&self) -> i64 {
        self.civil_date().year
    }

    /// The month.
    #[must_use]
    pub fn month(&self) -> Month {
        Month(self.civil_date().month)
    }

    /// The day of the month.
    #[must_use]
    pub fn day(&self) -> i64 {
        self.civil_date().day
    }

    /// The hour, 0 to 23.
    #[must_use]
    pub fn hour(&self) -> i64 {
        self.second_of_day() / 3600
    }

    /// The minute.
    #[must_use]
    pub fn minute(&self) -> i64 {
        self.second_of_day() / 60 % 60
    }

    /// The second.
    #[must_use]
    pub fn second(&self) -> i64 {
        self.second_of_day() % 60
    }

    /// The nanosecond of the second.
    #[must_use]
    pub const fn nanosecond(&self) -> i64 {
        self.nanosecond
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(&self) -> Weekday {
        weekday(self.days())
    }

    /// The day of the year, from 1.
    #[must_use]
    pub fn year_day(&self) -> i64 {
        year_day(self.civil_date())
    }

    /// The year and the week of ISO 8601.
    #[must_use]
    pub fn iso_week(&self) -> (i64, i64) {
        // A week belongs to the year of its Thursday.
        let days_since_monday = (self.weekday().0 + 6) % 7;
        let thursday = Date::from_days(self.days() - days_since_monday + 3);
        (thursday.year, (year_day(thursday) - 1) / 7 + 1)
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn unix(&self) -> i64 {
        self.unix
    }

    /// Milliseconds since 1970; this and the next two wrap around when they do not fit, as in Go.
    #[must_use]
    pub const fn unix_milli(&self) -> i64 {
        self.unix.wrapping_mul(1000).wrapping_add(self.nanosecond / 1_000_000)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn unix_micro(&self) -> i64 {
        self.unix.wrapping_mul(1_000_000).wrapping_add(self.nanosecond / 1000)
    }

    /// Nanoseconds since 1970.
    #[must_use]
    pub const fn unix_nano(&self) -> i64 {
        self.unix.wrapping_mul(NANOSECONDS).wrapping_add(self.nanosecond)
    }

    /// Whether this is 1 January of the year 1, midnight UTC.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.unix == -ZERO_TO_UNIX && self.nanosecond == 0
    }

    /// The time later by a duration.
    #[must_use]
    pub fn add(&self, duration: Duration) -> Self {
        let nanoseconds = self.nanosecond + duration.nanoseconds() % NANOSECONDS;
        let seconds = self.unix.wrapping_add(duration.nanoseconds() / NANOSECONDS);
        self.at_instant(Self::from_unix(seconds, nanoseconds))
    }

    /// The duration since another time; the longest one if it does not fit.
    #[must_use]
    pub fn sub(&self, earlier: &Self) -> Duration {
        let nanoseconds = self.total() - earlier.total();
        let clamped = nanoseconds.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Duration::from_nanoseconds(clamped as i64)
    }

    /// The same clock so many years, months and days later; days beyond a month's end carry over.
    #[must_use]
    pub fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let date = self.civil_date();
        Self::date(
            date.year.wrapping_add(years),
            date.month.wrapping_add(months),
            date.day.wrapping_add(days),
            self.hour(),
            self.minute(),
            self.second(),
            self.nanosecond,
            &self.location,
        )
    }

    /// Rounded down to a multiple of `unit` since the zero time; unchanged if `unit` is not positive.
    #[must_use]
    pub fn truncate(&self, unit: Duration) -> Self {
        if unit.nanoseconds() <= 0 {
            return self.clone();
        }
        self.add(Duration::from_nanoseconds(-self.above_multiple(unit)))
    }

    /// Rounded to the nearest multiple of `unit` since the zero time, halves up.
    #[must_use]
    pub fn round(&self, unit: Duration) -> Self {
        if unit.nanoseconds() <= 0 {
            return self.clone();
        }
        let rest = self.above_multiple(unit);
        let up = unit.nanoseconds() - rest;
        self.add(Duration::from_nanoseconds(if rest < up { -rest } else { up }))
    }

    fn above_multiple(&self, unit: Duration) -> i64 {
        let since_zero = self.total() + i128::from(ZERO_TO_UNIX) * i128::from(NANOSECONDS);
        // Less than the unit, so it fits.
        since_zero.rem_euclid(i128::from(unit.nanoseconds())) as i64
    }

    /// Nanoseconds since 1970.
    fn total(&self) -> i128 {
        i128::from(self.unix) * i128::from(NANOSECONDS) + i128::from(self.nanosecond)
    }

    /// Whether this instant is before the other.
    #[must_use]
    pub fn before(&self, other: &Self) -> bool {
        self < other
    }

    /// Whether this instant is after the other.
    #[must_use]
    pub fn after(&self, other: &Self) -> bool {
        self > other
    }

    /// The same instant in another location.
    #[must_use]
    pub fn in_location(&self, location: &Location) -> Self {
        Self { location: location.clone(), ..*self }
    }

    /// The same instant in UTC; also Go's `Local`.
    #[must_use]
    pub const fn utc(&self) -> Self {
        Self { location: Location::UTC, ..*self }
    }

    fn at_instant(&self, instant: Self) -> Self {
        Self { location: self.location.clone(), ..instant }
    }

    /// The location.
    #[must_use]
    pub const fn location(&self) -> &Location {
        &self.location
    }

    /// The abbreviation of the zone in effect and its offset in seconds east of UTC.
    #[must_use]
    pub fn zone(&self) -> (String, i64) {
        let zone = self.zone_info();
        (zone.abbreviation, zone.offset)
    }

    /// Whether daylight saving is in effect.
    #[must_use]
    pub fn is_dst(&self) -> bool {
        self.zone_info().is_daylight_saving
    }

    /// The time in a layout of Go.
    #[must_use]
    pub fn format(&self, layout: &str) -> String {
        String::from_utf8_lossy(&format(self, layout.as_bytes())).into_owned()
    }

    /// The text that `json.Marshal` quotes: RFC 3339 with nanoseconds.
    ///
    /// # Errors
    /// A year that has not four digits, or an offset of a day or more.
    pub fn to_json_text(&self) -> Result<String, Error> {
        let outside = |what| Error::new(format_args!("Time.MarshalJSON: {what}"));
        if !(0..=9999).contains(&self.year()) {
            return Err(outside("year outside of range [0,9999]"));
        }
        if self.zone_info().offset.abs() >= DAY {
            return Err(outside("timezone hour outside of range [0,23]"));
        }
        Ok(self.format("2006-01-02T15:04:05.999999999Z07:00"))
    }
}

/// Go's long form.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.unix, self.nanosecond).cmp(&(other.unix, other.nanosecond))
    }
}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Time {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Time {}
