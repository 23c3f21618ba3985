//! Reading the tree into types, through serde; errors know the field and its bytes.

use std::borrow::Cow;
use std::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Unexpected, Visitor};

use crate::error::Segment;
use crate::parse::too_deep;
use crate::schema::Resolved;
use crate::view::{Entry, encloses, recursive};
use crate::{Code, Document, Error, Kind, Limits, Node, Schema, Span, Stream};

/// Reads a node into a type.
///
/// ```
/// use kargo_yaml::{Limits, Schema, Stream, from_node};
///
/// #[derive(serde::Deserialize, Debug)]
/// struct App { name: String, ports: Vec<u16> }
///
/// let stream = Stream::parse("name: web\nports: [80, nope]\n", &Limits::default())?;
/// let root = stream.document(0).unwrap().root().unwrap();
/// let error = from_node::<App>(root, Schema::Kubernetes11).unwrap_err();
/// assert_eq!(error.path(), "ports[1]");
/// assert_eq!(error.line_column(stream.text()), (2, 13));
/// # Ok::<(), kargo_yaml::Error>(())
/// ```
///
/// # Errors
/// What the type does not accept, with the way to it ([`Error::path`]) and its bytes; [`Code::Limit`] where
/// aliases expand too far.
pub fn from_node<T: DeserializeOwned>(node: Node<'_>, schema: Schema) -> Result<T, Error> {
    let budget = Budget { nodes: Cell::new(0), depth: Cell::new(0), aliases: Cell::new(0) };
    T::deserialize(Reader { node, schema, budget: &budget })
}

/// Reads the first document of a text into a type. A text without one reads as null.
///
/// # Errors
/// Those of [`Stream::parse`] and [`from_node`].
pub fn from_str<T: DeserializeOwned>(text: &str, schema: Schema) -> Result<T, Error> {
    let stream = Stream::parse(text, &Limits::default())?;
    match stream.document(0).and_then(Document::content) {
        Some(root) => from_node(root, schema),
        None => T::deserialize(().into_deserializer()),
    }
}

impl Node<'_> {
    /// The node as JSON: keys are text, aliases are expanded, merges done, and of a key that a map has twice
    /// the last one counts.
    ///
    /// # Errors
    /// [`Code::Key`], [`Code::Tag`], [`Code::Merge`], [`Code::NonFinite`], [`Code::Recursive`], [`Code::Limit`].
    pub fn to_json(self, schema: Schema) -> Result<serde_json::Value, Error> {
        from_node(self, schema)
    }
}

/// What one reading has used up.
struct Budget {
    /// Nodes read inside aliases.
    nodes: Cell<usize>,
    depth: Cell<usize>,
    /// How many aliases are being expanded.
    aliases: Cell<usize>,
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    node: Node<'a>,
    schema: Schema,
    budget: &'a Budget,
}

impl<'a> Reader<'a> {
    /// The node that an alias names, unless that would never end.
    fn target(self) -> Result<Self, Error> {
        let node = self.node.resolve();
        if node != self.node && encloses(node, self.node) {
            return Err(recursive(self.node.span()));
        }
        Ok(Self { node, ..self })
    }

    /// Runs a reading of this node one level deeper, and gives its errors their place.
    fn deeper<T>(self, read: impl FnOnce(Self) -> Result<T, Error>) -> Result<T, Error> {
        let limits = &self.node.tree.source.limits;
        let place = self.node.span();
        let target = self.target()?;
        let aliased = usize::from(target.node != self.node);
        let budget = self.budget;
        budget.aliases.set(budget.aliases.get() + aliased);
        if budget.aliases.get() > 0 {
            budget.nodes.set(budget.nodes.get() + 1);
            if budget.nodes.get() > limits.alias_nodes {
                let message = format!("aliases expand to more than {} nodes", limits.alias_nodes);
                return Err(Error::new(Code::Limit, message).at(place));
            }
        }
        budget.depth.set(budget.depth.get() + 1);
        if budget.depth.get() > limits.depth {
            return Err(too_deep(limits.depth).at(place));
        }
        let answer = read(target).map_err(|error| error.or_at(place));
        budget.depth.set(budget.depth.get() - 1);
        budget.aliases.set(budget.aliases.get() - aliased);
        answer
    }

    fn map(self) -> Result<MapReader<'a>, Error> {
        let entries = self.node.view(self.schema)?.into_iter();
        Ok(MapReader { entries, open: None, reader: self })
    }

    fn is_null(self) -> Result<bool, Error> {
        let node = self.node.resolve();
        Ok(node.kind() == Kind::Scalar && node.read(self.schema)? == Resolved::Null)
    }
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deeper(|target| match target.node.kind() {
            Kind::Sequence => {
                visitor.visit_seq(SeqReader { items: target.node.items(), index: 0, reader: target })
            }
            Kind::Mapping => visitor.visit_map(target.map()?),
            _ if target.node.tag() == Some(BINARY) => visitor.visit_string(decoded(target.node)?),
            _ => match target.node.read(target.schema)? {
                Resolved::Null => visitor.visit_unit(),
                Resolved::Bool(value) => visitor.visit_bool(value),
                Resolved::Int(number) => visitor.visit_i64(number),
                Resolved::Uint(number) => visitor.visit_u64(number),
                Resolved::Float(number) if !number.is_finite() => {
                    let message = format!("`{}` has no form in JSON", target.node.source());
                    Err(Error::new(Code::NonFinite, message))
                }
                Resolved::Float(number) => visitor.visit_f64(number),
                Resolved::String(text) => visitor.visit_borrowed_str(text),
            },
        })
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let node = self.node.resolve();
        self.deserialize_any(visitor).map_err(|error| hint_quotes(error, node, self.schema))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null()? { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deeper(|target| match target.node.kind() {
            Kind::Mapping => visitor.visit_enum(de::value::MapAccessDeserializer::new(target.map()?)),
            Kind::Scalar => {
                let name = target.node.text().unwrap_or_default();
                visitor.visit_enum(de::value::BorrowedStrDeserializer::new(name))
            }
            kind => Err(Error::new(Code::Type, format!("{} stands where a word is needed", kind.as_str()))),
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

/// The tag of bytes in base 64.
const BINARY: &str = "tag:yaml.org,2002:binary";

/// The bytes as text, as JSON has no others.
fn decoded(node: Node<'_>) -> Result<String, Error> {
    let text = node.text().unwrap_or_default().replace(['\n', '\r'], "");
    let bytes = STANDARD.decode(text).map_err(|error| {
        Error::new(Code::Tag, "this is not in base 64, as its tag !!binary says").with_source(error)
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A plain scalar that reads as something else than text, where text is needed.
fn hint_quotes(error: Error, node: Node<'_>, schema: Schema) -> Error {
    let is_text = matches!(node.read(schema), Ok(Resolved::String(_)) | Err(_));
    if error.code() != Code::Type || is_text || error.span() != node.span() {
        return error;
    }
    error.with_hint(format!("in quotes it is text: \"{}\"", node.source()))
}

struct SeqReader<'a> {
    items: crate::Children<'a>,
    index: usize,
    reader: Reader<'a>,
}

impl<'a> de::SeqAccess<'a> for SeqReader<'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        let value = seed.deserialize(Reader { node, ..self.reader });
        value.map(Some).map_err(|error| error.inside(Segment::Index(index)))
    }
}

struct MapReader<'a> {
    entries: std::vec::IntoIter<Entry<'a>>,
    /// The entry whose key has been read.
    open: Option<Entry<'a>>,
    reader: Reader<'a>,
}

impl<'a> de::MapAccess<'a> for MapReader<'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        let key = KeyReader { name: entry.name.clone(), span: entry.key.span() };
        self.open = Some(entry);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some(entry) = self.open.take() else {
            return Err(Error::new(Code::Value, "a value was asked for before its key"));
        };
        seed.deserialize(Reader { node: entry.value, ..self.reader })
            .map_err(|error| error.inside(Segment::Key(entry.name.into_owned())))
    }
}

/// A key is text; where a number or a truth value is asked for, the text is read again.
struct KeyReader<'a> {
    name: Cow<'a, str>,
    span: Span,
}

impl KeyReader<'_> {
    fn parsed<'a, V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let span = self.span;
        let answer = match Schema::Core12.read(&self.name) {
            Resolved::Int(number) => visitor.visit_i64(number),
            Resolved::Uint(number) => visitor.visit_u64(number),
            Resolved::Float(number) => visitor.visit_f64(number),
            Resolved::Bool(value) => visitor.visit_bool(value),
            _ => visitor.visit_str(&self.name),
        };
        answer.map_err(|error: Error| error.or_at(span))
    }
}

impl<'de> de::Deserializer<'de> for KeyReader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let span = self.span;
        let answer = match self.name {
            Cow::Borrowed(name) => visitor.visit_borrowed_str(name),
            Cow::Owned(name) => visitor.visit_string(name),
        };
        answer.map_err(|error: Error| error.or_at(span))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.parsed(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.parsed(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.parsed(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.parsed(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.name.into_deserializer()).map_err(|error: Error| error.or_at(self.span))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl de::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::new(Code::Value, message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Code::Type, format!("{} stands where {expected} is needed", found_words(found)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let error = Self::new(Code::UnknownField, format!("unknown field `{field}`"));
        suggest(error, field, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let error =
            Self::new(Code::UnknownVariant, format!("`{variant}` is not one of the words known here"));
        suggest(error, variant, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Code::MissingField, format!("the field `{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(Code::DuplicateKey, format!("the field `{field}` stands twice"))
    }
}

fn found_words(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Map => Kind::Mapping.as_str().to_owned(),
        Unexpected::Seq => Kind::Sequence.as_str().to_owned(),
        Unexpected::Unit => "null".to_owned(),
        Unexpected::Str(text) => format!("the text \"{text}\""),
        Unexpected::Bool(value) => format!("the truth value `{value}`"),
        other => format!(
            "the number {}",
            other.to_string().trim_matches(|c: char| c != '-' && !c.is_ascii_digit())
        ),
    }
}

fn suggest(error: Error, written: &str, known: &[&str]) -> Error {
    let near = crate::near::nearest(written, known.iter().copied());
    match near.first() {
        Some(word) => error.with_hint(format!("did you mean `{word}`?")),
        None if known.is_empty() => error,
        None => error.with_hint(format!("known are: {}", known.join(", "))),
    }
}
