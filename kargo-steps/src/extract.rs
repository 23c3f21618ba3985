//! Outputs that are expressions over a parsed file: what `yaml-parse` and its like share.

use kargo_core::Code;
use kargo_core::expr::{Scope, Value};
use kargo_core::step::{Outputs, StepContext, StepError};

use crate::config::Output;
use crate::expression::evaluate;

/// Evaluates every output over `document`. The keys of a map are names; any other document is `$env`.
///
/// # Errors
/// The first expression that does not compile or evaluate, with its code.
pub(crate) fn extract(
    cx: &StepContext<'_>,
    outputs: &[Output],
    document: &Value,
) -> Result<Outputs, StepError> {
    let scope = Scope::of(document.clone());
    let mut found = Outputs::new();
    for Output { name, from_expression } in outputs {
        let value = evaluate(cx, from_expression, &scope).map_err(|error| {
            let code = Code::new(error.code().as_str(), error.code().explain());
            let message = format!("output {}: `{}`: {error}", &**name, from_expression.source());
            StepError::errored(code, message).with_source(error)
        })?;
        found.insert(&**name, value);
    }
    Ok(found)
}
