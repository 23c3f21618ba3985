//! How well what a Stage runs is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::null_as_default;

/// The health of a Stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Health {
    /// The verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<HealthState>,
    /// What is wrong, for people.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<String>,
    /// The settings of the checks that were run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
    /// What the checks found; a list with one entry for each check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
}

/// The verdict of a health check, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum HealthState {
    /// All is well.
    Healthy,
    /// There is nothing to check.
    NotApplicable,
    /// On the way to healthy.
    Progressing,
    /// It cannot be told.
    Unknown,
    /// Something is wrong.
    Unhealthy,
}

impl HealthState {
    /// The worse of two.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.max(other)
    }
}

/// A check that a step left to be run as long as the Stage runs the Freight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// The kind of check, named like the step.
    pub uses: String,
    /// The check's own settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
}

impl HealthCheck {
    /// A check without settings.
    pub fn new(uses: impl Into<String>) -> Self {
        Self { uses: uses.into(), config: None }
    }

    /// Sets the settings.
    #[must_use]
    pub fn with_config(mut self, config: impl Into<Value>) -> Self {
        self.config = Some(config.into());
        self
    }
}
