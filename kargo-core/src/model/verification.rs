//! The attempts to verify the Freight of a Stage.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::null_as_default;

/// One attempt to verify the Freight that a Stage runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VerificationInfo {
    /// Identifies the attempt; a request to verify again names the one it follows.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Who asked for it; empty where nobody did.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub actor: String,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// How far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<VerificationPhase>,
    /// Why it is there, for people.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The AnalysisRun that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis_run: Option<AnalysisRunReference>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_time: Option<Timestamp>,
}

impl VerificationInfo {
    /// Whether it has ended.
    pub fn is_terminal(&self) -> bool {
        self.phase.is_some_and(VerificationPhase::is_terminal)
    }

    /// Whether it ended well.
    pub fn is_successful(&self) -> bool {
        self.phase == Some(VerificationPhase::Successful)
    }
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum VerificationPhase {
    /// Not begun.
    Pending,
    /// Going on.
    Running,
    /// The Freight is good.
    Successful,
    /// The Freight is not good.
    Failed,
    /// It could not be told.
    Error,
    /// Somebody ended it.
    Aborted,
    /// It ended without an answer.
    Inconclusive,
}

impl VerificationPhase {
    /// Whether nothing follows.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// Names an AnalysisRun and repeats its phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisRunReference {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its phase, as Argo Rollouts has it.
    pub phase: String,
}
