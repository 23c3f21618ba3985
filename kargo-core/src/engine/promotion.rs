//! A Promotion is built from a Stage: named, its variables joined, its tasks put in.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use ulid::Ulid;

use super::inflate::{FindTask, TaskSettings, inflate};
use crate::error::{Code, Error};
use crate::model::{
    ObjectMeta, OwnerReference, Promotion, PromotionSpec, Stage, annotations, promotion_name,
};

/// The Stage has no promotion steps.
pub const NO_STEPS: Code = Code::new(
    "promotion/no-steps",
    "The Stage has no promotion steps: it only directs the flow of Freight, and nothing is promoted to it.",
);
/// The Promotion's annotation about its tasks is not readable.
pub const BAD_TASK_SETTINGS: Code = Code::new(
    "promotion/bad-task-settings",
    "The annotation in which a Promotion keeps `if` and `continueOnError` of its tasks is not readable.",
);

/// The annotation that holds the [`TaskSettings`] of a Promotion as JSON. It is not Kargo's, which drops `if` and
/// `continueOnError` of a step that refers to a task.
pub const TASKS_ANNOTATION: &str = "kargo-flow/tasks";

/// The longest value of a Kubernetes label.
const LONGEST_LABEL: usize = 63;

/// What a Promotion is built from.
pub struct PromotionInput<'a> {
    /// The Stage, with its promotion template.
    pub stage: &'a Stage,
    /// The name of the Freight to promote.
    pub freight: &'a str,
    /// Finds the tasks that the template refers to.
    pub tasks: &'a FindTask<'a>,
    /// Who asks for it, such as `kubernetes:jane`; empty for the control loop.
    pub actor: &'a str,
    /// The time in the name.
    pub now: Timestamp,
    /// The random part of the name and of the uid.
    pub random: u128,
}

/// Builds the Promotion, its tasks put in, as Kargo's admission does.
///
/// # Errors
/// `promotion/no-steps`, and those of [`inflate`](super::inflate()).
pub fn build(input: &PromotionInput<'_>) -> Result<Promotion, Error> {
    let PromotionInput { stage, freight, .. } = *input;
    let stage_name = stage.metadata.name.as_str();
    if stage.is_control_flow() {
        return Err(Error::new(NO_STEPS, format!("Stage {stage_name:?} has no promotion steps")));
    }
    let vars = stage.spec.promotion_vars();
    let inflated = inflate(stage.spec.steps(), &vars, input.tasks)?;

    let millis = u64::try_from(input.now.as_millisecond()).unwrap_or_default();
    let ulid = Ulid::from_parts(millis, input.random);
    let mut metadata =
        ObjectMeta::in_project(stage.metadata.project(), promotion_name(stage_name, None, ulid, freight))
            .with_label(annotations::STAGE_LABEL, label_value(stage_name))
            .with_annotation(annotations::STAGE, stage_name);
    if let Some(shard) = &stage.spec.shard {
        metadata = metadata.with_label(annotations::SHARD_LABEL, shard);
    }
    if !input.actor.is_empty() {
        metadata = metadata.with_annotation(annotations::CREATE_ACTOR, input.actor);
    }
    if !inflated.tasks.is_empty() {
        metadata = metadata.with_annotation(TASKS_ANNOTATION, settings_text(&inflated.tasks));
    }
    metadata.uid = Some(uid(ulid));
    metadata.creation_timestamp = Some(input.now);
    metadata.owner_references = vec![owner(stage)];
    let spec = PromotionSpec {
        stage: stage_name.to_owned(),
        freight: Some(freight.to_owned()),
        vars,
        steps: inflated.steps,
        ..PromotionSpec::default()
    };
    Ok(Promotion { metadata, spec, ..Promotion::default() })
}

/// What the Promotion keeps about its tasks as a whole.
///
/// # Errors
/// `promotion/bad-task-settings`.
pub fn task_settings(promotion: &Promotion) -> Result<TaskSettings, Error> {
    match promotion.metadata.annotation(TASKS_ANNOTATION) {
        None => Ok(TaskSettings::new()),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            let name = &promotion.metadata.name;
            Error::new(
                BAD_TASK_SETTINGS,
                format!("annotation {TASKS_ANNOTATION} of Promotion {name} is not readable"),
            )
            .with_source(error)
        }),
    }
}

fn settings_text(tasks: &TaskSettings) -> String {
    let tasks: BTreeMap<_, _> = tasks.iter().collect();
    // Strings, booleans and lists of them: there is nothing in it that JSON could refuse.
    serde_json::to_string(&tasks).unwrap_or_default()
}

/// A name as a label value: too long a one is cut, and told apart by a hash of the whole.
fn label_value(name: &str) -> String {
    if name.len() <= LONGEST_LABEL {
        return name.to_owned();
    }
    let hash: String = Sha256::digest(name).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let cut: String = name.chars().take(LONGEST_LABEL - hash.len() - 1).collect();
    format!("{}-{hash}", cut.trim_end_matches(['.', '-', '_']))
}

/// The ULID's 128 bits in the form of a Kubernetes uid.
fn uid(ulid: Ulid) -> String {
    let hex = format!("{:032x}", u128::from(ulid));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn owner(stage: &Stage) -> OwnerReference {
    OwnerReference {
        api_version: "kargo.akuity.io/v1alpha1".to_owned(),
        kind: "Stage".to_owned(),
        name: stage.metadata.name.clone(),
        uid: stage.metadata.uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: None,
    }
}
