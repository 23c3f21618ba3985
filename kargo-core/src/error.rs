//! The crate's error and the stable codes that all errors of the workspace carry.

use std::error::Error as StdError;
use std::fmt;

/// A stable, documented name of one kind of error or diagnostic, such as `manifest/unknown-field`.
///
/// Codes are what programs and tests compare; messages may change. Every room lists its codes in a
/// `CODES` constant, so that `docs/errors.md` can be held against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    slug: &'static str,
    meaning: &'static str,
}

impl Code {
    /// A code with its slug (`room/what`) and one sentence that explains it to a user.
    pub const fn new(slug: &'static str, meaning: &'static str) -> Self {
        Self { slug, meaning }
    }

    /// The slug, e.g. `step/bad-config`.
    pub const fn as_str(self) -> &'static str {
        self.slug
    }

    /// One sentence for `docs/errors.md`.
    pub const fn meaning(self) -> &'static str {
        self.meaning
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug)
    }
}

/// An error of this crate: a code, one line of text, an optional hint and cause.
///
/// `Display` prints the message alone; the cause is reached through [`StdError::source`], the hint through
/// [`Error::hint`]. No message ever holds a secret.
pub struct Error(Box<Repr>);

struct Repr {
    code: Code,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with its code and one-line message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Repr { code, message: message.into(), hint: None, source: None }))
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What the user can do about it, if there is something to say.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code.slug)
            .field("message", &self.0.message)
            .field("hint", &self.0.hint)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// The messages of an error and all its causes, joined with `: `, each said once.
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        next = cause.source();
    }
    text
}
