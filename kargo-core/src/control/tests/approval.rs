//! What persons decide, beside a run and before one.

use super::*;

async fn approval_world() -> World {
    World::of([warehouse("apps"), stage("prod", direct("apps", false))]).await
}

#[tokio::test(start_paused = true)]
async fn freight_waits_for_a_person_who_approves() {
    let world = approval_world().await;
    let summary = world.run_with("apps", &["c1"]).await;
    assert!(phases(&summary).is_empty());
    assert_eq!(waits(&summary), [("prod", WaitsFor::Approval)]);
    assert_eq!(world.told(), ["created", "waiting for prod"]);

    let freight = world.freight("c1").await;
    let decided = world.installation().approve("demo", "prod", &latest(), "jane").await.unwrap();
    assert_eq!((&decided.freight, &decided.alias), (&freight.metadata.name, &freight.alias));
    let Outcome::Promoting { promotion } = decided.outcome else { panic!("{decided:?}") };
    assert_eq!(world.told(), ["approved for prod by jane", "queued for prod by \"jane\""]);
    let queue = world.installation().status().await.unwrap().stages.remove(0).queue;
    assert_eq!((queue[0].result.promotion.as_str(), queue[0].actor.as_str()), (promotion.as_str(), "jane"));

    let summary = world.run().await;
    assert_eq!(phases(&summary), [("prod", "Succeeded")]);
    assert!(summary.waiting.is_empty());
    assert_eq!(world.deployed(), ["prod runs c1 for \"jane\""]);
}

#[tokio::test(start_paused = true)]
async fn approving_again_changes_nothing_and_says_so() {
    let world = approval_world().await;
    world.run_with("apps", &["c1"]).await;
    let installation = world.installation();
    let approve = async |by: &str| installation.approve("demo", "prod", &latest(), by).await.unwrap().outcome;
    let Outcome::Promoting { promotion } = approve("jane").await else { panic!("not promoted") };
    assert_eq!(approve("joe").await, Outcome::UnderWay { promotion });
    world.run().await;
    assert_eq!(approve("jane").await, Outcome::Current);
    assert!(phases(&world.run().await).is_empty());

    *world.outside.failing.lock().unwrap() = true;
    world.run_with("apps", &["c2"]).await;
    assert!(matches!(approve("jane").await, Outcome::Promoting { .. }));
    assert_eq!(phases(&world.run().await), [("prod", "Failed")]);
    assert_eq!(approve("jane").await, Outcome::ApprovedBefore { ended: Some(PromotionPhase::Failed) });
    *world.outside.failing.lock().unwrap() = false;
    let again = world.installation().promote("demo", "prod", &latest(), "joe").await.unwrap();
    assert!(matches!(again.outcome, Outcome::Promoting { .. }));
    assert_eq!(phases(&world.run().await), [("prod", "Succeeded")]);
}

#[tokio::test(start_paused = true)]
async fn many_who_approve_at_once_make_one_promotion() {
    let world = approval_world().await;
    world.run_with("apps", &["c1"]).await;
    let approvals = (0..8).map(|n| {
        let installation = world.installation();
        tokio::spawn(async move { installation.approve("demo", "prod", &latest(), &format!("p{n}")).await })
    });
    for approval in approvals.collect::<Vec<_>>() {
        approval.await.unwrap().unwrap();
    }
    assert_eq!(world.all::<Promotion>().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_the_field_approving_only_makes_available() {
    let spec = json!({ "requestedFreight": [{
        "origin": { "kind": "Warehouse", "name": "apps" }, "sources": { "stages": ["test"] },
    }] });
    let world =
        World::of([warehouse("apps"), stage("test", direct("apps", false)), stage("prod", spec)]).await;
    world.run_with("apps", &["c1"]).await;
    let installation = world.installation();
    let name = world.freight("c1").await.metadata.name;
    let too_early = installation.promote("demo", "prod", &named(&name), "jane").await.unwrap_err();
    assert_eq!(too_early.code(), NOT_AVAILABLE);
    let approved = installation.approve("demo", "prod", &named(&name[..8]), "jane").await.unwrap();
    assert_eq!(approved.outcome, Outcome::Approved);
    let again = installation.approve("demo", "prod", &latest(), "jane").await.unwrap();
    assert_eq!(again.outcome, Outcome::ApprovedBefore { ended: None });
    assert_eq!(waits(&world.run().await), [("prod", WaitsFor::Promotion), ("test", WaitsFor::Approval)]);
    installation.promote("demo", "prod", &latest(), "jane").await.unwrap();
    assert_eq!(phases(&world.run().await), [("prod", "Succeeded")]);
}

#[tokio::test(start_paused = true)]
async fn names_that_are_not_there_are_answered_with_near_ones() {
    let world = approval_world().await;
    world.apply([warehouse("apps"), warehouse("other"), stage("prod", direct("apps", false))]).await;
    world.commit("other", "o1");
    world.run_with("apps", &["c1"]).await;
    let installation = world.installation();
    let mut alias = world.freight("c1").await.alias;
    alias.pop();
    let foreign = world.freight("o1").await.alias;
    for (stage, freight, code, hint) in [
        ("prdo", "latest", NOT_FOUND, "\"prod\""),
        ("prod", alias.as_str(), NOT_FOUND, alias.as_str()),
        ("prod", &foreign, NOT_REQUESTED, ""),
    ] {
        let error = installation.approve("demo", stage, &named(freight), "jane").await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{error:?}");
    }
    let unapproved = installation.promote("demo", "prod", &latest(), "jane").await.unwrap_err();
    assert_eq!(unapproved.code(), NOT_APPROVED);
}

#[tokio::test(start_paused = true)]
async fn choosing_other_freight_holds_automatic_promotion() {
    let world = World::of([warehouse("apps"), stage("test", direct("apps", true))]).await;
    world.run_with("apps", &["c1", "c2"]).await;
    world.deployed();
    let old = world.freight("c1").await.alias;
    world.installation().promote("demo", "test", &named(&old), "jane").await.unwrap();
    world.run().await;
    let summary = world.run_with("apps", &["c3"]).await;
    assert_eq!(world.deployed(), ["test runs c1 for \"jane\""]);
    assert_eq!(waits(&summary), [("test", WaitsFor::Promotion)]);
    let hold = &world.stage("test").await.status.auto_promotion_holds["Warehouse/apps"];
    assert_eq!(hold.actor, "jane");
    assert_eq!(world.installation().status().await.unwrap().stages[0].holds, ["Warehouse/apps"]);

    // What automatic promotion would choose, promoted by a person, ends the hold.
    world.installation().promote("demo", "test", &latest(), "joe").await.unwrap();
    world.run().await;
    world.run_with("apps", &["c4"]).await;
    assert_eq!(world.deployed(), ["test runs c3 for \"joe\"", "test runs c4 for \"\""]);
    assert!(world.stage("test").await.status.auto_promotion_holds.is_empty());
}

#[tokio::test(start_paused = true)]
async fn promotions_of_a_stage_run_one_after_the_other_in_order() {
    let world = World::of([warehouse("apps"), stage("prod", direct("apps", false))]).await;
    world.run_with("apps", &["c1", "c2", "c3"]).await;
    for commit in ["c2", "c3", "c1"] {
        let alias = world.freight(commit).await.alias;
        world.installation().approve("demo", "prod", &named(&alias), "jane").await.unwrap();
    }
    let summary = world.run().await;
    assert_eq!(summary.promotions.len(), 3);
    let ran: Vec<String> = world.deployed();
    assert_eq!(ran, ["prod runs c2 for \"jane\"", "prod runs c3 for \"jane\"", "prod runs c1 for \"jane\""]);
    // Each was verified before the next one began.
    for commit in ["c1", "c2", "c3"] {
        assert!(world.freight(commit).await.status.is_verified_in("prod"), "{commit}");
    }
    assert_eq!(world.stage("prod").await.status.freight_history.len(), 3);
}
