//! Steps and where they stand: Stages, Promotions, tasks.

use super::{
    BAD_VALUE, DUPLICATE, EXACTLY_ONE, NOT_ALLOWED, Problems, REQUIRED, RESERVED_ALIAS, is_dns_subdomain,
};
use crate::model::{
    Duration, ExpressionVariable, FreightSources, Promotion, PromotionStep, PromotionTaskSpec,
    SelectionPolicy, Stage,
};

pub(super) fn stage(found: &mut Problems, stage: &Stage) {
    let spec = &stage.spec;
    variables(found, "/spec/vars", &spec.vars);
    requests(found, stage);
    if let Some(template) = &spec.promotion_template {
        variables(found, "/spec/promotionTemplate/spec/vars", &template.spec.vars);
        let base = "/spec/promotionTemplate/spec/steps";
        aliases(found, base, &template.spec.steps);
        for (index, step) in template.spec.steps.iter().enumerate() {
            template_step(found, &format!("{base}/{index}"), step);
        }
    }
}

fn requests(found: &mut Problems, stage: &Stage) {
    let requested = &stage.spec.requested_freight;
    if requested.is_empty() && stage.spec.subscriptions.is_none() {
        found.add(REQUIRED, "/spec/requestedFreight", "a Stage must request Freight of at least one origin");
    }
    let origins = requested.iter().enumerate().map(|(index, request)| {
        (format!("/spec/requestedFreight/{index}/origin"), Some(request.origin.clone()))
    });
    found.duplicates(origins, |origin| format!("Freight of {origin} is requested twice"));
    for (index, request) in requested.iter().enumerate() {
        let base = format!("/spec/requestedFreight/{index}");
        if request.origin.is_unset() {
            found.add(REQUIRED, format!("{base}/origin/name"), "an origin needs the name of a Warehouse");
        }
        sources(found, &format!("{base}/sources"), &request.sources);
    }
}

fn sources(found: &mut Problems, base: &str, sources: &FreightSources) {
    // Kargo documents this one, and does not enforce it: such a Stage never gets anything.
    if !sources.is_direct() && sources.stages.is_empty() {
        found.add(
            REQUIRED,
            base,
            "Freight must come from somewhere: direct: true, or at least one of stages",
        );
    }
    if sources.required_soak_time.is_some_and(|time| time < Duration::ZERO) {
        found.add(BAD_VALUE, format!("{base}/requiredSoakTime"), "a soak time cannot be negative");
    }
    if sources.selection_policy() != SelectionPolicy::MatchUpstream {
        return;
    }
    let pointer = format!("{base}/autoPromotionOptions/selectionPolicy");
    if sources.is_direct() {
        found.add(NOT_ALLOWED, &pointer, "MatchUpstream does not go with Freight straight from its origin");
    }
    if sources.stages.len() != 1 {
        found.add(NOT_ALLOWED, pointer, "MatchUpstream needs exactly one upstream Stage");
    }
}

pub(super) fn promotion(found: &mut Problems, promotion: &Promotion) {
    let spec = &promotion.spec;
    if !is_dns_subdomain(&spec.stage) {
        found.add(BAD_VALUE, "/spec/stage", format!("{:?} is not the name of a Stage", spec.stage));
    }
    if spec.freight.is_some() == spec.origin.is_some() {
        found.add(EXACTLY_ONE, "/spec", "a Promotion names either freight or origin");
    }
    variables(found, "/spec/vars", &spec.vars);
    for (index, step) in spec.steps.iter().enumerate() {
        plain_step(found, &format!("/spec/steps/{index}"), step);
    }
}

pub(super) fn task(found: &mut Problems, spec: &PromotionTaskSpec) {
    variables(found, "/spec/vars", &spec.vars);
    if spec.steps.is_empty() {
        found.add(REQUIRED, "/spec/steps", "a task needs at least one step");
    }
    aliases(found, "/spec/steps", &spec.steps);
    for (index, step) in spec.steps.iter().enumerate() {
        plain_step(found, &format!("/spec/steps/{index}"), step);
    }
}

/// A step of a task or Promotion, which cannot refer to a task.
fn plain_step(found: &mut Problems, base: &str, step: &PromotionStep) {
    if step.task.is_some() {
        found.add(NOT_ALLOWED, format!("{base}/task"), "a step of a task cannot refer to a task");
    }
    if step.uses().is_empty() {
        found.add(REQUIRED, format!("{base}/uses"), "a step needs what it uses");
    }
    variables(found, &format!("{base}/vars"), &step.vars);
}

/// A step of a promotion template.
fn template_step(found: &mut Problems, base: &str, step: &PromotionStep) {
    variables(found, &format!("{base}/vars"), &step.vars);
    let Some(task) = &step.task else {
        if step.uses().is_empty() {
            found.add(EXACTLY_ONE, base, "a step needs either uses or task");
        }
        return;
    };
    if step.uses.is_some() {
        found.add(EXACTLY_ONE, base, "a step has either uses or task, and not both");
    }
    if !is_dns_subdomain(&task.name) {
        found.add(
            BAD_VALUE,
            format!("{base}/task/name"),
            format!("{:?} is not the name of a task", task.name),
        );
    }
    for (field, is_there) in [
        ("if", step.condition.as_deref().is_some_and(|condition| !condition.is_empty())),
        ("continueOnError", step.continue_on_error.is_some()),
        ("retry", step.retry.is_some()),
        ("config", step.config.is_some()),
    ] {
        if is_there {
            found.add(
                NOT_ALLOWED,
                format!("{base}/{field}"),
                format!("a step that refers to a task cannot have {field}"),
            );
        }
    }
}

/// Aliases are unique once trimmed, and none is one that Kargo gives.
fn aliases(found: &mut Problems, base: &str, steps: &[PromotionStep]) {
    let mut seen: Vec<(&str, usize)> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let alias = step.alias.as_deref().unwrap_or_default().trim();
        if alias.is_empty() {
            continue;
        }
        match seen.iter().find(|(known, _)| *known == alias) {
            Some((_, first)) => found.add(
                DUPLICATE,
                format!("{base}/{index}/as"),
                format!("step {} has the alias {alias:?} already", first + 1),
            ),
            None => seen.push((alias, index)),
        }
        if is_reserved_alias(alias) {
            let message = format!("{alias:?} is an alias that Kargo gives to steps without one");
            found.add(RESERVED_ALIAS, format!("{base}/{index}/as"), message);
        }
    }
}

/// `step-<digits>` or `task-<digits>`.
fn is_reserved_alias(alias: &str) -> bool {
    let number = alias.strip_prefix("step-").or_else(|| alias.strip_prefix("task-"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Names of variables are a letter or `_`, then letters, digits and `_`.
fn variables(found: &mut Problems, base: &str, vars: &[ExpressionVariable]) {
    for (index, var) in vars.iter().enumerate() {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let begins = var.name.bytes().next().is_some_and(|byte| word(byte) && !byte.is_ascii_digit());
        if !begins || !var.name.bytes().all(word) {
            let message = format!("{:?} is not a name for a variable", var.name);
            found.add(BAD_VALUE, format!("{base}/{index}/name"), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::told;
    use crate::model::Kind;

    fn stage(sources: Value, steps: Value) -> Vec<String> {
        let request = json!({ "origin": { "kind": "Warehouse", "name": "w" }, "sources": sources });
        let template = json!({ "spec": { "steps": steps } });
        told(
            Kind::Stage,
            "s",
            json!({ "spec": { "requestedFreight": [request], "promotionTemplate": template } }),
        )
    }

    const STEPS: &str = "/spec/promotionTemplate/spec/steps";
    const SOURCES: &str = "/spec/requestedFreight/0/sources";

    #[test]
    fn steps_of_a_stage() {
        for (steps, problems) in [
            (
                json!([{ "uses": "fail", "as": "a" }, { "task": { "name": "t" }, "as": "b", "vars": [] }]),
                vec![],
            ),
            (json!([{ "uses": "fail", "as": "a" }, { "uses": "fail", "as": " a " }]), vec!["duplicate 1/as"]),
            (json!([{ "uses": "fail", "as": "step-1" }]), vec!["reserved-alias 0/as"]),
            (
                json!([{ "uses": "fail", "as": "task-07" }, { "uses": "fail", "as": "task-x" }]),
                vec!["reserved-alias 0/as"],
            ),
            (json!([{ "uses": "fail", "task": { "name": "t" } }]), vec!["exactly-one 0"]),
            (json!([{}]), vec!["exactly-one 0"]),
            (json!([{ "task": { "name": "T" } }]), vec!["bad-value 0/task/name"]),
            (
                json!([{ "task": { "name": "t" }, "if": "x", "config": {}, "retry": {}, "continueOnError": false }]),
                vec![
                    "not-allowed 0/if",
                    "not-allowed 0/continueOnError",
                    "not-allowed 0/retry",
                    "not-allowed 0/config",
                ],
            ),
            (
                json!([{ "uses": "fail", "vars": [{ "name": "1a" }, { "name": "_a1" }] }]),
                vec!["bad-value 0/vars/0/name"],
            ),
        ] {
            let wanted: Vec<String> = problems
                .iter()
                .filter_map(|problem| problem.split_once(' '))
                .map(|(code, place)| format!("model/{code} {STEPS}/{place}"))
                .collect();
            assert_eq!(stage(json!({ "direct": true }), steps.clone()), wanted, "{steps}");
        }
    }

    #[test]
    fn sources_of_a_stage() {
        let upstream = json!({ "selectionPolicy": "MatchUpstream" });
        for (sources, problems) in [
            (json!({ "direct": true, "stages": ["a"] }), vec![]),
            (json!({ "direct": false }), vec!["required "]),
            (json!({ "stages": ["a"], "requiredSoakTime": "-1s" }), vec!["bad-value /requiredSoakTime"]),
            (json!({ "stages": ["a"], "autoPromotionOptions": upstream }), vec![]),
            (
                json!({ "direct": true, "stages": ["a", "b"], "autoPromotionOptions": upstream }),
                vec![
                    "not-allowed /autoPromotionOptions/selectionPolicy",
                    "not-allowed /autoPromotionOptions/selectionPolicy",
                ],
            ),
        ] {
            let wanted: Vec<String> = problems
                .iter()
                .filter_map(|problem| problem.split_once(' '))
                .map(|(code, place)| format!("model/{code} {SOURCES}{place}"))
                .collect();
            assert_eq!(stage(sources.clone(), json!([])), wanted, "{sources}");
        }
    }

    #[test]
    fn requests_of_a_stage() {
        assert_eq!(told(Kind::Stage, "s", json!({ "spec": {} })), ["model/required /spec/requestedFreight"]);
        let second_dialect = json!({ "spec": { "subscriptions": { "warehouse": "w" } } });
        assert!(told(Kind::Stage, "s", second_dialect).is_empty());
        let request =
            json!({ "origin": { "kind": "Warehouse", "name": "w" }, "sources": { "direct": true } });
        let twice = json!({ "spec": { "requestedFreight": [request, request] } });
        assert_eq!(told(Kind::Stage, "s", twice), ["model/duplicate /spec/requestedFreight/1/origin"]);
    }

    #[test]
    fn tasks_and_promotions_have_plain_steps() {
        let nested = json!({ "spec": { "steps": [{ "task": { "name": "t" } }] } });
        let problems = ["model/not-allowed /spec/steps/0/task", "model/required /spec/steps/0/uses"];
        assert_eq!(told(Kind::PromotionTask, "t", nested.clone()), problems);
        assert_eq!(told(Kind::ClusterPromotionTask, "t", nested), problems);
        let empty = json!({ "spec": { "steps": [] } });
        assert_eq!(told(Kind::PromotionTask, "t", empty), ["model/required /spec/steps"]);

        assert_eq!(
            told(Kind::Promotion, "", json!({ "spec": { "stage": "s" } })),
            ["model/exactly-one /spec"]
        );
        assert!(told(Kind::Promotion, "", json!({ "spec": { "stage": "s", "freight": "f" } })).is_empty());
    }
}
