//! Promotion steps and variables, as Stages, Promotions and tasks hold them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Duration, null_as_default};

/// A variable that templates read as `vars.<name>`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExpressionVariable {
    /// The name: a letter or `_`, then letters, digits and `_`.
    pub name: String,
    /// The value, a string that may hold templates. Empty and absent mean the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl ExpressionVariable {
    /// A variable with its value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Some(value.into()) }
    }

    /// A parameter of a task that whoever uses the task must give.
    pub fn required(name: impl Into<String>) -> Self {
        Self { name: name.into(), value: None }
    }

    /// The value as written; empty where there is none.
    pub fn value(&self) -> &str {
        self.value.as_deref().unwrap_or_default()
    }
}

/// One step of a promotion: what to run (`uses`) or the task to put in its place (`task`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionStep {
    /// The kind of step to run, such as `git-clone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uses: Option<String>,
    /// The task whose steps take this one's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<PromotionTaskReference>,
    /// The alias under which later steps find the outputs.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// A template that says whether the step runs.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Whether a failure of this step leaves the promotion's result alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continue_on_error: Option<bool>,
    /// How long and how often the step may be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<PromotionStepRetry>,
    /// Variables of this step, which override the promotion's.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub vars: Vec<ExpressionVariable>,
    /// The step's own settings; templates are evaluated before the step sees them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
}

impl PromotionStep {
    /// A step that runs `uses`.
    pub fn new(uses: impl Into<String>) -> Self {
        Self { uses: Some(uses.into()), ..Self::default() }
    }

    /// A step in whose place the steps of a task of the project go.
    pub fn task(name: impl Into<String>) -> Self {
        Self { task: Some(PromotionTaskReference { name: name.into(), kind: None }), ..Self::default() }
    }

    /// Sets the alias.
    #[must_use]
    pub fn with_alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// Sets the `if` template.
    #[must_use]
    pub fn with_condition(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// Sets `continueOnError`.
    #[must_use]
    pub fn with_continue_on_error(mut self, continue_on_error: bool) -> Self {
        self.continue_on_error = Some(continue_on_error);
        self
    }

    /// Sets the retry limits.
    #[must_use]
    pub fn with_retry(mut self, retry: PromotionStepRetry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Adds a variable.
    #[must_use]
    pub fn with_var(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.vars.push(ExpressionVariable::new(name, value));
        self
    }

    /// Sets the settings.
    #[must_use]
    pub fn with_config(mut self, config: impl Into<Value>) -> Self {
        self.config = Some(config.into());
        self
    }

    /// The kind of step; empty where the step refers to a task.
    pub fn uses(&self) -> &str {
        self.uses.as_deref().unwrap_or_default()
    }

    /// The alias that the step at `index` (from 0) of a list goes by: its own, else `step-<n>` or `task-<n>`
    /// with `n` from 1.
    pub fn alias_or_default(&self, index: usize) -> String {
        match self.alias.as_deref() {
            Some(alias) if !alias.is_empty() => alias.to_owned(),
            _ if self.task.is_some() => format!("task-{}", index + 1),
            _ => format!("step-{}", index + 1),
        }
    }

    /// Whether a failure of this step leaves the promotion's result alone; absent means no.
    pub fn continues_on_error(&self) -> bool {
        self.continue_on_error.unwrap_or(false)
    }
}

/// How long and how often a step may be tried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionStepRetry {
    /// The time, counted from the step's first start, after which it counts as failed. Absent takes the
    /// step's own default; zero means there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How many errors in a row end the step. Absent and 0 take the step's own default, which is 1 for the
    /// steps that Kargo has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_threshold: Option<u32>,
}

impl PromotionStepRetry {
    /// The threshold where one is set, which 0 is not.
    pub fn error_threshold(&self) -> Option<u32> {
        self.error_threshold.filter(|threshold| *threshold > 0)
    }
}

/// Names a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionTaskReference {
    /// The task's name.
    pub name: String,
    /// The task's kind; absent means [`TaskKind::PromotionTask`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<TaskKind>,
}

/// The kinds of task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TaskKind {
    /// A task of the project.
    #[default]
    PromotionTask,
    /// A task of the whole cluster.
    ClusterPromotionTask,
}

impl PromotionTaskReference {
    /// The task's kind.
    pub fn kind(&self) -> TaskKind {
        self.kind.unwrap_or_default()
    }
}
