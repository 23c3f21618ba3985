//! The settings of a project.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::meta::labels_match;
use super::{
    Condition, DeepLink, LabelSelectorRequirement, ObjectMeta, Pattern, PromotionWindow,
    WebhookReceiverConfig, WebhookReceiverDetails, null_as_default,
};
use crate::error::Error;

/// The settings of a project; its name is the project's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectConfig {
    /// Who it is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// The settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<ProjectConfigSpec>,
    /// What is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ConfigStatus::is_unset")]
    pub status: ConfigStatus,
}

impl ProjectConfig {
    /// Settings of a project, all at their defaults.
    pub fn new(project: impl Into<String>) -> Self {
        let project = project.into();
        Self { metadata: ObjectMeta::in_project(project.clone(), project), ..Self::default() }
    }

    /// Adds a promotion policy; earlier ones win.
    #[must_use]
    pub fn with_policy(mut self, policy: PromotionPolicy) -> Self {
        self.spec.get_or_insert_default().promotion_policies.push(policy);
        self
    }

    /// The promotion policies; the first that matches a Stage counts.
    pub fn policies(&self) -> &[PromotionPolicy] {
        self.spec.as_ref().map(|spec| spec.promotion_policies.as_slice()).unwrap_or_default()
    }
}

/// The settings of a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectConfigSpec {
    /// Which Stages are promoted to automatically; the first that matches counts.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub promotion_policies: Vec<PromotionPolicy>,
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

/// How Freight gets into the Stages that it matches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionPolicy {
    /// The Stage, by name. Kargo prefers `stageSelector`; one of the two is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The Stages, by name pattern and labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage_selector: Option<NamedSelector>,
    /// Whether available Freight is promoted by itself; absent means no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_promotion_enabled: Option<bool>,
    /// When a Stage goes back by itself (Kargo Enterprise).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_rollback: Option<AutoRollback>,
}

impl PromotionPolicy {
    /// A policy for the Stages that `selector` matches.
    pub fn new(selector: NamedSelector, auto_promotion_enabled: bool) -> Self {
        Self {
            stage_selector: Some(selector),
            auto_promotion_enabled: Some(auto_promotion_enabled),
            ..Self::default()
        }
    }

    /// Whether the policy is for a Stage of that name, with `labels`.
    ///
    /// # Errors
    /// [`BAD_PATTERN`](super::BAD_PATTERN) for a pattern of names that cannot be read.
    pub fn matches(&self, stage: &str, labels: &BTreeMap<String, String>) -> Result<bool, Error> {
        match &self.stage_selector {
            Some(selector) => selector.matches(stage, labels),
            None => Ok(self.stage.as_deref() == Some(stage)),
        }
    }

    /// Whether available Freight is promoted by itself.
    pub fn auto_promotes(&self) -> bool {
        self.auto_promotion_enabled.unwrap_or(false)
    }
}

/// When a Stage goes back to its last stable Freight by itself (Kargo Enterprise).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoRollback {
    /// After which ends of a Promotion: `Failed`, `Errored`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub on_promotion: Vec<String>,
    /// After which ends of a verification: `Failed`, `Error`; none stands for `Failed`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub on_verification: Vec<String>,
}

/// Selects objects by a pattern of their name and by their labels, both of which must hold. The empty
/// selector selects everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NamedSelector {
    /// The name as it is, or a pattern that begins with `glob:`, `regex:` or `regexp:`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Labels that must be there with exactly these values.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements on labels that must all hold.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

impl NamedSelector {
    /// Selects by a name or a pattern of names.
    pub fn named(pattern: impl Into<String>) -> Self {
        Self { name: Some(pattern.into()), ..Self::default() }
    }

    /// Whether an object of that name, with `labels`, is selected.
    ///
    /// # Errors
    /// [`BAD_PATTERN`](super::BAD_PATTERN) for a pattern of names that cannot be read.
    pub fn matches(&self, name: &str, labels: &BTreeMap<String, String>) -> Result<bool, Error> {
        let named = match self.name.as_deref() {
            None | Some("") => true,
            Some(pattern) => Pattern::name(pattern)?.matches(name),
        };
        Ok(named && self.matches_labels(labels))
    }

    /// Whether an object with `labels` passes the part of the selector that is about labels.
    pub fn matches_labels(&self, labels: &BTreeMap<String, String>) -> bool {
        labels_match(&self.match_labels, &self.match_expressions, labels)
    }
}

/// What is the case with a ProjectConfig or ClusterConfig.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigStatus {
    /// Ready, Reconciling.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The generation of the spec that all this speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The last refresh request that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_refresh: Option<String>,
    /// Where the webhook receivers can be reached.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub webhook_receivers: Vec<WebhookReceiverDetails>,
}

impl ConfigStatus {
    /// Whether nothing is recorded.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_matches_by_name_and_labels() {
        let labels = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
        let labelled = NamedSelector { match_labels: labels.clone(), ..NamedSelector::named("glob:prod-*") };
        for (policy, stage, matches) in [
            (PromotionPolicy::new(NamedSelector::default(), true), "any", true),
            (PromotionPolicy::new(NamedSelector::named("prod-eu"), true), "prod-eu", true),
            (PromotionPolicy::new(NamedSelector::named("prod-eu"), true), "prod-us", false),
            (PromotionPolicy::new(labelled.clone(), true), "prod-us", true),
            (PromotionPolicy::new(labelled, true), "test", false),
            (PromotionPolicy { stage: Some("test".into()), ..PromotionPolicy::default() }, "test", true),
            (PromotionPolicy { stage: Some("test".into()), ..PromotionPolicy::default() }, "prod", false),
        ] {
            assert_eq!(policy.matches(stage, &labels).unwrap(), matches, "{policy:?} {stage}");
        }
        let broken = PromotionPolicy::new(NamedSelector::named("regex:("), true);
        assert_eq!(broken.matches("a", &labels).unwrap_err().code(), super::super::BAD_PATTERN);
    }

    #[test]
    fn an_explicit_no_survives() {
        let written = serde_json::json!({ "stage": "test", "autoPromotionEnabled": false });
        let policy: PromotionPolicy = serde_json::from_value(written.clone()).unwrap();
        assert!(!policy.auto_promotes());
        assert_eq!(serde_json::to_value(policy).unwrap(), written);
    }
}
