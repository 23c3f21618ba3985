//! Projects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, ObjectMeta, null_as_default};

/// A project. It has no spec; its settings are in the ProjectConfig.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// Who it is; the namespace of everything in it has the same name.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// What is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ProjectStatus::is_unset")]
    pub status: ProjectStatus,
}

impl Project {
    /// A project.
    pub fn new(name: impl Into<String>) -> Self {
        Self { metadata: ObjectMeta::named(name), ..Self::default() }
    }
}

/// What is the case with a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectStatus {
    /// Ready, Reconciling.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// How many things are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats: Option<ProjectStats>,
}

impl ProjectStatus {
    /// Whether nothing is recorded.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }
}

/// How many things are in a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectStats {
    /// Warehouses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warehouses: Option<KindStats>,
    /// Stages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages: Option<KindStats>,
}

/// How many things of one kind are in a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KindStats {
    /// All of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// By health.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthStats>,
}

/// How many things are well.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthStats {
    /// Those that are Healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy: Option<i64>,
}
