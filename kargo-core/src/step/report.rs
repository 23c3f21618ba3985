//! What a step answers: a [`StepReport`] when it got somewhere, a [`StepError`] when it did not.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use kargo_expr::Value;

use crate::error::Code;
pub use crate::model::{HealthCheck, StepStatus};

/// Named output values of a step, in order of insertion. Values keep ints apart from floats, and know
/// whether they came from a secret.
#[derive(Clone, Debug, Default)]
pub struct Outputs(Vec<(String, Value)>);

impl Outputs {
    /// No outputs; not the same as a step that has none to give (`null`).
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces one.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.insert(name, value);
        self
    }

    /// Adds or replaces one.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((name, value)),
        }
    }

    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// How far a step got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Done.
    Succeeded,
    /// There was nothing to do; counts as success.
    Skipped,
    /// Not done yet; to be run again.
    Running {
        /// When to look again; `None` leaves it to the engine.
        retry_after: Option<Duration>,
    },
    /// What it waits for is not so (Kargo's "Failed without an error"): shown as Failed, run again, and never
    /// counted against the error threshold.
    Unmet {
        /// When to look again; `None` leaves it to the engine.
        retry_after: Option<Duration>,
    },
}

/// The answer of a step that did not err.
///
/// ```
/// use kargo_core::step::StepReport;
///
/// let report = StepReport::succeeded().with_output("commit", "0a1b2c3d");
/// assert!(report.outputs.is_some());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StepReport {
    /// How far it got.
    pub outcome: Outcome,
    /// Its outputs; `None` is shown as null and is not the same as none (`{}`).
    pub outputs: Option<Outputs>,
    /// A line for people.
    pub message: Option<String>,
    /// What the Stage's health depends on from now on.
    pub health_check: Option<HealthCheck>,
}

impl StepReport {
    /// A report of that outcome, without outputs.
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, outputs: None, message: None, health_check: None }
    }

    /// Done.
    pub fn succeeded() -> Self {
        Self::new(Outcome::Succeeded)
    }

    /// There was nothing to do.
    pub fn skipped() -> Self {
        Self::new(Outcome::Skipped)
    }

    /// Not done yet.
    pub fn running(retry_after: Option<Duration>) -> Self {
        Self::new(Outcome::Running { retry_after })
    }

    /// What it waits for is not so yet.
    pub fn unmet(retry_after: Option<Duration>) -> Self {
        Self::new(Outcome::Unmet { retry_after })
    }

    /// Adds one output.
    #[must_use]
    pub fn with_output(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.outputs.get_or_insert_default().insert(name, value);
        self
    }

    /// Sets all outputs.
    #[must_use]
    pub fn with_outputs(mut self, outputs: Outputs) -> Self {
        self.outputs = Some(outputs);
        self
    }

    /// Sets the message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Sets the health check.
    #[must_use]
    pub fn with_health_check(mut self, check: HealthCheck) -> Self {
        self.health_check = Some(check);
        self
    }
}

/// The answer of a step that did not get where it should.
///
/// Two axes that do not depend on each other: *failed* (a business answer: the check said no) or *errored*
/// (a technical one: the network broke), and *terminal* (trying again cannot help) or not.
///
/// ```
/// use kargo_core::Code;
/// use kargo_core::step::StepError;
///
/// const CLOSED: Code = Code::new("example/closed", "The pull request was closed.");
/// let error = StepError::failed(CLOSED, "PR 12 was closed").terminal().with_output("state", "closed");
/// assert!(error.is_terminal() && error.is_failed());
/// ```
pub struct StepError(Box<Repr>);

struct Repr {
    failed: bool,
    terminal: bool,
    code: Code,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    outputs: Option<Outputs>,
}

impl StepError {
    fn new(failed: bool, code: Code, message: String) -> Self {
        Self(Box::new(Repr {
            failed,
            terminal: false,
            code,
            message,
            hint: None,
            source: None,
            outputs: None,
        }))
    }

    /// The answer is no.
    pub fn failed(code: Code, message: impl Into<String>) -> Self {
        Self::new(true, code, message.into())
    }

    /// It could not be done.
    pub fn errored(code: Code, message: impl Into<String>) -> Self {
        Self::new(false, code, message.into())
    }

    /// An error of this crate or one like it, as *errored*.
    pub fn from_error(error: crate::Error) -> Self {
        let mut step_error = Self::errored(error.code(), error.to_string());
        step_error.0.hint = error.hint().map(str::to_owned);
        step_error.0.source = Some(Box::new(error));
        step_error
    }

    /// Says that trying again cannot help.
    #[must_use]
    pub fn terminal(mut self) -> Self {
        self.0.terminal = true;
        self
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds one output.
    #[must_use]
    pub fn with_output(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.outputs.get_or_insert_default().insert(name, value);
        self
    }

    /// Whether the step *failed*, as opposed to *errored*.
    pub fn is_failed(&self) -> bool {
        self.0.failed
    }

    /// Whether trying again cannot help.
    pub fn is_terminal(&self) -> bool {
        self.0.terminal
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The outputs that came with it.
    pub fn outputs(&self) -> Option<&Outputs> {
        self.0.outputs.as_ref()
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepError")
            .field("failed", &self.0.failed)
            .field("terminal", &self.0.terminal)
            .field("code", &self.0.code.as_str())
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for StepError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<crate::Error> for StepError {
    fn from(error: crate::Error) -> Self {
        Self::from_error(error)
    }
}
