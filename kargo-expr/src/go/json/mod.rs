//! `encoding/json`: Go's way of writing and reading JSON.

mod read;
mod write;

pub use read::{MAX_DEPTH, is_valid, parse};
pub use write::{Writer, quote_string, to_string, to_string_indented};
