//! Promotion requests, which fan out to Targets (Kargo Enterprise).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, ObjectMeta, PromotionPhase, null_as_default};

/// A request to promote Freight to all Targets of a Stage. Open-source Kargo marks it Errored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionRequest {
    /// Who it is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: PromotionRequestSpec,
    /// What is.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "PromotionRequestStatus::is_unset"
    )]
    pub status: PromotionRequestStatus,
}

/// What is wanted of a PromotionRequest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionRequestSpec {
    /// The Stage.
    pub stage: String,
    /// The Freight.
    pub freight: String,
    /// The Targets that the Stage selected when the request was made.
    pub targets: Vec<TargetReference>,
}

/// Names a Target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetReference {
    /// Its name.
    pub name: String,
}

/// What is the case with a PromotionRequest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PromotionRequestStatus {
    /// Ready.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The generation of the spec that all this speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How far all of it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<PromotionPhase>,
    /// How far each Target is.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetPromotion>,
    /// How many Targets are how far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<PromotionRequestSummary>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

impl PromotionRequestStatus {
    /// Whether nothing is recorded.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }
}

/// How far the promotion to one Target is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetPromotion {
    /// The Target.
    pub name: String,
    /// The Promotion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion: Option<String>,
    /// How far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<PromotionPhase>,
}

/// How many Targets are how far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionRequestSummary {
    /// Not begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<u32>,
    /// Going on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<u32>,
    /// Succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<u32>,
    /// Failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<u32>,
    /// Errored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errored: Option<u32>,
    /// Aborted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aborted: Option<u32>,
}
