//! `fail`: ends the Promotion as Failed, with a message.
//!
//! ```yaml
//! - uses: fail
//!   if: ${{ outputs['look-up'].commit != commitFrom(vars.repoURL).ID }}
//!   config:
//!     message: the tag stands at ${{ outputs['look-up'].commit }}
//! ```

use kargo_core::Code;
use kargo_core::step::{Effect, Step, StepContext, StepError, StepReport};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Text;

/// The template asked for a failure.
pub(crate) const ASKED: Code =
    Code::new("fail/asked", "The promotion template failed on purpose, by its `fail` step.");

/// The config of `fail`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Why it fails.
    #[serde(default)]
    message: Option<Text>,
}

/// The step `fail`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fail;

impl Step for Fail {
    type Config = Config;
    type Outputs = ();
    const USES: &'static str = "fail";
    const EFFECT: Effect = Effect::Pure;

    async fn run(&self, _cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        let message = match config.message {
            Some(message) => format!("failed: {}", &*message),
            None => "failed".to_owned(),
        };
        Err(StepError::failed(ASKED, message).terminal())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trial::{Trial, example};

    #[test]
    fn its_example_is_valid() {
        example(Fail, include_str!("fail.rs"));
    }

    #[tokio::test]
    async fn it_fails_for_good() {
        for (config, message) in
            [(json!({}), "failed"), (json!({"message": "no \"%s\""}), "failed: no \"%s\"")]
        {
            let error = Trial::new().run(Fail, config).await.unwrap_err();
            assert!(error.is_failed() && error.is_terminal());
            assert_eq!((error.code(), error.to_string()), (ASKED, message.to_owned()));
        }
    }
}
