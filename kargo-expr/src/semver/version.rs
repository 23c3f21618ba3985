//! One version: loose and strict reading, order, increments.

use std::cmp::Ordering;
use std::fmt;

use crate::go::Error;

/// Longest text of a version, in bytes.
const MAX_LENGTH: usize = 256;

/// A semantic version, with the text that it was read from.
///
/// Versions compare by their precedence: metadata and the original text do not count, not even for `==`.
///
/// ```
/// use kargo_expr::semver::Version;
/// let version = Version::parse("v1.2")?;
/// assert_eq!((version.to_string().as_str(), version.original()), ("1.2.0", "v1.2"));
/// assert!(Version::parse("1.2.0-rc.1")? < version);
/// # Ok::<(), kargo_expr::go::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Version {
    numbers: [u64; 3],
    prerelease: String,
    metadata: String,
    original: String,
}

impl Version {
    /// Reads loosely: a `v` may lead, minor and patch may be left out, numbers may have leading zeros.
    ///
    /// # Errors
    /// Any other text, also one longer than 256 bytes, in Masterminds' words.
    pub fn parse(text: &str) -> Result<Self, Error> {
        check_length(text)?;
        let parts = Parts::split(text.strip_prefix('v').unwrap_or(text));
        let mut written: Vec<&str> = parts.numbers.split('.').collect();
        let well_formed = written.len() <= 3
            && written.iter().all(|number| is_digits(number))
            && parts.prerelease.is_none_or(are_identifiers)
            && parts.metadata.is_none_or(are_identifiers);
        if !well_formed {
            return Err(Error::new("invalid semantic version"));
        }
        written.resize(3, "0");
        let number = |text| {
            parse_number(text).map_err(|e| Error::new(format_args!("error parsing version segment: {e}")))
        };
        let numbers = [number(written[0])?, number(written[1])?, number(written[2])?];
        parts.check()?;
        Ok(Self::new(numbers, &parts, text))
    }

    /// Reads by the letter of the standard: three numbers without leading zeros, no `v`.
    ///
    /// # Errors
    /// Any other text, in Masterminds' words.
    pub fn parse_strict(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::new("version string empty"));
        }
        check_length(text)?;
        let written: Vec<&str> = text.splitn(3, '.').collect();
        let [major, minor, rest] = written[..] else { return Err(Error::new("invalid semantic version")) };
        let parts = Parts::split(rest);
        parts.check()?;
        for number in [major, minor, parts.numbers] {
            if !number.bytes().all(|b| b.is_ascii_digit()) {
                return Err(Error::new("invalid characters in version"));
            }
            if number.len() > 1 && number.starts_with('0') {
                return Err(starts_with_zero());
            }
        }
        let numbers = [parse_number(major)?, parse_number(minor)?, parse_number(parts.numbers)?];
        Ok(Self::new(numbers, &parts, text))
    }

    fn new(numbers: [u64; 3], parts: &Parts<'_>, original: &str) -> Self {
        Self {
            numbers,
            prerelease: parts.prerelease.unwrap_or_default().to_owned(),
            metadata: parts.metadata.unwrap_or_default().to_owned(),
            original: original.to_owned(),
        }
    }

    /// The first number.
    #[must_use]
    pub const fn major(&self) -> u64 {
        self.numbers[0]
    }

    /// The second number.
    #[must_use]
    pub const fn minor(&self) -> u64 {
        self.numbers[1]
    }

    /// The third number.
    #[must_use]
    pub const fn patch(&self) -> u64 {
        self.numbers[2]
    }

    /// What stands between `-` and `+`, or nothing.
    #[must_use]
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// What stands after `+`, or nothing.
    #[must_use]
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The text as it was read.
    #[must_use]
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The next major version. A leading `v` stays in its original text.
    ///
    /// # Errors
    /// The number is the largest of 64 bits; the same for the other increments.
    pub fn inc_major(&self) -> Result<Self, Error> {
        let next = increment(self.major(), "major")?;
        Ok(self.with([next, 0, 0], String::new(), String::new()))
    }

    /// The next minor version.
    ///
    /// # Errors
    /// As [`Self::inc_major`].
    pub fn inc_minor(&self) -> Result<Self, Error> {
        let next = increment(self.minor(), "minor")?;
        Ok(self.with([self.major(), next, 0], String::new(), String::new()))
    }

    /// The next patch version; from a prerelease it is the release itself.
    ///
    /// # Errors
    /// As [`Self::inc_major`].
    pub fn inc_patch(&self) -> Result<Self, Error> {
        let [major, minor, patch] = self.numbers;
        let patch = if self.prerelease.is_empty() { increment(patch, "patch")? } else { patch };
        Ok(self.with([major, minor, patch], String::new(), String::new()))
    }

    /// The same version with another prerelease; an empty one removes it.
    ///
    /// # Errors
    /// Text that cannot be a prerelease.
    pub fn set_prerelease(&self, prerelease: &str) -> Result<Self, Error> {
        if !prerelease.is_empty() {
            check_prerelease(prerelease)?;
        }
        Ok(self.with(self.numbers, prerelease.to_owned(), self.metadata.clone()))
    }

    /// The same version with other metadata; empty metadata removes it.
    ///
    /// # Errors
    /// Text that cannot be metadata.
    pub fn set_metadata(&self, metadata: &str) -> Result<Self, Error> {
        if !metadata.is_empty() {
            check_metadata(metadata)?;
        }
        Ok(self.with(self.numbers, self.prerelease.clone(), metadata.to_owned()))
    }

    fn with(&self, numbers: [u64; 3], prerelease: String, metadata: String) -> Self {
        let mut version = Self { numbers, prerelease, metadata, original: String::new() };
        let v = if self.original.starts_with('v') { "v" } else { "" };
        version.original = format!("{v}{version}");
        version
    }
}

/// The text of a version cut at the first `+`, and before it at the first `-`.
struct Parts<'a> {
    numbers: &'a str,
    prerelease: Option<&'a str>,
    metadata: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Self {
        let (rest, metadata) = cut(text, '+');
        let (numbers, prerelease) = cut(rest, '-');
        Self { numbers, prerelease, metadata }
    }

    fn check(&self) -> Result<(), Error> {
        self.metadata.map_or(Ok(()), check_metadata)?;
        self.prerelease.map_or(Ok(()), check_prerelease)
    }
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn check_length(text: &str) -> Result<(), Error> {
    if text.len() > MAX_LENGTH {
        return Err(Error::new(format_args!("version string is too long (max {MAX_LENGTH} bytes)")));
    }
    Ok(())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn are_identifiers(text: &str) -> bool {
    text.split('.').all(is_identifier)
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn check_prerelease(text: &str) -> Result<(), Error> {
    for part in text.split('.') {
        if !is_identifier(part) {
            return Err(Error::new("invalid prerelease string"));
        }
        if part.len() > 1 && part.starts_with('0') && is_digits(part) {
            return Err(starts_with_zero());
        }
    }
    Ok(())
}

fn check_metadata(text: &str) -> Result<(), Error> {
    if are_identifiers(text) { Ok(()) } else { Err(Error::new("invalid metadata string")) }
}

fn starts_with_zero() -> Error {
    Error::new("version segment starts with 0")
}

/// `strconv.ParseUint` on digits.
fn parse_number(digits: &str) -> Result<u64, Error> {
    digits.parse().map_err(|_| {
        let problem = if digits.is_empty() { "invalid syntax" } else { "value out of range" };
        Error::new(format_args!("strconv.ParseUint: parsing \"{digits}\": {problem}"))
    })
}

fn increment(number: u64, name: &str) -> Result<u64, Error> {
    number
        .checked_add(1)
        .ok_or_else(|| Error::new(format_args!("{name} version increment would overflow uint64")))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            let released = self.prerelease.is_empty().cmp(&other.prerelease.is_empty());
            released.then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

/// Part by part: numbers by value and before words, words by their bytes; the shorter list is smaller.
fn compare_prereleases(a: &str, b: &str) -> Ordering {
    // A number beyond 64 bits counts as a word, as in Masterminds.
    let key = |part: &'_ str| match part.parse::<u64>() {
        Ok(number) => (0, number, String::new()),
        Err(_) => (1, 0, part.to_owned()),
    };
    a.split('.').map(key).cmp(b.split('.').map(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_loosely() {
        let table = [
            ("1", "1.0.0"),
            ("v1.2", "1.2.0"),
            ("01.002.3", "1.2.3"),
            ("1.2-rc.1+b.01", "1.2.0-rc.1+b.01"),
            ("1.2.3--x-.-", "1.2.3--x-.-"),
            ("1.2.3+a-b", "1.2.3+a-b"),
        ];
        for (text, expected) in table {
            let version = Version::parse(text).unwrap();
            assert_eq!((version.to_string().as_str(), version.original()), (expected, text));
        }
        for text in [
            "",
            "x",
            "V1.2.3",
            " 1.2.3",
            "1.2.3 ",
            "1.2.3.4",
            "1.",
            "1..2",
            "1.2.3-",
            "1.2.3+",
            "1.2.3-a..b",
            "1.2.3-01",
            "1.2.3-é",
            "-1",
            "1.2.3+a+b",
            "99999999999999999999.0.0",
            "vv1",
        ] {
            assert!(Version::parse(text).is_err(), "{text}");
        }
        assert!(Version::parse(&"1".repeat(257)).is_err());
    }

    #[test]
    fn reads_strictly() {
        for text in ["1.2.3", "1.2.3-rc.1+b", "0.0.0"] {
            assert!(Version::parse_strict(text).is_ok(), "{text}");
        }
        for text in ["", "v1.2.3", "1.2", "01.2.3", "1.2.3-01", "1.2.3.4", "1.2.x", "1.2.3-", "1..3"] {
            assert!(Version::parse_strict(text).is_err(), "{text}");
        }
    }

    #[test]
    fn orders_by_precedence() {
        let ascending = [
            "0.9",
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.10.0",
        ];
        let versions = ascending.map(|text| Version::parse(text).unwrap());
        assert!(versions.is_sorted_by(|a, b| a < b));
        assert_eq!(Version::parse("1.0+a").unwrap(), Version::parse("v1.0.0+b").unwrap());
    }

    #[test]
    fn increments() {
        let version = Version::parse("v1.2.3-rc.1+b").unwrap();
        assert_eq!(version.inc_patch().unwrap().original(), "v1.2.3");
        assert_eq!(version.inc_minor().unwrap().to_string(), "1.3.0");
        assert_eq!(version.inc_major().unwrap().to_string(), "2.0.0");
        assert_eq!(Version::parse("1.2.3").unwrap().inc_patch().unwrap().to_string(), "1.2.4");
        assert!(Version::parse("18446744073709551615").unwrap().inc_major().is_err());
        assert_eq!(version.set_prerelease("").unwrap().to_string(), "1.2.3+b");
        assert_eq!(version.set_metadata("x.1").unwrap().original(), "v1.2.3-rc.1+x.1");
        assert!(version.set_prerelease("01").is_err());
    }
}
