//! The functions of Go's `strings` that answer differently from Rust's `str`.
//!
//! A Go string is bytes that are usually UTF-8, so these work on bytes.

/// The characters of a text as a Go `range` loop sees them: every byte that is not part of a valid
/// sequence comes by itself, as `Err`.
pub fn runes(text: &[u8]) -> impl Iterator<Item = Result<char, u8>> + '_ {
    text.utf8_chunks()
        .flat_map(|chunk| chunk.valid().chars().map(Ok).chain(chunk.invalid().iter().copied().map(Err)))
}

/// `utf8.RuneCountInString`: how many characters, each invalid byte counted as one.
#[must_use]
pub fn rune_count(text: &[u8]) -> usize {
    runes(text).count()
}

/// The text with every invalid byte replaced by U+FFFD: what Go's `json` and `regexp` see.
#[must_use]
pub fn to_valid(text: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(text) {
        Ok(text) => text.into(),
        Err(_) => runes(text).map(|rune| rune.unwrap_or('\u{fffd}')).collect::<String>().into(),
    }
}

/// `strings.TrimSpace`: cuts what `unicode.IsSpace` names off both ends.
#[must_use]
pub fn trim_space(text: &[u8]) -> &[u8] {
    trim_by(text, |rune| rune.is_ok_and(char::is_whitespace))
}

/// `strings.Trim`: cuts all characters in `cutset` off both ends.
///
/// U+FFFD in the cutset, or an invalid byte there, also cuts invalid bytes, as in Go.
#[must_use]
pub fn trim<'a>(text: &'a [u8], cutset: &[u8]) -> &'a [u8] {
    let cutset: Vec<char> = runes(cutset).map(|rune| rune.unwrap_or('\u{fffd}')).collect();
    trim_by(text, |rune| cutset.contains(&rune.unwrap_or('\u{fffd}')))
}

fn trim_by(text: &[u8], cut: impl Fn(Result<char, u8>) -> bool) -> &[u8] {
    let width = |rune: Result<char, u8>| rune.map_or(1, char::len_utf8);
    let all: Vec<Result<char, u8>> = runes(text).collect();
    let start: usize = all.iter().copied().take_while(|&rune| cut(rune)).map(width).sum();
    if start == text.len() {
        return &[];
    }
    let end: usize = all.iter().rev().copied().take_while(|&rune| cut(rune)).map(width).sum();
    &text[start..text.len() - end]
}

/// `strings.SplitN`; a negative `limit` is [`split`]'s: no limit. An empty separator splits into characters.
#[must_use]
pub fn split_n<'a>(text: &'a [u8], separator: &[u8], limit: i64) -> Vec<&'a [u8]> {
    split_keeping(text, separator, 0, limit)
}

/// `strings.Split`.
#[must_use]
pub fn split<'a>(text: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    split_n(text, separator, -1)
}

/// `strings.SplitAfterN`: every part but the last keeps its separator.
#[must_use]
pub fn split_after_n<'a>(text: &'a [u8], separator: &[u8], limit: i64) -> Vec<&'a [u8]> {
    split_keeping(text, separator, separator.len(), limit)
}

/// `strings.SplitAfter`.
#[must_use]
pub fn split_after<'a>(text: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    split_after_n(text, separator, -1)
}

fn split_keeping<'a>(text: &'a [u8], separator: &[u8], keep: usize, limit: i64) -> Vec<&'a [u8]> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit == 0 {
        return Vec::new();
    }
    if separator.is_empty() {
        return explode(text, limit);
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while parts.len() + 1 < limit {
        let Some(at) = index(rest, separator) else { break };
        parts.push(&rest[..at + keep]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    parts
}

/// At most `limit` parts of one character each; the last takes what is left.
fn explode(text: &[u8], limit: usize) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = text;
    for rune in runes(text) {
        if parts.len() + 1 == limit {
            break;
        }
        let (part, after) = rest.split_at(rune.map_or(1, char::len_utf8));
        parts.push(part);
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// `strings.Index`: the byte offset of the first `wanted`.
#[must_use]
pub fn index(text: &[u8], wanted: &[u8]) -> Option<usize> {
    if let (Ok(text), Ok(wanted)) = (std::str::from_utf8(text), std::str::from_utf8(wanted)) {
        return text.find(wanted);
    }
    // Only text that is not UTF-8 comes here, and expressions make it by slicing: it is short.
    (0..=text.len().checked_sub(wanted.len())?).find(|&at| text[at..].starts_with(wanted))
}

/// `strings.LastIndex`: the byte offset of the last `wanted`.
#[must_use]
pub fn last_index(text: &[u8], wanted: &[u8]) -> Option<usize> {
    if let (Ok(text), Ok(wanted)) = (std::str::from_utf8(text), std::str::from_utf8(wanted)) {
        return text.rfind(wanted);
    }
    (0..=text.len().checked_sub(wanted.len())?).rev().find(|&at| text[at..].starts_with(wanted))
}

/// `strings.Replace`: at most `limit` replacements, all if it is negative. An empty `old` matches before
/// every character and at the end.
#[must_use]
pub fn replace(text: &[u8], old: &[u8], new: &[u8], limit: i64) -> Vec<u8> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if old.is_empty() {
        return insert_between(text, new, limit);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    for _ in 0..limit {
        let Some(at) = index(rest, old) else { break };
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn insert_between(text: &[u8], new: &[u8], limit: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    let widths = runes(text).map(|rune| rune.map_or(1, char::len_utf8)).chain([0]);
    for width in widths.take(limit) {
        out.extend_from_slice(new);
        out.extend_from_slice(&text[at..at + width]);
        at += width;
    }
    out.extend_from_slice(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(parts: &[&[u8]]) -> Vec<String> {
        parts.iter().map(|part| part.escape_ascii().to_string()).collect()
    }

    #[test]
    fn splits_as_go() {
        type Row = (&'static [u8], &'static [u8], i64, &'static [&'static str]);
        let table: &[Row] = &[
            (b"a,b,,c", b",", -1, &["a", "b", "", "c"]),
            (b"a,b,,c", b",", 2, &["a", "b,,c"]),
            (b"a,b", b",", 0, &[]),
            (b"", b",", -1, &[""]),
            (b"", b"", -1, &[]),
            (b"abc", b"", -1, &["a", "b", "c"]),
            (b"abc", b"", 2, &["a", "bc"]),
            (b"\xffa", b"", -1, &[r"\xff", "a"]),
            (b"a\xffb", b"\xff", -1, &["a", "b"]),
        ];
        for (text, separator, limit, expected) in table {
            assert_eq!(texts(&split_n(text, separator, *limit)), *expected);
        }
        assert_eq!(texts(&split_after(b"a,b,", b",")), ["a,", "b,", ""]);
        assert_eq!(texts(&split_after_n(b"a,b,c", b",", 2)), ["a,", "b,c"]);
        assert_eq!(texts(&split("é☃".as_bytes(), b"")), [r"\xc3\xa9", r"\xe2\x98\x83"]);
    }

    #[test]
    fn trims_as_go() {
        assert_eq!(trim_space("\u{85}\u{a0}\t x \u{3000}\r\n".as_bytes()), b"x");
        assert_eq!(trim_space("\u{feff}\u{200b}".as_bytes()), "\u{feff}\u{200b}".as_bytes());
        assert_eq!(trim_space(b"  "), b"");
        assert_eq!(trim(b"--a-b-", b"-"), b"a-b");
        assert_eq!(trim("éaé".as_bytes(), "é".as_bytes()), b"a");
        assert_eq!(trim(b"\xffa\xff", "\u{fffd}".as_bytes()), b"a");
    }

    #[test]
    fn replaces_as_go() {
        assert_eq!(replace(b"aaa", b"a", b"bb", 2), b"bbbba");
        assert_eq!(replace(b"ab", b"", b"-", -1), b"-a-b-");
        assert_eq!(replace(b"ab", b"", b"-", 2), b"-a-b");
        assert_eq!(replace(b"ab", b"x", b"-", -1), b"ab");
    }

    #[test]
    fn counts_and_finds() {
        assert_eq!(rune_count("é☃\u{1f600}".as_bytes()), 3);
        assert_eq!(rune_count(b"\xe2\x98"), 2);
        assert_eq!(index(b"\xffab", b"b"), Some(2));
        assert_eq!(last_index(b"\xffabab", b"ab"), Some(3));
        assert_eq!(index(b"\xff", b"ab"), None);
        assert_eq!(to_valid(b"a\xe2\x98"), "a\u{fffd}\u{fffd}");
    }
}
