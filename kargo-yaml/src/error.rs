//! The crate's error.

use std::fmt;

use crate::Span;

/// What kind of error it is; its slug is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The text is not YAML.
    Syntax,
    /// The text is larger, deeper or has more nodes than the [`Limits`](crate::Limits) allow.
    Limit,
    /// A scalar or key cannot be said in JSON.
    NotJson,
    /// An alias expands to more than the limits allow, or to itself.
    Alias,
    /// A path is not well-formed.
    BadPath,
    /// A path leads to nothing.
    NotFound,
    /// A path leads to something of another kind than the operation needs.
    WrongKind,
    /// An edit cannot be made without changing something else.
    Unsafe,
}

impl Code {
    /// All codes, for documentation.
    pub const ALL: &'static [Self] = &[
        Self::Syntax,
        Self::Limit,
        Self::NotJson,
        Self::Alias,
        Self::BadPath,
        Self::NotFound,
        Self::WrongKind,
        Self::Unsafe,
    ];

    /// The slug, such as `yaml/syntax`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "yaml/syntax",
            Self::Limit => "yaml/limit",
            Self::NotJson => "yaml/not-json",
            Self::Alias => "yaml/alias",
            Self::BadPath => "yaml/bad-path",
            Self::NotFound => "yaml/not-found",
            Self::WrongKind => "yaml/wrong-kind",
            Self::Unsafe => "yaml/unsafe",
        }
    }

    /// One sentence that explains it to a user.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Syntax => "The text is not YAML, from the place that is shown.",
            Self::Limit => "The YAML is larger, deeper or has more nodes than is read.",
            Self::NotJson => "A value or key of the YAML, such as `.inf`, cannot be said in JSON.",
            Self::Alias => "An alias of the YAML expands to more than is read, or to itself.",
            Self::BadPath => "The key or path into the YAML is not well-formed.",
            Self::NotFound => "The key or path leads to nothing in this file; the hint names what is near.",
            Self::WrongKind => {
                "The key or path leads to a mapping, list or alias where a plain value is needed."
            }
            Self::Unsafe => "The value cannot be set there without changing something else in the file.",
        }
    }
}

/// What is wrong with a text, a path or an edit, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Repr>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Repr {
    code: Code,
    message: String,
    span: Span,
    hint: Option<String>,
}

impl Error {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self(Box::new(Repr { code, message: message.into(), span, hint: None }))
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.0.hint = hint.into();
        self
    }

    /// The kind of error.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// One line.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The place: in the YAML, or, for `yaml/bad-path`, in the path.
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}
