//! The crate from outside: spans, readings, paths, edits.

#[path = "it/edits.rs"]
mod edits;
#[cfg(feature = "serde")]
#[path = "it/properties.rs"]
mod properties;
#[cfg(feature = "serde")]
#[path = "it/reading.rs"]
mod reading;
#[path = "it/select.rs"]
mod select;
#[path = "it/tree.rs"]
mod tree;
