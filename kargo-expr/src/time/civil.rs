//! The calendar: days since 1970-01-01 to and from years, months and days.

use std::fmt;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// Days of an era of 400 years.
const ERA_DAYS: i64 = 146_097;
/// Days from 0000-03-01, where an era begins, to 1970-01-01.
const ERA_TO_UNIX: i64 = 719_468;

/// A month as Go numbers it: January is 1. Other numbers are possible and print as Go prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub i64);

/// A day of the week as Go numbers it: Sunday is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weekday(pub i64);

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::try_from(self.0.wrapping_sub(1)).ok().and_then(|i| MONTHS.get(i)) {
            Some(name) => f.write_str(name),
            None => write!(f, "%!Month({})", self.0 as u64),
        }
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::try_from(self.0).ok().and_then(|i| WEEKDAYS.get(i)) {
            Some(name) => f.write_str(name),
            None => write!(f, "%!Weekday({})", self.0 as u64),
        }
    }
}

/// A day of the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: i64,
    /// 1 to 31.
    pub(super) day: i64,
}

impl Date {
    pub(super) const fn from_days(days: i64) -> Self {
        let days = days + ERA_TO_UNIX;
        let era = days.div_euclid(ERA_DAYS);
        let day_of_era = days.rem_euclid(ERA_DAYS);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        // Counted from March, so that the leap day is the last.
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
        Self { year, month, day }
    }
}

/// Days to the first of a month; the numbers may be out of any range, as Go allows.
pub(super) fn days_to_month(year: i128, month: i128) -> i128 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * month + 2) / 5;
    era * i128::from(ERA_DAYS) + day_of_era - i128::from(ERA_TO_UNIX)
}

pub(super) const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) const fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of the year of 1 January is 1.
pub(super) fn year_day(date: Date) -> i64 {
    (1..date.month).map(|month| days_in(month, date.year)).sum::<i64>() + date.day
}

pub(super) const fn weekday(days: i64) -> Weekday {
    // 1970-01-01 was a Thursday.
    Weekday((days + 4).rem_euclid(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        for (days, year, month, day) in
            [(0, 1970, 1, 1), (-719_528, 0, 1, 1), (19_782, 2024, 2, 29), (-1, 1969, 12, 31)]
        {
            assert_eq!(Date::from_days(days), Date { year, month, day });
        }
        for days in (-1_000_000..1_000_000).step_by(97) {
            let date = Date::from_days(days);
            let first = days_to_month(date.year.into(), date.month.into());
            assert_eq!(first + i128::from(date.day) - 1, i128::from(days));
        }
        assert_eq!(days_to_month(2024, 14), days_to_month(2025, 2));
        assert_eq!(weekday(19_782).to_string(), "Thursday");
        assert_eq!(year_day(Date { year: 2024, month: 12, day: 31 }), 366);
        assert_eq!(Month(13).to_string(), "%!Month(13)");
    }
}
