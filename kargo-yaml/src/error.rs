//! The one error type of this crate.

use std::fmt;

use crate::Span;

/// What went wrong, where, and what to do about it.
///
/// `Display` is the message alone, one line, without its place: [`Error::line_column`] has that.
#[derive(Debug)]
pub struct Error(Box<Repr>);

#[derive(Debug)]
struct Repr {
    code: Code,
    message: String,
    span: Option<Span>,
    hint: Option<String>,
    #[cfg(feature = "serde")]
    /// The way from the value back up to the root, innermost first.
    path: Vec<Segment>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[cfg(feature = "serde")]
/// A step on the way to the value that an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Key(String),
    Index(usize),
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $slug:literal,)+) => {
        /// What kind of error it is. [`Code::as_str`] is stable: programs may match on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable slug.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// One sentence that explains it to a user.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// The text is not YAML.
    Syntax = "yaml/syntax",
    /// The text is not UTF-8.
    Encoding = "yaml/encoding",
    /// The text is larger, deeper or has more nodes than the limits allow, or its aliases expand too far.
    Limit = "yaml/limit",
    /// An alias stands inside the node that it names.
    Recursive = "yaml/recursive-alias",
    /// A mapping has a key twice.
    DuplicateKey = "yaml/duplicate-key",
    /// A key is a list, a map or null, where only a scalar can be a key.
    Key = "yaml/key",
    /// A scalar does not have the form that its tag asks for.
    Tag = "yaml/tag",
    /// A merge key's value is neither a mapping nor a list of mappings.
    Merge = "yaml/merge",
    /// A number is infinite or not a number, which JSON cannot say.
    NonFinite = "yaml/non-finite",
    /// The stream has no document where one is needed.
    NoDocument = "yaml/no-document",
    /// A value is of another type than the one needed.
    Type = "yaml/type",
    /// A mapping has a field that is not known.
    UnknownField = "yaml/unknown-field",
    /// A mapping lacks a field that is required.
    MissingField = "yaml/missing-field",
    /// A value is none of the words that are allowed here.
    UnknownVariant = "yaml/unknown-variant",
    /// A value is of the right type but not acceptable.
    Value = "yaml/value",
    /// A path is not written as a path has to be.
    PathSyntax = "yaml/path-syntax",
    /// A path leads to a key, an item or a match that the document does not have.
    NotFound = "yaml/not-found",
    /// A path asks a node for something that a node of its kind does not have.
    PathKind = "yaml/path-kind",
    /// The node that an edit addresses is not a scalar.
    NotScalar = "yaml/not-scalar",
    /// The node that an edit addresses is an alias, or stands inside what an alias names.
    Alias = "yaml/alias",
    /// The new value cannot be written at this place.
    Unwritable = "yaml/unwritable",
    /// An edit would have changed more than its target; nothing was changed.
    Verify = "yaml/verify",
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Repr {
            code,
            message: message.into(),
            span: None,
            hint: None,
            #[cfg(feature = "serde")]
            path: Vec::new(),
            source: None,
        }))
    }

    pub(crate) fn at(mut self, span: Span) -> Self {
        self.0.span = Some(span);
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// Gives a place to an error that has none yet.
    #[cfg(feature = "serde")]
    pub(crate) fn or_at(mut self, span: Span) -> Self {
        self.0.span.get_or_insert(span);
        self
    }

    #[cfg(feature = "serde")]
    pub(crate) fn inside(mut self, segment: Segment) -> Self {
        self.0.path.push(segment);
        self
    }

    /// The kind of error.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message, without its place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The bytes that it is about: of the parsed text, or of the path's own text where
    /// [`Code::PathSyntax`] says so. The beginning, where it is about no place.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span.unwrap_or_default()
    }

    /// What would help, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    #[cfg(feature = "serde")]
    /// The field that it is about, as in `spec.steps[0].config`; empty for the root or where there is none.
    #[must_use]
    pub fn path(&self) -> String {
        let mut out = String::new();
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Key(key) if out.is_empty() => out.push_str(key),
                Segment::Key(key) => {
                    out.push('.');
                    out.push_str(key);
                }
                Segment::Index(index) => out.push_str(&format!("[{index}]")),
            }
        }
        out
    }

    /// Line and column in `text`, both from 1, the column in characters. `text` is what was parsed.
    #[must_use]
    pub fn line_column(&self, text: &str) -> (usize, usize) {
        crate::line_column(text, self.span().start)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_explained() {
        let mut slugs: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(slugs.iter().all(|slug| slug.starts_with("yaml/")));
        assert!(Code::ALL.iter().all(|code| code.meaning().ends_with('.')));
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), Code::ALL.len());
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_path_reads_from_the_root() {
        let error = Error(Box::new(Repr {
            code: Code::Type,
            message: String::new(),
            span: None,
            hint: None,
            path: vec![Segment::Key("b".into()), Segment::Index(1), Segment::Key("a".into())],
            source: None,
        }));
        assert_eq!(error.path(), "a[1].b");
    }
}
