//! A kill at every record: each time the Promotion ends as if nothing had happened, and no effect happens twice.

use std::fs;

use super::*;
use crate::workdir::Policy;

/// Counts the pushes of a world outside.
type Remote = Arc<Mutex<Vec<String>>>;

/// A clone that takes the remote's tip, or the commit that it took before; an edit; a push that looks for its own
/// mark before it pushes again.
fn steps(remote: &Remote) -> Vec<Fake> {
    let tip = Mutex::new(0);
    let clone = Fake::new("clone", Effect::WorkDir, move |cx, _| {
        let known = cx.prior_outputs.and_then(|outputs| outputs.as_map()?.get("commit")?.as_i64());
        let commit = known.unwrap_or_else(|| {
            let mut tip = tip.lock().unwrap();
            *tip += 1;
            *tip
        });
        cx.work_dir.write("repo/file", Policy::Reject, format!("at {commit}").as_bytes(), 0o600)?;
        Ok(StepReport::succeeded().with_output("commit", commit).with_output("ratio", 1.0))
    });
    let edit = Fake::new("edit", Effect::WorkDir, |cx, config| {
        let mut text = cx.work_dir.read("repo/file", Policy::Reject, 1 << 10)?;
        text.extend(format!(", {}", config["to"]).bytes());
        cx.work_dir.write("repo/file", Policy::Reject, &text, 0o600)?;
        Ok(StepReport::succeeded())
    });
    let remote = Arc::clone(remote);
    let push = Fake::new("push", Effect::Outside, move |cx, _| {
        let text = String::from_utf8(cx.work_dir.read("repo/file", Policy::Reject, 1 << 10)?).unwrap();
        let mark = format!("{text} by {}", cx.started_at);
        let mut remote = remote.lock().unwrap();
        if !remote.contains(&mark) {
            assert_eq!(cx.attempt, 1);
            remote.push(mark);
        }
        Ok(StepReport::succeeded().with_output("pushed", text))
    });
    vec![clone, edit, push]
}

fn world(remote: &Remote) -> World {
    let push = |alias| json!({ "uses": "push", "as": alias });
    World::with_steps(
        json!([
            { "uses": "clone", "as": "clone" },
            { "uses": "edit", "config": { "to": "${{ outputs.clone.commit }}" } },
            push("first"),
            { "uses": "compose", "as": "types", "config": {
                "int": "${{ type(outputs.clone.commit) }}", "float": "${{ type(outputs.clone.ratio) }}",
            } },
            { "uses": "edit", "config": { "to": "${{ outputs.first.pushed }}" } },
            push("second"),
        ]),
        steps(remote),
    )
}

/// Steps that take several passes: one polls, one errs before it succeeds, one puts out a secret.
fn patient_world(remote: &Remote) -> World {
    let done = |cx: &StepContext<'_>, remote: &Remote| {
        let mark = format!("{} by {}", cx.alias, cx.started_at);
        let mut remote = remote.lock().unwrap();
        if !remote.contains(&mark) {
            remote.push(mark);
        }
    };
    let polled = Arc::clone(remote);
    let poll = Fake::new("poll", Effect::Outside, move |cx, _| {
        if cx.attempt < 3 {
            return Ok(
                StepReport::running(Some(Duration::from_secs(5))).with_output("seen", i64::from(cx.attempt))
            );
        }
        assert!(cx.prior_outputs.is_some());
        done(cx, &polled);
        Ok(StepReport::succeeded())
    });
    let flaky = Fake::new("flaky", Effect::WorkDir, |cx, _| {
        cx.work_dir.write("flaky", Policy::Reject, b"half", 0o600)?;
        if cx.attempt == 1 {
            return Err(StepError::errored(crate::workdir::IO, "not yet"));
        }
        cx.work_dir.write("flaky", Policy::Reject, b"whole", 0o600)?;
        Ok(StepReport::succeeded())
    });
    let posted = Arc::clone(remote);
    let post = Fake::new("post", Effect::Outside, move |cx, config| {
        assert_eq!(cx.work_dir.read("flaky", Policy::Reject, 10)?, b"whole");
        assert_eq!(config["token"], "canary-token");
        done(cx, &posted);
        Ok(StepReport::succeeded())
    });
    let mut world = World::with_steps(
        json!([
            { "uses": "compose", "as": "own", "config": { "token": "${{ secret('creds').token }}" } },
            { "uses": "poll", "as": "poll", "if": "${{ success() }}" },
            { "uses": "flaky", "as": "flaky", "retry": { "errorThreshold": 2 } },
            { "uses": "post", "as": "post", "config": { "token": "${{ outputs.own.token }}" } },
        ]),
        vec![poll, flaky, post],
    );
    world.secrets = &[("token", "canary-token")];
    world
}

#[tokio::test]
async fn a_kill_at_any_record_loses_nothing_and_repeats_nothing() {
    for make in [world, patient_world] {
        let remote = Remote::default();
        let undisturbed = make(&remote);
        let expected = undisturbed.run().await;
        assert!(shown(&expected).ends_with("Succeeded"), "{}", shown(&expected));
        assert_eq!(remote.lock().unwrap().len(), 2);
        for append in 0..undisturbed.journal.all().len() {
            for (durable, lose_files) in [(false, false), (true, false), (false, true), (true, true)] {
                let remote = Remote::default();
                let world = make(&remote);
                run_until_killed(&world, Kill { append, durable }).await;
                if lose_files {
                    // Only the directory: the mark beside it survives, as after a clean-up by hand.
                    let uid = world.job.promotion.metadata.uid.clone().unwrap();
                    let _ = fs::remove_dir_all(world.job.work_root.join(uid));
                }
                let pass = world.run().await;
                let case = format!("killed in append {append}, durable: {durable}, files lost: {lose_files}");
                assert_eq!(shown(&pass), shown(&expected), "{case}");
                assert_eq!(outputs(&pass)["types"], outputs(&expected)["types"], "{case}");
                assert_eq!(remote.lock().unwrap().len(), 2, "{case}: {remote:?}");
                assert_eq!(fs::read_dir(&world.job.work_root).unwrap().count(), 0, "{case}");
            }
        }
    }
}

/// Passes until the journal is killed.
async fn run_until_killed(world: &World, kill: Kill) {
    *world.journal.kill.lock().unwrap() = Some(kill);
    while let Ok(pass) = world.pass().await {
        world.clock.pass(pass.wait.expect("the kill comes before the end").as_secs().max(1));
    }
    *world.journal.kill.lock().unwrap() = None;
}

#[tokio::test]
async fn an_ended_promotion_is_not_run_again() {
    let remote = Remote::default();
    let world = world(&remote);
    let first = world.run().await;
    let records = world.journal.all().len();
    let again = world.run().await;
    assert_eq!(serde_json::to_value(&again.status).unwrap(), serde_json::to_value(&first.status).unwrap());
    assert_eq!((world.journal.all().len(), remote.lock().unwrap().len()), (records, 2));
}

#[tokio::test]
async fn an_interrupted_attempt_is_told_so() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = Arc::clone(&told);
    let post = Fake::new("post", Effect::Outside, move |cx, _| {
        tells.lock().unwrap().push((cx.attempt, cx.interrupted));
        Ok(StepReport::succeeded())
    });
    let world = World::with_steps(json!([{ "uses": "post" }]), vec![post]);
    // Begun, attempt, and the outcome is lost.
    run_until_killed(&world, Kill { append: 2, durable: false }).await;
    world.run().await;
    assert_eq!(*told.lock().unwrap(), [(1, false), (1, true)]);
}

#[tokio::test]
async fn a_journal_of_other_steps_is_refused() {
    let mut world = World::with_steps(json!([{ "uses": "compose" }]), vec![]);
    world.run().await;
    world.job.promotion.spec.steps[0].uses = Some("other".into());
    assert_eq!(world.pass().await.unwrap_err().code(), super::super::BAD_JOURNAL);
}

#[tokio::test]
async fn a_step_that_cannot_be_repeated_is_an_error_that_can_be_tried_again() {
    let broken = Arc::new(Mutex::new(false));
    let state = Arc::clone(&broken);
    let clone = Fake::new("clone", Effect::WorkDir, move |_, _| {
        if *state.lock().unwrap() {
            return Err(StepError::errored(crate::workdir::IO, "the remote is down"));
        }
        Ok(StepReport::succeeded())
    });
    let world = World::with_steps(json!([{ "uses": "clone" }, { "uses": "compose" }]), vec![clone]);
    run_until_killed(&world, Kill { append: 3, durable: false }).await;
    fs::remove_dir_all(&world.job.work_root).unwrap();
    *broken.lock().unwrap() = true;
    assert_eq!(world.pass().await.unwrap_err().code(), super::super::REBUILD);
    *broken.lock().unwrap() = false;
    assert_eq!(shown(&world.run().await), "step-1:Succeeded/s/f step-2:Succeeded/s/f Succeeded");
}
