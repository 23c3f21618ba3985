//! Regular expressions in Go's RE2 syntax, on the `regex` crate.
//!
//! The two share their engine's idea but not all of their syntax: `\d`, `\w`, `\s` and `\b` are ASCII in
//! Go, `[a&&b]` is a plain class there, `\Q…\E` and octal escapes exist, `(?x)` and `x{1001}` do not. A
//! pattern is read by Go's rules, refused with Go's messages, and written anew for the `regex` crate.
//!
//! Patterns may come from strangers: their length, nesting and compiled size are limited, and matching
//! takes time linear in the text.

mod class;
mod scan;

use regex::{Regex, RegexBuilder};

use crate::go::Error;
use crate::go::strings::to_valid;

/// Longest pattern, in bytes.
pub const MAX_PATTERN: usize = 64 * 1024;
/// Groups inside groups. Go allows 1000.
pub const MAX_NESTING: usize = 100;

/// Compiles a pattern of Go's `regexp` package.
///
/// The names of groups are kept, unless they begin with a digit or repeat an earlier one.
///
/// ```
/// let word = kargo_expr::re2::compile(r"^\w+$")?;
/// assert!(word.is_match("word") && !word.is_match("é"));
/// # Ok::<(), kargo_expr::go::Error>(())
/// ```
///
/// # Errors
/// What Go refuses, in its words, and what is larger than the limits here.
pub fn compile(pattern: &str) -> Result<Regex, Error> {
    if pattern.len() > MAX_PATTERN {
        return Err(problem("expression too large", pattern));
    }
    RegexBuilder::new(&scan::translate(pattern)?).nest_limit(500).build().map_err(|e| match e {
        regex::Error::CompiledTooBig(_) => problem("expression too large", pattern),
        // All that the scanner writes is valid: what is left to refuse is its depth.
        _ => problem("expression nests too deeply", pattern),
    })
}

/// `regexp.MatchString` on text that need not be UTF-8: each stray byte counts as U+FFFD, as in Go.
#[must_use]
pub fn is_match(regex: &Regex, text: &[u8]) -> bool {
    regex.is_match(&to_valid(text))
}

fn problem(what: &str, part: &str) -> Error {
    Error::new(format_args!("error parsing regexp: {what}: `{part}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}")).is_match(text)
    }

    #[test]
    fn same_text_other_match_than_rust() {
        let table: &[(&str, &str, bool)] = &[
            // Perl classes and boundaries are ASCII.
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^\d$", "٣", false),
            (r"^[\d]$", "٣", false),
            (r"^\s$", "\u{b}", false),
            (r"^\s$", "\u{a0}", false),
            (r"\bé", "é", false),
            (r"a\b", "aé", true),
            (r"\B", "aéa", false),
            (r"^[[:word:]]$", "é", false),
            (r"^\p{L}\pL$", "éa", true),
            // No set operations, no nested classes.
            (r"^[a&&b]$", "a", true),
            (r"^[!--b]$", "b", true),
            (r"^[~~]$", "~", true),
            (r"^[[a]$", "[", true),
            (r"^[[a]]$", "a]", true),
            (r"^[]a]$", "]", true),
            (r"^[^]a]$", "b", true),
            (r"^[\d-z]+$", "1-z", true),
            (r"^[a-]$", "-", true),
            (r"^[a-c-e]+$", "b-e", true),
            // Braces that are no repetition.
            (r"^a{,3}$", "a{,3}", true),
            (r"^{$", "{", true),
            (r"^x{2$", "x{2", true),
            (r"^x{01}$", "x{01}", true),
            (r"^x{2}y{1,}z{0,1}$", "xxyyy", true),
            // Escapes.
            (r"^\Qa.b*\E+$", "a.b**", true),
            (r"^\Qa\", "a\\", true),
            (r"^\012\x41\x{263A}\a$", "\nA☺\u{7}", true),
            (r"^\_\-\ \<\#$", "_- <#", true),
            (r"^a\z", "a\n", false),
            (r"a$", "a\n", false),
            (r"(?m)a$", "a\n", true),
            (r"^\x{D800}$", "\u{fffd}", false),
            (r"^[\x{D7FF}-\x{E000}]$", "\u{e000}", true),
            // Flags hold until the end of the group, across its alternatives.
            (r"^(a(?i)b|c)$", "C", true),
            (r"^(?:a(?i)*b)$", "aaB", true),
            (r"^(?i:a)b$", "AB", false),
            (r"^(?i-i)a$", "A", false),
            (r"(?ii)a", "A", true),
            (r"(?s)^.$", "\n", true),
            (r"^.$", "\n", false),
            (r"^[^a]$", "\n", true),
            (r"(?i)^\w$", "ſ", true),
            (r"(?i)^[[:lower:]]$", "A", true),
            // Odd but allowed.
            (r"^a*\Q\E?$", "aa", true),
            (r"^*a", "a", true),
            (r"(?)a", "a", true),
            (r"^(?:a||b)$", "", true),
            (r"^(?<n>o)(?P<n>p)(?P<1>q)$", "opq", true),
            (r"^\p{^L}\P{^L}$", "1a", true),
            (r"^\p{Any}\p{greek}\p{Uppercase Letter}$", "1ωA", true),
        ];
        for &(pattern, text, expected) in table {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn greed_follows_the_flags() {
        for (pattern, length) in [("a+", 3), ("a+?", 1), ("(?U)a+", 1), ("(?U)a+?", 3), ("a(?U)+", 1)] {
            assert_eq!(compile(pattern).unwrap().find("aaa").unwrap().len(), length, "{pattern}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        let table: &[(&str, &str)] = &[
            ("a**", "invalid nested repetition operator: `**`"),
            ("o++", "invalid nested repetition operator: `++`"),
            ("a{2}{3}?", "invalid nested repetition operator: `{2}{3}?`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(a|+?)", "missing argument to repetition operator: `+?`"),
            ("{2}", "missing argument to repetition operator: `{2}`"),
            ("o{1001}", "invalid repeat count: `{1001}`"),
            ("o{2,1}", "invalid repeat count: `{2,1}`"),
            ("(o{100}){11}", "invalid repeat count: `{11}`"),
            ("o{99999999999}", "invalid repeat count: `{99999999999}`"),
            ("(?=o)", "invalid or unsupported Perl syntax: `(?=`"),
            ("(?x)o", "invalid or unsupported Perl syntax: `(?x`"),
            ("(?i-)o", "invalid or unsupported Perl syntax: `(?i-)`"),
            ("(?<=o)", "invalid named capture: `(?<=o)`"),
            ("(?P<a-b>o)", "invalid named capture: `(?P<a-b>`"),
            (r"\Z", r"invalid escape sequence: `\Z`"),
            (r"\C", r"invalid escape sequence: `\C`"),
            (r"\1", r"invalid escape sequence: `\1`"),
            (r"\u0041", r"invalid escape sequence: `\u`"),
            (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
            (r"\é", r"invalid escape sequence: `\é`"),
            (r"[\b]", r"invalid escape sequence: `\b`"),
            ("a\\", "trailing backslash at end of expression: ``"),
            (r"\p{Foo}", r"invalid character class range: `\p{Foo}`"),
            (r"\p{sc=Greek}", r"invalid character class range: `\p{sc=Greek}`"),
            (r"\p{Grek}", r"invalid character class range: `\p{Grek}`"),
            ("[b-a]", "invalid character class range: `b-a`"),
            ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
            ("x[a", "missing closing ]: `[a`"),
            ("(a", "missing closing ): `(a`"),
            ("a)b", "unexpected ): `a)b`"),
        ];
        for (pattern, expected) in table {
            let error = compile(pattern).expect_err(pattern);
            assert_eq!(error.message(), format!("error parsing regexp: {expected}"), "{pattern}");
        }
    }

    #[test]
    fn large_patterns_are_refused() {
        let nested = "(".repeat(MAX_NESTING + 1) + &")".repeat(MAX_NESTING + 1);
        let stacked = format!("a{}", r"*\Q\E".repeat(1000));
        let table = [
            "a".repeat(MAX_PATTERN + 1),
            r"\pL".repeat(20_000),
            "(?i)[ -\u{10ffff}]".repeat(5000),
            r"(\pL{30}){30}".into(),
            nested,
            stacked,
        ];
        for pattern in &table {
            assert!(compile(pattern).is_err(), "{pattern:.20}");
        }
    }

    #[test]
    fn stray_bytes_are_replacement_characters() {
        let regex = compile(r"^a.\x{FFFD}$").unwrap();
        assert!(is_match(&regex, b"a\xff\xe2"));
        assert!(!is_match(&regex, b"a\xff"));
    }
}
