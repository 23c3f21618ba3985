//! Character classes and escapes.

use std::fmt::Write;

use regex::Regex;

use super::problem;
use crate::go::Error;

/// A class without any character.
pub(super) const NOTHING: &str = r"[^\x{0}-\x{10FFFF}]";

/// What a `\p` class counts as: the letters are about as many.
const UNICODE_CLASS: u32 = 150_000;

/// A class, written for the `regex` crate.
pub(super) struct Scanned<'a> {
    pub(super) out: String,
    /// The pattern after it.
    pub(super) rest: &'a str,
    /// About how many characters it lists: the crate spends time on each to ignore letter case.
    pub(super) listed: u32,
}

/// A class in brackets; `token` begins with `[`.
pub(super) fn bracketed(token: &str) -> Result<Scanned<'_>, Error> {
    let mut rest = &token[1..];
    let negated = rest.strip_prefix('^');
    rest = negated.unwrap_or(rest);
    let mut items = String::new();
    let mut listed = 0_u32;
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        if let Some((name, after)) = posix_class(rest)? {
            items.push_str(name);
            rest = after;
        } else if let Some(inner) = escaped(rest)? {
            items.push_str(&inner.out);
            listed = listed.saturating_add(inner.listed);
            rest = inner.rest;
        } else {
            let (low, high, after) = range(rest, token)?;
            push_range(&mut items, low, high);
            listed = listed.saturating_add(high - low + 1);
            rest = after;
        }
    }
    if items.is_empty() {
        items.push_str(NOTHING);
    }
    let caret = if negated.is_some() { "^" } else { "" };
    Ok(Scanned { out: format!("[{caret}{items}]"), rest: &rest[1..], listed })
}

/// One character or two with a hyphen between.
fn range<'a>(text: &'a str, class: &str) -> Result<(u32, u32, &'a str), Error> {
    let (low, mut rest) = class_character(text, class)?;
    let mut high = low;
    if let Some(after) = rest.strip_prefix('-').filter(|after| !after.is_empty() && !after.starts_with(']')) {
        (high, rest) = class_character(after, class)?;
        if high < low {
            let written = &text[..text.len() - rest.len()];
            return Err(problem("invalid character class range", written));
        }
    }
    Ok((low, high, rest))
}

fn class_character<'a>(text: &'a str, class: &str) -> Result<(u32, &'a str), Error> {
    match text.chars().next() {
        None => Err(problem("missing closing ]", class)),
        Some('\\') => character_escape(text),
        Some(c) => Ok((u32::from(c), &text[c.len_utf8()..])),
    }
}

/// No text holds a surrogate, and the crate has no way to write one.
fn push_range(items: &mut String, low: u32, high: u32) {
    let is_surrogate = |code| (0xd800..0xe000).contains(&code);
    let low = if is_surrogate(low) { 0xe000 } else { low };
    let high = if is_surrogate(high) { 0xd7ff } else { high };
    if low <= high {
        push_code(items, low);
        items.push('-');
        push_code(items, high);
    }
}

/// One character by its number.
pub(super) fn push_code(out: &mut String, code: u32) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\x{{{code:X}}}");
}

/// `[:name:]` inside a bracket.
fn posix_class(text: &str) -> Result<Option<(&str, &str)>, Error> {
    const NAMES: [&str; 14] = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
        "upper", "word", "xdigit",
    ];
    let Some(end) = text.strip_prefix("[:").and_then(|inner| inner.find(":]")) else { return Ok(None) };
    let (whole, rest) = text.split_at(end + 4);
    let name = &text[2..end + 2];
    if NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
        Ok(Some((whole, rest)))
    } else {
        Err(problem("invalid character class range", whole))
    }
}

/// `\d` and its kind, and `\p`; `None` when the text begins with something else.
pub(super) fn escaped(text: &str) -> Result<Option<Scanned<'_>>, Error> {
    let Some(letter) = text.strip_prefix('\\').and_then(|after| after.chars().next()) else {
        return Ok(None);
    };
    let class = match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\f\r ]",
        'S' => r"[^\t\n\f\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        'p' | 'P' => return unicode_class(text, letter == 'P').map(Some),
        _ => return Ok(None),
    };
    Ok(Some(Scanned { out: class.to_owned(), rest: &text[2..], listed: 0 }))
}

fn unicode_class(text: &str, negated: bool) -> Result<Scanned<'_>, Error> {
    let invalid = |part| problem("invalid character class range", part);
    let (length, name) = match text[2..].chars().next() {
        None => return Err(invalid(text)),
        Some('{') => {
            let end = text.find('}').ok_or_else(|| invalid(text))?;
            (end + 1, &text[3..end])
        }
        Some(c) => (2 + c.len_utf8(), &text[2..2 + c.len_utf8()]),
    };
    let (sequence, rest) = text.split_at(length);
    let positive = name.strip_prefix('^');
    let table = unicode_table(positive.unwrap_or(name)).ok_or_else(|| invalid(sequence))?;
    let caret = if negated != positive.is_some() { "^" } else { "" };
    Ok(Scanned { out: format!("[{caret}{table}]"), rest, listed: UNICODE_CLASS })
}

/// The crate's name of a general category or a script; letter case, spaces, `_` and `-` do not matter.
fn unicode_table(name: &str) -> Option<String> {
    let name: String = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect();
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "any" => return Some(r"\p{any}".to_owned()),
        "assigned" => return Some(r"\p{assigned}".to_owned()),
        "ascii" => return Some(r"\x00-\x7F".to_owned()),
        // Text never holds one.
        "cs" | "surrogate" => return Some(NOTHING.to_owned()),
        _ => {}
    }
    [format!(r"\p{{gc={name}}}"), format!(r"\p{{sc={name}}}")]
        .into_iter()
        .find(|class| Regex::new(class).is_ok() && !(class.contains("sc=") && is_short_script(&name)))
}

/// The crate also knows the four-letter codes of scripts; Go has only the names, some as short.
fn is_short_script(name: &str) -> bool {
    const NAMES: [&str; 8] = ["ahom", "cham", "kawi", "lisu", "modi", "newa", "thai", "toto"];
    name.len() == 4 && !NAMES.contains(&name)
}

/// An escape that stands for one character; `text` begins with the backslash.
pub(super) fn character_escape(text: &str) -> Result<(u32, &str), Error> {
    let after = &text[1..];
    let c = after.chars().next().ok_or_else(|| problem("trailing backslash at end of expression", ""))?;
    let rest = &after[c.len_utf8()..];
    let invalid = |rest: &str| problem("invalid escape sequence", &text[..text.len() - rest.len()]);
    let code = match c {
        'x' => return hex_escape(rest).map_err(invalid),
        '0'..='7' if c == '0' || rest.starts_with(|d: char| matches!(d, '0'..='7')) => {
            let more = rest.bytes().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
            let code = u32::from_str_radix(&after[..=more], 8).unwrap_or_default();
            return Ok((code, &rest[more..]));
        }
        'a' => 0x07,
        'f' => 0x0c,
        'n' => 0x0a,
        'r' => 0x0d,
        't' => 0x09,
        'v' => 0x0b,
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
        _ => return Err(invalid(rest)),
    };
    Ok((code, rest))
}

/// After `\x`: two digits or some in braces. An error is the rest after what Go looked at.
fn hex_escape(text: &str) -> Result<(u32, &str), &str> {
    let mut code = 0;
    let braced = text.strip_prefix('{');
    for (at, c) in braced.unwrap_or(text).char_indices() {
        let rest = &braced.unwrap_or(text)[at + c.len_utf8()..];
        if braced.is_some() && c == '}' {
            return if at > 0 { Ok((code, rest)) } else { Err(rest) };
        }
        let Some(digit) = c.to_digit(16) else { return Err(second(braced, text, at, rest)) };
        code = code * 16 + digit;
        if code > 0x10_ffff {
            return Err(rest);
        }
        if braced.is_none() && at == 1 {
            return Ok((code, rest));
        }
    }
    Err("")
}

/// Without braces Go always looks at two characters.
fn second<'a>(braced: Option<&str>, text: &'a str, at: usize, rest: &'a str) -> &'a str {
    if braced.is_some() || at > 0 {
        return rest;
    }
    let mut characters = text.chars();
    characters.nth(1);
    characters.as_str()
}
