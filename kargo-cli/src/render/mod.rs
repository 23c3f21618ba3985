//! What reaches the terminal: the only place that prints.

pub(crate) mod diagnostics;
mod tree;
pub(crate) mod words;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use kargo_core::event::{Event, Listener};
use serde::Serialize;

use crate::args::Format;

/// Whether standard output is a terminal that wants colours.
pub(crate) fn colors() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Prints `text` as it is. A reader that went away (`| head`) is no error.
pub(crate) fn out(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Prints a line.
pub(crate) fn line(text: &str) {
    out(&format!("{text}\n"));
}

/// Prints a value as one line of JSON.
pub(crate) fn json_line(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(json) => line(&json),
        Err(error) => tracing::error!(%error, "could not print as JSON"),
    }
}

/// Prints events as lines, for a pipe or a log.
pub(crate) fn lines(event: &Event) {
    line(&words::line(event));
}

/// The listener that `format` asks for: a live tree on a terminal, lines elsewhere, or JSON.
pub(crate) fn listener(format: Format) -> Arc<dyn Listener> {
    match format {
        Format::Json => Arc::new(|event: &Event| json_line(event)),
        Format::Text if io::stderr().is_terminal() && io::stdout().is_terminal() => {
            Arc::new(tree::Tree::default())
        }
        Format::Text => Arc::new(lines),
    }
}
