//! Lossless YAML: every byte kept, spans on every node, edits that change one scalar.
//!
//! A [`Stream`] is a parsed text: its documents are trees of [`Node`]s that know where they stand. Reading a scalar
//! as a value depends on a [`Schema`]: what Kubernetes tools make of it, or YAML 1.2's core.
//!
//! ```
//! use kargo_yaml::{Limits, Stream};
//!
//! let stream = Stream::parse("image:\n  tag: v1.0.0 # bump me\n", &Limits::default())?;
//! let root = stream.document(0).and_then(|document| document.root()).expect("there is a document");
//! let tag = root.get("image").and_then(|image| image.get("tag")).expect("there is a tag");
//! assert_eq!(tag.text(), Some("v1.0.0"));
//! assert_eq!(stream.line_column(tag.span().start), (2, 8));
//! # Ok::<(), kargo_yaml::Error>(())
//! ```

mod error;
#[cfg(feature = "serde")]
mod json;
mod node;
mod parse;
mod place;
mod scalar;
mod span;

pub use error::{Code, Error};
pub use node::{Document, Kind, Node, Style};
pub use parse::{Limits, Stream};
pub use place::Place;
pub use scalar::{Resolved, Schema};
pub use span::{Span, line_column};
