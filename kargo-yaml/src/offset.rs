//! From a place in a scalar's value to the place in the text that it came from.

use crate::{Node, Style};

impl Node<'_> {
    /// The byte of the text that a byte of this scalar's value was written as.
    ///
    /// `value_offset` counts in [`Node::text`]; its length is answered with the place after the last
    /// character (in a quoted scalar, of the closing quote). What was not written as itself (an escape, a
    /// folded line break) is answered with where its writing begins. For other kinds than scalars the
    /// answer is the beginning.
    ///
    /// ```
    /// # use kargo_yaml::{Limits, Stream};
    /// let text = "a: \"x\\ty\"";
    /// let stream = Stream::parse(text, &Limits::default())?;
    /// let node = stream.document(0).unwrap().root().unwrap().get("a").unwrap();
    /// assert_eq!(node.text(), Some("x\ty"));
    /// assert_eq!(node.offset_of(2), 7);
    /// # Ok::<(), kargo_yaml::Error>(())
    /// ```
    #[must_use]
    pub fn offset_of(self, value_offset: u32) -> u32 {
        let span = self.span();
        let Some(value) = self.text() else { return span.start };
        let offset = (value_offset as usize).min(value.len());
        let quote = u32::from(matches!(self.data().style, Style::SingleQuoted | Style::DoubleQuoted));
        if self.extra().and_then(|extra| extra.text.as_ref()).is_none() {
            return span.start + quote + offset as u32;
        }
        let source = self.source();
        let within = match self.data().style {
            Style::Literal | Style::Folded => block(source, value, offset),
            style => flow(source, value, offset, style),
        };
        span.start + within as u32
    }
}

/// Walks the source of a plain or quoted scalar beside its value.
fn flow(source: &str, value: &str, offset: usize, style: Style) -> usize {
    let quoted = matches!(style, Style::SingleQuoted | Style::DoubleQuoted);
    let mut at = usize::from(quoted);
    let mut done = 0;
    while done < offset || skips_nothing_visible(&source[at..], style) {
        let (written, read) = next_piece(&source[at..], &value[done..], style);
        if written == 0 || done + read > offset {
            break;
        }
        at += written;
        done += read;
    }
    at
}

/// Whether the source goes on with an escaped line break, which stands for nothing.
fn skips_nothing_visible(source: &str, style: Style) -> bool {
    style == Style::DoubleQuoted && (source.starts_with("\\\n") || source.starts_with("\\\r\n"))
}

/// How many bytes the next piece of source has, and how many bytes of the value it stands for.
fn next_piece(source: &str, value: &str, style: Style) -> (usize, usize) {
    let Some(first) = source.chars().next() else { return (0, 0) };
    match (first, style) {
        ('\'', Style::SingleQuoted) if source.starts_with("''") => (2, 1),
        ('\\', Style::DoubleQuoted) => escape(source, value),
        (' ' | '\t' | '\r' | '\n', _) => fold(source, value),
        _ => (first.len_utf8(), first.len_utf8()),
    }
}

fn escape(source: &str, value: &str) -> (usize, usize) {
    if skips_nothing_visible(source, Style::DoubleQuoted) {
        let rest = source[1..].trim_start_matches(['\r', '\n', ' ', '\t']);
        return (source.len() - rest.len(), 0);
    }
    let read = value.chars().next().map_or(0, char::len_utf8);
    let mut written = match source.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => 6,
        Some(b'U') => 10,
        _ => 1 + source[1..].chars().next().map_or(0, char::len_utf8),
    };
    // A pair of surrogates is written as two escapes and is one character.
    let is_high =
        source.get(2..4).is_some_and(|hex| ["D8", "D9", "DA", "DB"].contains(&&*hex.to_uppercase()));
    if written == 6 && is_high && source[6..].starts_with("\\u") {
        written = 12;
    }
    (written.min(source.len()), read)
}

/// White space: as it is within a line, folded at a line break.
fn fold(source: &str, value: &str) -> (usize, usize) {
    let space = source.len() - source.trim_start_matches([' ', '\t', '\r', '\n']).len();
    let breaks = source[..space].matches('\n').count();
    match breaks {
        0 => (1, 1),
        1 => (space, 1),
        // The first break is dropped, each further one is kept.
        _ => (space, (breaks - 1).min(value.len())),
    }
}

/// Walks the lines of a block scalar beside its value.
fn block(source: &str, value: &str, offset: usize) -> usize {
    let Some(header) = source.find('\n') else { return source.len() };
    let mut at = header + 1;
    let mut done = 0;
    let indent = block_indent(&source[at..], value);
    loop {
        let line = source[at..].split('\n').next().unwrap_or_default();
        let content_start = indent.min(line.len());
        let content = line[content_start..].strip_suffix('\r').unwrap_or(&line[content_start..]);
        if offset <= done + content.len() {
            return at + content_start + (offset - done);
        }
        done += content.len();
        let next = at + line.len() + 1;
        if next > source.len() {
            return source.len();
        }
        // A line break is kept, folded into a space, or (before blank lines) dropped.
        if matches!(value.as_bytes().get(done), Some(b'\n' | b' ')) {
            if offset == done {
                return at + line.len();
            }
            let folded_away = !content.is_empty()
                && value.as_bytes()[done] == b'\n'
                && blank_run(&source[next..], indent) > 0
                && newlines(&value[done..]) == blank_run(&source[next..], indent);
            done += usize::from(!folded_away);
        }
        at = next;
    }
}

/// How many spaces each line of a block scalar's body has before its content.
pub(crate) fn block_indent(body: &str, value: &str) -> usize {
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let written = body.split('\n').find(|line| !line.trim_end_matches('\r').trim_matches(' ').is_empty());
    let read = value.split('\n').find(|line| !line.trim_matches(' ').is_empty());
    written.map_or(0, spaces).saturating_sub(read.map_or(0, spaces))
}

fn newlines(value: &str) -> usize {
    value.len() - value.trim_start_matches('\n').len()
}

/// How many lines without content come next.
fn blank_run(source: &str, indent: usize) -> usize {
    source
        .split('\n')
        .take_while(|line| {
            let line = line.strip_suffix('\r').unwrap_or(line);
            line.len() <= indent && line.bytes().all(|byte| byte == b' ')
        })
        .count()
}

#[cfg(test)]
mod tests {
    use crate::{Limits, Stream};

    /// Every character of the value that is written as itself is found where it is written.
    #[test]
    fn characters_are_found_where_they_are_written() {
        for text in [
            "a: plain",
            "a: plain over\n  two lines\n\n  and more",
            "a: 'it''s  é'",
            "a: 'x\n  y\n\n\n  z'",
            "a: \"t\\tq\\\"u\\u00e9\\x41 z\"",
            "a: \"x \\\n   y\\ud83d\\ude00z\"",
            "a: |\n  one\n   two\n\n  three\n",
            "a: |-\n  one é\r\n  two\r\n",
            "a: >\n  one\n  two\n\n  three\n   more\n   most\n  end\n",
            "a: |2\n    x\n   y",
            "a: |+\n\n  x\n\n\n",
            "a: >-\n\n\n  x\n  y\n",
        ] {
            let stream = Stream::parse(text, &Limits::default()).unwrap();
            let node = stream.document(0).unwrap().root().unwrap().get("a").unwrap();
            let value = node.text().unwrap();
            for (offset, char) in value.char_indices().filter(|(_, char)| char.is_alphanumeric()) {
                let at = node.offset_of(offset as u32) as usize;
                let found = text[at..].chars().next();
                assert!(
                    found == Some(char) || found == Some('\\'),
                    "{text:?} {offset}: {found:?} for {char:?}"
                );
            }
        }
    }
}
