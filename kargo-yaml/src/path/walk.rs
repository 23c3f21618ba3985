//! Following a path through a document.

use super::{Path, Step, What, condition, dot};
use crate::near::nearest;
use crate::{Code, Document, Error, Kind, Node, Span, Stream};

/// How many keys or values a hint names.
const NAMED: usize = 5;

impl Stream {
    /// The nodes that a path leads to, in the order of the text; at least one.
    ///
    /// A dot key looks into the first document, a selector into all. Aliases are not followed, as an edit
    /// behind one would change other places too; [`Stream::select_through`] does.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::PathKind`], [`Code::Alias`]: what part failed, what is there instead, and in
    /// the hint what could have been meant. Of several documents the one that the path led into furthest counts.
    pub fn select(&self, path: &Path) -> Result<Vec<Node<'_>>, Error> {
        self.walk(path, false)
    }

    /// [`Stream::select`] that follows aliases to what they name.
    ///
    /// # Errors
    /// As [`Stream::select`], without [`Code::Alias`].
    pub fn select_through(&self, path: &Path) -> Result<Vec<Node<'_>>, Error> {
        self.walk(path, true)
    }

    fn walk<'a>(&'a self, path: &Path, through: bool) -> Result<Vec<Node<'a>>, Error> {
        let mut found = Vec::new();
        let mut failure: Option<Failure> = None;
        let documents = if path.is_selector { self.trees.len() } else { 1 };
        for document in self.documents().take(documents) {
            match (Walk { path, through }).document(document) {
                Ok(nodes) => found.extend(nodes),
                Err(new) if failure.as_ref().is_none_or(|old| old.steps < new.steps) => failure = Some(new),
                Err(_) => {}
            }
        }
        match failure {
            // A path that a document of another kind does not have is no mistake, as long as one has it.
            Some(Failure { error, .. }) if found.is_empty() => Err(error),
            _ if found.is_empty() => Err(Error::new(Code::NotFound, "there is no document")),
            _ => Ok(found),
        }
    }
}

struct Walk<'p> {
    path: &'p Path,
    through: bool,
}

/// An error, and how many steps went well before it.
struct Failure {
    error: Error,
    steps: usize,
}

impl<'p> Walk<'p> {
    fn document<'a>(&self, document: Document<'a>) -> Result<Vec<Node<'a>>, Failure> {
        let mut nodes: Vec<Node<'a>> = document.content().into_iter().collect();
        for (steps, step) in self.path.steps.iter().enumerate() {
            let fail = |error| Failure { error, steps };
            nodes = match &step.what {
                What::Select(condition) => {
                    let found: Vec<_> = nodes.iter().copied().filter(|node| condition.holds(*node)).collect();
                    if found.is_empty() {
                        return Err(fail(self.nothing_selected(&nodes, step, condition)));
                    }
                    found
                }
                _ => {
                    let mut next = Vec::new();
                    for node in nodes {
                        self.step(node, step, &mut next).map_err(fail)?;
                    }
                    next
                }
            };
        }
        Ok(nodes)
    }

    fn step<'a>(&self, node: Node<'a>, step: &Step, next: &mut Vec<Node<'a>>) -> Result<(), Error> {
        let node = self.enter(node, step)?;
        match (&step.what, node.kind()) {
            (What::Each, Kind::Sequence) => next.extend(node.items()),
            (What::Each, Kind::Mapping) => next.extend(node.entries().map(|(_, value)| value)),
            (What::Key(key), Kind::Mapping) => next.push(self.key(node, key, step)?),
            (What::Index(index), Kind::Sequence) => next.push(self.item(node, *index, step)?),
            (What::Part(part), Kind::Mapping) => next.push(self.part(node, part, step)?),
            (What::Part(part), Kind::Sequence) => next.push(self.part_of_list(node, part, step)?),
            _ => return Err(self.wrong_kind(node, step)),
        }
        Ok(())
    }

    /// The node itself, or what it names where aliases are followed.
    fn enter<'a>(&self, node: Node<'a>, step: &Step) -> Result<Node<'a>, Error> {
        if node.kind() != Kind::Alias || self.through {
            return Ok(node.resolve());
        }
        let message = format!("{} is the alias {}", self.before(step), node.source());
        let target = node.resolve();
        let (line, _) = target.document().line_column(target.full_span().start);
        Err(Error::new(Code::Alias, message).at(node.span()).with_hint(format!(
            "a change would reach every place that shares it; the anchor is in line {line}"
        )))
    }

    fn key<'a>(&self, map: Node<'a>, key: &str, step: &Step) -> Result<Node<'a>, Error> {
        map.get(key).ok_or_else(|| {
            let error = Error::new(Code::NotFound, format!("{} has no key `{key}`", self.before(step)));
            let keys: Vec<&str> = map.entries().filter_map(|(key, _)| key.resolve().text()).collect();
            with_known(error.at(map.span()), key, "keys", &keys)
        })
    }

    fn item<'a>(&self, list: Node<'a>, index: usize, step: &Step) -> Result<Node<'a>, Error> {
        list.at(index).ok_or_else(|| {
            let count = list.items().count();
            let message = format!("{} has {count} items, and no item {index}", self.before(step));
            let error = Error::new(Code::NotFound, message).at(list.span());
            if count == 0 { error } else { error.with_hint(format!("the last one is {}", count - 1)) }
        })
    }

    fn part<'a>(&self, map: Node<'a>, part: &str, step: &Step) -> Result<Node<'a>, Error> {
        if let Some(value) = map.get(part) {
            return Ok(value);
        }
        let Some((name, indices)) = dot::with_indices(part) else { return self.key(map, part, step) };
        let mut node = self.key(map, name, step)?;
        for index in indices {
            node = self.enter(node, step)?;
            if node.kind() != Kind::Sequence {
                return Err(self.wrong_kind(node, step));
            }
            node = self.part_of_list(node, index, step)?;
        }
        Ok(node)
    }

    fn part_of_list<'a>(&self, list: Node<'a>, part: &str, step: &Step) -> Result<Node<'a>, Error> {
        match dot::index(part) {
            Some(Ok(index)) => self.item(list, index, step),
            Some(Err(_)) => {
                let count = list.items().count();
                let message = format!("{} is a list, and {part} no index", self.before(step));
                Err(Error::new(Code::PathKind, message).at(list.span()).with_hint(format!(
                    "count from the beginning, from 0; the last item is {}",
                    count.saturating_sub(1)
                )))
            }
            None => Err(self.wrong_kind(list, step)),
        }
    }

    fn wrong_kind(&self, node: Node<'_>, step: &Step) -> Error {
        let wanted = match &step.what {
            What::Key(key) => format!("the key `{key}`"),
            What::Part(part) => format!("`{part}`"),
            What::Index(index) => format!("the item {index}"),
            _ => "items".to_owned(),
        };
        let message = format!("{} is {} and has not {wanted}", self.before(step), node.kind().as_str());
        let error = Error::new(Code::PathKind, message).at(node.span());
        match (node.kind(), &step.what) {
            (Kind::Sequence, What::Key(_)) => {
                error.with_hint("`[0]` is its first item, `[] | select(…)` finds one by what it holds")
            }
            (Kind::Sequence, What::Part(_)) => error.with_hint("an item is addressed by its index, from 0"),
            _ => error,
        }
    }

    fn nothing_selected(&self, nodes: &[Node<'_>], step: &Step, condition: &condition::Expr) -> Error {
        let message = match nodes.len() {
            0 => format!("{} has no items", self.before(step)),
            count => {
                format!("none of {count} at {} is what {} asks for", self.before(step), self.of(step.span))
            }
        };
        let error = Error::new(Code::NotFound, message);
        let error = match nodes.first().and_then(|node| node.parent()) {
            Some(parent) => error.at(parent.span()),
            None => error,
        };
        let Some((path, wanted)) = condition.compared() else { return error };
        let values: Vec<&str> = nodes
            .iter()
            .filter_map(|node| condition::follow(*node, path).and_then(|node| node.resolve().text()))
            .collect();
        let name = condition::span_of(path).map_or("`.`".to_owned(), |span| self.of(span));
        if values.is_empty() && !nodes.is_empty() {
            return error.with_hint(format!("none of them has {name}"));
        }
        with_known(error, wanted, &format!("the values of {name}"), &values)
    }

    /// The path up to a step, as a message names it.
    fn before(&self, step: &Step) -> String {
        let before = self.path.text[..step.span.start as usize].trim().trim_end_matches(['|', '.', ' ']);
        if before.is_empty() { "the document".to_owned() } else { format!("`{before}`") }
    }

    fn of(&self, span: Span) -> String {
        format!("`{}`", &self.path.text[span.range()])
    }
}

/// A hint that names what is near to `wanted`, else what is there.
fn with_known(error: Error, wanted: &str, what: &str, known: &[&str]) -> Error {
    let near = nearest(wanted, known.iter().copied());
    if let Some((first, others)) = near.split_first() {
        let others: String = others.iter().map(|word| format!(", `{word}`")).collect();
        return error.with_hint(format!("did you mean `{first}`{others}?"));
    }
    if known.is_empty() {
        return error;
    }
    let named: Vec<_> = known.iter().take(NAMED).map(|word| format!("`{word}`")).collect();
    let more = match known.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    error.with_hint(format!("{what} are {}{more}", named.join(", ")))
}
