//! Edits: new values for scalars, and every other byte as it was.

mod quote;
mod value;
mod verify;
mod write;

use std::collections::BTreeMap;

pub use quote::quote_scalar;
pub use value::Value;

use crate::{Code, Error, Kind, Node, Path, Span, Stream};
use verify::{Check, Target};
use write::Splice;

/// One edit: what a path leads to gets a value.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Where.
    pub path: Path,
    /// What.
    pub value: Value,
}

/// The text after all edits.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// What was changed, in the order of the text; a scalar that had the value already is not in it.
    pub changes: Vec<Change>,
}

/// One scalar that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its bytes in the old text.
    pub old_span: Span,
    /// Its bytes in the new text.
    pub new_span: Span,
    /// What stood there.
    pub old: String,
    /// What stands there now.
    pub new: String,
}

/// Makes all edits in one pass: none of them sees what another one wrote. See [`Editor`].
///
/// ```
/// use kargo_yaml::{Edit, Limits, Path, Stream, edit};
///
/// let stream = Stream::parse("image: {tag: 'v1', repo: x} # bump me\n", &Limits::default())?;
/// let edits = [Edit { path: Path::parse("image.tag")?, value: "v2".into() }];
/// assert_eq!(edit(&stream, &edits)?.text, "image: {tag: 'v2', repo: x} # bump me\n");
/// # Ok::<(), kargo_yaml::Error>(())
/// ```
///
/// # Errors
/// Those of [`Editor::set`] and [`Editor::finish`]; nothing is changed then.
pub fn edit(stream: &Stream, edits: &[Edit]) -> Result<Edited, Error> {
    let mut editor = Editor::new(stream);
    for edit in edits {
        editor.set(&edit.path, edit.value.clone())?;
    }
    editor.finish()
}

/// Collects edits of one stream.
///
/// A scalar keeps its style where the new value allows it: quotes stay quotes, a block scalar stays one. The
/// value keeps its type: text that would be read as something else gets quotes, a number loses them. Comments,
/// anchors, line breaks and the space around stay.
#[derive(Debug)]
pub struct Editor<'a> {
    stream: &'a Stream,
    through_aliases: bool,
    /// By document and node: a later edit of the same node takes the place of the earlier.
    values: BTreeMap<(usize, u32), Value>,
}

impl<'a> Editor<'a> {
    /// An editor without edits.
    #[must_use]
    pub fn new(stream: &'a Stream) -> Self {
        Self { stream, through_aliases: false, values: BTreeMap::new() }
    }

    /// Whether an edit of an alias, or behind one, changes what it names, and so every place that shares it. It
    /// is an error otherwise.
    #[must_use]
    pub fn through_aliases(mut self, through: bool) -> Self {
        self.through_aliases = through;
        self
    }

    /// Sets every scalar that a path leads to, and says how many those are.
    ///
    /// # Errors
    /// Those of [`Stream::select`]; [`Code::NotScalar`], [`Code::Alias`] for the node that was found.
    pub fn set(&mut self, path: &Path, value: Value) -> Result<usize, Error> {
        let nodes = if self.through_aliases {
            self.stream.select_through(path)?
        } else {
            self.stream.select(path)?
        };
        for node in &nodes {
            let node = self.target(*node, path)?;
            self.values.insert((self.index_of(node), node.id), value.clone());
        }
        Ok(nodes.len())
    }

    fn target(&self, node: Node<'a>, path: &Path) -> Result<Node<'a>, Error> {
        let target = if self.through_aliases { node.resolve() } else { node };
        let message =
            || format!("`{path}` leads to {}, and only a scalar can be set", target.kind().as_str());
        match target.kind() {
            Kind::Scalar => Ok(target),
            Kind::Alias => Err(Error::new(Code::Alias, message())
                .at(target.span())
                .with_hint("what it names is shared with other places; edit it at its anchor")),
            Kind::Sequence => {
                let hint = "an item is addressed by its index, from 0";
                Err(Error::new(Code::NotScalar, message()).at(target.span()).with_hint(hint))
            }
            Kind::Mapping => {
                let keys: Vec<_> = target.entries().filter_map(|(key, _)| key.text()).take(5).collect();
                let error = Error::new(Code::NotScalar, message()).at(target.span());
                Err(if keys.is_empty() {
                    error
                } else {
                    error.with_hint(format!("it has {}", keys.join(", ")))
                })
            }
        }
    }

    fn index_of(&self, node: Node<'_>) -> usize {
        self.stream.trees.iter().position(|tree| std::ptr::eq(tree, node.tree)).unwrap_or_default()
    }

    /// The new text, proved to differ from the old one in the targets alone.
    ///
    /// # Errors
    /// [`Code::DuplicateKey`] where an edited document has a key twice, [`Code::Unwritable`], [`Code::Verify`].
    pub fn finish(self) -> Result<Edited, Error> {
        let mut targets = Vec::new();
        let mut splices = Vec::new();
        let mut checked = None;
        for (&(index, id), value) in &self.values {
            let node = Node { tree: &self.stream.trees[index], id };
            if checked.replace(index) != Some(index) {
                self.no_duplicates(index)?;
            }
            let (splice, tag) = write::set(node, value)?;
            // Setting a value that is there already changes nothing.
            if splice.text != node.source() || tag.is_some() {
                targets.push(Target { node, value });
                splices.extend(tag);
                splices.push(splice);
            }
        }
        splices.sort_by_key(|splice| splice.span);
        let (text, changes) = self.splice(&splices);
        let moved = changes.iter().map(|change| (change.old_span, change.new_span)).collect();
        Check { stream: self.stream, targets, moved, new_text: &text }.run()?;
        Ok(Edited { text, changes })
    }

    fn no_duplicates(&self, index: usize) -> Result<(), Error> {
        let Some(document) = self.stream.document(index) else { return Ok(()) };
        match document.duplicate_keys().first() {
            None => Ok(()),
            Some(key) => {
                let message = format!("the key {} stands twice in its map", key.source());
                Err(Error::new(Code::DuplicateKey, message).at(key.span()))
            }
        }
    }

    /// The text with all splices made, and where they are in it.
    fn splice(&self, splices: &[Splice]) -> (String, Vec<Change>) {
        let old = self.stream.text();
        let mut text =
            String::with_capacity(old.len() + splices.iter().map(|splice| splice.text.len()).sum::<usize>());
        let mut changes = Vec::with_capacity(splices.len());
        let mut done = 0;
        for Splice { span, text: new } in splices {
            text.push_str(&old[done..span.start as usize]);
            let start = text.len() as u32;
            text.push_str(new);
            changes.push(Change {
                old_span: *span,
                new_span: Span::new(start, text.len() as u32),
                old: old[span.range()].to_owned(),
                new: new.clone(),
            });
            done = span.end as usize;
        }
        text.push_str(&old[done..]);
        (text, changes)
    }
}
