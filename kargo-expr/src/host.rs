//! What answers functions that need more than their arguments.

use std::sync::Arc;

use crate::{CallError, Value};

/// The outside of an evaluation: host functions and the time.
///
/// A call never waits. What is not at hand yet is answered with [`Answer::Need`]; whoever runs the program
/// fetches it and runs the program again.
pub trait Host {
    /// Answers a function that was declared with [`crate::Env::with_host_function`].
    ///
    /// # Errors
    /// The function's own failure.
    fn call(&self, function: &str, args: &[Value]) -> Result<Answer, CallError>;

    /// The time of the evaluation, which `now()` gives; the same for all calls of one evaluation.
    fn now(&self) -> jiff::Timestamp;
}

/// What a program, a template or a host function gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T = Value> {
    /// The result.
    Ready(T),
    /// Something has to be fetched first.
    Need(Need),
}

/// What a host function waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Need {
    /// Which kind of thing, such as `secret`.
    pub kind: Arc<str>,
    /// Which one of them.
    pub key: Arc<str>,
}

/// A host without functions, at the Unix epoch: for expressions that need neither.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&self, function: &str, _args: &[Value]) -> Result<Answer, CallError> {
        Err(CallError::coded(crate::Code::NeedsHost, format!("{function} needs a host")))
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}
