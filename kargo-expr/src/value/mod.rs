//! The values of expressions: Go's, with Go's distinctions.

mod array;
mod equal;
mod json;
mod key;
mod map;
mod object;
mod show;
mod text;

use std::fmt;
use std::sync::Arc;

pub use array::Array;
pub(crate) use array::{Elem, Shape};
pub(crate) use equal::equal;
pub use json::Numbers;
pub(crate) use json::write_json;
pub(crate) use key::Key;
pub use map::{AnyMap, Map};
pub use object::Object;
pub(crate) use show::show;
pub use text::Text;

use crate::limits::Budget;
use crate::time::{Location, Time};

/// A value of the expression language.
///
/// Keeps what Go keeps apart (int and float, strings that are bytes) and whether it came from a secret.
/// Cheap to clone: whatever is large is shared.
///
/// ```
/// use kargo_expr::Value;
/// let tags = Value::from(vec![Value::from("v1"), Value::from("v2")]);
/// assert_eq!(tags.as_array().map(|tags| tags.len()), Some(2));
/// assert!(Value::from("s3cret").tainted().is_tainted());
/// ```
#[derive(Clone)]
pub struct Value {
    pub(crate) repr: Repr,
    tainted: bool,
}

#[derive(Clone)]
pub(crate) enum Repr {
    Nil,
    Bool(bool),
    Int(i64),
    Sized(IntKind, i64),
    Float(f64),
    Text(Text),
    Bytes(Arc<[u8]>),
    Array(Array),
    Map(Map),
    AnyMap(AnyMap),
    Duration(i64),
    Named(Named, i64),
    Time(Arc<Time>),
    Zone(Arc<Location>),
    Object(Arc<dyn Object>),
    Method(Arc<Bound>),
}

/// Go's integer types other than `int`; all held as the 64 bits of an `i64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum IntKind {
    Uint8,
    Int64,
    Uint64,
}

impl IntKind {
    pub(crate) fn go_name(self) -> &'static str {
        match self {
            Self::Uint8 => "uint8",
            Self::Int64 => "int64",
            Self::Uint64 => "uint64",
        }
    }
}

/// Go's named integer types, which do not take part in arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Named {
    Month,
    Weekday,
}

impl Named {
    pub(crate) fn go_name(self) -> &'static str {
        match self {
            Self::Month => "time.Month",
            Self::Weekday => "time.Weekday",
        }
    }
}

/// A method with its receiver, as reading `x.Method` without calling it gives.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) receiver: Value,
    pub(crate) method: Text,
}

/// The kinds of values, as a program tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `nil`
    Nil,
    /// `true` or `false`
    Bool,
    /// Any of Go's integers.
    Int,
    /// `float64`
    Float,
    /// A string.
    String,
    /// `[]byte`
    Bytes,
    /// A list.
    Array,
    /// A map, whatever its keys are.
    Map,
    /// `time.Duration`
    Duration,
    /// `time.Time`
    Time,
    /// A host value, a time zone, a named integer or a method.
    Other,
}

impl Value {
    pub(crate) const fn new(repr: Repr) -> Self {
        Self { repr, tainted: false }
    }

    /// `nil`.
    #[must_use]
    pub const fn nil() -> Self {
        Self::new(Repr::Nil)
    }

    /// A host object.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::new(Repr::Object(Arc::new(object)))
    }

    /// A string of any bytes, as Go's strings are.
    #[must_use]
    pub fn text(bytes: &[u8]) -> Self {
        Text::from_bytes(bytes).into()
    }

    /// Go's `[]byte`.
    #[must_use]
    pub fn bytes(bytes: &[u8]) -> Self {
        Self::new(Repr::Bytes(bytes.into()))
    }

    /// Go's `time.Duration`, in nanoseconds.
    #[must_use]
    pub const fn duration(nanoseconds: i64) -> Self {
        Self::new(Repr::Duration(nanoseconds))
    }

    /// Go's `uint8`, an element of a string.
    pub(crate) fn byte(byte: u8) -> Self {
        Self::new(Repr::Sized(IntKind::Uint8, byte.into()))
    }

    /// Marks the value as one that came from a secret; what is made from it is marked as well.
    #[must_use]
    pub fn tainted(mut self) -> Self {
        self.tainted = true;
        self
    }

    /// Whether the value, or anything inside it, came from a secret.
    #[must_use]
    pub fn is_tainted(&self) -> bool {
        self.shape().tainted
    }

    /// Marked itself, not only by something inside it.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.tainted
    }

    pub(crate) fn marked_if(mut self, tainted: bool) -> Self {
        self.tainted |= tainted;
        self
    }

    /// How deep arrays and maps nest in it.
    pub(crate) fn levels(&self) -> usize {
        self.shape().depth as usize
    }

    pub(crate) fn shape(&self) -> Shape {
        let inner = match &self.repr {
            Repr::Array(array) => array.shape(),
            Repr::Map(map) => map.shape(),
            Repr::AnyMap(map) => map.shape(),
            _ => Shape::default(),
        };
        Shape { tainted: inner.tainted | self.tainted, ..inner }
    }

    /// Which kind of value it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.repr {
            Repr::Nil => Kind::Nil,
            Repr::Bool(_) => Kind::Bool,
            Repr::Int(_) | Repr::Sized(..) => Kind::Int,
            Repr::Float(_) => Kind::Float,
            Repr::Text(_) => Kind::String,
            Repr::Bytes(_) => Kind::Bytes,
            Repr::Array(_) => Kind::Array,
            Repr::Map(_) | Repr::AnyMap(_) => Kind::Map,
            Repr::Duration(_) => Kind::Duration,
            Repr::Time(_) => Kind::Time,
            Repr::Named(..) | Repr::Zone(_) | Repr::Object(_) | Repr::Method(_) => Kind::Other,
        }
    }

    /// The Go type's name, as messages show it.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match &self.repr {
            Repr::Nil => "nil",
            Repr::Bool(_) => "bool",
            Repr::Int(_) => "int",
            Repr::Sized(kind, _) => kind.go_name(),
            Repr::Float(_) => "float64",
            Repr::Text(_) => "string",
            Repr::Bytes(_) => "[]uint8",
            Repr::Array(array) => array.elem().go_name(),
            Repr::Map(map) if map.is_of_strings() => "map[string]string",
            Repr::Map(_) => "map[string]interface {}",
            Repr::AnyMap(map) if map.is_groups() => "map[interface {}][]interface {}",
            Repr::AnyMap(_) => "map[interface {}]interface {}",
            Repr::Duration(_) => "time.Duration",
            Repr::Named(named, _) => named.go_name(),
            Repr::Time(_) => "time.Time",
            Repr::Zone(_) => "*time.Location",
            Repr::Object(object) => object.type_name(),
            Repr::Method(_) => "func",
        }
    }

    /// Whether it is `nil`, a nil slice or a nil pointer of a host.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        match &self.repr {
            Repr::Nil => true,
            Repr::Array(array) => array.is_nil(),
            Repr::Object(object) => object.is_nil(),
            _ => false,
        }
    }

    /// The text of a string that is UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().and_then(Text::as_str)
    }

    /// The string, UTF-8 or not.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        match &self.repr {
            Repr::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bool.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.repr {
            Repr::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// An integer of any of Go's types.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.repr {
            Repr::Int(i) | Repr::Sized(_, i) => Some(i),
            _ => None,
        }
    }

    /// A number, integer or not.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self.repr {
            Repr::Int(i) => Some(i as f64),
            Repr::Sized(IntKind::Uint64, i) => Some(i as u64 as f64),
            Repr::Sized(_, i) => Some(i as f64),
            Repr::Float(f) => Some(f),
            _ => None,
        }
    }

    /// The list.
    #[must_use]
    pub fn as_array(&self) -> Option<&Array> {
        match &self.repr {
            Repr::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The map with string keys.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match &self.repr {
            Repr::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The bytes of a `[]byte`.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.repr {
            Repr::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The nanoseconds of a duration.
    #[must_use]
    pub fn as_duration(&self) -> Option<i64> {
        match self.repr {
            Repr::Duration(nanoseconds) => Some(nanoseconds),
            _ => None,
        }
    }

    /// The host's object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Arc<dyn Object>> {
        match &self.repr {
            Repr::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The map of `groupBy` or `fromPairs`.
    #[must_use]
    pub fn as_any_map(&self) -> Option<&AnyMap> {
        match &self.repr {
            Repr::AnyMap(map) => Some(map),
            _ => None,
        }
    }
}

macro_rules! from {
    ($($source:ty => |$value:ident| $repr:expr;)+) => {
        $(impl From<$source> for Value {
            fn from($value: $source) -> Self {
                Self::new($repr)
            }
        })+
    };
}

from! {
    bool => |b| Repr::Bool(b);
    i64 => |i| Repr::Int(i);
    i32 => |i| Repr::Int(i.into());
    f64 => |f| Repr::Float(f);
    &str => |text| Repr::Text(text.into());
    String => |text| Repr::Text(text.into());
    Arc<str> => |text| Repr::Text(text.into());
    Text => |text| Repr::Text(text);
    Vec<Value> => |items| Repr::Array(items.into());
    Array => |array| Repr::Array(array);
    Map => |map| Repr::Map(map);
    AnyMap => |map| Repr::AnyMap(map);
    Time => |time| Repr::Time(Arc::new(time));
    Location => |zone| Repr::Zone(Arc::new(zone));
}

impl From<Arc<dyn Object>> for Value {
    fn from(object: Arc<dyn Object>) -> Self {
        Self::new(Repr::Object(object))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::nil(), Into::into)
    }
}

impl<K: Into<Text>, V: Into<Self>> FromIterator<(K, V)> for Value {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Map::new(entries).into()
    }
}

/// Equal as the expression language's `==` has it: `1 == 1.0`.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        equal(self, other, &mut Budget::unlimited()).unwrap_or(false)
    }
}

/// Shows the value as Go's `%v` would; a tainted one is not shown.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_tainted() {
            return f.write_str("[redacted]");
        }
        match &self.repr {
            Repr::Text(text) => fmt::Debug::fmt(text, f),
            _ => match show(self, &mut Budget::unlimited()) {
                Ok(text) => f.write_str(&String::from_utf8_lossy(&text)),
                Err(_) => f.write_str(self.type_name()),
            },
        }
    }
}
