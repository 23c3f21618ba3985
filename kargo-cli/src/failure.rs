//! What ends a verb early: an error, told to a person, and the exit code for it.

use std::error::Error as StdError;
use std::process::ExitCode;

use kargo_core::error::chain;

/// The command line or the input cannot be used.
pub(crate) const UNUSABLE: u8 = 2;

/// An error on its way to the terminal.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Option<&'static str>,
    message: String,
    hint: Option<String>,
    exit: u8,
}

impl Failure {
    /// The input cannot be used.
    pub(crate) fn unusable(message: impl Into<String>) -> Self {
        Self { code: None, message: message.into(), hint: None, exit: UNUSABLE }
    }

    /// Sets the hint.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells it on standard error, and says the exit code.
    #[expect(clippy::print_stderr, reason = "this is where errors reach the terminal")]
    pub(crate) fn print(&self) -> ExitCode {
        match self.code {
            Some(code) => eprintln!("error[{code}]: {}", self.message),
            None => eprintln!("error: {}", self.message),
        }
        if let Some(hint) = &self.hint {
            eprintln!("  hint: {hint}");
        }
        ExitCode::from(self.exit)
    }
}

impl From<kargo_core::Error> for Failure {
    fn from(error: kargo_core::Error) -> Self {
        Self {
            code: Some(error.code().as_str()),
            message: chain(&error),
            hint: error.hint().map(str::to_owned),
            exit: UNUSABLE,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::unusable(chain(&error as &dyn StdError))
    }
}
