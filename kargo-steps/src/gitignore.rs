//! The rules of a `.gitignore` file, for steps that walk through directories.

use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};
use kargo_core::{Code, Error};

/// A rule is not a pattern.
pub(crate) const BAD_RULE: Code =
    Code::new("ignore/bad-rule", "A line of `ignore` is not a pattern as in a .gitignore file.");

/// Rules in their order: the last one that matches decides.
#[derive(Debug, Default)]
pub(crate) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    glob: GlobMatcher,
    keeps: bool,
    directories_only: bool,
}

impl Rules {
    /// Adds the rules of a text, one a line.
    ///
    /// # Errors
    /// `ignore/bad-rule`.
    pub(crate) fn with(mut self, lines: &str) -> Result<Self, Error> {
        for line in lines.lines() {
            self.0.extend(Rule::parse(line)?);
        }
        Ok(self)
    }

    /// Whether a path, relative to where the walk began, is ignored. What is in an ignored directory is as well;
    /// the walk must not go into it.
    pub(crate) fn ignores(&self, path: &Path, is_directory: bool) -> bool {
        let applies = |rule: &&Rule| (is_directory || !rule.directories_only) && rule.glob.is_match(path);
        self.0.iter().rev().find(applies).is_some_and(|rule| !rule.keeps)
    }
}

impl Rule {
    /// The rule of a line; `None` for a blank line and a comment.
    fn parse(line: &str) -> Result<Option<Self>, Error> {
        let pattern = without_trailing_blanks(line);
        if pattern.is_empty() || pattern.starts_with('#') {
            return Ok(None);
        }
        let (keeps, pattern) = match pattern.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let (directories_only, pattern) = match pattern.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        // A slash inside ties the pattern to where the walk began; without one it holds at every depth.
        let glob = match pattern.strip_prefix('/') {
            Some(rest) => literal_braces(rest),
            None if pattern.contains('/') => literal_braces(pattern),
            None => format!("**/{}", literal_braces(pattern)),
        };
        let glob =
            GlobBuilder::new(&glob).literal_separator(true).backslash_escape(true).build().map_err(
                |error| Error::new(BAD_RULE, format!("{line:?} is not a pattern")).with_source(error),
            )?;
        Ok(Some(Self { glob: glob.compile_matcher(), keeps, directories_only }))
    }
}

/// Blanks at the end do not count, unless a backslash stands before them.
fn without_trailing_blanks(line: &str) -> &str {
    let trimmed = line.trim_end_matches([' ', '\t', '\r']);
    let escaped = trimmed.ends_with('\\') && trimmed.len() < line.len();
    if escaped { &line[..trimmed.len() + 1] } else { trimmed }
}

/// Braces mean nothing in a `.gitignore`, but alternatives in a glob.
fn literal_braces(pattern: &str) -> String {
    pattern.replace('{', "[{]").replace('}', "[}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_gits() {
        for (lines, path, is_directory, ignored) in [
            ("x.log", "x.log", false, true),
            ("x.log", "a/b/x.log", false, true),
            ("/x.log", "a/x.log", false, false),
            ("a/x.log", "a/x.log", false, true),
            ("a/x.log", "b/a/x.log", false, false),
            ("**/x.log", "a/x.log", false, true),
            ("a/**", "a/b/c", false, true),
            ("a/**/c", "a/c", false, true),
            ("*.txt\n!a.txt", "a.txt", false, false),
            ("!a.txt\n*.txt", "a.txt", false, true),
            ("b/", "b", true, true),
            ("b/", "b", false, false),
            ("# c\n\n", "# c", false, false),
            ("\\#c", "#c", false, true),
            ("\\!c", "!c", false, true),
            ("a  ", "a", false, true),
            ("a\\ ", "a ", false, true),
            ("[ab].go", "b.go", false, true),
            ("[!ab].go", "b.go", false, false),
            ("{a,b}", "a", false, false),
            ("{a,b}", "{a,b}", false, true),
            ("a*", "a/b", false, false),
        ] {
            let rules = Rules::default().with(lines).unwrap();
            assert_eq!(rules.ignores(Path::new(path), is_directory), ignored, "{lines:?} {path}");
        }
        assert_eq!(Rules::default().with("[a").unwrap_err().code(), BAD_RULE);
    }
}
