//! Kubernetes ConfigMaps, as a folder has them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ObjectMeta, null_as_default};

/// A ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMap {
    /// Who it is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// Whether it may no longer change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// Its values.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
    /// Its values that are no text, in base64. Expressions do not see them.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub binary_data: BTreeMap<String, String>,
}

impl ConfigMap {
    /// A ConfigMap without values yet.
    pub fn new(project: impl Into<String>, name: impl Into<String>) -> Self {
        Self { metadata: ObjectMeta::in_project(project, name), ..Self::default() }
    }

    /// Adds a value.
    #[must_use]
    pub fn with_value(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.data.insert(key.into(), value.into());
        self
    }
}
