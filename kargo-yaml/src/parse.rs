//! From the parser's events to the tree.

use std::borrow::Cow;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span as Mark, StructureStyle, Tag};

use crate::node::{Extra, NONE, NodeData, Source, Tree};
use crate::{Code, Error, Kind, Span, Stream, Style, layout};

/// How much a text may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Collections inside each other, also through aliases.
    pub depth: usize,
    /// Nodes of the whole text.
    pub nodes: usize,
    /// Nodes that aliases add where a document is read.
    pub alias_nodes: usize,
}

impl Default for Limits {
    /// 64 MiB, 200 deep, 8 million nodes, 200,000 of them through aliases.
    fn default() -> Self {
        Self { bytes: 64 << 20, depth: 200, nodes: 8_000_000, alias_nodes: 200_000 }
    }
}

impl Stream {
    /// Parses a text of any number of documents.
    ///
    /// ```
    /// use kargo_yaml::{Limits, Stream};
    ///
    /// let stream = Stream::parse("a: 1 # one\n---\n- b\n", &Limits::default())?;
    /// let root = stream.document(0).and_then(|document| document.root()).expect("there is a document");
    /// assert_eq!(root.get("a").and_then(|node| node.text()), Some("1"));
    /// assert_eq!(stream.documents().len(), 2);
    /// # Ok::<(), kargo_yaml::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::Syntax`], [`Code::Encoding`], [`Code::Limit`].
    pub fn parse(text: impl AsRef<[u8]>, limits: &Limits) -> Result<Self, Error> {
        let bytes = text.as_ref();
        // Spans are 32 bits wide.
        let most = limits.bytes.min(u32::MAX as usize - 1);
        if bytes.len() > most {
            return Err(Error::new(
                Code::Limit,
                format!("the text has {} bytes, more than {most}", bytes.len()),
            ));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let at = Span::point(error.valid_up_to() as u32);
            Error::new(Code::Encoding, "the text is not UTF-8").at(at).with_source(error)
        })?;
        let parts = Builder::new(text, limits).run()?;
        let source = Arc::new(Source::new(text.to_owned(), *limits));
        let trees = parts
            .into_iter()
            .map(|Parts { span, nodes, extras }| Tree { source: Arc::clone(&source), span, nodes, extras })
            .collect();
        Ok(Self { source, trees })
    }
}

/// A document under construction.
#[derive(Default)]
struct Parts {
    span: Span,
    nodes: Vec<NodeData>,
    extras: Vec<Extra>,
}

struct Builder<'a> {
    text: &'a str,
    limits: &'a Limits,
    done: Vec<Parts>,
    open: Parts,
    /// The collections that are open, outermost first.
    stack: Vec<Open>,
    /// The end of the last token that the tree knows of.
    cursor: u32,
    /// The node of each anchor, by the parser's number for it.
    anchors: Vec<u32>,
    node_count: usize,
}

struct Open {
    id: u32,
    flow: bool,
    /// In a map: whether the next child is a value.
    value_next: bool,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, limits: &'a Limits) -> Self {
        Self {
            text,
            limits,
            done: Vec::new(),
            open: Parts::default(),
            stack: Vec::new(),
            cursor: 0,
            anchors: Vec::new(),
            node_count: 0,
        }
    }

    fn run(mut self) -> Result<Vec<Parts>, Error> {
        let options = granit_parser::options! {
            emit_anchor_events: true,
            emit_comments: false,
            flow_nesting_limit: self.limits.depth,
            block_nesting_limit: self.limits.depth,
        };
        for event in Parser::new_from_str_with_options(self.text, options) {
            let (event, mark) = event.map_err(|error| scan_error(&error))?;
            self.event(event, &mark)?;
        }
        Ok(self.done)
    }

    fn event(&mut self, event: Event<'_>, mark: &Mark) -> Result<(), Error> {
        let span = bytes(mark);
        match event {
            Event::DocumentStart(explicit, _) => {
                self.cursor = if explicit { span.end } else { span.start };
                self.open = Parts { span: Span::point(span.start), ..Parts::default() };
            }
            Event::DocumentEnd => {
                let mut done = std::mem::take(&mut self.open);
                done.span.end = span.end.max(self.cursor);
                self.done.push(done);
            }
            Event::Alias(anchor) => {
                let target = self.anchors.get(anchor).copied();
                let id = self.push(Kind::Alias, Style::Plain, span)?;
                self.extra(id).target = target;
                self.close_leaf(span.end);
            }
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag, mark)?,
            Event::SequenceStart(style, anchor, tag) => {
                self.collection(Kind::Sequence, style, anchor, tag, mark)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                self.collection(Kind::Mapping, style, anchor, tag, mark)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            // The anchor's node is the one pushed last: the parser says so.
            Event::Anchor(..) => {
                let last = self.open.nodes.len() as u32 - 1;
                self.extra(last).anchor = Some(span);
                self.cursor = self.cursor.max(span.end);
            }
            _ => {}
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        mark: &Mark,
    ) -> Result<(), Error> {
        let mut span = bytes(mark);
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let empty = style == Style::Plain && span.is_empty();
        let mut unplaced = false;
        if empty {
            let has_properties = anchor != 0 || tag.is_some();
            (span, unplaced) = self.place_of_empty(span, has_properties);
        } else if matches!(style, Style::Literal | Style::Folded) {
            span = layout::block_scalar_span(self.text, self.cursor, span);
        }
        // YAML 1.1 ends a line there, YAML 1.2 does not: no two readers would agree on the text.
        if style == Style::Plain && !text.is_ascii() && text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
            let message = "a line separator of Unicode stands outside of quotes";
            return Err(Error::new(Code::Syntax, message).at(span));
        }
        let id = self.push(Kind::Scalar, style, span)?;
        self.open.nodes[id as usize].unplaced = unplaced;
        let written = &self.text[span.range()];
        let as_written = match style {
            Style::Plain => empty || written == text,
            Style::SingleQuoted | Style::DoubleQuoted => written.get(1..written.len() - 1) == Some(text),
            _ => false,
        };
        if !as_written {
            self.extra(id).text = Some(text.into());
        }
        self.properties(id, anchor, tag, mark);
        self.close_leaf(span.end);
        Ok(())
    }

    /// Where the value of `key:` or `-` would be written; the parser's own place can lie before the colon or
    /// behind a comment. With it, whether there is no colon.
    fn place_of_empty(&self, span: Span, has_properties: bool) -> (Span, bool) {
        let Some(open) = self.stack.last() else { return (span, false) };
        let place = if open.value_next {
            layout::after_colon(self.text, self.cursor)
        } else if open.flow || self.open.nodes[open.id as usize].kind == Kind::Mapping {
            return (span, false);
        } else {
            layout::next_dash(self.text, self.cursor).map(|dash| dash + 1)
        };
        match place {
            Some(at) if has_properties => (Span::point(at.max(span.start)), false),
            Some(at) => (Span::point(at), false),
            None => (Span::point(self.cursor), true),
        }
    }

    fn collection(
        &mut self,
        kind: Kind,
        style: StructureStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        mark: &Mark,
    ) -> Result<(), Error> {
        let flow = style == StructureStyle::Flow;
        let mut span = bytes(mark);
        let is_value = self.stack.last().is_some_and(|open| open.value_next);
        if kind == Kind::Sequence && !flow && is_value {
            // The mark of a list that is not indented lies behind its first dash.
            span = layout::next_dash(self.text, self.cursor).map_or(span, Span::point);
        }
        let id = self.push(kind, if flow { Style::Flow } else { Style::Block }, span)?;
        self.properties(id, anchor, tag, mark);
        self.stack.push(Open { id, flow, value_next: false });
        if self.stack.len() > self.limits.depth {
            return Err(too_deep(self.limits.depth).at(span));
        }
        self.cursor = self.cursor.max(span.end);
        Ok(())
    }

    /// Closes the innermost collection. A block collection ends with its last child; the parser's own
    /// mark is the next token.
    fn close(&mut self, span: Span) {
        let Some(open) = self.stack.pop() else { return };
        let after = self.open.nodes.len() as u32;
        let end = if open.flow && matches!(&self.text[span.range()], "]" | "}") {
            span.end
        } else {
            self.cursor.max(self.open.nodes[open.id as usize].span.end)
        };
        let node = &mut self.open.nodes[open.id as usize];
        node.after = after;
        node.span.end = end;
        self.close_leaf(end);
    }

    /// A child is complete: what comes next in its parent is of the other kind.
    fn close_leaf(&mut self, end: u32) {
        self.cursor = self.cursor.max(end);
        if let Some(open) = self.stack.last_mut() {
            let is_map = self.open.nodes[open.id as usize].kind == Kind::Mapping;
            open.value_next = is_map && !open.value_next;
        }
    }

    fn push(&mut self, kind: Kind, style: Style, span: Span) -> Result<u32, Error> {
        self.node_count += 1;
        if self.node_count > self.limits.nodes {
            return Err(Error::new(
                Code::Limit,
                format!("the text has more than {} nodes", self.limits.nodes),
            )
            .at(span));
        }
        // Fewer nodes than bytes, which fit 32 bits, and one more at each end.
        let id = self.open.nodes.len() as u32;
        self.open.nodes.push(NodeData {
            span,
            parent: self.stack.last().map_or(NONE, |open| open.id),
            after: id + 1,
            extra: NONE,
            kind,
            style,
            in_flow: self.stack.last().is_some_and(|open| open.flow),
            unplaced: false,
        });
        Ok(id)
    }

    fn properties(&mut self, id: u32, anchor: usize, tag: Option<Cow<'_, Tag>>, mark: &Mark) {
        if anchor != 0 {
            if self.anchors.len() <= anchor {
                self.anchors.resize(anchor + 1, NONE);
            }
            self.anchors[anchor] = id;
        }
        if let Some(tag) = tag {
            let span = mark.tag_span().map_or_else(|| Span::point(bytes(mark).start), |span| bytes(&span));
            let (handle, suffix) = tag.parts();
            self.extra(id).tag = Some((span, format!("{handle}{suffix}").into()));
        }
    }

    fn extra(&mut self, id: u32) -> &mut Extra {
        let node = &mut self.open.nodes[id as usize];
        if node.extra == NONE {
            node.extra = self.open.extras.len() as u32;
            self.open.extras.push(Extra::default());
        }
        &mut self.open.extras[node.extra as usize]
    }
}

/// The error of a text or a reading that goes too deep.
pub(crate) fn too_deep(depth: usize) -> Error {
    Error::new(Code::Limit, format!("collections are nested more than {depth} deep"))
}

fn bytes(mark: &Mark) -> Span {
    // A parser over a `str` always knows the bytes, and the text's length fits 32 bits.
    mark.byte_range().map_or_else(Span::default, |range| Span::new(range.start as u32, range.end as u32))
}

fn scan_error(error: &ScanError) -> Error {
    use granit_parser::ErrorKind;
    let at = Span::point(error.marker().byte_offset().unwrap_or_default() as u32);
    let code = match error.kind() {
        ErrorKind::RecursionLimitExceeded => Code::Limit,
        _ => Code::Syntax,
    };
    Error::new(code, error.info()).at(at)
}
