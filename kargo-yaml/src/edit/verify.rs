//! The proof that an edit changed its targets and nothing else.
//!
//! In block style a line's meaning depends on nothing but its indentation and the lines around it. So it is
//! enough to read, before and after, the lines from a target's key to its end: where those read alone as the
//! part of the document that they are, and differ in the target only, the rest of the document, whose bytes are
//! the same, means the same. Where they do not (aliases whose anchor is elsewhere, a whole document that is one
//! scalar), all of both texts is read and compared.

use super::value::Value;
use super::write::key_of;
use crate::layout::line_start;
use crate::{Code, Error, Kind, Node, Resolved, Schema, Span, Stream};

/// A scalar that was set.
pub(super) struct Target<'a> {
    pub(super) node: Node<'a>,
    pub(super) value: &'a Value,
}

/// What two texts are compared for.
pub(super) struct Check<'a> {
    pub(super) stream: &'a Stream,
    /// In the order of the text.
    pub(super) targets: Vec<Target<'a>>,
    /// Each changed range of the old text with its range of the new one, in order.
    pub(super) moved: Vec<(Span, Span)>,
    pub(super) new_text: &'a str,
}

impl Check<'_> {
    /// Whether the targets, and only they, have changed, to what they were set to.
    pub(super) fn run(&self) -> Result<(), Error> {
        for (window, targets) in self.windows() {
            if !self.window(window, targets) {
                return self.whole();
            }
        }
        Ok(())
    }

    /// The lines to compare, each with its targets. Targets that share a line share a window.
    fn windows(&self) -> Vec<(Option<Span>, &[Target<'_>])> {
        let mut windows: Vec<(Option<Span>, std::ops::Range<usize>)> = Vec::new();
        for (index, target) in self.targets.iter().enumerate() {
            let window = window_of(target.node);
            match (windows.last_mut(), window) {
                (Some((Some(last), targets)), Some(next)) if next.start < last.end => {
                    last.start = last.start.min(next.start);
                    last.end = last.end.max(next.end);
                    targets.end = index + 1;
                }
                _ => windows.push((window, index..index + 1)),
            }
        }
        windows.into_iter().map(|(window, range)| (window, &self.targets[range])).collect()
    }

    fn window(&self, window: Option<Span>, targets: &[Target<'_>]) -> bool {
        let Some(window) = window else { return false };
        let limits = &self.stream.source.limits;
        let new_window = Span::new(self.new_place(window.start), self.new_place(window.end));
        let old = Stream::parse(&self.stream.text()[window.range()], limits);
        let new = Stream::parse(&self.new_text[new_window.range()], limits);
        let (Ok(old), Ok(new)) = (old, new) else { return false };
        let mut compare = Compare { targets, offset: window.start, met: 0 };
        compare.streams(&old, &new) && compare.met == targets.len()
    }

    /// Where a place outside of all changed ranges is in the new text.
    fn new_place(&self, old: u32) -> u32 {
        let before = self.moved.partition_point(|(span, _)| span.end <= old);
        match before.checked_sub(1).and_then(|last| self.moved.get(last)) {
            Some((span, new)) => new.end + (old - span.end),
            None => old,
        }
    }

    fn whole(&self) -> Result<(), Error> {
        let failed = |message: &str| Err(Error::new(Code::Verify, message.to_owned()));
        let Ok(new) = Stream::parse(self.new_text, &self.stream.source.limits) else {
            return failed("the edit would have left a text that is not YAML; nothing was changed");
        };
        let mut compare = Compare { targets: &self.targets, offset: 0, met: 0 };
        if compare.streams(self.stream, &new) && compare.met == self.targets.len() {
            return Ok(());
        }
        failed("the edit would have changed more than its target; nothing was changed")
    }
}

/// The whole lines from a target's key, or its item's dash, to its end.
fn window_of(target: Node<'_>) -> Option<Span> {
    let text = target.document().text();
    let mut node = target;
    while node.in_flow() {
        node = node.parent()?;
    }
    let parent = node.parent()?;
    let start = match parent.kind() {
        Kind::Mapping => key_of(node)?.full_span().start as usize,
        _ => text[..node.full_span().start as usize].rfind('-')?,
    };
    let end = node.span().end as usize;
    let line_end = text[end..].find('\n').map_or(text.len(), |newline| end + newline + 1);
    Some(Span::new(line_start(text, start) as u32, line_end as u32))
}

/// Walks two texts side by side.
struct Compare<'a> {
    targets: &'a [Target<'a>],
    /// Where the old text begins in the one that the targets' spans are of.
    offset: u32,
    /// How many targets have been met.
    met: usize,
}

impl Compare<'_> {
    fn streams(&mut self, old: &Stream, new: &Stream) -> bool {
        let (mut olds, mut news) = (old.documents(), new.documents());
        olds.len() == news.len()
            && olds.by_ref().zip(news.by_ref()).all(|(old, new)| match (old.content(), new.content()) {
                (Some(old), Some(new)) => self.nodes(old, new),
                (None, None) => true,
                _ => false,
            })
    }

    fn nodes(&mut self, old: Node<'_>, new: Node<'_>) -> bool {
        let span = Span::new(old.span().start + self.offset, old.span().end + self.offset);
        if let Some(target) = self.targets.get(self.met).filter(|target| target.node.span() == span) {
            let same = old.kind() == Kind::Scalar && old.text() == target.node.text();
            if same && old.full_span().len() == target.node.full_span().len() {
                self.met += 1;
                return old.anchor() == new.anchor() && says(new, target.value);
            }
        }
        let alike = old.kind() == new.kind()
            && old.text() == new.text()
            && old.data().style == new.data().style
            && old.tag() == new.tag()
            && old.anchor() == new.anchor()
            && (old.kind() != Kind::Alias || old.source() == new.source());
        if !alike {
            return false;
        }
        let (mut olds, mut news) = (old.children(), new.children());
        loop {
            match (olds.next(), news.next()) {
                (None, None) => return true,
                (Some(old), Some(new)) if self.nodes(old, new) => {}
                _ => return false,
            }
        }
    }
}

/// Whether a node says a value, to readers by either version of YAML.
fn says(node: Node<'_>, value: &Value) -> bool {
    let items_say = |values: &[Value]| {
        node.items().count() == values.len()
            && node.items().zip(values).all(|(node, value)| says(node, value))
    };
    match value {
        Value::List(values) => node.kind() == Kind::Sequence && items_say(values),
        Value::Map(entries) => {
            node.kind() == Kind::Mapping
                && node.entries().count() == entries.len()
                && node
                    .entries()
                    .zip(entries)
                    .all(|((key, node), (name, value))| key.text() == Some(name) && says(node, value))
        }
        Value::String(text) if node.text() != Some(text) => false,
        _ => {
            [Schema::Kubernetes11, Schema::Core12].into_iter().all(|schema| scalar_says(node, value, schema))
        }
    }
}

fn scalar_says(node: Node<'_>, value: &Value, schema: Schema) -> bool {
    // A tag of the user's own decides what the text means.
    let has_own_tag = node.tag().is_some_and(|tag| !tag.starts_with("tag:yaml.org,2002:"));
    let read = match node.text() {
        Some(text) if has_own_tag && node.style() == Some(crate::Style::Plain) => Some(schema.read(text)),
        _ => node.resolved(schema),
    };
    match (value, read) {
        (Value::Null, Some(Resolved::Null)) => true,
        (Value::Bool(value), Some(Resolved::Bool(read))) => *value == read,
        (Value::String(value), Some(Resolved::String(read))) => value == read,
        (Value::Int(value), Some(Resolved::Int(read))) => *value == read,
        (Value::Uint(value), Some(Resolved::Uint(read))) => *value == read,
        (Value::Int(value), Some(Resolved::Float(read))) => *value as f64 == read,
        (Value::Uint(value), Some(Resolved::Float(read))) => *value as f64 == read,
        (Value::Float(value), Some(Resolved::Float(read))) => {
            *value == read || value.is_nan() && read.is_nan()
        }
        (Value::Float(value), Some(Resolved::Int(read))) => *value == read as f64,
        (Value::Float(value), Some(Resolved::Uint(read))) => *value == read as f64,
        _ => false,
    }
}
