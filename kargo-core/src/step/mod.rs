//! Promotion steps: what an author of a step writes, and what the engine sees of it.
//!
//! An author implements [`Step`], which is typed; the [`Registry`] turns it into a [`DynStep`], which is not.

mod context;
mod expr;
mod registry;
mod report;

use std::time::Duration;

use async_trait::async_trait;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;

pub use self::context::StepContext;
pub use self::expr::{Expr, Programs, Verbatim, YamlKey};
pub use self::registry::Registry;
pub use self::report::{HealthCheck, Outcome, Outputs, StepError, StepReport, StepStatus};
use crate::error::Code;

/// The evaluated `config:` block does not fit the step.
pub const BAD_CONFIG: Code =
    Code::new("step/bad-config", "The config, once evaluated, has a missing, unknown or ill-typed field.");
/// No step of that name is registered.
pub const UNKNOWN: Code = Code::new("step/unknown", "No step of this name is registered.");
/// The step's code panicked.
pub const PANICKED: Code =
    Code::new("step/panicked", "The step's own code panicked; this is a defect of the step.");
/// The run was cancelled while the step ran.
pub const CANCELLED: Code = Code::new("step/cancelled", "The run was cancelled while the step ran.");
/// The step ran longer than its `retry.timeout`.
pub const TIMED_OUT: Code = Code::new("step/timed-out", "The step was not done within its `retry.timeout`.");

/// The codes of this room.
pub const CODES: &[Code] = &[BAD_CONFIG, UNKNOWN, PANICKED, CANCELLED, TIMED_OUT];

/// What running a step can change; decides how the journal guards it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing: its outputs follow from its config and the files it reads.
    Pure,
    /// Files of the work directory, which can be made again.
    WorkDir,
    /// Something outside that cannot be taken back: a push, a request.
    Outside,
}

/// One `uses:` kind of a promotion template.
///
/// What a step needs beyond its config (clients, credentials) comes in through its constructor; what belongs
/// to the run comes in the [`StepContext`].
///
/// ```
/// use kargo_core::step::{Effect, Outputs, Registry, Step, StepContext, StepError, StepReport};
///
/// /// `greet`: says hello.
/// struct Greet;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Config {
///     /// Whom to greet.
///     name: String,
/// }
///
/// #[derive(schemars::JsonSchema)]
/// #[allow(dead_code)] // read as a schema only
/// struct Greeting {
///     /// The greeting.
///     text: String,
/// }
///
/// impl Step for Greet {
///     type Config = Config;
///     type Outputs = Greeting;
///     const USES: &'static str = "greet";
///     const EFFECT: Effect = Effect::Pure;
///
///     async fn run(&self, _cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
///         Ok(StepReport::succeeded().with_output("text", format!("Hello, {}!", config.name)))
///     }
/// }
///
/// let steps = Registry::new().with(Greet);
/// assert!(steps.get("greet").is_some());
/// ```
pub trait Step: Send + Sync + 'static {
    /// The `config:` block, already evaluated. `serde_json::Value` takes any.
    type Config: DeserializeOwned + JsonSchema + Send;
    /// The shape of the outputs, as lint and the docs know it; the values travel in the [`StepReport`].
    type Outputs: JsonSchema;
    /// The name in `uses:`.
    const USES: &'static str;
    /// What running it can change.
    const EFFECT: Effect;

    /// Runs one attempt.
    ///
    /// # Errors
    /// A [`StepError`] says on two axes whether the step *failed* (a business answer) or *errored* (a
    /// technical one), and whether trying again can help.
    fn run(
        &self,
        cx: &StepContext<'_>,
        config: Self::Config,
    ) -> impl Future<Output = Result<StepReport, StepError>> + Send;

    /// How long the step may take where `retry.timeout` is absent; `None` is without limit.
    fn default_timeout(&self) -> Option<Duration> {
        None
    }

    /// How many consecutive errors fail the step where `retry.errorThreshold` is absent or 0.
    fn default_error_threshold(&self) -> u32 {
        1
    }

    /// Whether the outputs of such a step inside a task are merged into the task's own (`compose-output`).
    fn shares_outputs_with_task(&self) -> bool {
        false
    }
}

/// A step with its types erased: what the engine runs and what a [`Registry`] holds.
///
/// Implement it directly only where the name is known at run time alone (mocks, custom steps).
#[async_trait]
pub trait DynStep: Send + Sync + 'static {
    /// The name in `uses:`.
    fn uses(&self) -> &str;

    /// What running it can change.
    fn effect(&self) -> Effect;

    /// The JSON Schema of the config.
    fn config_schema(&self) -> &Schema;

    /// The JSON Schema of the outputs.
    fn outputs_schema(&self) -> &Schema;

    /// See [`Step::default_timeout`].
    fn default_timeout(&self) -> Option<Duration> {
        None
    }

    /// See [`Step::default_error_threshold`].
    fn default_error_threshold(&self) -> u32 {
        1
    }

    /// See [`Step::shares_outputs_with_task`].
    fn shares_outputs_with_task(&self) -> bool {
        false
    }

    /// Runs one attempt with the evaluated config.
    ///
    /// # Errors
    /// As [`Step::run`]; a config that does not fit is `step/bad-config`, failed and terminal.
    async fn run(&self, cx: &StepContext<'_>, config: serde_json::Value) -> Result<StepReport, StepError>;
}
