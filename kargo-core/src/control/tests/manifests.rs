//! The manifests into the store.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_changed_spec_counts_a_generation_and_the_status_stays() {
    let world = World::of([warehouse("apps"), stage("test", direct("apps", true))]).await;
    world.run_with("apps", &["c1"]).await;
    let before = world.stage("test").await;
    let revision = world.store.changed(0).await.unwrap();
    world.apply([warehouse("apps"), stage("test", direct("apps", true))]).await;
    assert_eq!(world.store.changed(0).await.unwrap(), revision, "nothing to write");

    let mut labelled = stage("test", direct("apps", true));
    labelled["metadata"]["labels"] = json!({ "tier": "one" });
    world.apply([warehouse("apps"), labelled]).await;
    let after = world.stage("test").await;
    assert_eq!(after.metadata.label("tier"), Some("one"));
    assert_eq!((after.metadata.generation, &after.status), (Some(1), &before.status));

    world.apply([warehouse("apps"), stage_with_step("test", "poll", direct("apps", true))]).await;
    let after = world.stage("test").await;
    assert_eq!((after.metadata.generation, &after.status), (Some(2), &before.status));
    assert_eq!(after.metadata.uid, before.metadata.uid);
    assert_eq!(after.metadata.label("tier"), None);
}

#[tokio::test(start_paused = true)]
async fn what_the_manifests_drop_goes_but_what_was_made_stays() {
    let world =
        World::of([warehouse("apps"), stage("test", direct("apps", true)), stage("x", direct("apps", true))])
            .await;
    world.run_with("apps", &["c1"]).await;
    world.apply([warehouse("apps"), stage("x", direct("apps", true))]).await;
    assert_eq!(world.all::<Stage>().await.len(), 1);
    assert_eq!(world.all::<Promotion>().await.len(), 2);
    let freight = world.freight("c1").await.status;
    assert!(!freight.is_verified_in("test") && freight.is_verified_in("x"));
    assert!(phases(&world.run().await).is_empty());
}

#[tokio::test(start_paused = true)]
async fn secrets_are_not_stored_and_what_is_made_here_is_not_taken() {
    let mut secret = manifest("Secret", "token", json!(null));
    secret["apiVersion"] = "v1".into();
    secret["stringData"] = json!({ "token": "canary" });
    let mut freight = manifest("Freight", "f", json!(null));
    freight["origin"] = json!({ "kind": "Warehouse", "name": "apps" });
    let world = World::of([secret, freight]).await;
    assert!(world.store.list(Kind::Secret, None).await.unwrap().is_empty());
    assert!(world.all::<Freight>().await.is_empty());
    assert_eq!(world.told().len(), 1);
}
