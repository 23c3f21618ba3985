//! Lossless YAML: every byte kept, spans on every node, edits that change one scalar.
//!
//! * [`Stream::parse`] reads a text of any number of documents into trees whose nodes know their bytes.
//! * [`Node::read`], [`Schema`]: what a scalar says, as Kubernetes' tools read it or by YAML 1.2.
//! * [`Path`], [`Stream::select`]: Kargo's dot keys and yq's selectors.
//! * [`Editor`], [`edit()`]: new values for scalars, and every other byte as it was.
//! * [`Node::offset_of`], [`Document::locate`]: from a value back to the text, for messages.
//! * With the feature `serde`: `from_node`, `from_str` and `Node::to_json` read a tree into types, with
//!   errors that know the field and its bytes.

#[cfg(feature = "serde")]
mod de;
mod edit;
mod error;
mod layout;
mod locate;
mod near;
mod node;
mod offset;
mod parse;
mod path;
mod schema;
mod span;
mod view;

#[cfg(feature = "serde")]
pub use de::{from_node, from_str};
pub use edit::{Change, Edit, Edited, Editor, Value, edit, quote_scalar};
pub use error::{Code, Error};
pub use locate::Place;
pub use node::{Children, Document, Kind, Node, Stream, Style};
pub use parse::Limits;
pub use path::Path;
pub use schema::{Resolved, Schema};
pub use span::{Span, line_column};
