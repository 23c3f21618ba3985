//! A Promotion built from a Stage.

use super::*;
use crate::engine::promotion::{PromotionInput, TASKS_ANNOTATION, build, task_settings};
use crate::engine::{
    DUPLICATE_ALIAS, MISSING_VARIABLE, NESTED_TASK, RESERVED_ALIAS, TaskSetting, UNKNOWN_TASK, USES_OR_TASK,
};
use crate::error::Code;
use crate::model::{Promotion, TaskKind, annotations};

/// The Promotion of a Stage with these variables and steps, in a project with the task `t`.
fn built(vars: Json, steps: Json, task: Json) -> Result<Promotion, Error> {
    let mut stage = Stage::new("demo", "Test");
    stage.spec = serde_json::from_value(json!({
        "vars": vars, "shard": "eu", "promotionTemplate": { "spec": { "steps": steps } },
    }))
    .unwrap();
    let task: PromotionTaskSpec = serde_json::from_value(task).unwrap();
    build(&PromotionInput {
        stage: &stage,
        freight: "796b6af3cbf84645",
        tasks: &|kind, name| (kind == TaskKind::PromotionTask && name == "t").then_some(&task),
        actor: "kubernetes:jane",
        now: Timestamp::from_second(1_700_000_000).unwrap(),
        random: 5,
    })
}

fn task() -> Json {
    json!({
        "vars": [{ "name": "q", "value": "default" }, { "name": "r" }],
        "steps": [{ "uses": "one", "as": "a", "vars": [{ "name": "own", "value": "1" }] }, { "uses": "two" }],
    })
}

#[test]
fn a_promotion_is_named_labelled_and_owned() {
    let promotion = built(json!([]), json!([{ "uses": "one" }]), task()).unwrap();
    let metadata = &promotion.metadata;
    assert_eq!(metadata.name, "test.01hf7yat000000000000000005.796b6af");
    assert_eq!(metadata.uid.as_deref(), Some("018bcfe5-6800-0000-0000-000000000005"));
    assert_eq!(metadata.label(annotations::STAGE_LABEL), Some("Test"));
    assert_eq!(metadata.label(annotations::SHARD_LABEL), Some("eu"));
    assert_eq!(metadata.annotation(annotations::STAGE), Some("Test"));
    assert_eq!(metadata.annotation(annotations::CREATE_ACTOR), Some("kubernetes:jane"));
    assert_eq!(metadata.annotation(TASKS_ANNOTATION), None);
    assert_eq!(metadata.owner_references[0].name, "Test");
    assert_eq!(
        (promotion.freight(), promotion.spec.steps[0].alias.as_deref()),
        ("796b6af3cbf84645", Some("step-1"))
    );
}

#[test]
fn tasks_are_put_in_with_their_variables() {
    let reference = |vars: Json| json!([{ "task": { "name": "t" }, "vars": vars }, { "uses": "last" }]);
    let vars_of = |vars: Json, reference: Json| -> Vec<String> {
        let promotion = built(vars, reference, task()).unwrap();
        let aliases: Vec<_> = promotion.spec.steps.iter().map(|step| step.alias.clone().unwrap()).collect();
        assert_eq!(aliases, ["task-1::a", "task-1::step-2", "step-2"]);
        promotion.spec.steps[0].vars.iter().map(|var| format!("{}={}", var.name, var.value())).collect()
    };
    let given = reference(json!([{ "name": "r", "value": "R" }]));
    assert_eq!(vars_of(json!([]), given.clone()), ["q=default", "r=R", "own=1"]);
    let both = reference(json!([{ "name": "r", "value": "R" }, { "name": "q", "value": "over" }]));
    assert_eq!(vars_of(json!([]), both), ["q=default", "r=R", "q=over", "own=1"]);
    let stage = json!([{ "name": "r", "value": "stage" }, { "name": "q", "value": "stage" }]);
    assert_eq!(vars_of(stage, reference(json!([]))), ["own=1"]);
    assert_eq!(vars_of(json!([{ "name": "q", "value": "" }]), given), ["q=default", "r=R", "own=1"]);
}

#[test]
fn what_a_reference_says_of_its_task_is_kept() {
    let steps = json!([{
        "task": { "name": "t" }, "as": "t", "vars": [{ "name": "r", "value": "R" }],
        "if": "${{ always() }}", "continueOnError": true, "retry": { "errorThreshold": 3, "timeout": "1m" },
    }]);
    let mut task = task();
    task["steps"][0]["retry"] = json!({ "timeout": "5s" });
    let promotion = built(json!([]), steps, task).unwrap();
    let settings = task_settings(&promotion).unwrap();
    let TaskSetting { condition, vars, continue_on_error } = &settings["t"];
    assert_eq!((condition.as_deref(), vars.len(), *continue_on_error), (Some("${{ always() }}"), 1, true));
    let retries: Vec<Json> = promotion.spec.steps.iter().map(|step| json!(step.retry)).collect();
    assert_eq!(
        retries,
        [json!({ "errorThreshold": 3, "timeout": "5s" }), json!({ "errorThreshold": 3, "timeout": "1m0s" })]
    );
}

#[test]
fn what_kargo_does_not_admit_is_refused() {
    let nested = json!({ "steps": [{ "task": { "name": "t" } }] });
    let r = json!([{ "name": "r", "value": "R" }]);
    for (steps, task, code) in [
        (json!([]), task(), promotion::NO_STEPS),
        (json!([{ "uses": "x", "as": "a" }, { "uses": "x", "as": " a " }]), task(), DUPLICATE_ALIAS),
        (json!([{ "uses": "x", "as": "step-1" }]), task(), RESERVED_ALIAS),
        (json!([{ "uses": "x", "as": " task-12" }]), task(), RESERVED_ALIAS),
        (json!([{ "as": "a" }]), task(), USES_OR_TASK),
        (json!([{ "uses": "x", "task": { "name": "t" } }]), task(), USES_OR_TASK),
        (json!([{ "task": { "name": "gone" } }]), task(), UNKNOWN_TASK),
        (json!([{ "task": { "name": "t", "kind": "ClusterPromotionTask" } }]), task(), UNKNOWN_TASK),
        (json!([{ "task": { "name": "t" } }]), task(), MISSING_VARIABLE),
        (json!([{ "task": { "name": "t" }, "vars": r }]), nested, NESTED_TASK),
    ] {
        let code: Code = code;
        let error = built(json!([]), steps.clone(), task).unwrap_err();
        assert_eq!(error.code(), code, "{steps}");
    }
    let steps = json!([{ "task": { "name": "t" }, "vars": [{ "name": "r", "value": "" }] }]);
    let error = built(json!([]), steps, task()).unwrap_err();
    assert!(error.to_string().contains("variable \"r\""), "{error}");
    for alias in ["step-", "step-x", "steps-1", "task-1b"] {
        built(json!([]), json!([{ "uses": "x", "as": alias }]), task()).unwrap();
    }
}
