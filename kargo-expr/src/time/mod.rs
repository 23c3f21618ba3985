//! Go's `time` package: instants with zones, durations, and layouts to read and print them.
//!
//! The bundled tz database is used, never the machine's; `Local` is UTC, as in Kargo's containers.

mod civil;
mod duration;
mod format;
mod instant;
mod layout;
mod location;
mod parse;

pub use civil::{Month, Weekday};
pub use duration::Duration;
pub use instant::Time;
pub use location::Location;
pub use parse::{parse, parse_any};

/// Bytes as Go's `time` errors show them: without a look at Unicode.
fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}
