//! Semantic versions and constraints as Kargo reads them: after Masterminds/semver v3.5.0.
//!
//! No crate has these rules: `1.2` is a version, a bare `1.2` is the constraint 1.2.x, spaces and commas
//! both mean "and", and a constraint that names a prerelease lets every prerelease in range through.

mod constraint;
mod version;

use std::fmt;

pub use constraint::Constraint;
pub use version::Version;

/// What separates two versions, the largest part first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The first numbers differ.
    Major,
    /// The second numbers differ.
    Minor,
    /// The third numbers differ.
    Patch,
    /// Only what follows `+` differs.
    Metadata,
    /// Nothing, or only the prerelease: Kargo does not look at it.
    None,
    /// One of the texts is not a version.
    Incomparable,
}

impl Difference {
    /// Kargo's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Major => "Major",
            Self::Minor => "Minor",
            Self::Patch => "Patch",
            Self::Metadata => "Metadata",
            Self::None => "None",
            Self::Incomparable => "Incomparable",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Kargo's `semverDiff`.
///
/// ```
/// assert_eq!(kargo_expr::semver::diff("v1.2.3", "1.3").as_str(), "Minor");
/// ```
#[must_use]
pub fn diff(a: &str, b: &str) -> Difference {
    let (Ok(a), Ok(b)) = (Version::parse(a), Version::parse(b)) else { return Difference::Incomparable };
    if a.major() != b.major() {
        Difference::Major
    } else if a.minor() != b.minor() {
        Difference::Minor
    } else if a.patch() != b.patch() {
        Difference::Patch
    } else if a.metadata() != b.metadata() {
        Difference::Metadata
    } else {
        Difference::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_largest_difference() {
        let table = [
            ("1.2.3", "2.2.3", Difference::Major),
            ("1.2.3", "1.3.3", Difference::Minor),
            ("1.2", "1.2.3", Difference::Patch),
            ("1.2.3+a", "1.2.3+b", Difference::Metadata),
            ("v1.2.3", "1.2.3", Difference::None),
            ("1.2.3-rc1", "1.2.3", Difference::None),
            ("x", "1.2.3", Difference::Incomparable),
        ];
        for (a, b, expected) in table {
            assert_eq!(diff(a, b), expected, "{a} {b}");
        }
    }
}
