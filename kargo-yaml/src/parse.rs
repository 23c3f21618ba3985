//! From text to tree, through the parser's events.
//!
//! The tree is an arena of nodes in the order of the text, linked by index: parent, first child, next sibling. A
//! scalar whose value stands in the text as it is keeps no copy of it.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span as ParserSpan, StructureStyle};

use crate::error::{Code, Error};
use crate::node::{Document, Style};
use crate::span::{Span, line_column};

/// No node.
pub(crate) const NONE: u32 = u32::MAX;

/// What is read at most of a text that nobody vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Collections inside each other.
    pub depth: usize,
    /// Nodes of the text, and nodes of a value after aliases are expanded.
    pub nodes: usize,
}

impl Default for Limits {
    /// 64 MiB, 200 deep, four million nodes.
    fn default() -> Self {
        Self { bytes: 64 << 20, depth: 200, nodes: 4_000_000 }
    }
}

/// A parsed text: its documents, and every byte of it.
#[derive(Clone, Debug)]
pub struct Stream {
    pub(crate) text: Arc<str>,
    pub(crate) nodes: Vec<Data>,
    /// Anchor and tag of the few nodes that have one.
    pub(crate) properties: HashMap<u32, Properties>,
    /// The root of each document; [`NONE`] for an empty one.
    pub(crate) roots: Vec<u32>,
    pub(crate) limits: Limits,
}

#[derive(Clone, Debug)]
pub(crate) struct Data {
    pub(crate) span: Span,
    pub(crate) parent: u32,
    pub(crate) first: u32,
    pub(crate) next: u32,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// The value where it is not the text of the span itself.
    Scalar {
        style: Style,
        value: Option<Box<str>>,
    },
    Sequence {
        flow: bool,
    },
    Mapping {
        flow: bool,
    },
    Alias {
        target: u32,
    },
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Properties {
    pub(crate) anchor: Option<Box<str>>,
    pub(crate) tag: Option<Box<str>>,
}

impl Stream {
    /// Parses a text with any number of documents.
    ///
    /// # Errors
    /// `yaml/syntax` with the place; `yaml/limit`.
    pub fn parse(text: impl Into<Arc<str>>, limits: &Limits) -> Result<Self, Error> {
        let text = text.into();
        if text.len() > limits.bytes.min(u32::MAX as usize - 1) {
            let message = format!("the YAML has {} bytes; at most {} are read", text.len(), limits.bytes);
            return Err(Error::new(Code::Limit, Span::default(), message));
        }
        let mut builder = Builder::new(&text, limits);
        builder.read()?;
        let Builder { nodes, properties, roots, .. } = builder;
        Ok(Self { text, nodes, properties, roots, limits: *limits })
    }

    /// The text, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The documents, in order.
    pub fn documents(&self) -> impl ExactSizeIterator<Item = Document<'_>> {
        self.roots.iter().map(|root| Document::new(self, *root))
    }

    /// The document at `index`, from 0.
    pub fn document(&self, index: usize) -> Option<Document<'_>> {
        self.roots.get(index).map(|root| Document::new(self, *root))
    }

    /// Line and column of a byte, both from 1; columns count characters.
    pub fn line_column(&self, offset: u32) -> (usize, usize) {
        line_column(&self.text, offset)
    }
}

/// A collection that is being filled.
struct Open {
    node: u32,
    /// Its last child so far.
    last: u32,
    /// How many children it has, by which a mapping tells keys from values.
    children: usize,
}

struct Builder<'t> {
    text: &'t str,
    limits: &'t Limits,
    nodes: Vec<Data>,
    properties: HashMap<u32, Properties>,
    roots: Vec<u32>,
    open: Vec<Open>,
    /// Anchor id of the parser → node.
    anchors: HashMap<usize, u32>,
    /// Where the last scalar, alias or bracket ended: what stands after it belongs to the next node.
    cursor: u32,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, limits: &'t Limits) -> Self {
        Self {
            text,
            limits,
            nodes: Vec::new(),
            properties: HashMap::new(),
            roots: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            cursor: 0,
        }
    }

    fn read(&mut self) -> Result<(), Error> {
        let mut options = Options::default();
        options.emit_anchor_events = true;
        options.set_emit_comments(false);
        options.flow_nesting_limit = self.limits.depth;
        options.block_nesting_limit = self.limits.depth;
        for event in Parser::new_from_str_with_options(self.text, options) {
            let (event, span) = event.map_err(|error| self.syntax(&error))?;
            self.event(event, self.span(span), span.tag_span().map(|tag| self.span(tag)))?;
            if self.nodes.len() > self.limits.nodes {
                let message = format!("the YAML has more than {} nodes", self.limits.nodes);
                return Err(Error::new(Code::Limit, Span::default(), message));
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: Span, tag: Option<Span>) -> Result<(), Error> {
        match event {
            Event::DocumentStart(..) => self.roots.push(NONE),
            Event::Anchor(_, name) => {
                let node = self.nodes.len() as u32 - 1;
                self.properties.entry(node).or_default().anchor = Some(name.into());
            }
            Event::Alias(id) => {
                let target = self.anchors.get(&id).copied().unwrap_or(NONE);
                if self.open.iter().any(|open| open.node == target) {
                    return Err(Error::new(Code::Alias, span, "the alias stands inside its own anchor"));
                }
                self.push(What::Alias { target }, span, 0, None);
                self.cursor = span.end;
            }
            Event::Scalar(value, style, anchor, _) => {
                let (span, style) = self.scalar_span(span, style);
                let same = self.text.get(span.range()) == Some(&*value) || style == Style::Empty;
                let value = (!same).then(|| value.into());
                self.push(What::Scalar { style, value }, span, anchor, tag);
                self.cursor = span.end;
            }
            Event::SequenceStart(style, anchor, _) => {
                self.start(What::Sequence { flow: style == StructureStyle::Flow }, span, anchor, tag)?;
            }
            Event::MappingStart(style, anchor, _) => {
                self.start(What::Mapping { flow: style == StructureStyle::Flow }, span, anchor, tag)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, what: What, span: Span, anchor: usize, tag: Option<Span>) -> Result<(), Error> {
        if self.open.len() >= self.limits.depth {
            let message = format!("collections are more than {} deep", self.limits.depth);
            return Err(Error::new(Code::Limit, span, message));
        }
        let flow = matches!(what, What::Sequence { flow: true } | What::Mapping { flow: true });
        let node = self.push(what, span, anchor, tag);
        if flow {
            self.cursor = span.end;
        }
        self.open.push(Open { node, last: NONE, children: 0 });
        Ok(())
    }

    /// The end that the parser gives for a block collection is the next token: it ends with its last child.
    fn end(&mut self, span: Span) {
        let Some(open) = self.open.pop() else { return };
        let flow = matches!(
            self.nodes[open.node as usize].what,
            What::Sequence { flow: true } | What::Mapping { flow: true }
        );
        if flow {
            self.nodes[open.node as usize].span.end = span.end;
            self.cursor = span.end;
        } else if open.last != NONE {
            let end = self.nodes[open.last as usize].span.end;
            let whole = &mut self.nodes[open.node as usize].span;
            whole.end = end.max(whole.start);
        }
    }

    fn push(&mut self, what: What, span: Span, anchor: usize, tag: Option<Span>) -> u32 {
        let node = self.nodes.len() as u32;
        let parent = self.open.last().map_or(NONE, |open| open.node);
        self.nodes.push(Data { span, parent, first: NONE, next: NONE, what });
        match self.open.last_mut() {
            Some(open) => {
                match open.last {
                    NONE => self.nodes[open.node as usize].first = node,
                    last => self.nodes[last as usize].next = node,
                }
                open.last = node;
                open.children += 1;
            }
            None => {
                if let Some(root) = self.roots.last_mut() {
                    *root = node;
                }
            }
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node);
        }
        if let Some(tag) = tag.and_then(|tag| self.text.get(tag.range())) {
            self.properties.entry(node).or_default().tag = Some(tag.into());
        }
        node
    }

    /// The span of a scalar as it is written: of a block scalar the parser leaves out the header, of an empty
    /// value it gives a point that may stand before the colon.
    fn scalar_span(&self, span: Span, style: ScalarStyle) -> (Span, Style) {
        match style {
            ScalarStyle::SingleQuoted => (span, Style::SingleQuoted),
            ScalarStyle::DoubleQuoted => (span, Style::DoubleQuoted),
            ScalarStyle::Literal => (Span::new(self.block_header('|', span), span.end), Style::Literal),
            ScalarStyle::Folded => (Span::new(self.block_header('>', span), span.end), Style::Folded),
            _ if span.start == span.end => {
                let point = self.empty_place(span.start);
                (Span::new(point, point), Style::Empty)
            }
            _ => (span, Style::Plain),
        }
    }

    /// Where the `|` or `>` of the block scalar stands whose body begins at `body`: behind what ended last, past
    /// indicators, comments, tags and anchors.
    fn block_header(&self, indicator: char, body: Span) -> u32 {
        let mut at = self.cursor as usize;
        while let Some(c) = self.text.get(at..).and_then(|rest| rest.chars().next()) {
            match c {
                _ if c == indicator => return at as u32,
                '#' => at += self.text[at..].find('\n').unwrap_or(1),
                '!' | '&' => at += self.text[at..].find(char::is_whitespace).unwrap_or(1),
                _ => at += c.len_utf8(),
            }
            if at >= body.end as usize {
                break;
            }
        }
        body.start
    }

    /// Where an empty value would stand: right after the colon of its key, or the dash of its item.
    fn empty_place(&self, given: u32) -> u32 {
        let Some(open) = self.open.last() else { return given };
        let is_value =
            matches!(self.nodes[open.node as usize].what, What::Mapping { .. }) && open.children % 2 == 1;
        let rest = &self.text[self.cursor as usize..];
        if is_value {
            let blank = rest.len() - rest.trim_start().len();
            return self.cursor + if rest[blank..].starts_with(':') { blank as u32 + 1 } else { 0 };
        }
        if self.text[given as usize..].starts_with('-') { given + 1 } else { given }
    }

    fn span(&self, span: ParserSpan) -> Span {
        let offset = |marker: granit_parser::Marker| marker.byte_offset().unwrap_or(self.text.len()) as u32;
        let (start, end) = (offset(span.start), offset(span.end));
        Span::new(start, end.max(start))
    }

    fn syntax(&self, error: &ScanError) -> Error {
        let at = error.marker().byte_offset().unwrap_or(self.text.len()).min(self.text.len()) as u32;
        Error::new(Code::Syntax, Span::new(at, at), error.kind().to_string())
    }
}
