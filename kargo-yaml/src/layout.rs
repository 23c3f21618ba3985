//! What stands between the nodes: colons, and the headers and indentation of block scalars.

use crate::Span;

/// The place right after the colon that follows a key, where there is one.
pub(crate) fn after_colon(text: &str, key_end: u32) -> Option<u32> {
    let at = skip_blank(text, key_end as usize);
    text[at..].starts_with(':').then_some(at as u32 + 1)
}

/// Over white space, line breaks and comments.
fn skip_blank(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            // Only a `#` after white space (or at a line's beginning) begins a comment.
            b'#' if at == 0 || bytes[at - 1].is_ascii_whitespace() => at = line_end(text, at),
            _ => break,
        }
    }
    at
}

/// The end of the line that `at` is on, before its line break.
fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    if end > at && text.as_bytes()[end - 1] == b'\r' { end - 1 } else { end }
}

/// The beginning of the line that `at` is on.
pub(crate) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The span of a block scalar: from its `|` or `>` to the end of its last line.
///
/// `mark` is the parser's span, which begins in the body and ends at the next token; `cursor` is the end
/// of the token before the scalar. Blank lines at the end belong to it only where it keeps them (`+`).
pub(crate) fn block_scalar_span(text: &str, cursor: u32, mark: Span) -> Span {
    let Some(start) = find_indicator(text, cursor as usize, b"|>") else { return mark };
    let header = Header::read(text, start);
    let mut end = (mark.end as usize).max(header.end);
    // The parser's end is the next token: what stands before that on its line is that token's indentation.
    let last_line = line_start(text, end);
    if last_line > start && text[last_line..end].bytes().all(|byte| byte == b' ') {
        end = last_line;
    }
    let body = header.body.min(text.len());
    if end <= body {
        return Span::new(start as u32, header.end as u32);
    }
    // Where the body begins, in spaces; longer blank lines are content.
    let indent = mark.start as usize - line_start(text, mark.start as usize);
    end = without_break(text, end);
    if !header.keep {
        end = without_blank_lines(text, body, end, indent).unwrap_or(header.end);
    }
    Span::new(start as u32, end as u32)
}

/// `end` without the blank lines before it; none where all lines from `body` are blank.
fn without_blank_lines(text: &str, body: usize, mut end: usize, indent: usize) -> Option<usize> {
    loop {
        let last_line = line_start(text, end);
        let line = &text[last_line..end];
        if line.len() > indent || !line.bytes().all(|byte| byte == b' ') {
            return Some(end);
        }
        if last_line <= body {
            return None;
        }
        end = without_break(text, last_line);
    }
}

/// `end` without the line break right before it.
fn without_break(text: &str, end: usize) -> usize {
    let line = &text[..end];
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line).len()
}

/// The dash that follows, over a colon, comments, anchors and tags.
pub(crate) fn next_dash(text: &str, from: u32) -> Option<u32> {
    find_indicator(text, from as usize, b"-").map(|dash| dash as u32)
}

/// The next of these indicators, over others, comments, anchors and tags.
fn find_indicator(text: &str, from: usize, wanted: &[u8]) -> Option<usize> {
    let mut at = from;
    loop {
        at = skip_blank(text, at);
        match text.as_bytes().get(at)? {
            byte if wanted.contains(byte) => return Some(at),
            b'&' | b'!' => at += text[at..].find(char::is_whitespace)?,
            b'-' | b'?' | b':' => at += 1,
            _ => return None,
        }
    }
}

/// The first line of a block scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// After the indicators, before a comment.
    pub(crate) end: usize,
    /// Where the first line of the body begins.
    pub(crate) body: usize,
    /// `+`: all line breaks at the end are content.
    pub(crate) keep: bool,
    /// `-`: none is.
    pub(crate) strip: bool,
    /// The indentation that a digit gives.
    pub(crate) indent: Option<u8>,
}

impl Header {
    /// Reads the header that begins at `start`.
    pub(crate) fn read(text: &str, start: usize) -> Self {
        let mut header = Self { end: start + 1, body: 0, keep: false, strip: false, indent: None };
        for byte in text.as_bytes()[header.end.min(text.len())..].iter().take(2) {
            match byte {
                b'+' => header.keep = true,
                b'-' => header.strip = true,
                b'1'..=b'9' => header.indent = Some(byte - b'0'),
                _ => break,
            }
            header.end += 1;
        }
        header.body = text[header.end..].find('\n').map_or(text.len(), |newline| header.end + newline + 1);
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colon_is_found_behind_comments() {
        assert_eq!(after_colon("a: 1", 1), Some(2));
        assert_eq!(after_colon("? a # c\n: 1", 3), Some(9));
        assert_eq!(after_colon("{a, b}", 2), None);
        assert_eq!(after_colon("a", 1), None);
    }

    #[test]
    fn headers_are_read() {
        for (text, end, body, keep, strip, indent) in [
            ("|\nx", 1, 2, false, false, None),
            (">-2 # c\nx", 3, 8, false, true, Some(2)),
            ("|2+\n", 3, 4, true, false, Some(2)),
            ("|", 1, 1, false, false, None),
        ] {
            assert_eq!(Header::read(text, 0), Header { end, body, keep, strip, indent }, "{text:?}");
        }
    }
}
