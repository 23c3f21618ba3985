//! The parts of Go's standard library whose exact results Kargo's users can see.
//!
//! Expressions run in Go in Kargo: how a float prints, how a string is quoted, in which order equal
//! elements leave a sort, are all Go's. Each room here follows one Go package and works on plain Rust
//! types, so that it can be checked against Go itself.

pub mod casing;
pub mod float;
pub mod json;
pub mod pow;
pub mod quote;
pub mod sort;
pub mod strings;
pub mod unicode;
pub mod yaml;

use std::fmt;

/// What a function of Go's library reported, in Go's words.
///
/// The caller knows what it means for an expression and gives it a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl Error {
    /// An error with Go's text.
    pub fn new(message: impl fmt::Display) -> Self {
        Self(message.to_string())
    }

    /// Go's text, one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0
    }
}
