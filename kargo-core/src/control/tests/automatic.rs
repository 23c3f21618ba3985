//! From a commit to its Freight and through the Stages, without a person.

use super::*;
use crate::model::{ConditionStatus, HealthState, condition};

#[tokio::test(start_paused = true)]
async fn a_commit_becomes_freight_and_is_promoted() {
    let world = World::of([warehouse("apps"), stage("test", direct("apps", true))]).await;
    let summary = world.run_with("apps", &["c1"]).await;
    assert_eq!(phases(&summary), [("test", "Succeeded")]);
    assert!(summary.waiting.is_empty() && summary.polling.is_empty() && summary.problems.is_empty());
    assert_eq!(world.told(), ["created", "queued for test by \"\"", "started in test", "Succeeded in test"]);
    assert_eq!(world.deployed(), ["test runs c1 for \"\""]);

    let freight = world.freight("c1").await;
    assert_eq!(freight.clone().named_by_content().metadata.name, freight.metadata.name);
    assert!(!freight.alias.is_empty());
    assert!(freight.status.is_verified_in("test") && freight.status.currently_in.contains_key("test"));
    let stage = world.stage("test").await;
    assert_eq!(stage.status.freight_summary.as_deref(), Some(freight.metadata.name.as_str()));
    assert_eq!(stage.status.health.unwrap().status, Some(HealthState::Healthy));
    assert_eq!(stage.status.observed_generation, Some(1));
    let holds: Vec<_> =
        stage.status.conditions.iter().map(|one| (one.condition_type.as_str(), one.status)).collect();
    let yes = ConditionStatus::True;
    assert_eq!(holds, [(condition::HEALTHY, yes), (condition::VERIFIED, yes), (condition::READY, yes)]);
    let warehouse = &world.all::<Warehouse>().await[0];
    assert_eq!(warehouse.status.last_freight_id, Some(freight.metadata.name));
}

#[tokio::test(start_paused = true)]
async fn a_second_run_looks_again_and_does_nothing() {
    let world = World::of([warehouse("apps"), stage("test", direct("apps", true))]).await;
    world.run_with("apps", &["c1"]).await;
    let (before, asked) = (world.stage("test").await, world.source.asked.lock().unwrap().len());
    world.told();
    let summary = world.run().await;
    assert!(phases(&summary).is_empty() && summary.waiting.is_empty());
    assert_eq!(world.source.asked.lock().unwrap().len(), asked + 1);
    assert!(world.told().is_empty());
    assert_eq!(world.stage("test").await, before);
    assert_eq!(world.all::<Freight>().await.len(), 1);
    assert_eq!(world.deployed().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_the_newest_of_what_is_found_becomes_freight() {
    // Two tags on one commit, the newer version first, as the source orders them.
    let world = World::of([warehouse("apps"), stage("test", direct("apps", true))]).await;
    let tag =
        |tag: &str| DiscoveredCommit { id: "c1".into(), tag: tag.into(), ..DiscoveredCommit::default() };
    world.source.found.lock().unwrap().insert("apps".into(), Ok(vec![tag("v1.18.1"), tag("v1.9.0")]));
    assert_eq!(phases(&world.run().await), [("test", "Succeeded")]);
    let freight = world.all::<Freight>().await;
    assert_eq!(freight.iter().map(|one| one.commits[0].tag.as_str()).collect::<Vec<_>>(), ["v1.18.1"]);
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_moved_is_told_and_its_freight_stays() {
    let world = World::of([warehouse("apps"), stage("test", direct("apps", true))]).await;
    world.run_with("apps", &["c1"]).await;
    let before = world.freight("c1").await;
    world.told();
    world.source.warnings.lock().unwrap().push("tag v1 was moved".into());
    world.run_with("apps", &["c2"]).await;
    assert_eq!(world.told()[0], "Warehouse/apps: tag v1 was moved");
    let after = world.freight("c1").await;
    assert!(after.has_same_content(&before) && after.alias == before.alias);
}

#[tokio::test(start_paused = true)]
async fn freight_goes_from_stage_to_stage_in_one_run() {
    let gate = manifest("Stage", "gate", after("apps", &["test"], json!({})));
    let world = World::of([
        warehouse("apps"),
        stage("test", direct("apps", true)),
        gate,
        stage("prod", after("apps", &["gate"], json!({ "availabilityStrategy": "All" }))),
    ])
    .await;
    let summary = world.run_with("apps", &["c1"]).await;
    assert_eq!(phases(&summary), [("test", "Succeeded"), ("prod", "Succeeded")]);
    let gate = world.stage("gate").await;
    assert_eq!(gate.status.freight_summary.as_deref(), Some("N/A"));
    assert!(world.freight("c1").await.status.is_verified_in("gate"));
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_not_tried_again_but_what_is_newer_is() {
    let world = World::of([warehouse("apps"), stage("test", direct("apps", true))]).await;
    *world.outside.failing.lock().unwrap() = true;
    let summary = world.run_with("apps", &["c1"]).await;
    assert_eq!(phases(&summary), [("test", "Failed")]);
    assert_eq!(waits(&summary), [("test", WaitsFor::Promotion)]);
    let ready = world.installation().status().await.unwrap().stages.remove(0);
    assert!(!ready.ready && ready.message.contains("it is broken"), "{ready:?}");

    *world.outside.failing.lock().unwrap() = false;
    let summary = world.run().await;
    assert!(phases(&summary).is_empty());
    assert_eq!(waits(&summary), [("test", WaitsFor::Promotion)]);
    assert!(!world.freight("c1").await.status.is_verified_in("test"));

    let summary = world.run_with("apps", &["c2"]).await;
    assert_eq!(phases(&summary), [("test", "Succeeded")]);
    assert!(summary.waiting.is_empty());
}

#[tokio::test(start_paused = true)]
async fn freight_soaks_before_it_goes_on() {
    let soak = json!({ "requiredSoakTime": "1h" });
    let world = World::of([
        warehouse("apps"),
        stage("test", direct("apps", true)),
        stage("prod", after("apps", &["test"], soak)),
    ])
    .await;
    let summary = world.run_with("apps", &["c1"]).await;
    assert_eq!(phases(&summary), [("test", "Succeeded")]);
    let since = world.freight("c1").await.status.currently_in["test"].since.unwrap();
    let until = since + Duration::from_secs(3600);
    assert_eq!(waits(&summary), [("prod", WaitsFor::Soak { until })]);
    tokio::time::sleep(Duration::from_secs(3601)).await;
    assert_eq!(phases(&world.run().await), [("prod", "Succeeded")]);
}

#[tokio::test(start_paused = true)]
async fn match_upstream_takes_what_the_upstream_stage_runs() {
    let matching = json!({ "autoPromotionOptions": { "selectionPolicy": "MatchUpstream" } });
    let world = World::of([
        warehouse("apps"),
        stage("test", direct("apps", true)),
        stage("prod", after("apps", &["test"], matching)),
    ])
    .await;
    world.run_with("apps", &["c1", "c2"]).await;
    world.deployed();
    // Back to the older one in test: prod follows.
    let alias = world.freight("c1").await.alias;
    world.installation().promote("demo", "test", &named(&alias), "jane").await.unwrap();
    world.run().await;
    assert_eq!(world.deployed(), ["test runs c1 for \"jane\"", "prod runs c1 for \"\""]);
}

#[tokio::test(start_paused = true)]
async fn freight_of_several_origins_is_run_together() {
    let request = |warehouse: &str| {
        json!({
            "origin": { "kind": "Warehouse", "name": warehouse }, "sources": { "direct": true },
        })
    };
    let spec = json!({ "requestedFreight": [request("api"), request("web")], "autoPromotionEnabled": true });
    let world = World::of([warehouse("api"), warehouse("web"), stage("test", spec.clone())]).await;
    world.commit("web", "w1");
    world.run_with("api", &["a1"]).await;
    assert_eq!(world.deployed(), ["test runs a1 for \"\"", "test runs a1+w1 for \"\""]);
    world.run_with("web", &["w2"]).await;
    assert_eq!(world.deployed(), ["test runs a1+w2 for \"\""]);
    let status = world.stage("test").await.status;
    assert_eq!(status.freight_summary.as_deref(), Some("2/2 Fulfilled"));
    assert!(!world.freight("w1").await.status.currently_in.contains_key("test"));

    // An origin that is no longer requested is not taken along.
    let spec = json!({ "requestedFreight": [request("web")], "autoPromotionEnabled": true });
    world.apply([warehouse("api"), warehouse("web"), stage("test", spec)]).await;
    world.run_with("web", &["w3"]).await;
    assert_eq!(world.deployed(), ["test runs w3 for \"\""]);
}

#[tokio::test(start_paused = true)]
async fn one_source_is_asked_once_for_all_warehouses_and_one_failure_stays_alone() {
    let world = World::of([warehouse("a"), warehouse("b"), stage("test", direct("b", true))]).await;
    world.source.found.lock().unwrap().insert("a".into(), Err("no route to host"));
    let summary = world.run_with("b", &["c1"]).await;
    assert_eq!(*world.source.asked.lock().unwrap(), [["a", "b"]]);
    assert_eq!(phases(&summary), [("test", "Succeeded")]);
    let problems: Vec<_> = summary.problems.iter().map(|one| (one.about.as_str(), one.code)).collect();
    assert_eq!(problems, [("Warehouse/a", IO.as_str())]);
    assert!(world.told().contains(&"Warehouse/a: no route to host".to_owned()));
    let status = world.installation().status().await.unwrap();
    assert_eq!(status.warehouses[0].ready, Some(false));
    assert_eq!(status.warehouses[0].message, "no route to host");

    world.commit("a", "a1");
    assert!(world.run().await.problems.is_empty());
}

#[tokio::test(start_paused = true)]
async fn verification_by_analysis_ends_in_an_error_and_goes_no_further() {
    let mut spec = direct("apps", true);
    spec["verification"] = json!({ "analysisTemplates": [{ "name": "smoke" }] });
    let world = World::of([
        warehouse("apps"),
        stage("test", spec),
        stage("prod", after("apps", &["test"], json!({}))),
    ])
    .await;
    assert_eq!(phases(&world.run_with("apps", &["c1"]).await), [("test", "Succeeded")]);
    let overview = world.installation().status().await.unwrap();
    let test = overview.stages.iter().find(|stage| stage.name == "test").unwrap();
    assert!(!test.ready && test.message.contains("Argo Rollouts"), "{}", test.message);
}
