//! Tasks are put in place of the steps that refer to them, once, when a Promotion is built.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};
use crate::model::{
    ExpressionVariable, PromotionStep, PromotionStepRetry, PromotionTaskReference, PromotionTaskSpec,
    TaskKind,
};

/// An alias is used twice in one list of steps.
pub const DUPLICATE_ALIAS: Code =
    Code::new("promotion/duplicate-alias", "Two steps of one list have the same alias.");
/// An alias is one that Kargo gives itself.
pub const RESERVED_ALIAS: Code = Code::new(
    "promotion/reserved-alias",
    "Aliases of the form `step-N` and `task-N` are kept for steps without an alias.",
);
/// A step names both a kind and a task, or neither.
pub const USES_OR_TASK: Code =
    Code::new("promotion/uses-or-task", "A step must have either `uses` or `task`, and not both.");
/// A task that does not exist is referred to.
pub const UNKNOWN_TASK: Code = Code::new("promotion/unknown-task", "There is no task of this kind and name.");
/// A task refers to a task.
pub const NESTED_TASK: Code =
    Code::new("promotion/nested-task", "The steps of a task cannot refer to tasks.");
/// A variable that a task must be given is missing.
pub const MISSING_VARIABLE: Code = Code::new(
    "promotion/missing-variable",
    "The task has a variable without a default, and nobody gives it a value.",
);

/// Finds a task by kind and name.
pub type FindTask<'a> = dyn Fn(TaskKind, &str) -> Option<&'a PromotionTaskSpec> + 'a;

/// The steps of a Promotion after its tasks were put in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inflated {
    /// The steps, each with `uses`, its full alias and all its variables.
    pub steps: Vec<PromotionStep>,
    /// What the references say about their tasks as a whole, by the task's alias.
    pub tasks: TaskSettings,
}

/// What task references say about their tasks as a whole, by the task's alias.
pub type TaskSettings = BTreeMap<String, TaskSetting>;

/// What the reference to a task says about the task as a whole. Kargo drops it.
///
/// It travels in an annotation of the Promotion, since Kargo's Promotion has no field for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskSetting {
    /// The template that decides, as things stand where the task begins, whether the task runs.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The variables of the reference, which its `if` may read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vars: Vec<ExpressionVariable>,
    /// Whether a failure of the task leaves the promotion's result alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub continue_on_error: bool,
}

impl TaskSetting {
    fn of(reference: &PromotionStep) -> Option<Self> {
        let condition = reference.condition.clone().filter(|condition| !condition.is_empty());
        let continue_on_error = reference.continues_on_error();
        if condition.is_none() && !continue_on_error {
            return None;
        }
        // Without a condition nothing reads them.
        let vars = if condition.is_some() { reference.vars.clone() } else { Vec::new() };
        Some(Self { condition, vars, continue_on_error })
    }
}

/// Puts tasks in place of the steps that refer to them, after the checks that Kargo makes on admission.
///
/// `vars` are the Promotion's; what they set, a task's default does not override.
///
/// # Errors
/// The first of `promotion/duplicate-alias`, `promotion/reserved-alias`, `promotion/uses-or-task`,
/// `promotion/unknown-task`, `promotion/nested-task` and `promotion/missing-variable`.
pub fn inflate(
    steps: &[PromotionStep],
    vars: &[ExpressionVariable],
    find: &FindTask<'_>,
) -> Result<Inflated, Error> {
    check_steps(steps)?;
    let mut inflated = Inflated::default();
    for (index, step) in steps.iter().enumerate() {
        let alias = step.alias_or_default(index);
        let Some(reference) = &step.task else {
            inflated.steps.push(PromotionStep { alias: Some(alias), ..step.clone() });
            continue;
        };
        inflated.steps.extend(task_steps(step, reference, &alias, vars, find)?);
        if let Some(setting) = TaskSetting::of(step) {
            inflated.tasks.insert(alias, setting);
        }
    }
    Ok(inflated)
}

/// What Kargo's admission says of a list of steps: aliases and `uses` or `task`.
fn check_steps(steps: &[PromotionStep]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for (index, step) in steps.iter().enumerate() {
        if step.uses().is_empty() == step.task.is_none() {
            let number = index + 1;
            return Err(Error::new(USES_OR_TASK, format!("step {number} must have either `uses` or `task`")));
        }
        let alias = step.alias.as_deref().unwrap_or_default().trim();
        if alias.is_empty() {
            continue;
        }
        if is_reserved(alias) {
            return Err(Error::new(RESERVED_ALIAS, format!("step alias {alias:?} is reserved"))
                .with_hint("choose an alias that says what the step does"));
        }
        if !seen.insert(alias) {
            return Err(Error::new(DUPLICATE_ALIAS, format!("step alias {alias:?} is used twice")));
        }
    }
    Ok(())
}

/// `step-<digits>` and `task-<digits>`.
fn is_reserved(alias: &str) -> bool {
    let number = alias.strip_prefix("step-").or_else(|| alias.strip_prefix("task-"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn task_steps(
    step: &PromotionStep,
    reference: &PromotionTaskReference,
    alias: &str,
    vars: &[ExpressionVariable],
    find: &FindTask<'_>,
) -> Result<Vec<PromotionStep>, Error> {
    let name = &reference.name;
    let task = find(reference.kind(), name).ok_or_else(|| {
        Error::new(UNKNOWN_TASK, format!("step {alias:?} refers to the task {name:?}, which does not exist"))
    })?;
    check_steps(&task.steps)?;
    let given = given_vars(step, task, vars).map_err(|var| {
        Error::new(MISSING_VARIABLE, format!("task {name:?} ({alias:?}): missing value for variable {var:?}"))
            .with_hint(format!(
                "give it under `vars` of the step {alias:?}, of the promotion template or of the Stage"
            ))
    })?;
    let inner = task.steps.iter().enumerate().map(|(index, inner)| {
        if inner.task.is_some() {
            return Err(Error::new(NESTED_TASK, format!("task {name:?} refers to another task")));
        }
        Ok(PromotionStep {
            alias: Some(format!("{alias}::{}", inner.alias_or_default(index))),
            vars: given.iter().chain(&inner.vars).cloned().collect(),
            retry: merged_retry(inner.retry.as_ref(), step.retry.as_ref()),
            ..inner.clone()
        })
    });
    inner.collect()
}

/// The variables that go in front of those of each step of the task: its defaults, where the Promotion does not
/// set them, then what the reference gives. The error is the name of one that nobody gives.
fn given_vars<'t>(
    reference: &PromotionStep,
    task: &'t PromotionTaskSpec,
    promotion_vars: &[ExpressionVariable],
) -> Result<Vec<ExpressionVariable>, &'t str> {
    let sets = |vars: &[ExpressionVariable], name: &str| {
        vars.iter().any(|var| var.name == name && !var.value().is_empty())
    };
    let mut given = Vec::new();
    for var in &task.vars {
        let promotion_sets = sets(promotion_vars, &var.name);
        if var.value().is_empty() && !promotion_sets && !sets(&reference.vars, &var.name) {
            return Err(&var.name);
        }
        if !var.value().is_empty() && !promotion_sets {
            given.push(var.clone());
        }
    }
    given.extend(reference.vars.iter().cloned());
    Ok(given)
}

/// The step's own limits; what it leaves open, the reference to its task says.
fn merged_retry(
    own: Option<&PromotionStepRetry>,
    reference: Option<&PromotionStepRetry>,
) -> Option<PromotionStepRetry> {
    let (Some(own), Some(reference)) = (own, reference) else {
        return own.or(reference).cloned();
    };
    Some(PromotionStepRetry {
        timeout: own.timeout.or(reference.timeout),
        error_threshold: own.error_threshold().or(reference.error_threshold),
    })
}
