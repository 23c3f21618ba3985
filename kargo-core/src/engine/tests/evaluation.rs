//! What templates see, and the Plan.

use super::*;

/// The outputs of a step `x` with this config, after the steps and with the variables of `spec`.
async fn evaluated(mut spec: Json, config: Json) -> Json {
    let steps = spec["promotionTemplate"]["spec"]["steps"].as_array_mut().unwrap();
    steps.push(json!({ "uses": "compose", "as": "x", "if": "${{ always() }}", "config": config }));
    let pass = World::new(spec, &[], vec![]).run().await;
    assert!(shown(&pass).contains("x:Succeeded"), "{:?}", pass.status);
    outputs(&pass)["x"].clone()
}

#[tokio::test]
async fn templates_see_the_promotion_its_variables_and_the_steps_so_far() {
    let spec = json!({
        "vars": [{ "name": "a", "value": "stage" }, { "name": "b", "value": "${{ vars.a + '!' }}" }],
        "promotionTemplate": { "spec": {
            "vars": [{ "name": "a", "value": "template" }],
            "steps": [{ "uses": "compose", "as": "one", "config": { "n": 1 } }, { "uses": "nope", "as": "bad" }],
        } },
    });
    let config = json!({
        "vars": "${{ vars }}", "n": "${{ outputs.one.n }}", "who": "${{ ctx.meta.promotion.actor }}",
        "where": "${{ ctx.project }}/${{ ctx.stage }}", "alias": "${{ ctx.meta.step.alias }}",
        "status": "${{ status('bad') }}", "failed": "${{ failure() }}", "unknown": "${{ nope }}",
        "meta": "${{ stepMetas.one.Alias }}", "typed": "${{ stepMetas.one.Status == 'Succeeded' }}",
    });
    assert_eq!(
        evaluated(spec, config).await,
        json!({
            "vars": { "a": "template", "b": "stage!" }, "n": 1, "who": "jane", "where": "demo/test", "alias": "x",
            "status": "Errored", "failed": true, "unknown": null, "meta": "one", "typed": false,
        })
    );
}

#[tokio::test]
async fn a_bad_variable_breaks_steps_with_a_config_alone() {
    let spec = json!({
        "vars": [{ "name": "bad", "value": "${{ outputs.x.y }}" }],
        "promotionTemplate": { "spec": { "steps": [
            { "uses": "compose", "as": "without" },
            { "uses": "compose", "as": "with", "config": { "a": 1 } },
        ] } },
    });
    let pass = World::new(spec, &[], vec![]).run().await;
    assert_eq!(shown(&pass), "without:Succeeded/s/f with:Errored/s Errored");
    assert!(pass.status.message.unwrap().contains("variable \"bad\""));
}

#[tokio::test]
async fn an_if_must_be_a_boolean() {
    let steps = json!([
        { "uses": "compose", "as": "text", "if": "true" },
        { "uses": "compose", "as": "number", "if": "${{ 1 }}" },
        { "uses": "compose", "as": "no", "if": "${{ failure() && false }}" },
        { "uses": "compose", "as": "yes", "if": "${{ failure() }}" },
    ]);
    let pass = World::with_steps(steps, vec![]).run().await;
    assert_eq!(shown(&pass), "text:Errored number:Errored no:Skipped yes:Succeeded/s/f Errored");
}

/// A task of three steps: the second fails, the third cleans up.
fn task_world(reference: Json) -> World {
    let fails = Fake::new("fail", Effect::Pure, |_, _| {
        Err(StepError::failed(crate::step::BAD_CONFIG, "boom").terminal())
    });
    let mut reference = reference;
    reference["task"] = json!({ "name": "t" });
    reference["as"] = "t".into();
    let task = json!({ "steps": [
        { "uses": "compose", "as": "one", "config": { "v": "${{ vars.v }}" } },
        { "uses": "fail", "as": "two" },
        { "uses": "compose", "as": "three" },
        { "uses": "compose", "as": "clean", "if": "${{ status('two') == 'Failed' }}" },
    ], "vars": [{ "name": "v", "value": "default" }] });
    let spec = json!({ "promotionTemplate": { "spec": { "steps": [
        { "uses": "compose", "as": "before", "config": { "go": true } },
        reference,
        { "uses": "compose", "as": "after" },
    ] } } });
    World::new(spec, &[("t", task)], vec![fails])
}

#[tokio::test]
async fn what_the_reference_to_a_task_says_holds_for_the_task() {
    let ran = "t::one:Succeeded/s/f t::two:Failed/s/f t::three:Skipped t::clean:Succeeded/s/f";
    let none = "t::one:Skipped t::two:Skipped t::three:Skipped t::clean:Skipped";
    for (reference, task, end) in [
        (json!({}), ran, "after:Skipped Failed"),
        (json!({ "if": "${{ outputs.before.go }}" }), ran, "after:Skipped Failed"),
        (json!({ "if": "${{ success() }}" }), ran, "after:Skipped Failed"),
        (json!({ "if": "${{ status('before') == 'Succeeded' }}" }), ran, "after:Skipped Failed"),
        (
            json!({ "if": "${{ vars.v == 'x' }}", "vars": [{ "name": "v", "value": "x" }] }),
            ran,
            "after:Skipped Failed",
        ),
        (json!({ "if": "${{ failure() }}" }), none, "after:Succeeded/s/f Succeeded"),
        (json!({ "if": "${{ false }}" }), none, "after:Succeeded/s/f Succeeded"),
        (json!({ "continueOnError": true }), ran, "after:Succeeded/s/f Succeeded"),
    ] {
        let pass = task_world(reference.clone()).run().await;
        assert_eq!(shown(&pass), format!("before:Succeeded/s/f {task} {end}"), "{reference}");
    }
}

#[tokio::test]
async fn a_task_that_reacts_to_a_failure_runs_its_steps() {
    let fails = Fake::new("fail", Effect::Pure, |_, _| {
        Err(StepError::failed(crate::step::BAD_CONFIG, "boom").terminal())
    });
    let task = json!({ "steps": [{ "uses": "compose" }, { "uses": "compose" }] });
    let spec = json!({ "promotionTemplate": { "spec": { "steps": [
        { "uses": "fail", "as": "f" },
        { "task": { "name": "notify" }, "if": "${{ failure() }}" },
    ] } } });
    let pass = World::new(spec, &[("notify", task)], vec![fails]).run().await;
    assert_eq!(shown(&pass), "f:Failed/s/f task-2::step-1:Succeeded/s/f task-2::step-2:Succeeded/s/f Failed");
}

#[tokio::test]
async fn the_composed_outputs_of_a_task_are_the_tasks() {
    let task = json!({ "steps": [
        { "uses": "compose", "as": "one", "config": { "a": 1 } },
        { "uses": "compose", "as": "two", "config": { "b": "${{ task.outputs.one.a + 1 }}" } },
    ] });
    let spec =
        json!({ "promotionTemplate": { "spec": { "steps": [{ "task": { "name": "t" }, "as": "t" }] } } });
    let pass = World::new(spec, &[("t", task)], vec![]).run().await;
    assert_eq!(
        outputs(&pass),
        json!({ "t": { "a": 1, "b": 2 }, "t::one": { "a": 1 }, "t::two": { "b": 2 } })
    );
}

#[test]
fn a_plan_tells_all_problems_before_anything_runs() {
    let schema = json_schema!({ "properties": { "outputs": { "items": { "properties": {
        "fromExpression": { "type": "string", "format": "expr" },
    } } } } });
    let parse = Fake::new("parse", Effect::Pure, |_, _| Ok(StepReport::succeeded())).with_schema(schema);
    let spec = json!({
        "vars": [{ "name": "v", "value": "${{ 1 + }}" }],
        "promotionTemplate": { "spec": { "steps": [
            { "uses": "nope", "as": "n" },
            { "uses": "parse", "as": "p", "if": "${{ ( }}", "config": {
                "path": "${{ 2 + }}",
                "outputs": [{ "fromExpression": "a.b" }, { "fromExpression": "a[" }, { "fromExpression": "${{ x }}" }],
            } },
        ] } },
    });
    let world = World::new(spec, &[], vec![parse]);
    let plan = world.builder().build().plan(&world.job.promotion).unwrap();
    let problems = plan.problems();
    let found: Vec<_> = problems.iter().map(|problem| (problem.step, problem.pointer.as_str())).collect();
    assert_eq!(
        found,
        [
            (None, "/vars/0/value"),
            (Some(0), "/steps/0/uses"),
            (Some(1), "/steps/1/if"),
            (Some(1), "/steps/1/config/path"),
            (Some(1), "/steps/1/config/outputs/1/fromExpression"),
        ]
    );
}

#[tokio::test]
async fn a_name_cannot_become_a_part_of_a_path() {
    let schema = json_schema!({ "properties": {
        "key": { "type": "string", "format": "yaml-key" },
    } });
    let update = || {
        let puts_out = |_: &StepContext<'_>, config: Json| {
            Ok(StepReport::succeeded().with_output("key", config["key"].as_str().unwrap_or_default()))
        };
        Fake::new("update", Effect::Pure, puts_out).with_schema(schema.clone())
    };
    let written = r#".apps[] | select(.name == "${{ vars.app }}") | .${{ vars.field }}"#;
    for (app, field, key) in [
        ("demo", "tag", r#".apps[] | select(.name == "demo") | .tag"#),
        (r#"x" or "" == ""#, "tag", r#".apps[] | select(.name == "x\" or \"\" == \"") | .tag"#),
        (r"x\", r#"a"b"#, r#".apps[] | select(.name == "x\\") | .a"b"#),
    ] {
        let spec = json!({
            "vars": [{ "name": "app", "value": app }, { "name": "field", "value": field }],
            "promotionTemplate": { "spec": { "steps": [
                { "uses": "update", "as": "u", "config": { "key": written } },
            ] } },
        });
        let pass = World::new(spec, &[], vec![update()]).run().await;
        assert_eq!(outputs(&pass)["u"]["key"], key);
    }
}

#[tokio::test]
async fn a_verbatim_text_stays_text() {
    let schema = json_schema!({ "properties": { "body": { "type": "string", "format": "verbatim" } } });
    let sends = |_: &StepContext<'_>, config: Json| {
        Ok(StepReport::succeeded().with_output("sent", config["body"].as_str().unwrap_or("no text")))
    };
    for (body, sent) in [
        ("{\n  \"ref\": \"${{ ctx.stage }}\"\n}\n", "{\n  \"ref\": \"test\"\n}\n"),
        ("${{ [1, 2] }}", "[1,2]"),
        ("${{ quote({'a': 1}) }}", "{\"a\":1}"),
        ("${{ 5 }}", "no text"),
        ("plain", "plain"),
    ] {
        let step = json!({ "uses": "send", "as": "s", "config": { "body": body } });
        let send = Fake::new("send", Effect::Pure, sends).with_schema(schema.clone());
        let pass = World::with_steps(json!([step]), vec![send]).run().await;
        assert_eq!(outputs(&pass)["s"]["sent"], sent, "{body}");
    }
}

#[test]
fn plans_are_shared_by_content_and_bounded() {
    let limits = super::super::Limits { plans: 1, ..Default::default() };
    let world = World::with_steps(json!([{ "uses": "compose", "as": "a" }]), vec![]);
    let other = World::with_steps(json!([{ "uses": "compose", "as": "b" }]), vec![]);
    let engine = world.builder().limits(limits).build();
    let first = engine.plan(&world.job.promotion).unwrap();
    let mut renamed = world.job.promotion.clone();
    renamed.metadata.name = "another".into();
    assert!(Arc::ptr_eq(&first, &engine.plan(&renamed).unwrap()));
    let third = engine.plan(&other.job.promotion).unwrap();
    assert_ne!(first.key(), third.key());
    assert!(!Arc::ptr_eq(&first, &engine.plan(&world.job.promotion).unwrap()), "the oldest went");
}

#[tokio::test]
async fn a_config_that_nests_too_deeply_is_an_error() {
    for deep in ["${{ repeat('[', 200) }}${{ repeat(']', 200) }}", "${{ reduce(1..9000, [#acc], []) }}"] {
        let pass =
            World::with_steps(json!([{ "uses": "compose", "config": { "v": deep } }]), vec![]).run().await;
        assert_eq!(shown(&pass), "step-1:Errored/s Errored", "{deep}");
    }
}
