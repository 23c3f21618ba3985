//! The step loop: what runs, what is skipped, how it ends.

use std::sync::Mutex;

use super::*;
use crate::error::Code;
use crate::step::HealthCheck;

const NO: Code = Code::new("test/no", "For tests.");

/// A step that gives these answers in turn, the last one for ever.
fn script(uses: &'static str, answers: Vec<fn() -> Result<StepReport, StepError>>) -> Fake {
    let next = Mutex::new(0);
    Fake::new(uses, Effect::Pure, move |_, _| {
        let mut next = next.lock().unwrap();
        let answer = answers[(*next).min(answers.len() - 1)];
        *next += 1;
        answer()
    })
}

fn fails() -> Fake {
    script("fail", vec![|| Err(StepError::failed(NO, "boom").terminal())])
}

fn step(uses: &str, alias: &str) -> Json {
    json!({ "uses": uses, "as": alias })
}

#[tokio::test]
async fn a_failure_skips_what_follows() {
    let world = World::with_steps(
        json!([step("compose", "a"), step("fail", "f"), step("compose", "c")]),
        vec![fails()],
    );
    let pass = world.run().await;
    assert_eq!(shown(&pass), "a:Succeeded/s/f f:Failed/s/f c:Skipped Failed");
    assert_eq!(pass.status.message.as_deref(), Some("step \"f\": boom"));
    assert_eq!(outputs(&pass), json!({ "a": null, "f": null }));
    assert_eq!(
        world.heard.names(),
        [
            "promotionStarted",
            "stepStarted a",
            "stepFinished a Succeeded",
            "stepStarted f",
            "stepFinished f Failed",
            "stepFinished c Skipped",
            "promotionFinished Failed",
        ]
    );
}

#[tokio::test]
async fn a_tolerated_failure_is_hidden_from_what_follows_and_from_the_phase() {
    let mut tolerated = step("fail", "f");
    tolerated["continueOnError"] = true.into();
    let world = World::with_steps(json!([tolerated, step("compose", "c")]), vec![fails()]);
    assert_eq!(shown(&world.run().await), "f:Failed/s/f c:Succeeded/s/f Succeeded");
}

#[tokio::test]
async fn an_unknown_kind_errors_and_the_loop_goes_on() {
    let world = World::with_steps(json!([step("nope", "n"), step("compose", "c")]), vec![]);
    let pass = world.run().await;
    assert_eq!(shown(&pass), "n:Errored c:Skipped Errored");
    assert_eq!(outputs(&pass), json!({}));
}

#[tokio::test]
async fn the_worst_status_of_the_first_step_that_has_it_decides() {
    let errs = script("err", vec![|| Err(StepError::errored(NO, "first"))]);
    let also = script("also", vec![|| Err(StepError::errored(NO, "second"))]);
    let mut steps = json!([step("fail", "f"), step("err", "e"), step("also", "g")]);
    for index in 1..3 {
        steps[index]["if"] = "${{ always() }}".into();
    }
    let pass = World::with_steps(steps, vec![fails(), errs, also]).run().await;
    assert_eq!(shown(&pass), "f:Failed/s/f e:Errored/s/f/1 g:Errored/s/f/1 Errored");
    assert!(pass.status.message.unwrap().ends_with("first"));
}

#[tokio::test]
async fn errors_are_retried_up_to_the_threshold() {
    let flaky = || {
        script(
            "flaky",
            vec![
                || Err(StepError::errored(NO, "one").with_output("n", 1)),
                || Ok(StepReport::running(Some(Duration::from_secs(5))).with_output("n", 2)),
                || Err(StepError::failed(NO, "two")),
                || Ok(StepReport::succeeded().with_output("n", 4)),
            ],
        )
    };
    let mut retried = step("flaky", "r");
    for (threshold, expected) in [(2, "r:Failed/s/f/2 Failed"), (3, "r:Succeeded/s/f/2 Succeeded")] {
        retried["retry"] = json!({ "errorThreshold": threshold });
        let world = World::with_steps(json!([retried]), vec![flaky()]);
        let first = world.pass().await.unwrap();
        assert_eq!(shown(&first), "r:Errored/s/1 Running");
        assert_eq!(first.status.message.as_deref(), Some("error running step \"r\": one"));
        assert_eq!((first.wait, outputs(&first)), (Some(Duration::from_secs(1)), json!({ "r": { "n": 1 } })));
        let second = world.pass().await.unwrap();
        assert_eq!(shown(&second), "r:Running/s/1 Running");
        assert_eq!((second.wait, second.status.message.clone()), (Some(Duration::from_secs(5)), None));
        assert_eq!(shown(&world.run().await), expected);
    }
}

#[tokio::test]
async fn a_step_that_is_never_done_times_out_softly() {
    let waits = script("wait", vec![|| Ok(StepReport::unmet(Some(Duration::from_secs(30))))]);
    let mut step = step("wait", "w");
    step["retry"] = json!({ "timeout": "70s" });
    let world = World::with_steps(json!([step]), vec![waits]);
    let mut waited = Vec::new();
    let pass = loop {
        let pass = world.pass().await.unwrap();
        let Some(wait) = pass.wait else { break pass };
        waited.push(wait.as_millis());
        world.clock.pass(wait.as_secs().max(1));
    };
    assert_eq!(waited, [30_000, 30_000, 10_000, 100]);
    assert_eq!(shown(&pass), "w:Errored/s/f Errored");
    assert_eq!(pass.status.message.as_deref(), Some("step \"w\" timed out after 1m10s"));
}

#[tokio::test]
async fn a_panic_is_the_steps_terminal_error() {
    let panics = Fake::new("panic", Effect::WorkDir, |_, _| panic!("index out of range"));
    let world = World::with_steps(json!([step("panic", "p"), step("compose", "c")]), vec![panics]);
    let pass = world.run().await;
    assert_eq!(shown(&pass), "p:Errored/s/f c:Skipped Errored");
    assert!(pass.status.message.unwrap().contains("step panicked: index out of range"));
}

#[tokio::test]
async fn health_checks_of_successful_steps_are_kept() {
    let checked = script(
        "checked",
        vec![|| Ok(StepReport::running(None).with_health_check(HealthCheck::new("early"))), || {
            Ok(StepReport::succeeded().with_health_check(HealthCheck::new("kept")))
        }],
    );
    let skipped =
        script("skipped", vec![|| Ok(StepReport::skipped().with_health_check(HealthCheck::new("dropped")))]);
    let world =
        World::with_steps(json!([step("checked", "a"), step("skipped", "b")]), vec![checked, skipped]);
    let pass = world.run().await;
    let checks: Vec<&str> = pass.status.health_checks.iter().map(|check| check.uses.as_str()).collect();
    assert_eq!(checks, ["kept"]);
}

#[tokio::test]
async fn what_a_pass_writes_and_evaluates_does_not_grow_with_the_steps_before() {
    let bytes = async |steps: usize| {
        let step = json!({ "uses": "compose", "config": { "v": "value" } });
        let world = World::with_steps(Json::from(vec![step; steps]), vec![]);
        world.run().await;
        let written: usize = world.journal.all().iter().map(|entry| entry.record.to_string().len()).sum();
        assert_eq!(
            world.journal.barriers.load(Ordering::Relaxed),
            1,
            "pure steps need no barrier of their own"
        );
        written / steps
    };
    let (few, many) = (bytes(20).await, bytes(200).await);
    assert!(many <= few + few / 10, "{few} bytes a step, then {many}");
}
