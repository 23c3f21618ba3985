//! Where a value stands: from a JSON pointer to a span, from a byte of a value to a byte of the text.

use crate::node::{Document, Kind, Node, Style};
use crate::scalar::Schema;
use crate::span::Span;

/// The place of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its key, where it stands in a mapping.
    pub key: Option<Span>,
    /// Its value.
    pub value: Span,
}

impl<'a> Document<'a> {
    /// The place of what the JSON pointer (RFC 6901) leads to in [`Node::to_json`]'s view of the document.
    pub fn locate(self, pointer: &str) -> Option<Place> {
        let (key, value) = self.walk(pointer)?;
        Some(Place { key: key.map(Node::span), value: value.span() })
    }

    /// The node that the JSON pointer leads to.
    pub fn node(self, pointer: &str) -> Option<Node<'a>> {
        self.walk(pointer).map(|(_, value)| value)
    }

    fn walk(self, pointer: &str) -> Option<(Option<Node<'a>>, Node<'a>)> {
        let mut at = (None, self.root()?);
        if pointer.is_empty() {
            return Some(at);
        }
        for token in pointer.strip_prefix('/')?.split('/') {
            let token = token.replace("~1", "/").replace("~0", "~");
            let node = at.1.resolve();
            at = match node.kind() {
                Kind::Sequence => (None, node.items().nth(token.parse().ok()?)?),
                Kind::Mapping => {
                    let named =
                        |key: Node<'_>| key.key_text(Schema::Kubernetes11).as_deref() == Some(&*token);
                    let (key, value) = node.entries().filter(|(key, _)| named(*key)).last()?;
                    (Some(key), value)
                }
                Kind::Scalar | Kind::Alias => return None,
            };
        }
        Some(at)
    }
}

impl Node<'_> {
    /// Where byte `offset` of a scalar's value stands in the text, past quotes, escapes, line folding and
    /// indentation. Of anything else, and past the end, the end of what is known.
    pub fn offset_of(self, offset: u32) -> u32 {
        let node = self.resolve();
        let span = node.span();
        let (Some(value), Some(style)) = (node.text(), node.style()) else { return span.start };
        let source = &node.stream.text[span.range()];
        let skipped = match style {
            Style::Empty => return span.start,
            Style::Plain => 0,
            Style::SingleQuoted | Style::DoubleQuoted => 1,
            // The header's line.
            Style::Literal | Style::Folded => source.find('\n').map_or(source.len(), |end| end + 1),
        };
        span.start + (skipped + align(&source[skipped..], value, offset as usize, style)) as u32
    }
}

/// The byte of `source` from which byte `offset` of `value` comes.
fn align(source: &str, value: &str, offset: usize, style: Style) -> usize {
    let bytes = source.as_bytes();
    let mut at = 0;
    for (position, wanted) in value.char_indices() {
        at += blanks_before(&source[at..], wanted);
        if position >= offset || at >= bytes.len() {
            return at;
        }
        at += width(&source[at..], wanted, style);
    }
    at.min(source.len())
}

/// How much of `source` is indentation and folding that no character of the value stands for.
fn blanks_before(source: &str, wanted: char) -> usize {
    let next = source.chars().next();
    if next == Some(wanted) || !next.is_some_and(char::is_whitespace) {
        return 0;
    }
    let blank = source.len() - source.trim_start().len();
    // A folded line break is the space that is wanted; a kept one is found inside the blanks.
    match source[..blank].find(wanted) {
        Some(at) => at,
        None if wanted == ' ' || wanted == '\n' => 0,
        None => blank,
    }
}

/// How many bytes of `source` one character of the value takes.
fn width(source: &str, wanted: char, style: Style) -> usize {
    let first = source.chars().next().map_or(0, char::len_utf8);
    match (style, source.as_bytes()) {
        (Style::SingleQuoted, [b'\'', b'\'', ..]) => 2,
        (Style::DoubleQuoted, [b'\\', kind, ..]) => match kind {
            b'x' => 4,
            b'u' => 6,
            b'U' => 10,
            _ => 1 + source[1..].chars().next().map_or(0, char::len_utf8),
        },
        // A folded break: the line's end, and the indentation of the next.
        (_, [b'\n' | b'\r', ..]) if wanted == ' ' => source.len() - source.trim_start().len(),
        _ => first,
    }
    .min(source.len())
}

#[cfg(test)]
mod tests {
    use crate::{Limits, Stream};

    #[test]
    fn a_byte_of_a_value_is_found_in_the_text() {
        for text in [
            "k: plain X text",
            "k: 'it''s X here'",
            "k: \"tab\\t\\u00e9 X\"",
            "k: |\n  one\n  two X\n",
            "k: >-\n  one\n  two X\n",
            "k: |2-\n    deep\n  X\n",
            "k: folded\n  over X\n",
            "k:\n  - a\n  - \"é😀 X\"\n",
        ] {
            let stream = Stream::parse(text, &Limits::default()).unwrap();
            let document = stream.document(0).unwrap();
            let node = document.node("/k/1").or_else(|| document.node("/k")).unwrap();
            let within = node.text().unwrap().find('X').unwrap();
            let at = node.offset_of(within as u32) as usize;
            assert_eq!(&text[at..=at], "X", "{text:?} at {at}");
        }
    }

    #[test]
    fn a_pointer_finds_key_and_value() {
        let text = "a:\n  - {\"b/c\": x}\n";
        let stream = Stream::parse(text, &Limits::default()).unwrap();
        let place = stream.document(0).unwrap().locate("/a/0/b~1c").unwrap();
        assert_eq!(&text[place.key.unwrap().range()], "\"b/c\"");
        assert_eq!(&text[place.value.range()], "x");
        assert!(stream.document(0).unwrap().locate("/a/1").is_none());
    }
}
