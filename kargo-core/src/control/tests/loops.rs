//! Runs that wait, end early, go on, or stay.

use tokio_util::sync::CancellationToken;

use super::*;
use crate::model::annotations;

fn timeout(seconds: u64) -> RunOptions {
    RunOptions { timeout: Some(Duration::from_secs(seconds)), ..RunOptions::default() }
}

async fn polling_world() -> World {
    let world = World::of([warehouse("apps"), stage_with_step("test", "poll", direct("apps", true))]).await;
    world.commit("apps", "c1");
    world
}

#[tokio::test(start_paused = true)]
async fn a_step_that_polls_ends_the_run_at_its_timeout_and_goes_on_in_the_next() {
    let world = polling_world().await;
    let summary = world.installation().run(timeout(100)).await.unwrap();
    assert!(phases(&summary).is_empty());
    assert_eq!(summary.polling.iter().map(|one| one.phase).collect::<Vec<_>>(), [PromotionPhase::Running]);
    assert_eq!(world.outside.ran.lock().unwrap().len(), 4, "at 0, 30, 60 and 90 seconds");
    let overview = world.installation().status().await.unwrap().stages.remove(0);
    assert_eq!(overview.current.unwrap().step.as_deref(), Some("step-1"));
    world.told();

    *world.outside.done.lock().unwrap() = true;
    assert_eq!(phases(&world.run().await), [("test", "Succeeded")]);
    assert_eq!(world.told(), ["Succeeded in test"], "it is not started again");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_killed_is_gone_on_with() {
    let world = polling_world().await;
    let killed = tokio::time::timeout(Duration::from_secs(45), world.run()).await;
    assert!(killed.is_err());
    *world.outside.done.lock().unwrap() = true;
    assert_eq!(phases(&world.run().await), [("test", "Succeeded")]);
    assert_eq!(world.all::<Promotion>().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_polls_is_ended_by_its_abort_and_the_next_one_begins() {
    let world = polling_world().await;
    let run = tokio::spawn({
        let installation = world.installation();
        async move { installation.run(RunOptions::default()).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_secs(40)).await;
    world.commit("apps", "c2");
    let mut warehouse = world.all::<Warehouse>().await.remove(0);
    warehouse.metadata.annotations.insert(annotations::REFRESH.into(), "now".into());
    world.store.commit(&[], vec![Write::put(warehouse)]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(40)).await;
    let promotions = world.all::<Promotion>().await;
    assert_eq!(
        promotions.iter().map(Promotion::phase).collect::<Vec<_>>(),
        [PromotionPhase::Running, PromotionPhase::Pending]
    );
    *world.outside.done.lock().unwrap() = true;
    let mut first = promotions[0].clone();
    first.metadata.annotations.insert(annotations::ABORT.into(), "terminate".into());
    world.store.commit(&[], vec![Write::put(first)]).await.unwrap();
    let summary = run.await.unwrap();
    assert_eq!(phases(&summary), [("test", "Aborted"), ("test", "Succeeded")]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_stays_sees_new_commits_approvals_and_soaked_freight() {
    let soak = json!({ "requiredSoakTime": "10m" });
    let world = World::of([
        warehouse("apps"),
        stage("test", direct("apps", false)),
        stage("prod", after("apps", &["test"], soak)),
    ])
    .await;
    let stop = CancellationToken::new();
    let watch = tokio::spawn({
        let (installation, stop) = (world.installation(), stop.clone());
        async move { installation.watch(stop).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.commit("apps", "c1");
    tokio::time::sleep(Duration::from_secs(301)).await;
    assert_eq!(world.told(), ["created", "waiting for test"]);
    world.installation().approve("demo", "test", &latest(), "jane").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.deployed(), ["test runs c1 for \"jane\""]);
    tokio::time::sleep(Duration::from_secs(598)).await;
    assert!(world.deployed().is_empty());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.deployed(), ["prod runs c1 for \"\""]);
    stop.cancel();
    assert!(watch.await.unwrap().promotions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failing_warehouse_is_asked_less_and_less_often() {
    let world = World::of([warehouse("apps")]).await;
    world.source.found.lock().unwrap().insert("apps".into(), Err("no route to host"));
    let stop = CancellationToken::new();
    let watch = world.installation();
    let watch = tokio::spawn({
        let stop = stop.clone();
        async move { watch.watch(stop).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_secs(1000)).await;
    // At 0, 5, 15, 35, 75, 155, 315, 615 and 915 seconds.
    assert_eq!(world.source.asked.lock().unwrap().len(), 9);
    assert_eq!(world.told(), ["Warehouse/apps: no route to host"], "told once");
    stop.cancel();
    assert_eq!(watch.await.unwrap().problems.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn stages_are_promoted_at_the_same_time() {
    let meet = |name: &str| stage_with_step(name, "meet", direct("apps", true));
    let world = World::of([warehouse("apps"), meet("a"), meet("b")]).await;
    world.commit("apps", "c1");
    let summary = world.installation().run(timeout(60)).await.unwrap();
    assert_eq!(summary.promotions.len(), 2, "{summary:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stage_whose_promotion_cannot_be_built_is_a_problem_told_once() {
    let mut broken = stage("test", direct("apps", true));
    broken["spec"]["promotionTemplate"]["spec"]["steps"] = json!([{ "task": { "name": "gone" } }]);
    let world = World::of([warehouse("apps"), broken, stage("other", direct("apps", true))]).await;
    let summary = world.run_with("apps", &["c1"]).await;
    assert_eq!(phases(&summary), [("other", "Succeeded")]);
    let problems: Vec<_> = summary.problems.iter().map(|one| (one.about.as_str(), one.code)).collect();
    assert_eq!(problems, [("Stage/test", "promotion/unknown-task")]);
    assert_eq!(world.told().iter().filter(|told| told.starts_with("Stage/test")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_promotion_whose_freight_is_gone_ends_before_it_begins() {
    let world = World::of([warehouse("apps"), stage("prod", direct("apps", false))]).await;
    world.run_with("apps", &["c1"]).await;
    world.installation().approve("demo", "prod", &latest(), "jane").await.unwrap();
    let name = world.freight("c1").await.metadata.name;
    world.source.found.lock().unwrap().clear();
    world.store.commit(&[], vec![Write::Delete(Key::new(Kind::Freight, "demo", name))]).await.unwrap();
    world.told();
    assert_eq!(phases(&world.run().await), [("prod", "Errored")]);
    assert_eq!(world.told(), ["Errored in prod"]);
    assert!(phases(&world.run().await).is_empty());
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_run_sees_what_another_process_approves_in_the_same_database() {
    use crate::store::SqliteStore;

    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(folder.path().join("state.db")).unwrap();
    let world = World::on(open());
    world.apply([warehouse("apps"), stage("prod", direct("apps", false))]).await;
    world.commit("apps", "c1");
    let stop = CancellationToken::new();
    let watch = tokio::spawn({
        let (installation, stop) = (world.installation(), stop.clone());
        async move { installation.watch(stop).await.unwrap() }
    });
    let other = Arc::new(open());
    let other = world.installation_on(other.clone(), other);
    let until = async |wanted: fn(&StageOverview) -> bool| {
        while !other.status().await.unwrap().stages.first().is_some_and(wanted) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    while other.status().await.unwrap().waiting.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    other.approve("demo", "prod", &latest(), "jane").await.unwrap();
    until(|stage| stage.ready).await;
    stop.cancel();
    assert!(watch.await.unwrap().problems.is_empty());
    assert_eq!(world.deployed(), ["prod runs c1 for \"jane\""]);
}
