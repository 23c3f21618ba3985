//! Static types: what is known of a value before it is there.

use std::fmt;
use std::sync::Arc;

use crate::value::{Elem, IntKind, Named};

/// The static type of an expression, a variable or a parameter.
///
/// ```
/// use kargo_expr::Type;
/// let vars = Type::fields([("appName", Type::String), ("tags", Type::list(Type::String))]);
/// assert_eq!(vars.to_string(), "map[string]interface {}");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Type {
    /// Nothing is known: every use of it is allowed.
    Unknown,
    /// Go's `any`: every use of it is allowed.
    Any,
    /// `nil`
    Nil,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// One of Go's other integers.
    #[doc(hidden)]
    Sized(Sized),
    /// `float64`
    Float,
    /// `string`
    String,
    /// `[]byte`
    Bytes,
    /// `time.Duration`
    Duration,
    /// `time.Time`
    Time,
    /// `*time.Location`
    Zone,
    /// `time.Month` and `time.Weekday`.
    #[doc(hidden)]
    Named(NamedInt),
    /// A list.
    Array(ArrayType),
    /// A map with string keys.
    Map(Arc<MapType>),
    /// `map[any]any`, or of lists.
    #[doc(hidden)]
    AnyMap {
        /// Whether `groupBy` made it.
        groups: bool,
    },
    /// A host object.
    Object(Arc<ObjectType>),
    /// A function, with its overloads.
    Function(Arc<FunctionType>),
}

/// One of Go's integer types other than `int`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sized(pub(crate) IntKind);

/// One of Go's named integer types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedInt(pub(crate) Named);

/// A list's type.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrayType {
    pub(crate) go: Elem,
    pub(crate) of: Arc<Type>,
}

/// The type of a map with string keys.
#[derive(Debug, Clone, PartialEq)]
pub struct MapType {
    /// The type of an entry that `fields` does not name.
    pub(crate) of: Type,
    pub(crate) fields: Vec<(Arc<str>, Type)>,
    /// Only `fields` may be read.
    pub(crate) strict: bool,
}

/// The type of a host object: its Go name, fields and methods.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectType {
    pub(crate) name: Arc<str>,
    pub(crate) fields: Vec<(Arc<str>, Type)>,
    pub(crate) methods: Vec<(Arc<str>, Signature)>,
    /// A function that gives it may give nil instead.
    pub(crate) nullable: bool,
}

impl ObjectType {
    /// An object without fields.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), fields: Vec::new(), methods: Vec::new(), nullable: false }
    }

    /// With one more field.
    #[must_use]
    pub fn field(mut self, name: impl Into<Arc<str>>, ty: Type) -> Self {
        self.fields.push((name.into(), ty));
        self
    }

    /// With one more method.
    #[must_use]
    pub fn method(mut self, name: impl Into<Arc<str>>, signature: Signature) -> Self {
        self.methods.push((name.into(), signature));
        self
    }

    /// There may be nil in its place.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
}

/// The type of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionType {
    pub(crate) name: Arc<str>,
    /// Overloads; the first that fits the arguments counts. None: any arguments, any result.
    pub(crate) signatures: Vec<Signature>,
}

/// Parameters and result of a function.
///
/// ```
/// use kargo_expr::{Signature, Type};
/// let secret = Signature::new([Type::String], Type::map_of(Type::String));
/// assert_eq!(secret.result(), &Type::map_of(Type::String));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    pub(crate) params: Vec<Type>,
    pub(crate) variadic: bool,
    pub(crate) out: Type,
    /// Go functions such as `Time.Date` that give more than an expression can take.
    pub(crate) several_results: bool,
}

impl Signature {
    /// A function of these parameters.
    pub fn new(params: impl IntoIterator<Item = Type>, out: Type) -> Self {
        Self { params: params.into_iter().collect(), variadic: false, out, several_results: false }
    }

    /// The last parameter may be given any number of times.
    #[must_use]
    pub fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }

    /// What a call gives.
    #[must_use]
    pub fn result(&self) -> &Type {
        &self.out
    }

    pub(crate) fn accepts_count(&self, count: usize) -> std::cmp::Ordering {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let least = self.params.len() - usize::from(self.variadic);
        match count {
            count if count < least => Less,
            count if count > self.params.len() && !self.variadic => Greater,
            _ => Equal,
        }
    }

    pub(crate) fn param(&self, index: usize) -> &Type {
        self.params.get(index).or(self.params.last()).unwrap_or(&Type::Any)
    }
}

impl Type {
    /// A list (`[]any` in Go) of this.
    #[must_use]
    pub fn list(of: Self) -> Self {
        Self::Array(ArrayType { go: Elem::Any, of: Arc::new(of) })
    }

    /// A map from strings to this; `map_of(Type::String)` is `map[string]string`.
    #[must_use]
    pub fn map_of(of: Self) -> Self {
        Self::Map(Arc::new(MapType { of, fields: Vec::new(), strict: false }))
    }

    /// A map of which some fields are known, and any other may be there.
    pub fn fields<N: Into<Arc<str>>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::with_fields(fields, false)
    }

    /// A map that has these fields and no others: reading another is an error.
    pub fn strict_fields<N: Into<Arc<str>>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::with_fields(fields, true)
    }

    fn with_fields<N: Into<Arc<str>>>(fields: impl IntoIterator<Item = (N, Self)>, strict: bool) -> Self {
        let fields = fields.into_iter().map(|(name, ty)| (name.into(), ty)).collect();
        Self::Map(Arc::new(MapType { of: Self::Any, fields, strict }))
    }

    /// A host object's type.
    #[must_use]
    pub fn object(object: ObjectType) -> Self {
        Self::Object(Arc::new(object))
    }

    pub(crate) fn typed_list(go: Elem, of: Self) -> Self {
        Self::Array(ArrayType { go, of: Arc::new(of) })
    }

    pub(crate) fn any_list() -> Self {
        Self::list(Self::Any)
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown | Self::Any)
    }

    pub(crate) fn is_integer(&self) -> bool {
        matches!(self, Self::Int | Self::Sized(_))
    }

    pub(crate) fn is_number(&self) -> bool {
        self.is_integer() || *self == Self::Float
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Bytes)
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self, Self::Map(_) | Self::AnyMap { .. })
    }

    /// What a list or a map holds.
    pub(crate) fn element(&self) -> Self {
        match self {
            Self::Array(array) => (*array.of).clone(),
            Self::Bytes => Self::Sized(Sized(IntKind::Uint8)),
            Self::Map(map) => map.of.clone(),
            Self::AnyMap { groups: true } => Self::any_list(),
            Self::AnyMap { groups: false } => Self::Any,
            _ => Self::Unknown,
        }
    }

    /// Whether Go would assign a value of this type to a variable of the other.
    pub(crate) fn assignable_to(&self, target: &Self) -> bool {
        match (self, target) {
            (Self::Nil, Self::Any | Self::Function(_) | Self::Map(_) | Self::AnyMap { .. }) => true,
            (Self::Nil, Self::Array(_) | Self::Bytes | Self::Zone) => true,
            (Self::Unknown | Self::Nil, _) | (_, Self::Unknown | Self::Nil) => false,
            (_, Self::Any) => true,
            _ => self.same_go_type(target),
        }
    }

    fn same_go_type(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Array(a), Self::Array(b)) => a.go == b.go,
            (Self::Map(a), Self::Map(b)) => (a.of == Self::String) == (b.of == Self::String),
            (Self::Object(a), Self::Object(b)) => a.name == b.name,
            _ => self == other,
        }
    }

    /// Go's `reflect.Kind`, as far as two kinds are compared.
    pub(crate) fn same_kind(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown | Self::Nil, Self::Unknown | Self::Nil) => true,
            (a, b) if a.is_list() && b.is_list() => true,
            (a, b) if a.is_map() && b.is_map() => true,
            (Self::Time | Self::Object(_), Self::Time | Self::Object(_)) => true,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    pub(crate) fn comparable_to(&self, other: &Self) -> bool {
        self.is_unknown()
            || other.is_unknown()
            || *self == Self::Nil
            || *other == Self::Nil
            || self.is_number() && other.is_number()
            || self.is_list() && other.is_list()
            || self.assignable_to(other)
    }
}

/// Go's name of the type, as messages show it.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown | Self::Nil => "unknown",
            Self::Any => "interface {}",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Sized(kind) => kind.0.go_name(),
            Self::Float => "float64",
            Self::String => "string",
            Self::Bytes => "[]uint8",
            Self::Duration => "time.Duration",
            Self::Time => "time.Time",
            Self::Zone => "*time.Location",
            Self::Named(named) => named.0.go_name(),
            Self::Array(array) => array.go.go_name(),
            Self::Map(map) if map.of == Self::String => "map[string]string",
            Self::Map(_) => "map[string]interface {}",
            Self::AnyMap { groups: true } => "map[interface {}][]interface {}",
            Self::AnyMap { groups: false } => "map[interface {}]interface {}",
            Self::Object(object) => &object.name,
            Self::Function(_) => "func",
        })
    }
}
