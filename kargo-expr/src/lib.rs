//! Kargo's expression language and templates: compiled once, typed, free of I/O.

pub mod go;
pub mod re2;
pub mod semver;
pub mod time;
