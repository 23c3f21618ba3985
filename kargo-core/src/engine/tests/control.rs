//! Ending a Promotion before its time: cancellation and abortion.

use super::*;
use crate::model::annotations;

/// A step that is running when the run is cancelled, and one that never gets its turn.
fn world() -> World {
    let cancels = Fake::new("slow", Effect::Outside, |cx, _| {
        cx.cancel.cancel();
        Ok(StepReport::running(None))
    });
    World::with_steps(
        json!([{ "uses": "compose" }, { "uses": "slow" }, { "uses": "compose" }]),
        vec![cancels],
    )
}

#[tokio::test]
async fn a_cancelled_run_ends_the_running_step_and_the_promotion() {
    let pass = world().pass().await.unwrap();
    assert_eq!(shown(&pass), "step-1:Succeeded/s/f step-2:Errored/s/f Errored");
    assert!(pass.status.message.unwrap().starts_with("execution canceled"));
}

#[tokio::test]
async fn a_run_that_is_cancelled_to_abort_ends_aborted() {
    let world = world();
    let mut asked = world.job.promotion.clone();
    let request = r#"{"action":"terminate","actor":"kubernetes:joe"}"#;
    asked.metadata = asked.metadata.with_annotation(annotations::ABORT, request);
    world.store.put(asked);
    let pass = world.pass().await.unwrap();
    assert_eq!(shown(&pass), "step-1:Succeeded/s/f step-2:Aborted/s/f Aborted");
    assert_eq!(pass.status.message.as_deref(), Some("Promotion terminated by joe"));
    assert_eq!(shown(&world.pass().await.unwrap()), shown(&pass), "and stays so");
}

#[tokio::test]
async fn a_promotion_can_be_aborted_before_it_began() {
    let mut world = World::with_steps(json!([{ "uses": "compose" }]), vec![]);
    let metadata = std::mem::take(&mut world.job.promotion.metadata);
    world.job.promotion.metadata = metadata.with_annotation(annotations::ABORT, "terminate");
    let pass = world.pass().await.unwrap();
    assert_eq!((shown(&pass).as_str(), pass.wait), ("Aborted", None));
    assert_eq!(pass.status.message.as_deref(), Some("Promotion terminated"));
}

#[tokio::test]
async fn a_dropped_run_goes_on_where_it_was() {
    let (begun, hold) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Semaphore::new(0)));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&hold));
    let world = World::with_steps(
        json!([{ "uses": "compose" }, { "uses": "hold" }]),
        vec![Fake::new("hold", Effect::Outside, move |_, _| {
            tell.notify_one();
            match wait.try_acquire() {
                Ok(_) => Ok(StepReport::succeeded()),
                Err(_) => Ok(StepReport::running(None)),
            }
        })],
    );
    let engine = world.builder().build();
    tokio::select! {
        () = begun.notified() => {}
        pass = engine.advance(&world.job, &world.cancel) => assert!(pass.unwrap().wait.is_some()),
    }
    hold.add_permits(1);
    assert_eq!(shown(&world.run().await), "step-1:Succeeded/s/f step-2:Succeeded/s/f Succeeded");
}

#[tokio::test]
async fn many_promotions_are_advanced_at_once() {
    let world = World::with_steps(json!([{ "uses": "compose", "config": { "v": 1 } }]), vec![]);
    let engine = world.builder().build();
    let passes = (0..100).map(|n| {
        let (engine, mut job) = (engine.clone(), world.job.clone());
        job.promotion.metadata.name = format!("p{n}");
        job.promotion.metadata.uid = Some(format!("u{n}"));
        tokio::spawn(async move { engine.advance(&job, &CancellationToken::new()).await })
    });
    for pass in passes.collect::<Vec<_>>() {
        assert_eq!(shown(&pass.await.unwrap().unwrap()), "step-1:Succeeded/s/f Succeeded");
    }
}
