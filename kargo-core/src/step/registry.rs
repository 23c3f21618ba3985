//! The set of steps that a run can use: a value that is passed in, never a global.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemars::{Schema, schema_for};

use super::{BAD_CONFIG, DynStep, Effect, Step, StepContext, StepError, StepReport};

/// Steps by name. Cloning shares the steps.
#[derive(Clone, Default)]
pub struct Registry {
    steps: BTreeMap<String, Arc<dyn DynStep>>,
}

impl Registry {
    /// A registry without steps; `kargo_steps::builtin()` has Kargo's.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step; one of the same name that is there already is replaced.
    #[must_use]
    pub fn with<S: Step>(self, step: S) -> Self {
        self.with_dyn(Arc::new(Erased::new(step)))
    }

    /// Adds a step whose name is known only now.
    #[must_use]
    pub fn with_dyn(mut self, step: Arc<dyn DynStep>) -> Self {
        self.steps.insert(step.uses().to_owned(), step);
        self
    }

    /// The step of that name.
    pub fn get(&self, uses: &str) -> Option<&Arc<dyn DynStep>> {
        self.steps.get(uses)
    }

    /// All steps, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn DynStep>> {
        self.steps.values()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.steps.keys()).finish()
    }
}

/// A typed step behind [`DynStep`].
struct Erased<S> {
    step: S,
    config: Schema,
    outputs: Schema,
}

impl<S: Step> Erased<S> {
    fn new(step: S) -> Self {
        Self { step, config: schema_for!(S::Config), outputs: schema_for!(S::Outputs) }
    }
}

#[async_trait]
impl<S: Step> DynStep for Erased<S> {
    fn uses(&self) -> &str {
        S::USES
    }

    fn effect(&self) -> Effect {
        S::EFFECT
    }

    fn config_schema(&self) -> &Schema {
        &self.config
    }

    fn outputs_schema(&self) -> &Schema {
        &self.outputs
    }

    fn default_timeout(&self) -> Option<Duration> {
        self.step.default_timeout()
    }

    fn default_error_threshold(&self) -> u32 {
        self.step.default_error_threshold()
    }

    fn shares_outputs_with_task(&self) -> bool {
        self.step.shares_outputs_with_task()
    }

    async fn run(&self, cx: &StepContext<'_>, config: serde_json::Value) -> Result<StepReport, StepError> {
        let config = serde_json::from_value(config).map_err(|error| {
            StepError::failed(BAD_CONFIG, format!("invalid {} config: {error}", S::USES)).terminal()
        })?;
        self.step.run(cx, config).await
    }
}
