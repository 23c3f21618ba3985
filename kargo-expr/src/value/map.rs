//! Go's maps: those with string keys, and those of `groupBy` and `fromPairs` with any.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::array::{DROP_DEPTH, Shape, unravel};
use super::{Key, Text, Value};

/// A map from strings to values, sorted by key. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Map(Arc<Body>);

#[derive(Debug)]
struct Body {
    entries: Vec<(Text, Value)>,
    /// `map[string]string`: what is missing reads as the empty string.
    of_strings: bool,
    shape: Shape,
}

impl Map {
    /// A map of these entries; of two with the same key the last one stays.
    pub fn new<K: Into<Text>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut entries: Vec<(Text, Value)> =
            entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    std::mem::swap(later, kept);
                }
                same
            });
        }
        Self::body(entries, false)
    }

    /// Go's `map[string]string`, as of a Secret's data: a key that is missing reads as `""`.
    pub fn of_strings<K: Into<Text>, V: Into<Text>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let map = Self::new(entries.into_iter().map(|(key, value)| (key, Value::from(value.into()))));
        Self::body(map.0.entries.clone(), true)
    }

    fn body(entries: Vec<(Text, Value)>, of_strings: bool) -> Self {
        let shape = Shape::of(entries.iter().map(|(_, value)| value));
        Self(Arc::new(Body { entries, of_strings, shape }))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.get_bytes(key.as_bytes())
    }

    pub(crate) fn get_bytes(&self, key: &[u8]) -> Option<&Value> {
        let entries = &self.0.entries;
        if entries.len() <= 8 {
            return entries.iter().find(|(name, _)| name.as_bytes() == key).map(|(_, value)| value);
        }
        let found = entries.binary_search_by(|(name, _)| name.as_bytes().cmp(key)).ok()?;
        Some(&entries[found].1)
    }

    /// Keys and values, in the order of the keys' bytes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Value)> {
        self.0.entries.iter().map(|(key, value)| (key, value))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    /// A copy with one entry set; the other values are shared.
    #[must_use]
    pub fn with(&self, key: impl Into<Text>, value: impl Into<Value>) -> Self {
        let (key, value) = (key.into(), value.into());
        let mut entries = self.0.entries.clone();
        match entries.binary_search_by(|(name, _)| name.cmp(&key)) {
            Ok(found) => entries[found].1 = value,
            Err(place) => entries.insert(place, (key, value)),
        }
        Self::body(entries, self.0.of_strings)
    }

    /// Sets one entry: in place where nobody else holds the map, else in a copy.
    pub fn insert(&mut self, key: impl Into<Text>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        let Some(body) = Arc::get_mut(&mut self.0) else {
            *self = self.with(key, value);
            return;
        };
        let inner = value.shape();
        match body.entries.binary_search_by(|(name, _)| name.cmp(&key)) {
            Ok(found) => {
                body.entries[found].1 = value;
                // What was replaced may have been the deepest value, or the only tainted one.
                body.shape = Shape::of(body.entries.iter().map(|(_, value)| value));
            }
            Err(place) => {
                body.entries.insert(place, (key, value));
                body.shape.depth = body.shape.depth.max(inner.depth + 1);
                body.shape.tainted |= inner.tainted;
            }
        }
    }

    pub(crate) fn is_of_strings(&self) -> bool {
        self.0.of_strings
    }

    pub(crate) fn shape(&self) -> Shape {
        self.0.shape
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn into_values(self) -> Vec<Value> {
        match Arc::try_unwrap(self.0) {
            Ok(mut body) => std::mem::take(&mut body.entries).into_iter().map(|(_, value)| value).collect(),
            Err(_) => Vec::new(),
        }
    }
}

impl<K: Into<Text>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self::new(entries)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.shape.depth > DROP_DEPTH {
            unravel(std::mem::take(&mut self.entries).into_iter().map(|(_, value)| value).collect());
        }
    }
}

/// A map whose keys may have any type: `map[any]any`, or `map[any][]any` of `groupBy`.
#[derive(Debug, Clone)]
pub struct AnyMap(Arc<AnyBody>);

#[derive(Debug)]
struct AnyBody {
    entries: BTreeMap<Key, Value>,
    /// Made by `groupBy`: what is missing reads as an empty list.
    groups: bool,
    shape: Shape,
}

impl AnyMap {
    pub(crate) fn new(entries: BTreeMap<Key, Value>, groups: bool) -> Self {
        let shape = Shape::of(entries.values());
        Self(Arc::new(AnyBody { entries, groups, shape }))
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Value> {
        self.0.entries.get(key)
    }

    /// Keys and values, in an order of no meaning.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Value, &Value)> {
        self.0.entries.iter().map(|(key, value)| (key.to_value(), value))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.entries.keys()
    }

    pub(crate) fn is_groups(&self) -> bool {
        self.0.groups
    }

    pub(crate) fn shape(&self) -> Shape {
        self.0.shape
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn into_values(self) -> Vec<Value> {
        match Arc::try_unwrap(self.0) {
            Ok(mut body) => std::mem::take(&mut body.entries).into_values().collect(),
            Err(_) => Vec::new(),
        }
    }
}

impl Drop for AnyBody {
    fn drop(&mut self) {
        if self.shape.depth > DROP_DEPTH {
            unravel(std::mem::take(&mut self.entries).into_values().collect());
        }
    }
}
