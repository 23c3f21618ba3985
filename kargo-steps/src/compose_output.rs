//! `compose-output`: puts its config out, so that later steps read values under one name.
//!
//! Inside a PromotionTask the values also become outputs of the task itself.
//!
//! ```yaml
//! - uses: compose-output
//!   as: result
//!   config:
//!     tag: ${{ vars.tagPrefix }}-${{ outputs['parse-version'].version }}
//! ```

use kargo_core::expr::{Numbers, Value};
use kargo_core::step::{BAD_CONFIG, Effect, Outputs, Step, StepContext, StepError, StepReport};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// The config of `compose-output`: at least one name with its value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Config(#[schemars(extend("minProperties" = 1))] Map<String, Json>);

/// The step `compose-output`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComposeOutput;

impl Step for ComposeOutput {
    type Config = Config;
    type Outputs = Map<String, Json>;
    const USES: &'static str = "compose-output";
    const EFFECT: Effect = Effect::Pure;

    async fn run(&self, _cx: &StepContext<'_>, Config(values): Config) -> Result<StepReport, StepError> {
        if values.is_empty() {
            return Err(
                StepError::failed(BAD_CONFIG, "invalid compose-output config: it names no output").terminal()
            );
        }
        // As in Kargo, a config is JSON by now, and JSON knows one kind of number.
        let outputs = values.iter().fold(Outputs::new(), |outputs, (name, value)| {
            outputs.with(name, Value::from_json(value, Numbers::GoFloat))
        });
        Ok(StepReport::succeeded().with_outputs(outputs))
    }

    fn shares_outputs_with_task(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trial::{Trial, example};

    #[test]
    fn its_example_is_valid() {
        example(ComposeOutput, include_str!("compose_output.rs"));
    }

    #[tokio::test]
    async fn it_puts_out_what_it_gets() {
        let config = json!({"a": 1.5, "b": "x", "c": [1, {"d": null}], "": true});
        let report = Trial::new().run(ComposeOutput, config.clone()).await.unwrap();
        for (name, value) in config.as_object().unwrap() {
            assert_eq!(
                report.outputs.as_ref().unwrap().get(name).unwrap().to_json().unwrap(),
                *value,
                "{name}"
            );
        }
        for bad in [json!({}), json!(null), json!([1])] {
            let error = Trial::new().run(ComposeOutput, bad).await.unwrap_err();
            assert_eq!((error.code(), error.is_terminal()), (BAD_CONFIG, true));
        }
    }
}
