//! The crate from outside: spans, readings, places.

#[path = "it/tree.rs"]
mod tree;

#[cfg(feature = "serde")]
#[path = "it/reading.rs"]
mod reading;
