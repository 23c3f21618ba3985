//! Tasks: lists of steps that promotion templates refer to by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ExpressionVariable, ObjectMeta, PromotionStep, null_as_default};

/// A task of one project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionTask {
    /// Who it is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// Its parameters and steps.
    pub spec: PromotionTaskSpec,
}

impl PromotionTask {
    /// A task without steps yet.
    pub fn new(project: impl Into<String>, name: impl Into<String>) -> Self {
        Self { metadata: ObjectMeta::in_project(project, name), ..Self::default() }
    }

    /// Adds a parameter, required or with its default.
    #[must_use]
    pub fn with_var(mut self, var: ExpressionVariable) -> Self {
        self.spec.vars.push(var);
        self
    }

    /// Adds a step.
    #[must_use]
    pub fn with_step(mut self, step: PromotionStep) -> Self {
        self.spec.steps.push(step);
        self
    }
}

/// A task of the whole cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterPromotionTask {
    /// Who it is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// Its parameters and steps.
    pub spec: PromotionTaskSpec,
}

/// The parameters and steps of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionTaskSpec {
    /// Parameters; one without a value must be given by whoever uses the task.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub vars: Vec<ExpressionVariable>,
    /// The steps, none of which may refer to a task.
    pub steps: Vec<PromotionStep>,
}
