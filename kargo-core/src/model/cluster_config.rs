//! The settings of the whole installation, and what they share with those of a project.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ConfigStatus, NamedSelector, ObjectMeta, SecretReference, WebhookReceiverConfig, null_as_default,
};

/// The settings of the whole installation; its name is `cluster`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterConfig {
    /// Who it is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// The settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<ClusterConfigSpec>,
    /// What is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ConfigStatus::is_unset")]
    pub status: ConfigStatus,
}

/// The settings of the whole installation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterConfigSpec {
    /// In whose name the installation commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_client: Option<GitClientConfig>,
    /// When Promotions may start (Kargo Enterprise).
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub promotion_windows: Vec<PromotionWindow>,
    /// Who may tell that something changed.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub webhook_receivers: Vec<WebhookReceiverConfig>,
    /// Links that a user interface shows with Freight.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub freight_links: Vec<DeepLink>,
    /// Links that a user interface shows with Stages.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub stage_links: Vec<DeepLink>,
}

/// In whose name the installation commits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitClientConfig {
    /// The name.
    pub name: String,
    /// The email address.
    pub email: String,
    /// The Secret with the GPG key, under the key `signingKey`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key_secret: Option<SecretReference>,
}

/// A link that a user interface shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeepLink {
    /// What it says.
    pub title: String,
    /// What it says in addition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it leads: a Go template.
    pub url: String,
    /// An expression that says whether it is shown.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// A time in which Promotions may or may not start (Kargo Enterprise).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionWindow {
    /// The name that a refusal tells.
    pub name: String,
    /// The Stages it is for; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage_selector: Option<NamedSelector>,
    /// The projects it is for, in a ClusterConfig; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_selector: Option<NamedSelector>,
    /// Whether Promotions may start then.
    pub kind: PromotionWindowKind,
    /// When it comes again, as RFC 5545 says it; absent means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// The begin of the first occurrence, as iCalendar writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dtstart: Option<String>,
    /// The end of the first occurrence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dtend: Option<String>,
}

/// Whether Promotions may start in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PromotionWindowKind {
    /// They may start only in windows of this kind, where there are any.
    Allow,
    /// They may not.
    Deny,
}
