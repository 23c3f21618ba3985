//! Which changed paths of a commit a git subscription is about.

use crate::error::Error;
use crate::model::{GitSubscription, Pattern};

/// The `includePaths` and `excludePaths` of a subscription, compiled.
///
/// ```
/// use kargo_core::discovery::paths::PathFilter;
///
/// let filter = PathFilter::new(&["helm/app"], &["regex:\\.md$"])?;
/// assert!(filter.matches(["README.md", "helm/app/Chart.yaml"]));
/// assert!(!filter.matches(["helm/app/README.md", "other/Chart.yaml"]));
/// # Ok::<(), kargo_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PathFilter {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl PathFilter {
    /// A filter of these patterns.
    ///
    /// # Errors
    /// [`BAD_PATTERN`](crate::model::BAD_PATTERN) for a glob or regular expression that cannot be read.
    pub fn new(include: &[impl AsRef<str>], exclude: &[impl AsRef<str>]) -> Result<Self, Error> {
        Ok(Self { include: compiled(include)?, exclude: compiled(exclude)? })
    }

    /// The filter of a subscription.
    ///
    /// # Errors
    /// As [`PathFilter::new`].
    pub fn of(subscription: &GitSubscription) -> Result<Self, Error> {
        Self::new(&subscription.include_paths, &subscription.exclude_paths)
    }

    /// Whether it lets every commit pass, so that nobody has to look which paths changed.
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether a commit that changed `paths` passes: one of them is included, where anything is said to be,
    /// and that one is not excluded. A commit that changed nothing passes only an empty filter.
    pub fn matches<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> bool {
        self.is_empty() || paths.into_iter().any(|path| self.matches_path(path))
    }

    /// Whether one changed path is enough for a commit to pass.
    pub fn matches_path(&self, path: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(path));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

fn compiled(patterns: &[impl AsRef<str>]) -> Result<Vec<Pattern>, Error> {
    patterns.iter().map(|pattern| Pattern::path(pattern.as_ref())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BAD_PATTERN;

    #[test]
    fn one_path_must_be_included_and_not_excluded() {
        for (include, exclude, paths, passes) in [
            (&[][..], &[][..], &[][..], true),
            (&["a"], &[], &[], false),
            (&[], &["a"], &["a/x"], false),
            (&[], &["a"], &["a/x", "b"], true),
            (&["a"], &["a/b"], &["a/b/x", "c"], false),
            (&["a"], &["a/b"], &["a/b/x", "a/c"], true),
            (&["glob:**/*.yaml", "docs"], &["regex:^docs/old"], &["docs/old/x"], false),
            (&["glob:**/*.yaml", "docs"], &["regex:^docs/old"], &["x.yaml"], true),
        ] {
            let filter = PathFilter::new(include, exclude).unwrap();
            assert_eq!(filter.matches(paths.iter().copied()), passes, "{include:?} {exclude:?} {paths:?}");
        }
    }

    #[test]
    fn broken_patterns_are_refused() {
        let subscription = GitSubscription::new("r").with_include_path("glob:[");
        assert_eq!(PathFilter::of(&subscription).unwrap_err().code(), BAD_PATTERN);
    }
}
