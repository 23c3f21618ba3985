//! Promotions: moving a piece of Freight into a Stage.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ulid::Ulid;

use super::{
    ExpressionVariable, FreightCollection, FreightOrigin, FreightReference, HealthCheck, ObjectMeta,
    PromotionStep, annotations, null_as_default,
};

/// One promotion. Its spec never changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    /// Who it is; the name is made by [`promotion_name`], so that names sort by creation.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: PromotionSpec,
    /// What is.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "PromotionStatus::is_unset"
    )]
    pub status: PromotionStatus,
}

impl Promotion {
    /// A Promotion of `freight` to `stage` that has its steps still to get.
    pub fn new(
        project: impl Into<String>,
        name: impl Into<String>,
        stage: impl Into<String>,
        freight: impl Into<String>,
    ) -> Self {
        let spec =
            PromotionSpec { stage: stage.into(), freight: Some(freight.into()), ..PromotionSpec::default() };
        Self { metadata: ObjectMeta::in_project(project, name), spec, ..Self::default() }
    }

    /// Adds a step.
    #[must_use]
    pub fn with_step(mut self, step: PromotionStep) -> Self {
        self.spec.steps.push(step);
        self
    }

    /// Adds a variable.
    #[must_use]
    pub fn with_var(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.spec.vars.push(ExpressionVariable::new(name, value));
        self
    }

    /// The name of the Freight; empty where only an origin is said.
    pub fn freight(&self) -> &str {
        self.spec.freight.as_deref().unwrap_or_default()
    }

    /// How far it is; a Promotion that nothing is recorded of is pending.
    pub fn phase(&self) -> PromotionPhase {
        self.status.phase.unwrap_or_default()
    }

    /// Whether it has ended.
    pub fn is_terminal(&self) -> bool {
        self.phase().is_terminal()
    }

    /// Whether it ever ran.
    pub fn has_started(&self) -> bool {
        self.status.started_at.is_some()
    }

    /// Who asked for it, as its annotation says: what stands behind the first colon.
    pub fn actor(&self) -> Option<&str> {
        let creator = self.metadata.annotation(annotations::CREATE_ACTOR)?;
        Some(creator.split_once(':').map_or(creator, |(_, actor)| actor))
    }

    /// What its Stage keeps of it.
    pub fn reference(&self) -> PromotionReference {
        PromotionReference {
            name: self.metadata.name.clone(),
            freight: self.status.freight.clone(),
            status: (!self.status.is_unset()).then(|| Box::new(self.status.clone())),
            finished_at: self.status.finished_at,
        }
    }
}

/// The name of a Promotion: `<stage>.<ulid>.<first 7 of the Freight's name>` in lower case, with
/// `.<target>` after the Stage where there is one. Stage and target are cut so that the name fits into
/// Kubernetes' 253 characters.
pub fn promotion_name(stage: &str, target: Option<&str>, ulid: Ulid, freight: &str) -> String {
    /// 253 without the ULID's 26, the Freight's 7, and two dots.
    const PREFIX_LIMIT: usize = 218;
    let prefix = match target.filter(|target| !target.is_empty()) {
        Some(target) => format!("{stage}.{target}"),
        None => stage.to_owned(),
    };
    let prefix: String = prefix.chars().take(PREFIX_LIMIT).collect();
    let prefix = prefix.trim_end_matches(['.', '-']);
    let short: String = freight.chars().take(7).collect();
    format!("{prefix}.{ulid}.{short}").to_lowercase()
}

/// What is wanted of a Promotion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionSpec {
    /// The Stage to promote to.
    pub stage: String,
    /// The Freight to promote; this or `origin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freight: Option<String>,
    /// The origin whose candidate is to be promoted; replaced by `freight` on creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<FreightOrigin>,
    /// The Target, where a PromotionRequest made it (Kargo Enterprise).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The Stage's variables, then the promotion template's; of one name the later wins.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub vars: Vec<ExpressionVariable>,
    /// The steps, with tasks replaced by theirs.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PromotionStep>,
}

/// What is the case with a Promotion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PromotionStatus {
    /// The last refresh request that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_refresh: Option<String>,
    /// How far it is; [`Promotion::phase`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<PromotionPhase>,
    /// Why it is there, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The Freight that it promotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freight: Option<FreightReference>,
    /// That Freight, and what the Stage keeps of its other origins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freight_collection: Option<FreightCollection>,
    /// The checks that its steps left.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub health_checks: Vec<HealthCheck>,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The index, from 0, of the step to go on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_step: Option<i64>,
    /// What became of each step.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub step_execution_metadata: Vec<StepExecutionMetadata>,
    /// The outputs of the steps by their alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Value>,
}

impl PromotionStatus {
    /// Whether nothing is recorded.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }
}

/// How far a Promotion is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum PromotionPhase {
    /// Not begun.
    #[default]
    Pending,
    /// Going on.
    Running,
    /// It did what it should.
    Succeeded,
    /// It found that it must not be done.
    Failed,
    /// Something went wrong.
    Errored,
    /// Somebody ended it.
    Aborted,
}

impl PromotionPhase {
    /// Whether nothing follows.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Errored | Self::Aborted)
    }

    /// The word that Kargo writes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Errored => "Errored",
            Self::Aborted => "Aborted",
        }
    }
}

/// The phase of a Promotion whose steps came to this worst status. A skipped step is no harm.
impl From<StepStatus> for PromotionPhase {
    fn from(status: StepStatus) -> Self {
        match status {
            StepStatus::Succeeded | StepStatus::Skipped => Self::Succeeded,
            StepStatus::Running => Self::Running,
            StepStatus::Aborted => Self::Aborted,
            StepStatus::Failed => Self::Failed,
            StepStatus::Errored => Self::Errored,
        }
    }
}

/// What became of a step; ordered by severity, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum StepStatus {
    /// It did what it should.
    Succeeded,
    /// There was nothing to do.
    Skipped,
    /// Going on.
    Running,
    /// Somebody ended it.
    Aborted,
    /// It found that it must not be done.
    Failed,
    /// Something went wrong.
    Errored,
}

impl StepStatus {
    /// Whether nothing follows.
    pub fn is_terminal(self) -> bool {
        self != Self::Running
    }

    /// The word that Kargo writes, which `status(alias)` gives.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::Skipped => "Skipped",
            Self::Running => "Running",
            Self::Aborted => "Aborted",
            Self::Failed => "Failed",
            Self::Errored => "Errored",
        }
    }
}

/// What became of one step of a Promotion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StepExecutionMetadata {
    /// The step's alias.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub alias: String,
    /// When it first began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// How often it ended in an error.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub error_count: u32,
    /// What became of it; none before it was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<StepStatus>,
    /// Why, for people.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Whether its failure leaves the Promotion's result alone.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "std::ops::Not::not")]
    pub continue_on_error: bool,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl std::fmt::Display for PromotionPhase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::fmt::Display for StepStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A Promotion as its Stage keeps it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionReference {
    /// Its name.
    pub name: String,
    /// The Freight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freight: Option<FreightReference>,
    /// Its status, when it was last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Box<PromotionStatus>>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_creation_and_fit() {
        let ulid = Ulid::from_parts(1, 2);
        let text = ulid.to_string().to_lowercase();
        let freight = "796b6af3cbf84645110f7b10b368f00661ab9cda";
        assert_eq!(promotion_name("Test", None, ulid, freight), format!("test.{text}.796b6af"));
        assert_eq!(promotion_name("test", Some("eu"), ulid, "f1"), format!("test.eu.{text}.f1"));
        let long = promotion_name(&format!("{}.-{}", "a".repeat(216), "b".repeat(90)), None, ulid, freight);
        assert_eq!(long, format!("{}.{text}.796b6af", "a".repeat(216)));
        assert!(promotion_name(&"a".repeat(253), None, ulid, freight).len() == 253);
    }

    #[test]
    fn statuses_are_ordered_by_severity() {
        use StepStatus::*;
        let worst = [Succeeded, Errored, Failed, Skipped].into_iter().max();
        assert_eq!(worst.map(PromotionPhase::from), Some(PromotionPhase::Errored));
        assert!(Succeeded < Skipped && Skipped < Running && Running < Aborted && Aborted < Failed);
        assert_eq!(PromotionPhase::from(Skipped), PromotionPhase::Succeeded);
    }

    #[test]
    fn the_actor_stands_behind_the_colon() {
        let mut promotion = Promotion::new("p", "n", "s", "f");
        assert_eq!(promotion.actor(), None);
        promotion.metadata = promotion.metadata.with_annotation(annotations::CREATE_ACTOR, "email:a@b:c");
        assert_eq!(promotion.actor(), Some("a@b:c"));
    }
}
