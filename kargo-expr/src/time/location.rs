//! Time zones.

use std::fmt;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::go::Error;

/// Go's `*time.Location`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location(Rules);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rules {
    Utc,
    /// One offset, in seconds east of UTC, for all times; the abbreviation may be empty.
    Fixed(Arc<str>, i64),
    /// From the tz database.
    Named(TimeZone),
}

/// What a location says about an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Zone {
    pub(super) abbreviation: String,
    /// Seconds east of UTC.
    pub(super) offset: i64,
    pub(super) is_daylight_saving: bool,
}

impl Location {
    /// UTC, which is also `Local`.
    pub const UTC: Self = Self(Rules::Utc);

    /// `time.FixedZone`: an abbreviation, possibly empty, and seconds east of UTC.
    #[must_use]
    pub fn fixed(abbreviation: &str, offset: i64) -> Self {
        Self(Rules::Fixed(abbreviation.into(), offset))
    }

    /// `time.LoadLocation`. Letter case matters, as in a file system.
    ///
    /// # Errors
    /// A name that is not in the tz database.
    pub fn load(name: &str) -> Result<Self, Error> {
        static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
        if matches!(name, "" | "UTC" | "Local") {
            return Ok(Self::UTC);
        }
        if name.contains("..") || name.starts_with(['/', '\\']) {
            return Err(Error::new("time: invalid location name"));
        }
        match DATABASE.get(name) {
            Ok(zone) if zone.iana_name() == Some(name) => Ok(Self(Rules::Named(zone))),
            _ => Err(Error::new(format_args!("unknown time zone {name}"))),
        }
    }

    /// `Location.String()`.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Rules::Utc => "UTC",
            Rules::Fixed(name, _) => name,
            Rules::Named(zone) => zone.iana_name().unwrap_or_default(),
        }
    }

    pub(super) fn at(&self, unix: i64) -> Zone {
        match &self.0 {
            Rules::Utc => Zone { abbreviation: "UTC".to_owned(), offset: 0, is_daylight_saving: false },
            Rules::Fixed(name, offset) => {
                Zone { abbreviation: name.to_string(), offset: *offset, is_daylight_saving: false }
            }
            Rules::Named(zone) => zone_at(zone, unix),
        }
    }

    /// The offset that belongs to an abbreviation around this local time.
    pub(super) fn offset_of(&self, abbreviation: &str, local: i64) -> Option<i64> {
        let Rules::Named(zone) = &self.0 else { return None };
        let offsets: Vec<i64> =
            zones(zone).filter(|z| z.abbreviation == abbreviation).map(|z| z.offset).collect();
        let in_effect = offsets
            .iter()
            .map(|offset| self.at(local - offset))
            .find(|zone| zone.abbreviation == abbreviation)
            .map(|zone| zone.offset);
        in_effect.or_else(|| offsets.first().copied())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn zone_at(zone: &TimeZone, unix: i64) -> Zone {
    let unix = unix.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let info = zone.to_offset_info(Timestamp::from_second(unix).unwrap_or_default());
    Zone {
        abbreviation: info.abbreviation().to_owned(),
        offset: i64::from(info.offset().seconds()),
        is_daylight_saving: info.dst().is_dst(),
    }
}

/// All that were ever in effect, the oldest first.
fn zones(zone: &TimeZone) -> impl Iterator<Item = Zone> + '_ {
    /// Rules of today go on for ever; nothing new comes after this year (2038).
    const END: i64 = 1 << 31;
    let first = zone_at(zone, Timestamp::MIN.as_second());
    let later = zone.following(Timestamp::MIN).map(|transition| transition.timestamp().as_second());
    std::iter::once(first).chain(later.take_while(|unix| *unix < END).map(|unix| zone_at(zone, unix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_as_go() {
        for (name, shown) in [("", "UTC"), ("UTC", "UTC"), ("Local", "UTC"), ("US/Eastern", "US/Eastern")] {
            assert_eq!(Location::load(name).unwrap().name(), shown);
        }
        for name in ["Nope", "europe/zurich", "../UTC", "/etc/passwd", "Europe/", "é"] {
            assert!(Location::load(name).is_err(), "{name}");
        }
    }

    #[test]
    fn finds_offsets() {
        let zurich = Location::load("Europe/Zurich").unwrap();
        assert_eq!(zurich.at(1_720_000_000).offset, 7200);
        assert_eq!(zurich.at(1_700_000_000).abbreviation, "CET");
        assert_eq!(zurich.at(i64::MIN).abbreviation, "LMT");
        assert_eq!(zurich.offset_of("CEST", 1_700_000_000), Some(7200));
        assert_eq!(zurich.offset_of("EST", 0), None);
    }
}
