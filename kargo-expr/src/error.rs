//! The one error type, and the codes that name what went wrong.

use std::fmt;

use crate::Span;

/// Why an expression or a template failed to compile or to run.
///
/// `Display` is one line without position or cause.
#[derive(Debug, Clone)]
pub struct Error(Box<Repr>);

#[derive(Debug, Clone)]
struct Repr {
    code: Code,
    phase: Phase,
    message: String,
    span: Option<Span>,
    hint: Option<String>,
}

/// When an error came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before any value was known: lexer, parser, checker.
    Compile,
    /// While a compiled program ran.
    Run,
}

impl Error {
    pub(crate) fn compile(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Phase::Compile, message.into(), Some(span))
    }

    pub(crate) fn run(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Phase::Run, message.into(), Some(span))
    }

    pub(crate) fn new(code: Code, phase: Phase, message: String, span: Option<Span>) -> Self {
        Self(Box::new(Repr { code, phase, message, span, hint: None }))
    }

    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.0.hint = hint.or(self.0.hint);
        self
    }

    pub(crate) fn with_span(mut self, span: Span) -> Self {
        self.0.span = Some(span);
        self
    }

    /// What kind of error it is; stable.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Whether the expression was refused or failed while it ran.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// One line for a person, in expr-lang's words where it has any.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in the source (of the expression, or of the template for [`crate::Template`]).
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.0.span
    }

    /// A suggestion, such as the nearest known name.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Line and column (from 1, in characters) in the source that was compiled.
    #[must_use]
    pub fn line_col(&self, source: &str) -> Option<(u32, u32)> {
        self.span().map(|span| span.line_col(source))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

/// What a function reports when it fails; the program adds the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl CallError {
    /// A function's own failure, with the code `expr/function`.
    pub fn new(message: impl Into<String>) -> Self {
        Self::coded(Code::Function, message)
    }

    pub(crate) fn coded(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// What went wrong, one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What kind of error it is.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CallError {}

impl From<crate::go::Error> for CallError {
    fn from(error: crate::go::Error) -> Self {
        Self::new(error.message())
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $slug:literal,)+) => {
        /// Stable names of errors; each is a heading of `docs/errors.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The slug, such as `expr/unknown-name`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// What the code means, one line.
            #[must_use]
            pub const fn explain(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// The text is not an expression: a token is missing or out of place.
    Syntax = "expr/syntax",
    /// A number, string or escape sequence is not well formed.
    Literal = "expr/literal",
    /// The expression has too many parts, or nests too deeply.
    TooComplex = "expr/too-complex",
    /// Operands or arguments have types that do not go together.
    Type = "expr/type",
    /// No variable, function or pointer of this name is known here.
    UnknownName = "expr/unknown-name",
    /// The value's type has no such field or method.
    UnknownField = "expr/unknown-field",
    /// A function is called with too few, too many or unfitting arguments.
    Arguments = "expr/arguments",
    /// A name is declared that is already taken.
    Redeclared = "expr/redeclared",
    /// A regular expression is not valid in Go's syntax.
    Regex = "expr/regex",
    /// An integer is divided by zero.
    DivideByZero = "expr/divide-by-zero",
    /// A field or element of nil, or of a value that has none, is read.
    Fetch = "expr/fetch",
    /// An index lies outside its array.
    IndexOutOfRange = "expr/index-out-of-range",
    /// Something is called that is not a function, often because its name is unknown.
    NotCallable = "expr/not-callable",
    /// A function failed.
    Function = "expr/function",
    /// The value has no JSON form, such as NaN or a map with keys that are not strings.
    NotJson = "expr/not-json",
    /// The run took more steps, elements or text than its limits allow.
    Limit = "expr/limit",
    /// A function needs a host, and the program was run without one, or the host has to wait.
    NeedsHost = "expr/needs-host",
    /// An expression in a template is opened but not closed.
    Unclosed = "template/unclosed",
    /// A variable has the name of one of the template functions.
    Reserved = "template/reserved-name",
    /// A JSON template's root is not an object.
    NotObject = "template/not-object",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
