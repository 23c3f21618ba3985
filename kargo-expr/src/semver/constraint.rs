//! Constraints on versions.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Version;
use crate::go::Error;
use crate::go::quote::quote;

/// Longest text of a constraint, in bytes.
const MAX_LENGTH: usize = 512;
/// Most groups between `||`.
const MAX_GROUPS: usize = 32;

/// Alternatives, each a list of conditions that hold together.
///
/// Operators are `=`, `!=`, `<`, `>`, `<=`, `=<`, `>=`, `=>`, `~`, `~>`, `^`, none, and the range `a - b`;
/// `x`, `X`, `*` or a missing number match any. Prereleases match only where the alternative names one.
///
/// ```
/// use kargo_expr::semver::{Constraint, Version};
/// let constraint = Constraint::parse("^1.2, !=1.4.0 || 3.x")?;
/// assert!(constraint.matches(&Version::parse("1.5")?));
/// assert!(!constraint.matches(&Version::parse("1.4.0")?));
/// # Ok::<(), kargo_expr::go::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Constraint {
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone)]
struct Alternative {
    conditions: Vec<Condition>,
    names_prerelease: bool,
}

/// One operator with its version.
#[derive(Debug, Clone)]
struct Condition {
    operator: Operator,
    version: Version,
    open: Open,
}

#[derive(Debug, Clone, Copy)]
enum Operator {
    Bare,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

/// The first number that was left open; those after it count as 0.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Open {
    Nothing,
    Patch,
    Minor,
    Major,
}

impl Constraint {
    /// Reads a constraint.
    ///
    /// # Errors
    /// Text that is no constraint, longer than 512 bytes or with more than 32 alternatives, in
    /// Masterminds' words.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_LENGTH {
            return Err(Error::new(format_args!("constraint string is too long (max {MAX_LENGTH} bytes)")));
        }
        // A range is read before `||` is: that is why `1||2 - 3` begins with `>=1`.
        let range = |range: &Captures<'_>| format!(">= {}, <= {} ", &range[1], &range[2]);
        let text = GRAMMAR.range.replace_all(text, range);
        let alternatives: Vec<&str> = text.split("||").collect();
        if alternatives.len() > MAX_GROUPS {
            return Err(Error::new(format_args!("too many constraint groups (max {MAX_GROUPS})")));
        }
        Ok(Self { alternatives: alternatives.into_iter().map(Alternative::parse).collect::<Result<_, _>>()? })
    }

    /// Whether the version satisfies all conditions of one alternative.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|alternative| alternative.matches(version))
    }
}

impl Alternative {
    fn parse(text: &str) -> Result<Self, Error> {
        if !GRAMMAR.conditions.is_match(text) {
            return Err(Error::new(format_args!("improper constraint: {}", quote(text.as_bytes()))));
        }
        let conditions: Vec<Condition> = GRAMMAR
            .condition
            .captures_iter(text)
            .map(|found| Condition::parse(&found))
            .collect::<Result<_, _>>()?;
        let names_prerelease = conditions.iter().any(|condition| !condition.version.prerelease().is_empty());
        Ok(Self { conditions, names_prerelease })
    }

    fn matches(&self, version: &Version) -> bool {
        (self.names_prerelease || version.prerelease().is_empty())
            && self.conditions.iter().all(|condition| condition.matches(version))
    }
}

struct Grammar {
    range: Regex,
    conditions: Regex,
    condition: Regex,
}

#[expect(clippy::expect_used, reason = "constant patterns, compiled by every test of this module")]
static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| {
    let space = r"[\t\n\f\r ]";
    let identifiers = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*";
    let suffix = format!(r"(?:-{identifiers})?(?:\+{identifiers})?");
    let version = format!(r"v?[0-9xX*|]+(?:\.[0-9xX*|]+){{0,2}}{suffix}");
    let operator = "(?:!=|=>|=<|>=|<=|~>|[=<>~^])?";
    let condition = format!("{operator}{space}*{version}");
    let compile = |pattern: &str| Regex::new(pattern).expect("a valid pattern");
    Grammar {
        range: compile(&format!("{space}*({version}){space}+-{space}+({version}){space}*")),
        conditions: compile(&format!(
            r"\A{space}*{condition}{space}*(?:(?:{space}+|,{space}*){condition}{space}*)*\z"
        )),
        condition: compile(&format!(
            r"({operator}){space}*v?([0-9xX*|]+)(?:\.([0-9xX*|]+))?(?:\.([0-9xX*|]+))?({suffix})"
        )),
    }
});

impl Condition {
    fn parse(found: &Captures<'_>) -> Result<Self, Error> {
        let operator = match &found[1] {
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::GreaterOrEqual,
            "<=" | "=<" => Operator::LessOrEqual,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => Operator::Bare,
        };
        let number = |i| found.get(i).map(|m| m.as_str()).filter(|text| !matches!(*text, "x" | "X" | "*"));
        let (numbers, open) = match (number(2), number(3), number(4)) {
            (None, ..) => ("0.0.0".to_owned(), Open::Major),
            (Some(major), None, _) => (format!("{major}.0.0"), Open::Minor),
            (Some(major), Some(minor), None) => (format!("{major}.{minor}.0"), Open::Patch),
            (Some(major), Some(minor), Some(patch)) => (format!("{major}.{minor}.{patch}"), Open::Nothing),
        };
        // What is written after a number that is left open still counts, but for its metadata.
        let suffix = if open == Open::Nothing { &found[5] } else { without_metadata(&found[5]) };
        let version = Version::parse(&format!("{numbers}{suffix}"))
            .map_err(|_| Error::new("constraint parser error"))?;
        Ok(Self { operator, version, open })
    }

    fn matches(&self, version: &Version) -> bool {
        match self.operator {
            Operator::Bare if self.open == Open::Nothing => *version == self.version,
            Operator::Bare | Operator::Tilde => self.matches_tilde(version),
            Operator::NotEqual => self.matches_not_equal(version),
            Operator::Greater => self.matches_greater(version),
            Operator::Less => *version < self.version,
            Operator::GreaterOrEqual => *version >= self.version,
            Operator::LessOrEqual => self.matches_less_or_equal(version),
            Operator::Caret => self.matches_caret(version),
        }
    }

    fn same_major(&self, version: &Version) -> bool {
        version.major() == self.version.major()
    }

    fn same_minor(&self, version: &Version) -> bool {
        version.minor() == self.version.minor()
    }

    fn matches_not_equal(&self, version: &Version) -> bool {
        match self.open {
            Open::Minor => !self.same_major(version),
            Open::Patch if self.same_major(version) && self.same_minor(version) => {
                version.prerelease() != self.version.prerelease()
            }
            _ => *version != self.version,
        }
    }

    /// `>11` begins at 12, `>11.1` at 11.2.
    fn matches_greater(&self, version: &Version) -> bool {
        match self.open {
            Open::Minor => version.major() > self.version.major(),
            Open::Patch => (version.major(), version.minor()) > (self.version.major(), self.version.minor()),
            _ => *version > self.version,
        }
    }

    /// `<=11` ends before 12, `<=11.1` before 11.2.
    fn matches_less_or_equal(&self, version: &Version) -> bool {
        match self.open {
            Open::Nothing => *version <= self.version,
            Open::Minor => version.major() <= self.version.major(),
            _ => (version.major(), version.minor()) <= (self.version.major(), self.version.minor()),
        }
    }

    /// From the version up to the next minor one, or major one if the minor is open.
    fn matches_tilde(&self, version: &Version) -> bool {
        if *version < self.version {
            return false;
        }
        let is_zero = self.version.major() == 0 && self.version.minor() == 0 && self.version.patch() == 0;
        match self.open {
            // `*`, and also `~0.0.0`.
            Open::Nothing | Open::Major if is_zero => true,
            Open::Minor => self.same_major(version),
            _ => self.same_major(version) && self.same_minor(version),
        }
    }

    /// From the version up to the next one whose first number other than 0 differs.
    fn matches_caret(&self, version: &Version) -> bool {
        if *version < self.version || !self.same_major(version) {
            return false;
        }
        if self.version.major() > 0 || self.open == Open::Minor {
            return true;
        }
        let fixes_patch = self.version.minor() == 0 && self.open != Open::Patch;
        self.same_minor(version) && (!fixes_patch || version.patch() == self.version.patch())
    }
}

fn without_metadata(suffix: &str) -> &str {
    suffix.split_once('+').map_or(suffix, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(constraint: &str, version: &str) -> bool {
        let constraint = Constraint::parse(constraint).unwrap_or_else(|e| panic!("{constraint}: {e}"));
        constraint.matches(&Version::parse(version).unwrap())
    }

    #[test]
    fn matches_as_masterminds() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("1.2.3", &["1.2.3", "v1.2.3+b"], &["1.2.4", "1.2.3-a"]),
            ("=1.2", &["1.2.0", "1.2.9"], &["1.3.0", "1.1.9", "1.2.3-a"]),
            ("1", &["1.0.0", "1.9.9"], &["2.0.0"]),
            ("*", &["0.0.0", "9.9.9"], &["1.0.0-a"]),
            ("!=1.2.x", &["1.3.0", "2.2.0"], &["1.2.0", "1.2.9"]),
            ("!=1", &["2.0.0"], &["1.0.0", "1.9.9"]),
            (">11", &["12.0.0"], &["11.1.0"]),
            (">11.1", &["11.2.0", "12.0.0"], &["11.1.9"]),
            ("<1.2", &["1.1.9"], &["1.2.0"]),
            ("<=1.2", &["1.2.9"], &["1.3.0"]),
            ("=<1", &["1.9.9"], &["2.0.0"]),
            ("=>1.2.3 <2", &["1.2.3", "1.9.9"], &["1.2.2", "2.0.0"]),
            ("~1.2.3", &["1.2.3", "1.2.9"], &["1.2.2", "1.3.0"]),
            ("~>1", &["1.0.0", "1.9.0"], &["2.0.0"]),
            ("~0.0.0", &["5.0.0"], &[]),
            ("^1.2", &["1.2.0", "1.9.0"], &["1.1.9", "2.0.0"]),
            ("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0", "1.2.3"]),
            ("^0.0.3", &["0.0.3"], &["0.0.4", "0.1.3"]),
            ("^0.0", &["0.0.9"], &["0.1.0"]),
            ("^0", &["0.9.9"], &["1.0.0"]),
            ("^1.2.3-0", &["1.2.3-1", "1.2.4-rc1", "1.9.0"], &["2.0.0"]),
            (">=1.2, <2", &["1.5.0"], &["3.1.0"]),
            ("1.2.3 || >=4, <5", &["1.2.3", "4.5.0"], &["1.2.4", "5.0.0"]),
            ("1.2 - 1.4.5", &["1.2.0", "1.4.5"], &["1.4.6"]),
            ("1.2 - 1.4", &["1.4.9"], &["1.5.0"]),
            ("1||2 - 3", &["9.0.0", "2.5.0"], &["0.5.0"]),
        ];
        for (constraint, yes, no) in table {
            for version in *yes {
                assert!(matches(constraint, version), "{constraint} should match {version}");
            }
            for version in *no {
                assert!(!matches(constraint, version), "{constraint} should not match {version}");
            }
        }
    }

    #[test]
    fn refuses_what_masterminds_refuses() {
        for constraint in [
            "",
            " ",
            "foo",
            ">=",
            "> = 1",
            "1.2.3.4",
            "1,,2",
            ",1",
            "1,",
            "1 -2",
            "1 1.0 - 2.0",
            "^1 - 2",
            "1 || ",
            "1x2",
            "==1",
            "1.2.3-01",
            "1 - 2 - 3",
        ] {
            assert!(Constraint::parse(constraint).is_err(), "{constraint:?}");
        }
        assert!(Constraint::parse(&"1 ".repeat(300)).is_err());
        assert!(Constraint::parse(&vec!["1"; 33].join("||")).is_err());
    }
}
