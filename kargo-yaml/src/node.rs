//! Nodes of the tree, as they are read.

use std::borrow::Cow;

use crate::parse::{Data, NONE, Properties, Stream, What};
use crate::scalar::{Resolved, Schema};
use crate::span::Span;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A scalar, quoted or not; an absent value too.
    Scalar,
    /// A list.
    Sequence,
    /// A mapping.
    Mapping,
    /// An alias of a node that stands before it.
    Alias,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Nothing stands there (`key:`).
    Empty,
    /// Without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// One document of a [`Stream`].
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    stream: &'a Stream,
    root: u32,
}

impl<'a> Document<'a> {
    pub(crate) fn new(stream: &'a Stream, root: u32) -> Self {
        Self { stream, root }
    }

    /// Its root; `None` for a document without content.
    pub fn root(self) -> Option<Node<'a>> {
        (self.root != NONE).then(|| Node::new(self.stream, self.root))
    }
}

/// One node. Cheap to copy; lives as long as its [`Stream`].
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    pub(crate) stream: &'a Stream,
    pub(crate) id: u32,
}

impl PartialEq for Node<'_> {
    /// Whether both are the same node of the same stream.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.stream, other.stream) && self.id == other.id
    }
}

impl<'a> Node<'a> {
    pub(crate) fn new(stream: &'a Stream, id: u32) -> Self {
        Self { stream, id }
    }

    pub(crate) fn data(self) -> &'a Data {
        &self.stream.nodes[self.id as usize]
    }

    fn properties(self) -> Option<&'a Properties> {
        self.stream.properties.get(&self.id)
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.data().what {
            What::Scalar { .. } => Kind::Scalar,
            What::Sequence { .. } => Kind::Sequence,
            What::Mapping { .. } => Kind::Mapping,
            What::Alias { .. } => Kind::Alias,
        }
    }

    /// Where it stands, without its tag and anchor. Of a block scalar from the `|` on; of an absent value the
    /// point where it would stand.
    pub fn span(self) -> Span {
        self.data().span
    }

    /// The tag as written (`!!str`, `!Ref`).
    pub fn tag(self) -> Option<&'a str> {
        self.properties()?.tag.as_deref()
    }

    /// The name of its anchor.
    pub fn anchor(self) -> Option<&'a str> {
        self.properties()?.anchor.as_deref()
    }

    /// Whether a collection is written in flow style (`[…]`, `{…}`).
    pub fn is_flow(self) -> bool {
        matches!(self.data().what, What::Sequence { flow: true } | What::Mapping { flow: true })
    }

    /// How a scalar is written.
    pub fn style(self) -> Option<Style> {
        match self.data().what {
            What::Scalar { style, .. } => Some(style),
            _ => None,
        }
    }

    /// The text of a scalar, after quotes, escapes and folding; empty for an absent value.
    pub fn text(self) -> Option<&'a str> {
        match &self.data().what {
            What::Scalar { value: Some(value), .. } => Some(value),
            What::Scalar { .. } => self.stream.text.get(self.span().range()),
            _ => None,
        }
    }

    /// The value of a scalar, as `schema` reads it.
    pub fn resolved(self, schema: Schema) -> Option<Resolved<'a>> {
        let quoted = !matches!(self.style()?, Style::Plain | Style::Empty);
        Some(schema.resolve(self.text()?, quoted, self.tag()))
    }

    /// The text of a scalar that Kubernetes tools read as a string; `None` for a number, boolean or null.
    pub fn as_str(self) -> Option<&'a str> {
        match self.resolved(Schema::Kubernetes11)? {
            Resolved::String(text) => Some(text),
            _ => None,
        }
    }

    /// What an alias stands for; the node itself where it is none.
    #[must_use]
    pub fn resolve(self) -> Self {
        match self.data().what {
            // The parser resolves every alias that it lets through.
            What::Alias { target } if target != NONE => Self::new(self.stream, target),
            _ => self,
        }
    }

    /// The node that it stands in.
    pub fn parent(self) -> Option<Self> {
        let parent = self.data().parent;
        (parent != NONE).then(|| Self::new(self.stream, parent))
    }

    fn children(self) -> impl Iterator<Item = Self> {
        let stream = self.stream;
        let first = self.data().first;
        let mut at = first;
        std::iter::from_fn(move || {
            let node = (at != NONE).then(|| Self::new(stream, at))?;
            at = node.data().next;
            Some(node)
        })
    }

    /// The items of a sequence; none of anything else.
    pub fn items(self) -> impl Iterator<Item = Self> {
        let is = self.kind() == Kind::Sequence;
        self.children().filter(move |_| is)
    }

    /// Keys and values of a mapping, in the order of the text; none of anything else.
    pub fn entries(self) -> impl Iterator<Item = (Self, Self)> {
        let is = self.kind() == Kind::Mapping;
        let mut children = self.children().filter(move |_| is);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The value of the key that is written `key`, aliases followed.
    pub fn get(self, key: &str) -> Option<Self> {
        let mapping = self.resolve();
        mapping.entries().find(|(name, _)| name.resolve().text() == Some(key)).map(|(_, value)| value)
    }

    /// The key as Kubernetes tools read it: `on` is `true`, `010` is `8`.
    pub fn key_text(self, schema: Schema) -> Option<Cow<'a, str>> {
        Some(match self.resolve().resolved(schema)? {
            Resolved::String(text) => Cow::Borrowed(text),
            Resolved::Null => Cow::Borrowed("null"),
            Resolved::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Resolved::Int(value) => Cow::Owned(value.to_string()),
            Resolved::Uint(value) => Cow::Owned(value.to_string()),
            Resolved::Float(value) => Cow::Owned(value.to_string()),
        })
    }
}
