//! Stages: where Freight is promoted to, and how.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Condition, Duration, ExpressionVariable, FreightHistory, FreightOrigin, Health, LabelSelector,
    ObjectMeta, PromotionPhase, PromotionReference, PromotionStep, null_as_default,
};

/// An environment, or a node that only directs the flow of Freight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Who it is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: StageSpec,
    /// What is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "StageStatus::is_unset")]
    pub status: StageStatus,
}

impl Stage {
    /// A Stage that requests nothing yet and has no steps.
    pub fn new(project: impl Into<String>, name: impl Into<String>) -> Self {
        Self { metadata: ObjectMeta::in_project(project, name), ..Self::default() }
    }

    /// Adds a request for Freight.
    #[must_use]
    pub fn with_request(mut self, request: FreightRequest) -> Self {
        self.spec.requested_freight.push(request);
        self
    }

    /// Adds a step to the promotion template.
    #[must_use]
    pub fn with_step(mut self, step: PromotionStep) -> Self {
        self.spec.promotion_template.get_or_insert_default().spec.steps.push(step);
        self
    }

    /// Adds a variable for promotion and verification.
    #[must_use]
    pub fn with_var(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.spec.vars.push(ExpressionVariable::new(name, value));
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata = self.metadata.with_label(key, value);
        self
    }

    /// Whether it has no steps, so that Freight passes through as soon as it is available.
    pub fn is_control_flow(&self) -> bool {
        self.spec.steps().is_empty()
    }
}

/// What is wanted of a Stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StageSpec {
    /// The controller that takes care of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// Variables for promotion and verification.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub vars: Vec<ExpressionVariable>,
    /// What Freight it takes, each origin once. [`StageSpec::requests`] also knows the second dialect.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub requested_freight: Vec<FreightRequest>,
    /// How Freight is promoted to it; without steps it is a control-flow Stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion_template: Option<PromotionTemplate>,
    /// How Freight is verified in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// The Targets that a promotion fans out to (Kargo Enterprise).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<TargetSelection>,
    /// Second dialect, not Kargo's: the Warehouse whose Freight it takes directly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriptions: Option<StageSubscriptions>,
    /// Second dialect, not Kargo's: whether new Freight is promoted by itself (`true`) or waits for a person
    /// to approve it (`false`). Absent leaves it to the ProjectConfig.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_promotion_enabled: Option<bool>,
}

impl StageSpec {
    /// What Freight it takes: `requestedFreight`, and after it `subscriptions.warehouse` of the second
    /// dialect where no request names that origin.
    pub fn requests(&self) -> Vec<FreightRequest> {
        let mut requests = self.requested_freight.clone();
        if let Some(subscriptions) = &self.subscriptions {
            let origin = FreightOrigin::warehouse(&subscriptions.warehouse);
            if !requests.iter().any(|request| request.origin == origin) {
                requests.push(FreightRequest::direct(origin));
            }
        }
        requests
    }

    /// The steps of the promotion template; none for a control-flow Stage.
    pub fn steps(&self) -> &[PromotionStep] {
        self.promotion_template.as_ref().map(|template| template.spec.steps.as_slice()).unwrap_or_default()
    }

    /// The variables of a Promotion to this Stage: its own, then the promotion template's, where the later of
    /// one name wins.
    pub fn promotion_vars(&self) -> Vec<ExpressionVariable> {
        let template = self.promotion_template.iter().flat_map(|template| &template.spec.vars);
        self.vars.iter().chain(template).cloned().collect()
    }
}

/// Second dialect, not Kargo's: where a Stage's Freight comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StageSubscriptions {
    /// The Warehouse.
    pub warehouse: String,
}

/// A need for Freight of one origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreightRequest {
    /// The origin.
    pub origin: FreightOrigin,
    /// On which ways it may come here.
    pub sources: FreightSources,
}

impl FreightRequest {
    /// Freight straight from its origin.
    pub fn direct(origin: FreightOrigin) -> Self {
        Self { origin, sources: FreightSources { direct: Some(true), ..FreightSources::default() } }
    }

    /// Freight that was verified in one of the Stages `upstream`.
    pub fn from_stages(origin: FreightOrigin, upstream: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let stages = upstream.into_iter().map(Into::into).collect();
        Self { origin, sources: FreightSources { stages, ..FreightSources::default() } }
    }

    /// Sets the time for which Freight must have been upstream.
    #[must_use]
    pub fn with_required_soak_time(mut self, time: Duration) -> Self {
        self.sources.required_soak_time = Some(time);
        self
    }

    /// Sets whether all or one of the upstream Stages must have verified the Freight.
    #[must_use]
    pub fn with_availability(mut self, strategy: FreightAvailabilityStrategy) -> Self {
        self.sources.availability_strategy = Some(strategy);
        self
    }
}

/// On which ways Freight may come to a Stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreightSources {
    /// Whether it may come straight from its origin. [`FreightSources::is_direct`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct: Option<bool>,
    /// The Stages that it may come from once it is verified there.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<String>,
    /// How long it must have been upstream without a break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_soak_time: Option<Duration>,
    /// Whether all or one of `stages` must have verified it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_strategy: Option<FreightAvailabilityStrategy>,
    /// How a piece is chosen for auto-promotion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_promotion_options: Option<AutoPromotionOptions>,
}

impl FreightSources {
    /// Whether Freight may come straight from its origin; absent means no.
    pub fn is_direct(&self) -> bool {
        self.direct.unwrap_or(false)
    }

    /// Whether all of `stages` must have verified the Freight.
    pub fn requires_all(&self) -> bool {
        self.availability_strategy == Some(FreightAvailabilityStrategy::All)
    }

    /// How a piece is chosen for auto-promotion.
    pub fn selection_policy(&self) -> SelectionPolicy {
        self.auto_promotion_options.as_ref().and_then(|options| options.selection_policy).unwrap_or_default()
    }
}

/// How many upstream Stages must have verified Freight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FreightAvailabilityStrategy {
    /// Written as an empty string: the same as `OneOf`.
    #[serde(rename = "")]
    #[default]
    Unset,
    /// One is enough.
    OneOf,
    /// All of them.
    All,
}

/// Settings of auto-promotion for one origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoPromotionOptions {
    /// How a piece is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection_policy: Option<SelectionPolicy>,
}

/// How a piece of Freight is chosen for auto-promotion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SelectionPolicy {
    /// The newest that is available.
    #[default]
    NewestFreight,
    /// The one that the single upstream Stage runs.
    MatchUpstream,
}

/// What a Promotion to a Stage is made from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionTemplate {
    /// The template.
    pub spec: PromotionTemplateSpec,
}

/// The variables and steps of a promotion template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionTemplateSpec {
    /// Variables, which override the Stage's.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub vars: Vec<ExpressionVariable>,
    /// The steps.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PromotionStep>,
}

/// How Freight is verified in a Stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Verification {
    /// The templates of the AnalysisRun.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub analysis_templates: Vec<AnalysisTemplateReference>,
    /// Labels and annotations for the AnalysisRun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis_run_metadata: Option<AnalysisRunMetadata>,
    /// Arguments of the AnalysisRun.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<AnalysisRunArgument>,
}

/// Names an analysis template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisTemplateReference {
    /// Its name.
    pub name: String,
    /// Its kind; absent means [`AnalysisTemplateKind::AnalysisTemplate`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<AnalysisTemplateKind>,
}

/// The kinds of analysis template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AnalysisTemplateKind {
    /// One of the project.
    #[default]
    AnalysisTemplate,
    /// One of the whole cluster.
    ClusterAnalysisTemplate,
}

/// What an AnalysisRun is labelled with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AnalysisRunMetadata {
    /// Labels.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// An argument of an AnalysisRun.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisRunArgument {
    /// Its name.
    pub name: String,
    /// Its value; may hold templates, and must come out as a string.
    pub value: String,
}

/// Which Targets a Stage promotes to (Kargo Enterprise).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetSelection {
    /// The Targets that any of these selects; none where the list is empty.
    pub selectors: Vec<LabelSelector>,
}

/// What is the case with a Stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StageStatus {
    /// Ready, Reconciling, Promoting, Healthy, Verified.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The last refresh request that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_refresh: Option<String>,
    /// What it ran, newest first.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "FreightHistory::is_empty")]
    pub freight_history: FreightHistory,
    /// What it runs, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freight_summary: Option<String>,
    /// How well it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// The generation of the spec that all this speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The Promotion that is running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_promotion: Option<PromotionReference>,
    /// The Promotion that ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_promotion: Option<PromotionReference>,
    /// The PromotionRequest that is running (Kargo Enterprise).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_promotion_request: Option<PromotionRequestReference>,
    /// The PromotionRequest that ended last (Kargo Enterprise).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_promotion_request: Option<PromotionRequestReference>,
    /// Whether Freight is promoted by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_promotion_enabled: Option<bool>,
    /// The origins whose auto-promotion is paused; the key is the origin's text form.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub auto_promotion_holds: BTreeMap<String, AutoPromotionHold>,
    /// The same, with what running Promotions will add or take away.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub effective_auto_promotion_holds: BTreeMap<String, AutoPromotionHold>,
    /// Whether promotions are frozen (Kargo Enterprise).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion_window_status: Option<PromotionWindowStatus>,
    /// Free data of the `set-metadata` step.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
}

impl StageStatus {
    /// Whether nothing is recorded.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }
}

/// A paused auto-promotion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoPromotionHold {
    /// The Freight that was promoted instead.
    pub freight_name: String,
    /// The origin.
    pub origin: FreightOrigin,
    /// The Promotion that paused it.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub promotion_name: String,
    /// Who asked for that Promotion.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub actor: String,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

/// A PromotionRequest as its Stage keeps it (Kargo Enterprise).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionRequestReference {
    /// Its name.
    pub name: String,
    /// The Freight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freight: Option<PromotionRequestFreight>,
    /// How far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<PromotionPhase>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// The Freight of a PromotionRequest (Kargo Enterprise).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionRequestFreight {
    /// Its name.
    pub name: String,
}

/// Whether promotion windows let Promotions start (Kargo Enterprise).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionWindowStatus {
    /// Whether they do not.
    pub closed: bool,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When they will.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_open: Option<Timestamp>,
    /// When they will no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_close: Option<Timestamp>,
    /// Why they will no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_close_reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_dialect_requests_directly() {
        let spec: StageSpec = serde_json::from_value(serde_json::json!({
            "subscriptions": { "warehouse": "w" }, "autoPromotionEnabled": false,
        }))
        .unwrap();
        assert_eq!(spec.requests(), [FreightRequest::direct(FreightOrigin::warehouse("w"))]);
        assert_eq!(spec.auto_promotion_enabled, Some(false));

        let upstream = FreightRequest::from_stages(FreightOrigin::warehouse("w"), ["test"]);
        let spec = StageSpec { requested_freight: vec![upstream.clone()], ..spec };
        assert_eq!(spec.requests(), [upstream]);
    }

    #[test]
    fn a_stage_without_steps_directs_the_flow() {
        let stage = Stage::new("p", "s");
        assert!(stage.is_control_flow());
        assert!(!stage.with_step(PromotionStep::new("fail")).is_control_flow());
    }
}
