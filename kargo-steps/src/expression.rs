//! Expressions that a step's config holds, evaluated over what the step has found.

use jiff::Timestamp;
use kargo_core::expr::{Answer, CallError, Error, Host, Scope, Value};
use kargo_core::step::{Expr, StepContext};

/// The value of `expr` in `scope`; the phase of the error says whether it does not compile.
///
/// # Errors
/// Where it does not compile, and where it fails.
pub(crate) fn evaluate(cx: &StepContext<'_>, expr: &Expr, scope: &Scope) -> Result<Value, Error> {
    let program = cx.program(expr)?;
    match program.run_with(scope, &Now(cx.clock.now()))? {
        Answer::Ready(value) => Ok(value),
        // Nothing here declares a function that could ask for something; the run says so in its own words.
        Answer::Need(_) => program.run(scope),
    }
}

/// A host that knows the time and no functions: Kargo's are not there in a step's expressions.
struct Now(Timestamp);

impl Host for Now {
    fn call(&self, function: &str, _args: &[Value]) -> Result<Answer, CallError> {
        Err(CallError::new(format!("{function} cannot be used in the expressions of a step")))
    }

    fn now(&self) -> Timestamp {
        self.0
    }
}
