//! Patterns of names and paths: as they are, `glob:`, `regex:` or `regexp:`.

use kargo_expr::re2;
use regex::Regex;

use super::{BAD_PATTERN, url};
use crate::error::Error;

/// A pattern of names or paths, compiled.
///
/// ```
/// use kargo_core::model::Pattern;
///
/// assert!(Pattern::name("glob:prod-*")?.matches("prod-eu"));
/// assert!(Pattern::path("charts/app")?.matches("charts/app/values.yaml"));
/// # Ok::<(), kargo_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pattern(Matcher);

#[derive(Clone, Debug)]
enum Matcher {
    Exact(String),
    /// A cleaned path: what it names, and everything below.
    Base(String),
    Regex(Regex),
}

impl Pattern {
    /// A pattern of names; one without prefix is a name as it is.
    ///
    /// # Errors
    /// [`BAD_PATTERN`] for a glob or regular expression that cannot be read.
    pub fn name(pattern: &str) -> Result<Self, Error> {
        Ok(Self(prefixed(pattern)?.unwrap_or_else(|| Matcher::Exact(pattern.to_owned()))))
    }

    /// A pattern of paths; one without prefix names a file, or a folder with everything in it.
    ///
    /// # Errors
    /// [`BAD_PATTERN`] for a glob or regular expression that cannot be read.
    pub fn path(pattern: &str) -> Result<Self, Error> {
        Ok(Self(prefixed(pattern)?.unwrap_or_else(|| Matcher::Base(url::clean_path(pattern)))))
    }

    /// Whether a name or path matches. A glob matches all of it, a regular expression any part.
    pub fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Matcher::Exact(name) => name == text,
            Matcher::Base(base) => is_below(base, &url::clean_path(text)),
            Matcher::Regex(regex) => regex.is_match(text),
        }
    }
}

/// The matcher of a pattern with a prefix.
fn prefixed(pattern: &str) -> Result<Option<Matcher>, Error> {
    let regex = if let Some(glob) = pattern.strip_prefix("glob:") {
        glob_to_regex(glob).ok_or_else(|| bad(pattern).with_hint("a bracket or brace is not closed"))?
    } else if let Some(regex) = pattern.strip_prefix("regex:").or_else(|| pattern.strip_prefix("regexp:")) {
        regex.to_owned()
    } else {
        return Ok(None);
    };
    re2::compile(&regex)
        .map(|regex| Some(Matcher::Regex(regex)))
        .map_err(|cause| bad(pattern).with_source(cause))
}

fn bad(pattern: &str) -> Error {
    Error::new(BAD_PATTERN, format!("{pattern:?} is not a pattern"))
}

/// Whether the way from `base` to `path` never goes up. As in Kargo, two dots anywhere in it count as going
/// up, so that a file such as `a..b` is never below anything.
fn is_below(base: &str, path: &str) -> bool {
    let way = match base {
        "." if !path.starts_with('/') => Some(path),
        _ => match path.strip_prefix(base) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') || base == "/" => Some(rest),
            _ => None,
        },
    };
    way.is_some_and(|way| !way.contains(".."))
}

/// How many globs one with braces may stand for.
const MAX_ALTERNATIVES: usize = 1_000;

/// A glob as a regular expression of the whole text. `None` where a bracket or brace is not closed.
///
/// `*` and `?` stay within a path segment; `**` as a whole segment stands for any number of them; `[a-z]`,
/// `[^a]`, `[!a]`, `{this,that}` and `\` are as in a shell. A leading dot is nothing special. That is how
/// doublestar reads it, which Kargo uses, but for what that library makes of three stars in a row and of a
/// brace right after a star.
fn glob_to_regex(glob: &str) -> Option<String> {
    let mut plain = Vec::new();
    expand(glob, &mut plain)?;
    let alternatives: Option<Vec<String>> = plain.iter().map(|glob| translate(glob)).collect();
    Some(format!("(?s)^(?:{})$", alternatives?.join("|")))
}

/// Writes out the braces: `a{b,c}` as `ab` and `ac`.
fn expand(glob: &str, plain: &mut Vec<String>) -> Option<()> {
    let Some(open) = position(glob, |c| matches!(c, '{' | '}')) else {
        plain.push(glob.to_owned());
        return (plain.len() <= MAX_ALTERNATIVES).then_some(());
    };
    let (before, mut inside) = (&glob[..open], glob[open..].strip_prefix('{')?);
    let mut alternatives = Vec::new();
    loop {
        let end = alternative_end(inside)?;
        alternatives.push(&inside[..end]);
        let last = inside[end..].starts_with('}');
        inside = &inside[end + 1..];
        if last {
            break;
        }
    }
    alternatives.into_iter().try_for_each(|one| expand(&format!("{before}{one}{inside}"), plain))
}

/// Where an alternative ends: at the next comma or closing brace that belongs to no inner brace.
fn alternative_end(inside: &str) -> Option<usize> {
    let mut depth = 0_usize;
    position(inside, |c| {
        let ends = depth == 0 && matches!(c, ',' | '}');
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        ends
    })
}

/// Where the first character is that `wanted` takes, outside of classes and not escaped.
fn position(glob: &str, mut wanted: impl FnMut(char) -> bool) -> Option<usize> {
    let (mut escaped, mut class) = (false, false);
    for (at, c) in glob.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' if class => class = false,
            _ if class => {}
            '[' => class = true,
            c if wanted(c) => return Some(at),
            _ => {}
        }
    }
    None
}

fn translate(glob: &str) -> Option<String> {
    let mut translation = Translation { rest: glob, regex: String::new(), at_segment: true };
    while translation.next()? {}
    Some(translation.regex)
}

/// Of a glob without braces.
struct Translation<'g> {
    rest: &'g str,
    regex: String,
    /// Whether a path segment begins here.
    at_segment: bool,
}

impl Translation<'_> {
    /// Translates the next part; `Some(false)` at the end, `None` where the glob is broken.
    fn next(&mut self) -> Option<bool> {
        let at_segment = std::mem::replace(&mut self.at_segment, false);
        // What ends in a folder's whole content also matches the folder itself.
        match self.rest {
            "" => return Some(false),
            "/**" => {
                self.regex.push_str("(?:/.*)?");
                return Some(false);
            }
            "/**/" => {
                self.regex.push_str("(?:/(?:.*/)?)?");
                return Some(false);
            }
            _ => {}
        }
        match self.take()? {
            '*' => self.stars(at_segment),
            '?' => self.regex.push_str("[^/]"),
            '[' => self.class()?,
            '\\' => {
                let escaped = self.take()?;
                self.literal(escaped);
            }
            c => self.literal(c),
        }
        Some(true)
    }

    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn literal(&mut self, c: char) {
        push_literal(&mut self.regex, c);
        self.at_segment = c == '/';
    }

    /// The part after one `*`.
    fn stars(&mut self, at_segment: bool) {
        let double = self.rest.strip_prefix('*');
        match double {
            Some("") if at_segment => {
                self.rest = "";
                self.regex.push_str(".*");
            }
            Some(after) if at_segment && after.starts_with('/') => {
                self.rest = &after[1..];
                self.regex.push_str("(?:.*/)?");
                self.at_segment = true;
            }
            _ => {
                self.rest = double.unwrap_or(self.rest);
                self.regex.push_str("[^/]*");
            }
        }
    }

    /// The part after `[`.
    fn class(&mut self) -> Option<()> {
        let negated = self.rest.strip_prefix(['^', '!']);
        self.rest = negated.unwrap_or(self.rest);
        let mut ranges = String::new();
        let mut members = 0;
        loop {
            let low = match self.take()? {
                ']' if members > 0 => break,
                ']' => return None,
                '\\' => self.take()?,
                c => c,
            };
            members += 1;
            let range =
                self.rest.strip_prefix('-').filter(|after| !after.starts_with(']') && !after.is_empty());
            let high = match range {
                Some(after) => {
                    self.rest = after;
                    match self.take()? {
                        '\\' => self.take()?,
                        c => c,
                    }
                }
                None => low,
            };
            // A range that goes down holds nothing.
            if low <= high {
                push_range(&mut ranges, low, high);
            }
        }
        match (ranges.is_empty(), negated.is_some()) {
            (false, false) => self.regex.push_str(&format!("[{ranges}]")),
            (false, true) => self.regex.push_str(&format!("[^{ranges}]")),
            (true, false) => self.regex.push_str(r"[^\x{0}-\x{10FFFF}]"),
            (true, true) => self.regex.push('.'),
        }
        Some(())
    }
}

fn push_range(regex: &mut String, low: char, high: char) {
    push_literal(regex, low);
    regex.push('-');
    push_literal(regex, high);
}

fn push_literal(regex: &mut String, c: char) {
    if c.is_ascii_punctuation() {
        regex.push('\\');
    }
    regex.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_without_a_prefix() {
        for (pattern, name, matches) in [
            ("prod", "prod", true),
            ("prod", "prod-eu", false),
            ("prod-*", "prod-eu", false),
            ("glob:prod-*", "prod-eu", true),
            ("glob:{dev,test}", "test", true),
            ("regex:^p", "prod", true),
            ("regexp:od$", "prod", true),
            ("regex:^od", "prod", false),
        ] {
            assert_eq!(Pattern::name(pattern).unwrap().matches(name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn a_plain_path_selects_what_is_below() {
        for (pattern, path, matches) in [
            ("helm/app", "helm/app/values.yaml", true),
            ("helm/app", "helm/app", true),
            ("helm/app/", "helm/app/x", true),
            ("./helm//app", "helm/app/x", true),
            ("helm/app", "helm/app2/x", false),
            ("helm/app", "helm", false),
            (".", "any/thing", true),
            ("", "any/thing", true),
            ("a", "a/b..c", false),
            ("/a", "a/b", false),
            ("../a", "a/b", false),
        ] {
            assert_eq!(Pattern::path(pattern).unwrap().matches(path), matches, "{pattern} {path}");
        }
    }

    /// The answers are doublestar's, v4.10.0.
    #[test]
    fn globs_match_as_doublestar() {
        for (glob, path, matches) in [
            ("*", "", true),
            ("*", "a/b", false),
            ("a*/b", "abc/b", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
            ("*", ".hidden", true),
            ("ab[^e-g]", "abc", true),
            ("a[!a]b", "a☺b", true),
            ("a?b", "a☺b", true),
            ("a?b", "a/b", false),
            ("a[^x]b", "a/b", true),
            ("[a-ζ]*", "α", true),
            ("[\\]a]", "]", true),
            ("[x-]", "-", true),
            ("[a-b-d]", "-", true),
            ("[a-b-d]", "c", false),
            ("[z-a]", "b", false),
            ("**", "", true),
            ("a/**", "a", true),
            ("a/**", "a/b/c", true),
            ("a/**", "ab", false),
            ("a/**/", "a", true),
            ("a/**/", "a/b", false),
            ("**/c", "c", true),
            ("**/c", "a/b/c", true),
            ("**/c", "abc", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("abc**", "abc/b", false),
            ("a/\\**", "a/b/c", false),
            ("a{,bc}", "a", true),
            ("{a/{b,c},abc}", "a/c", true),
            ("{a/{b,c},abc}", "a/b/c", false),
            ("**/*.{yaml,yml}", "x/y.yml", true),
            ("{a/**,b}/c", "a/x/c", true),
            ("e/\\{", "e/{", true),
            ("e/]", "e/]", true),
            ("[{]", "{", true),
        ] {
            let pattern = Pattern::path(&format!("glob:{glob}")).unwrap();
            assert_eq!(pattern.matches(path), matches, "{glob} {path}");
        }
    }

    #[test]
    fn broken_patterns_are_refused() {
        let many = format!("glob:{}", "{a,b}".repeat(11));
        for pattern in ["glob:[", "glob:[]a]", "glob:a{b", "glob:a}", "glob:\\", "glob:[^", "regex:(", &many]
        {
            assert_eq!(Pattern::path(pattern).unwrap_err().code(), BAD_PATTERN, "{pattern}");
        }
    }
}
