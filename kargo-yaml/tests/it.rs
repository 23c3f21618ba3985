//! The crate from outside: spans, readings, places.

#[path = "it/tree.rs"]
mod tree;

#[path = "it/edits.rs"]
mod edits;

#[path = "it/select.rs"]
mod select;

#[cfg(feature = "serde")]
#[path = "it/reading.rs"]
mod reading;
