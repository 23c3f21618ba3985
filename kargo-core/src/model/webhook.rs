//! Receivers of webhooks, by which others tell that something changed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LabelSelector, null_as_default};

/// Names a Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretReference {
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// A receiver: a name, and one of the types.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookReceiverConfig {
    /// The name, unique in the list.
    pub name: String,
    /// Bitbucket; the Secret's key is `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bitbucket: Option<WebhookSecret>,
    /// Docker Hub; the Secret's key is `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dockerhub: Option<WebhookSecret>,
    /// GitHub; the Secret's key is `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github: Option<WebhookSecret>,
    /// GitLab; the Secret's key is `secret-token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gitlab: Option<WebhookSecret>,
    /// Harbor; the Secret's key is `auth-header`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harbor: Option<WebhookSecret>,
    /// Quay; the Secret's key is `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quay: Option<WebhookSecret>,
    /// Artifactory; the Secret's key is `secret-token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifactory: Option<ArtifactoryWebhook>,
    /// Azure; the Secret's key is `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure: Option<WebhookSecret>,
    /// Gitea; the Secret's key is `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gitea: Option<WebhookSecret>,
    /// Anything else; the Secret's key is `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generic: Option<GenericWebhook>,
}

impl WebhookReceiverConfig {
    /// The types that are set; a sound receiver has one.
    pub fn types(&self) -> Vec<&'static str> {
        let all = [
            ("bitbucket", self.bitbucket.is_some()),
            ("dockerhub", self.dockerhub.is_some()),
            ("github", self.github.is_some()),
            ("gitlab", self.gitlab.is_some()),
            ("harbor", self.harbor.is_some()),
            ("quay", self.quay.is_some()),
            ("artifactory", self.artifactory.is_some()),
            ("azure", self.azure.is_some()),
            ("gitea", self.gitea.is_some()),
            ("generic", self.generic.is_some()),
        ];
        all.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect()
    }
}

/// The Secret of a receiver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSecret {
    /// The Secret.
    pub secret_ref: SecretReference,
}

/// A receiver for Artifactory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactoryWebhook {
    /// The Secret.
    pub secret_ref: SecretReference,
    /// The virtual repository whose name takes the place of the one that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_repo_name: Option<String>,
}

/// A receiver that does what its actions say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GenericWebhook {
    /// The Secret.
    pub secret_ref: SecretReference,
    /// What it does.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<GenericWebhookAction>,
}

/// Something a generic receiver does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GenericWebhookAction {
    /// What.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<WebhookAction>,
    /// An expression that says whether.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_expression: Option<String>,
    /// What expressions read as `params`.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// With what.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub target_selection_criteria: Vec<TargetSelectionCriteria>,
}

/// What a generic receiver can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WebhookAction {
    /// Look at the objects now.
    Refresh,
}

/// Selects the objects of an action; at least one of name, labels and indices is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetSelectionCriteria {
    /// Their kind.
    pub kind: WebhookTargetKind,
    /// The name of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// By labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<LabelSelector>,
    /// By what they subscribe to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_selector: Option<IndexSelector>,
}

/// The kinds of object that an action can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WebhookTargetKind {
    /// Warehouses.
    Warehouse,
    /// Promotions. Kargo's documentation has it and its code takes it, but its definition does not.
    Promotion,
}

/// Selects objects by indices, all of which must match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IndexSelector {
    /// The requirements.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub match_indices: Vec<IndexSelectorRequirement>,
}

/// A requirement on an index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IndexSelectorRequirement {
    /// The index.
    pub key: IndexKey,
    /// `Equals` or `NotEquals`.
    pub operator: String,
    /// The value; may hold templates.
    pub value: String,
}

/// The indices of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum IndexKey {
    /// The URLs that a Warehouse subscribes to.
    #[serde(rename = "subscribedURLs")]
    SubscribedUrls,
    /// The paths of a config's receivers.
    ReceiverPaths,
}

/// Where a receiver can be reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookReceiverDetails {
    /// The receiver's name.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The path.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The whole address.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub url: String,
}
