//! The steps of templates and tasks: known kinds, known config fields, templates that compile.

use serde_json::Value;

use super::of_error;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::engine::Plan;
use crate::error::Code;
use crate::manifest::Manifest;
use crate::model::{ExpressionVariable, ObjectMeta, Promotion, PromotionSpec, PromotionStep, Resource};
use crate::step::Registry;

/// A step names a kind that is not there.
pub const UNKNOWN_STEP: Code = Code::new(
    "lint/unknown-step",
    "`uses` names a step that is not registered; a Promotion that comes to it ends Errored.",
);
/// A step's config has a field that the step does not have.
pub const UNKNOWN_CONFIG_FIELD: Code = Code::new(
    "lint/unknown-config-field",
    "The step's config has no field of this name, or one that is not supported yet; the step would refuse it.",
);

/// The steps of a document, its variables, and where both stand.
struct Listed<'a> {
    vars: &'a [ExpressionVariable],
    steps: &'a [PromotionStep],
    at: &'static str,
}

pub(super) fn check(manifest: &Manifest, registry: &Registry, found: &mut Vec<Diagnostic>) {
    let Some(listed) = listed(&manifest.resource) else { return };
    for (index, step) in listed.steps.iter().enumerate() {
        if step.uses().is_empty() {
            continue;
        }
        let pointer = format!("{}/steps/{index}", listed.at);
        match registry.get(step.uses()) {
            None => {
                let known = registry.iter().map(|step| step.uses());
                found.push(
                    Diagnostic::error(UNKNOWN_STEP, format!("there is no step {:?}", step.uses()))
                        .at(manifest.locate(&format!("{pointer}/uses")))
                        .with_hint(did_you_mean(step.uses(), known)),
                );
            }
            Some(known) => fields(manifest, &pointer, step, known.config_schema().as_value(), found),
        }
    }
    compile(manifest, registry, &listed, found);
}

fn listed(resource: &Resource) -> Option<Listed<'_>> {
    match resource {
        Resource::Stage(stage) => {
            let template = &stage.spec.promotion_template.as_ref()?.spec;
            Some(Listed { vars: &template.vars, steps: &template.steps, at: "/spec/promotionTemplate/spec" })
        }
        Resource::PromotionTask(task) => {
            Some(Listed { vars: &task.spec.vars, steps: &task.spec.steps, at: "/spec" })
        }
        Resource::ClusterPromotionTask(task) => {
            Some(Listed { vars: &task.spec.vars, steps: &task.spec.steps, at: "/spec" })
        }
        _ => None,
    }
}

/// The names of a config's fields are never templates, so that those on its first level can be checked.
fn fields(
    manifest: &Manifest,
    pointer: &str,
    step: &PromotionStep,
    schema: &Value,
    found: &mut Vec<Diagnostic>,
) {
    let Some(Value::Object(config)) = &step.config else { return };
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let Some(known) = schema.get("properties").and_then(Value::as_object).filter(|_| closed) else { return };
    for field in config.keys().filter(|field| !known.contains_key(*field)) {
        found.push(
            Diagnostic::error(UNKNOWN_CONFIG_FIELD, format!("{} has no config field {field:?}", step.uses()))
                .at(manifest.locate_key(&format!("{pointer}/config/{field}")))
                .with_hint(did_you_mean(field, known.keys().map(String::as_str))),
        );
    }
}

/// Compiles all templates, as a run would, and tells of all that do not compile.
fn compile(manifest: &Manifest, registry: &Registry, listed: &Listed<'_>, found: &mut Vec<Diagnostic>) {
    let own: Vec<(usize, &PromotionStep)> =
        listed.steps.iter().enumerate().filter(|(_, step)| !step.uses().is_empty()).collect();
    let spec = PromotionSpec {
        vars: listed.vars.to_vec(),
        steps: own.iter().map(|(_, step)| (*step).clone()).collect(),
        ..PromotionSpec::default()
    };
    let metadata = ObjectMeta::in_project(manifest.resource.project(), "lint");
    let promotion = Promotion { metadata, spec, ..Promotion::default() };
    let plan = match Plan::compile(&promotion, registry) {
        Ok(plan) => plan,
        Err(error) => return found.push(of_error(manifest, listed.at, &error)),
    };
    for problem in plan.problems() {
        let step = problem.step.and_then(|step| own.get(step));
        // The plan counts the steps that it was given; the document also has those that refer to tasks.
        let pointer = match (problem.step, step) {
            (Some(counted), Some((index, _))) => {
                problem.pointer.replacen(&format!("/steps/{counted}"), &format!("/steps/{index}"), 1)
            }
            _ => problem.pointer.clone(),
        };
        if problem.error.code() != crate::step::UNKNOWN {
            found.push(of_error(manifest, &format!("{}{pointer}", listed.at), &problem.error));
        }
    }
}
