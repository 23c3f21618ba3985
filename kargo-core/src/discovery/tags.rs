//! Which tags a subscription takes by their names, and the versions inside them.

use kargo_expr::re2;
use kargo_expr::semver::{Constraint, Version};
use regex::Regex;

use super::select::BAD_TAG_FILTER;
use crate::error::Error;

/// A filter of tags by their names.
///
/// ```
/// use kargo_core::discovery::tags::TagFilter;
///
/// let filter = TagFilter::new(&["^v"], &["-rc"])?.with_versions(Some("^1.2"), true)?;
/// assert!(filter.admits("v1.3.0"));
/// assert!(!filter.admits("v1.3.0-rc.1") && !filter.admits("v2.0.0") && !filter.admits("v1.3"));
/// # Ok::<(), kargo_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TagFilter {
    allow: Vec<Regex>,
    ignore: Vec<Regex>,
    versions: Option<Versions>,
}

#[derive(Clone, Debug)]
struct Versions {
    constraint: Option<Constraint>,
    strict: bool,
}

impl TagFilter {
    /// Admits tags that match one of `allow`, if there are any, and none of `ignore`. Regular expressions
    /// are Go's, and match any part of a name.
    ///
    /// # Errors
    /// [`BAD_TAG_FILTER`] for a regular expression that cannot be read.
    pub fn new(allow: &[impl AsRef<str>], ignore: &[impl AsRef<str>]) -> Result<Self, Error> {
        Ok(Self { allow: compiled(allow)?, ignore: compiled(ignore)?, versions: None })
    }

    /// Also asks that a tag is a version, within `constraint` if there is one. A `strict` version has all of
    /// its three numbers, and at most one `v` before them.
    ///
    /// # Errors
    /// [`BAD_TAG_FILTER`] for a constraint that cannot be read.
    pub fn with_versions(mut self, constraint: Option<&str>, strict: bool) -> Result<Self, Error> {
        let constraint = constraint.filter(|text| !text.is_empty()).map(|text| {
            Constraint::parse(text)
                .map_err(|cause| bad(format!("{text:?} is not a constraint of versions"), cause))
        });
        self.versions = Some(Versions { constraint: constraint.transpose()?, strict });
        Ok(self)
    }

    /// Whether a tag of that name is taken.
    pub fn admits(&self, name: &str) -> bool {
        let matches = |regexes: &[Regex]| regexes.iter().any(|regex| regex.is_match(name));
        if matches(&self.ignore) || !self.allow.is_empty() && !matches(&self.allow) {
            return false;
        }
        let Some(versions) = &self.versions else { return true };
        let Ok(version) = Version::parse(name) else { return false };
        (!versions.strict || Version::parse_strict(name.strip_prefix('v').unwrap_or(name)).is_ok())
            && versions.constraint.as_ref().is_none_or(|constraint| constraint.matches(&version))
    }
}

fn compiled(regexes: &[impl AsRef<str>]) -> Result<Vec<Regex>, Error> {
    let compile = |regex: &str| {
        re2::compile(regex).map_err(|cause| bad(format!("{regex:?} is not a regular expression"), cause))
    };
    regexes.iter().map(|regex| compile(regex.as_ref())).collect()
}

fn bad(message: String, cause: kargo_expr::go::Error) -> Error {
    Error::new(BAD_TAG_FILTER, message).with_source(cause)
}

/// The version inside a name: it begins at the first three numbers that are joined by dots, else at the
/// first two, else at the last number, and ends with the name. Where that is no version (`1.2.3_linux`), the
/// numbers alone count.
pub fn inner_version(name: &str) -> Option<Version> {
    let runs = number_runs(name);
    let count = |run: &&str| run.split('.').count().min(3);
    let run = runs.iter().find(|run| count(run) == 3).or_else(|| runs.iter().find(|run| count(run) == 2));
    let run = *run.or(runs.last())?;
    // A run is a part of the name, so its place follows from the addresses.
    let start = run.as_ptr() as usize - name.as_ptr() as usize;
    Version::parse(&name[start..]).or_else(|_| Version::parse(first_numbers(run))).ok()
}

/// The parts of a name that consist of numbers joined by dots.
fn number_runs(name: &str) -> Vec<&str> {
    name.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|run| run.trim_matches('.'))
        .filter(|run| !run.is_empty())
        .collect()
}

/// Three numbers of a run at most.
fn first_numbers(run: &str) -> &str {
    run.match_indices('.').nth(2).map_or(run, |(end, _)| &run[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filtered() {
        for (allow, ignore, name, admitted) in [
            (&[][..], &[][..], "anything", true),
            (&["^a", "z$"], &[], "ab", true),
            (&["^a", "z$"], &[], "bz", true),
            (&["^a", "z$"], &[], "b", false),
            (&["^a"], &["b"], "ab", false),
            (&[], &["b"], "a", true),
        ] {
            let filter = TagFilter::new(allow, ignore).unwrap();
            assert_eq!(filter.admits(name), admitted, "{allow:?} {ignore:?} {name}");
        }
    }

    #[test]
    fn versions_are_strict_or_loose() {
        for (constraint, strict, name, admitted) in [
            (None, true, "v1.2.3", true),
            (None, true, "vv1.2.3", false),
            (None, true, "1.2", false),
            (None, false, "1.2", true),
            (None, false, "latest", false),
            (None, true, "1.2.3-rc.1", true),
            (Some("^1.0"), true, "1.2.3-rc.1", false),
            (Some("^1.0-0"), true, "1.2.3-rc.1", true),
            (Some(""), true, "1.2.3", true),
            (Some("<1.2"), false, "v1.1", true),
        ] {
            let none: [&str; 0] = [];
            let filter = TagFilter::new(&none, &none).unwrap().with_versions(constraint, strict).unwrap();
            assert_eq!(filter.admits(name), admitted, "{constraint:?} {strict} {name}");
        }
    }

    #[test]
    fn broken_filters_are_refused() {
        let none: [&str; 0] = [];
        assert_eq!(TagFilter::new(&["("], &none).unwrap_err().code(), BAD_TAG_FILTER);
        assert_eq!(TagFilter::new(&none, &["a**"]).unwrap_err().code(), BAD_TAG_FILTER);
        let filter = TagFilter::new(&none, &none).unwrap();
        assert_eq!(filter.with_versions(Some("^^"), true).unwrap_err().code(), BAD_TAG_FILTER);
    }

    #[test]
    fn versions_inside_names() {
        for (name, version) in [
            ("cert-manager-v1.18.1", Some("1.18.1")),
            ("app2-v1.2.3-rc.1.4", Some("1.2.3-rc.1.4")),
            ("app/v1.2", Some("1.2.0")),
            ("release-17", Some("17.0.0")),
            ("2024-release-17", Some("17.0.0")),
            ("v1.2.3_linux", Some("1.2.3")),
            ("v1.2.3.4", Some("1.2.3")),
            ("k8s-1.30-app-1.2.3", Some("1.2.3")),
            ("latest", None),
            ("...", None),
        ] {
            assert_eq!(inner_version(name).map(|version| version.to_string()).as_deref(), version, "{name}");
        }
    }
}
