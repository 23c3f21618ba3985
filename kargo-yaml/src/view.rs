//! A map as its reader sees it: merges done, keys as text, each key once.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::parse::too_deep;
use crate::schema::Resolved;
use crate::{Code, Error, Kind, Node, Schema, Span};

/// A key and its value in the view of a map.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) key: Node<'a>,
    pub(crate) value: Node<'a>,
}

impl<'a> Node<'a> {
    /// The entries of a map: what `<<` merges in, later ones over earlier ones, in the order in which each
    /// key first appears.
    pub(crate) fn view(self, schema: Schema) -> Result<Vec<Entry<'a>>, Error> {
        let mut view = View { entries: Vec::new(), places: HashMap::new(), schema, merged: 0, depth: 0 };
        view.add_map(self)?;
        Ok(view.entries)
    }

    /// The text that this key becomes where keys have to be text.
    ///
    /// # Errors
    /// [`Code::Key`] where it is a list, a map or null.
    pub fn key_text(self, schema: Schema) -> Result<Cow<'a, str>, Error> {
        let bad = |what: &str| {
            Err(Error::new(Code::Key, format!("{what} cannot be the key of a map")).at(self.span()))
        };
        let node = self.resolve();
        if node.kind() != Kind::Scalar {
            return bad(node.kind().as_str());
        }
        Ok(match node.read(schema)? {
            Resolved::String(text) => Cow::Borrowed(text),
            Resolved::Null => return bad("null"),
            Resolved::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Resolved::Int(number) => Cow::Owned(number.to_string()),
            Resolved::Uint(number) => Cow::Owned(number.to_string()),
            Resolved::Float(number) => Cow::Owned(float_key(number)),
        })
    }
}

/// A fraction as a key: the shortest digits of 32 bits, with an exponent where that is far from zero.
fn float_key(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let single = number as f32;
    let scientific = format!("{single:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..21).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => single.to_string(),
    }
}

struct View<'a> {
    entries: Vec<Entry<'a>>,
    /// Where the entry of each name is; kept only for large maps.
    places: HashMap<String, usize>,
    schema: Schema,
    /// Maps merged so far.
    merged: usize,
    /// Merges inside each other.
    depth: usize,
}

/// Up to this many entries a map is searched, above it is indexed.
const SEARCHED: usize = 16;

impl<'a> View<'a> {
    fn add_map(&mut self, map: Node<'a>) -> Result<(), Error> {
        for (key, value) in map.entries() {
            if key.is_merge_key(self.schema) {
                self.merge(key, value)?;
            } else {
                let name = key.key_text(self.schema)?;
                self.add(Entry { name, key, value });
            }
        }
        Ok(())
    }

    /// Adds what a merge key's value names: a map, or a list of maps of which the earlier win.
    fn merge(&mut self, key: Node<'a>, value: Node<'a>) -> Result<(), Error> {
        if value.resolve().kind() != Kind::Sequence {
            return self.merge_map(key, value);
        }
        let items: Vec<_> = value.resolve().items().collect();
        items.into_iter().rev().try_for_each(|item| self.merge_map(key, item))
    }

    fn merge_map(&mut self, key: Node<'a>, value: Node<'a>) -> Result<(), Error> {
        let source = value.resolve();
        if source.kind() != Kind::Mapping {
            let message = format!("`<<` merges maps; here is {}", source.kind().as_str());
            return Err(Error::new(Code::Merge, message).at(value.span()));
        }
        if encloses(source, key) {
            return Err(recursive(value.span()));
        }
        let limits = &key.tree.source.limits;
        self.merged += 1;
        if self.merged > limits.alias_nodes {
            let message = format!("more than {} merges in a map", limits.alias_nodes);
            return Err(Error::new(Code::Limit, message).at(key.span()));
        }
        self.depth += 1;
        if self.depth > limits.depth {
            return Err(too_deep(limits.depth).at(key.span()));
        }
        let answer = self.add_map(source);
        self.depth -= 1;
        answer
    }

    fn add(&mut self, entry: Entry<'a>) {
        let found = if self.entries.len() <= SEARCHED {
            self.entries.iter().position(|old| old.name == entry.name)
        } else {
            if self.places.is_empty() {
                let names = self.entries.iter().enumerate();
                self.places = names.map(|(place, old)| (old.name.to_string(), place)).collect();
            }
            self.places.get(&*entry.name).copied()
        };
        if let Some(place) = found {
            self.entries[place] = entry;
            return;
        }
        if !self.places.is_empty() {
            self.places.insert(entry.name.to_string(), self.entries.len());
        }
        self.entries.push(entry);
    }
}

/// Whether `inner` stands inside `outer`.
pub(crate) fn encloses(outer: Node<'_>, inner: Node<'_>) -> bool {
    (outer.id..outer.data().after).contains(&inner.id)
}

pub(crate) fn recursive(span: Span) -> Error {
    Error::new(Code::Recursive, "the alias stands inside the node that it names").at(span)
}

impl<'a> crate::Document<'a> {
    /// The second and later ones of keys that a map has more than once, in the order of the maps. Keys are
    /// compared by their text.
    #[must_use]
    pub fn duplicate_keys(self) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        let mut keys = Vec::new();
        for map in self.nodes().filter(|node| node.kind() == Kind::Mapping) {
            keys.clear();
            keys.extend(map.entries().map(|(key, _)| key).filter(|key| key.resolve().text().is_some()));
            if keys.len() <= SEARCHED {
                let texts = |key: Node<'a>| key.resolve().text();
                let twice =
                    (1..keys.len()).filter(|&at| keys[..at].iter().any(|key| texts(*key) == texts(keys[at])));
                found.extend(twice.map(|at| keys[at]));
            } else {
                let mut seen = HashSet::with_capacity(keys.len());
                found.extend(keys.iter().copied().filter(|key| !seen.insert(key.resolve().text())));
            }
        }
        found
    }
}
