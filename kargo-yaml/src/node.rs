//! The tree: a stream of documents, each an arena of nodes in the order of the text.

use std::iter::FusedIterator;
use std::sync::{Arc, OnceLock};

use crate::span::columns;
use crate::{Limits, Span};

/// A parsed text: its documents, and the text itself, byte for byte.
#[derive(Debug, Clone)]
pub struct Stream {
    pub(crate) source: Arc<Source>,
    pub(crate) trees: Vec<Tree>,
}

/// What the documents of one stream share.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) text: String,
    pub(crate) limits: Limits,
    /// Where each line begins; made when first asked for.
    lines: OnceLock<Vec<u32>>,
}

impl Source {
    pub(crate) fn new(text: String, limits: Limits) -> Self {
        Self { text, limits, lines: OnceLock::new() }
    }

    /// Line and column from 1, the column in characters.
    fn line_column(&self, offset: u32) -> (usize, usize) {
        let lines = self.lines.get_or_init(|| {
            let breaks = self.text.bytes().zip(1_u32..).filter(|(byte, _)| *byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(_, after)| after)).collect()
        });
        let offset = offset.min(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        let line = lines.partition_point(|&start| start <= offset).max(1);
        let start = lines[line - 1];
        (line, 1 + columns(&self.text.as_bytes()[start as usize..offset as usize], line == 1))
    }
}

impl Stream {
    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// The documents in their order. A text of nothing but comments has none.
    #[must_use]
    pub fn documents(&self) -> impl ExactSizeIterator<Item = Document<'_>> + Clone {
        self.trees.iter().map(|tree| Document { tree })
    }

    /// The document with that index, from 0.
    #[must_use]
    pub fn document(&self, index: usize) -> Option<Document<'_>> {
        self.trees.get(index).map(|tree| Document { tree })
    }

    /// Line and column of a byte, from 1, the column in characters.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (usize, usize) {
        self.source.line_column(offset)
    }
}

/// The arena of one document.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    pub(crate) source: Arc<Source>,
    pub(crate) span: Span,
    /// Parents before children, in the order of the text: a node's subtree is the range up to its `after`.
    pub(crate) nodes: Vec<NodeData>,
    /// What few nodes have.
    pub(crate) extras: Vec<Extra>,
}

/// The index of a node that is not there.
pub(crate) const NONE: u32 = u32::MAX;

#[derive(Debug, Clone)]
pub(crate) struct NodeData {
    pub(crate) span: Span,
    pub(crate) parent: u32,
    /// The index after the last node of this one's subtree.
    pub(crate) after: u32,
    /// Index into the document's extras, or [`NONE`].
    pub(crate) extra: u32,
    pub(crate) kind: Kind,
    pub(crate) style: Style,
    /// Whether it stands inside a flow collection.
    pub(crate) in_flow: bool,
    /// An empty value with no colon before it, as `b` has in `{a: 1, b}`.
    pub(crate) unplaced: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Extra {
    /// The scalar's value, where it is not simply what stands in the text.
    pub(crate) text: Option<Box<str>>,
    pub(crate) tag: Option<(Span, Box<str>)>,
    pub(crate) anchor: Option<Span>,
    /// What an alias names.
    pub(crate) target: Option<u32>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A single value.
    Scalar,
    /// A list.
    Sequence,
    /// Keys and values.
    Mapping,
    /// A `*name` that stands for the node with that anchor.
    Alias,
}

impl Kind {
    /// The kind as messages say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Sequence => "a list",
            Self::Mapping => "a map",
            Self::Alias => "an alias",
        }
    }
}

/// How a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Style {
    /// A scalar without quotes, or nothing at all.
    Plain,
    /// A scalar in `'single'` quotes.
    SingleQuoted,
    /// A scalar in `"double"` quotes.
    DoubleQuoted,
    /// A block scalar that keeps its line breaks: `|`.
    Literal,
    /// A block scalar whose lines are joined: `>`.
    Folded,
    /// A collection by indentation.
    Block,
    /// A collection in brackets or braces.
    Flow,
}

/// One document of a stream: a reference, cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    pub(crate) tree: &'a Tree,
}

impl<'a> Document<'a> {
    /// Its root node; none where the document is empty.
    #[must_use]
    pub fn root(self) -> Option<Node<'a>> {
        self.content().filter(|root| {
            root.kind() != Kind::Scalar || !root.span().is_empty() || root.data().extra != NONE
        })
    }

    /// Its root node, also where that is empty.
    pub(crate) fn content(self) -> Option<Node<'a>> {
        (!self.tree.nodes.is_empty()).then_some(Node { tree: self.tree, id: 0 })
    }

    /// The bytes from its `---`, or its first node, to its end.
    #[must_use]
    pub fn span(self) -> Span {
        self.tree.span
    }

    /// The text of the whole stream, which all spans refer to.
    #[must_use]
    pub fn text(self) -> &'a str {
        &self.tree.source.text
    }

    /// Line and column of a byte, from 1, the column in characters.
    #[must_use]
    pub fn line_column(self, offset: u32) -> (usize, usize) {
        self.tree.source.line_column(offset)
    }

    /// All nodes in the order of the text, parents first, keys before their values.
    pub fn nodes(self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        (0..self.tree.nodes.len()).map(move |id| Node { tree: self.tree, id: id as u32 })
    }
}

/// A node of a document: a reference, cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) id: u32,
}

impl<'a> Node<'a> {
    pub(crate) fn data(self) -> &'a NodeData {
        &self.tree.nodes[self.id as usize]
    }

    pub(crate) fn extra(self) -> Option<&'a Extra> {
        self.tree.extras.get(self.data().extra as usize)
    }

    pub(crate) fn sibling(self, id: u32) -> Self {
        Self { tree: self.tree, id }
    }

    /// The document that it belongs to.
    #[must_use]
    pub fn document(self) -> Document<'a> {
        Document { tree: self.tree }
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.data().kind
    }

    /// How a scalar is written; none for other kinds.
    #[must_use]
    pub fn style(self) -> Option<Style> {
        (self.kind() == Kind::Scalar).then(|| self.data().style)
    }

    /// Whether it is a collection in brackets or braces.
    #[must_use]
    pub fn is_flow(self) -> bool {
        self.data().style == Style::Flow
    }

    /// The bytes of its content: without anchor and tag, with quotes, with the header of a block scalar.
    ///
    /// An empty value has an empty span at the place where a value would be written.
    #[must_use]
    pub fn span(self) -> Span {
        self.data().span
    }

    /// The bytes of its content with its anchor and tag.
    #[must_use]
    pub fn full_span(self) -> Span {
        let span = self.span();
        let Some(extra) = self.extra() else { return span };
        let anchor = extra.anchor.map_or(span.start, |anchor| anchor.start);
        let tag = extra.tag.as_ref().map_or(span.start, |(tag, _)| tag.start);
        Span::new(span.start.min(anchor).min(tag), span.end)
    }

    /// What stands in the text at its span.
    #[must_use]
    pub fn source(self) -> &'a str {
        &self.tree.source.text[self.span().range()]
    }

    /// The scalar's value; none for other kinds. The text of an empty value is empty.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        if self.kind() != Kind::Scalar {
            return None;
        }
        if let Some(text) = self.extra().and_then(|extra| extra.text.as_deref()) {
            return Some(text);
        }
        let source = self.source();
        Some(match self.data().style {
            // A quoted scalar whose value is not kept apart is the text between its quotes.
            Style::SingleQuoted | Style::DoubleQuoted => &source[1..source.len() - 1],
            _ => source,
        })
    }

    /// Its tag in full, as `tag:yaml.org,2002:str` or `!mine`.
    #[must_use]
    pub fn tag(self) -> Option<&'a str> {
        self.extra()?.tag.as_ref().map(|(_, tag)| &**tag)
    }

    /// The name of its anchor.
    #[must_use]
    pub fn anchor(self) -> Option<&'a str> {
        let span = self.extra()?.anchor?;
        self.tree.source.text[span.range()].strip_prefix('&')
    }

    /// What an alias names; any other node is its own answer.
    #[must_use]
    pub fn resolve(self) -> Self {
        match self.extra().and_then(|extra| extra.target) {
            Some(target) => self.sibling(target),
            None => self,
        }
    }

    /// Whether it stands inside brackets or braces.
    #[must_use]
    pub fn in_flow(self) -> bool {
        self.data().in_flow
    }

    /// The collection that it stands in.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let parent = self.data().parent;
        (parent != NONE).then(|| self.sibling(parent))
    }

    /// The items of a list; none for other kinds.
    #[must_use]
    pub fn items(self) -> Children<'a> {
        if self.kind() == Kind::Sequence { self.children() } else { Children { node: self, next: 0, end: 0 } }
    }

    /// The keys and values of a map, in their order and as written (a merge key is one of them); none
    /// for other kinds.
    pub fn entries(self) -> impl Iterator<Item = (Self, Self)> + use<'a> {
        let mut children = if self.kind() == Kind::Mapping {
            self.children()
        } else {
            Children { node: self, next: 0, end: 0 }
        };
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The value of the first key with that text. An alias is looked through.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        self.resolve().entries().find(|(name, _)| name.resolve().text() == Some(key)).map(|(_, value)| value)
    }

    /// The item with that index, from 0. An alias is looked through.
    #[must_use]
    pub fn at(self, index: usize) -> Option<Self> {
        self.resolve().items().nth(index)
    }

    pub(crate) fn children(self) -> Children<'a> {
        Children { node: self, next: self.id + 1, end: self.data().after }
    }
}

impl PartialEq for Node<'_> {
    /// The same node of the same document; not one that says the same.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.id == other.id
    }
}

impl Eq for Node<'_> {}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("kind", &self.kind())
            .field("span", &self.span())
            .field("source", &self.source())
            .finish()
    }
}

/// The nodes directly inside a collection.
#[derive(Clone, Debug)]
pub struct Children<'a> {
    node: Node<'a>,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Children<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        if self.next >= self.end {
            return None;
        }
        let child = self.node.sibling(self.next);
        self.next = child.data().after;
        Some(child)
    }
}

impl FusedIterator for Children<'_> {}
