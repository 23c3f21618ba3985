//! JSON pointers into the text, for diagnostics.

use crate::{Document, Kind, Node, Schema, Span};

/// Where a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bytes of its key; none for the root and for the items of a list.
    pub key: Option<Span>,
    /// The bytes of its value.
    pub value: Span,
}

impl<'a> Document<'a> {
    /// Finds a field by an RFC 6901 pointer, such as `/spec/steps/0/uses`, into the document as
    /// [`Node::to_json`] shows it: through aliases and merges, of a key that is there twice the last one.
    ///
    /// ```
    /// # use kargo_yaml::{Limits, Stream};
    /// let stream = Stream::parse("a:\n- b: 1\n", &Limits::default())?;
    /// let place = stream.document(0).unwrap().locate("/a/0/b").unwrap();
    /// assert_eq!(stream.line_column(place.value.start), (2, 6));
    /// # Ok::<(), kargo_yaml::Error>(())
    /// ```
    #[must_use]
    pub fn locate(self, pointer: &str) -> Option<Place> {
        let (key, value) = self.find(pointer)?;
        Some(Place { key: key.map(|key| key.span()), value: value.span() })
    }

    /// The node that a pointer of [`Document::locate`] leads to, an alias as such.
    #[must_use]
    pub fn node(self, pointer: &str) -> Option<Node<'a>> {
        self.find(pointer).map(|(_, value)| value)
    }

    fn find(self, pointer: &str) -> Option<(Option<Node<'a>>, Node<'a>)> {
        let mut place = (None, self.content()?);
        if pointer.is_empty() {
            return Some(place);
        }
        for token in pointer.strip_prefix('/')?.split('/') {
            place = step(place.1.resolve(), &token.replace("~1", "/").replace("~0", "~"))?;
        }
        Some(place)
    }
}

fn step<'a>(node: Node<'a>, token: &str) -> Option<(Option<Node<'a>>, Node<'a>)> {
    match node.kind() {
        Kind::Sequence => Some((None, node.at(token.parse().ok()?)?)),
        Kind::Mapping => {
            let entries = node.view(Schema::Kubernetes11).ok()?;
            let found = entries.into_iter().find(|entry| entry.name == token)?;
            Some((Some(found.key), found.value))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::{Limits, Stream};

    #[test]
    fn pointers_lead_through_aliases_and_merges() {
        let text = "base: &b {x: 1, 'a/b~': 2}\nuse:\n  <<: *b\n  on: 3\nlist: [*b]\n";
        let stream = Stream::parse(text, &Limits::default()).unwrap();
        for (pointer, found) in [
            ("", Some(text.trim_end())),
            ("/base/x", Some("1")),
            ("/base/a~1b~0", Some("2")),
            ("/use/x", Some("1")),
            ("/use/true", Some("3")),
            ("/list/0", Some("*b")),
            ("/list/0/x", Some("1")),
            ("/list/1", None),
            ("/nope", None),
            ("base", None),
        ] {
            let place = stream.document(0).unwrap().locate(pointer);
            assert_eq!(place.map(|place| &text[place.value.range()]), found, "{pointer}");
        }
    }
}
