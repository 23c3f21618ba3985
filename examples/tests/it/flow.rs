//! The two-region flow over real repositories and the platform's HTTP API: its good way, and its failures.
#![allow(clippy::unwrap_used, reason = "what a test sets up must work, or the test has failed")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kargo_core::control::{FreightSelector, Installation, Outcome, RunOptions, Summary, WaitsFor};
use kargo_core::event::{Event, What};
use kargo_core::model::PromotionPhase;
use kargo_examples::{PROD_FILE, STAGE_FILE, TOKEN, World, applications, task};

const PROJECT: &str = "kargo-demo";
const CHART: &str = "helm/cert-manager/Chart.yaml";

async fn run(installation: &Installation) -> Summary {
    installation.run(RunOptions::default()).await.unwrap()
}

async fn approve(installation: &Installation, stage: &str) -> Outcome {
    installation.approve(PROJECT, stage, &FreightSelector::Latest, "Jane Doe").await.unwrap().outcome
}

fn posts(world: &World) -> usize {
    world.platform.received().iter().filter(|request| request.method == "POST").count()
}

fn set_version(world: &World, version: &str) -> String {
    let chart = world.repository.file("main", CHART).unwrap();
    let line = chart.lines().find(|line| line.trim_start().starts_with("version: v")).unwrap();
    let chart = chart.replace(line, &format!("    version: {version}"));
    world.repository.commit("main", &[(CHART, &chart)], "bump").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_goes_through_both_regions_and_nothing_is_done_twice() {
    let world = World::new().await.unwrap();
    let (stage, prod) = (world.region("stage").await.unwrap(), world.region("prod").await.unwrap());
    let first = world.repository.commit_of("refs/heads/main").unwrap();
    assert_eq!(run(&stage).await.promotions.len(), 2);
    assert_eq!(world.repository.tags().unwrap(), ["cert-manager-v1.18.1", "ingress-nginx-v1.12.0"]);
    assert_eq!(world.repository.commit_of("refs/tags/cert-manager-v1.18.1").unwrap(), first);

    let before = world.repository.file("main", PROD_FILE).unwrap();
    let waiting = run(&prod).await;
    assert!(waiting.promotions.is_empty());
    assert!(
        waiting.waiting.iter().all(|one| one.waits_for == WaitsFor::Approval) && waiting.waiting.len() == 2
    );
    assert!(matches!(approve(&prod, "cert-manager-prod").await, Outcome::Promoting { .. }));
    assert_eq!(run(&prod).await.promotions[0].phase, PromotionPhase::Succeeded);
    let after = world.repository.file("main", PROD_FILE).unwrap();
    assert_eq!(after, before.replace("cert-manager-v1.17.2", "cert-manager-v1.18.1"));
    let commit = &world.repository.log("main").unwrap()[0];
    assert_eq!(commit.author, "Kargo Prod <kargo-prod@example.com>");
    assert_eq!(commit.message.trim(), "chore(cert-manager): promote cert-manager-v1.18.1 to prod");
    assert!(applications(&after).unwrap().iter().any(|app| app.revision == "cert-manager-v1.18.1"));
    assert_eq!(applications(&world.repository.file("main", STAGE_FILE).unwrap()).unwrap().len(), 3);

    // The commit to applicationset/ makes no Freight in the stage region, and a second run does nothing.
    let (requests, commits) = (posts(&world), world.repository.log("main").unwrap().len());
    assert!(run(&stage).await.promotions.is_empty() && run(&prod).await.promotions.is_empty());
    assert!(matches!(approve(&prod, "cert-manager-prod").await, Outcome::Current));
    assert_eq!((posts(&world), world.repository.log("main").unwrap().len()), (requests, commits));

    // Another app's bump does nothing here; this app's flows through.
    world.repository.commit("main", &[("helm/external-dns/Chart.yaml", "name: x\n")], "other").unwrap();
    assert!(run(&stage).await.promotions.is_empty());
    set_version(&world, "v1.18.2");
    assert_eq!(run(&stage).await.promotions.len(), 1);
    run(&prod).await;
    approve(&prod, "cert-manager-prod").await;
    run(&prod).await;
    assert!(world.repository.file("main", PROD_FILE).unwrap().contains("cert-manager-v1.18.2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlab_and_the_third_delimiter_do_the_same() {
    let dollar = task("create-git-tag").unwrap().replace("${{", "$<<").replace("}}", ">>");
    for task in [task("create-git-tag-gitlab").unwrap(), dollar] {
        let world = World::new().await.unwrap();
        let stage = world.region_with("stage", &task, TOKEN, |builder| builder).await.unwrap();
        let summary = run(&stage).await;
        assert!(summary.promotions.iter().all(|one| one.phase == PromotionPhase::Succeeded), "{summary:?}");
        assert_eq!(world.repository.tags().unwrap(), ["cert-manager-v1.18.1", "ingress-nginx-v1.12.0"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_come_in_the_order_of_their_versions_and_moved_ones_are_told() {
    let world = World::new().await.unwrap();
    let commit = world.repository.commit_of("refs/heads/main").unwrap().unwrap();
    for version in ["v1.9.0", "v1.18.1"] {
        world.repository.tag(&format!("cert-manager-{version}"), &commit).unwrap();
    }
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&warnings);
    let listener = Arc::new(move |event: &Event| {
        if let What::Warning { message, .. } = &event.what {
            heard.lock().unwrap().push(message.clone());
        }
    });
    let task = task("update-applicationset").unwrap();
    let prod = world.region_with("prod", &task, TOKEN, |builder| builder.listener(listener)).await.unwrap();
    run(&prod).await;
    approve(&prod, "cert-manager-prod").await;
    let summary = run(&prod).await;
    assert_eq!(summary.promotions.len(), 1, "two tags on one commit are one promotion");
    assert!(world.repository.file("main", PROD_FILE).unwrap().contains("cert-manager-v1.18.1"));

    let elsewhere = world.repository.commit("main", &[("README.md", "x\n")], "other").unwrap();
    world.repository.tag("cert-manager-v1.18.1", &elsewhere).unwrap();
    run(&prod).await;
    let told = warnings.lock().unwrap().join("\n");
    assert!(
        told.contains("cert-manager-v1.18.1") && told.contains(&commit) && told.contains(&elsewhere),
        "{told}"
    );
    let runs = prod.status().await.unwrap();
    assert!(runs.stages.iter().any(|stage| stage.name == "cert-manager-prod" && stage.freight.len() == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_told_and_not_shown() {
    let world = World::new().await.unwrap();
    let canary = "canary-71c0ffee";
    let task = task("create-git-tag").unwrap();
    let stage = world.region_with("stage", &task, canary, |builder| builder).await.unwrap();
    let summary = run(&stage).await;
    assert_eq!(summary.promotions[0].phase, PromotionPhase::Failed);
    let said = format!("{summary:?} {:?}", stage.status().await.unwrap());
    assert!(said.contains("401") && !said.contains(canary), "{said}");
    let database = std::fs::read(world.data("stage").join("state.db")).unwrap();
    assert!(!database.windows(canary.len()).any(|window| window == canary.as_bytes()));
    assert!(world.repository.tags().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_the_repository_is_named() {
    let nowhere = "helm/cert-manager/Chart.yaml has nothing at dependencies[0].version";
    for (chart, part) in [("dependencies: [{name: x}]\n", nowhere), ("name: x\n", "dependencies[0].version")]
    {
        let world = World::new().await.unwrap();
        world.repository.commit("main", &[(CHART, chart)], "broken").unwrap();
        let summary = run(&world.region("stage").await.unwrap()).await;
        let broken = summary.promotions.iter().find(|one| one.stage == "cert-manager-stage").unwrap();
        assert_ne!(broken.phase, PromotionPhase::Succeeded);
        assert!(broken.message.contains(part) || broken.message.contains("fetch"), "{}", broken.message);
    }
    let world = World::new().await.unwrap();
    let file = world
        .repository
        .file("main", PROD_FILE)
        .unwrap()
        .replace("appName: cert-manager", "appName: cert-mangler");
    world.repository.commit("main", &[(PROD_FILE, &file)], "renamed").unwrap();
    run(&world.region("stage").await.unwrap()).await;
    let prod = world.region("prod").await.unwrap();
    run(&prod).await;
    approve(&prod, "cert-manager-prod").await;
    let summary = run(&prod).await;
    assert!(summary.promotions[0].message.contains("cert-mangler"), "{}", summary.promotions[0].message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_at_another_commit_fails_and_names_both() {
    let world = World::new().await.unwrap();
    let first = world.repository.commit_of("refs/heads/main").unwrap().unwrap();
    world.repository.tag("cert-manager-v1.18.1", &first).unwrap();
    let second = world.repository.commit("main", &[("helm/cert-manager/x", "1\n")], "later").unwrap();
    let summary = run(&world.region("stage").await.unwrap()).await;
    let failed = summary.promotions.iter().find(|one| one.stage == "cert-manager-stage").unwrap();
    assert_eq!(failed.phase, PromotionPhase::Failed);
    assert!(failed.message.contains(&first) && failed.message.contains(&second), "{}", failed.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_polls_is_left_at_the_timeout_and_an_unreachable_remote_is_a_problem() {
    let world = World::new().await.unwrap();
    let polling = task("create-git-tag").unwrap().replace(
        "successExpression: response.status in [201, 422]",
        "successExpression: response.status == 299",
    );
    let stage = world.region_with("stage", &polling, TOKEN, |builder| builder).await.unwrap();
    let options = RunOptions::default().with_timeout(Some(Duration::from_secs(3)));
    let summary = stage.run(options).await.unwrap();
    assert!(summary.polling.iter().any(|one| one.stage == "cert-manager-stage"), "{summary:?}");

    let world = World::new().await.unwrap();
    let prod = world.region("prod").await.unwrap();
    let World { platform, .. } = world;
    drop(platform);
    let summary = run(&prod).await;
    assert!(summary.problems.iter().any(|problem| problem.code.starts_with("git/")), "{summary:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_apps_approved_at_once_both_land() {
    let world = World::new().await.unwrap();
    run(&world.region("stage").await.unwrap()).await;
    let prod = world.region("prod").await.unwrap();
    run(&prod).await;
    approve(&prod, "cert-manager-prod").await;
    approve(&prod, "ingress-nginx-prod").await;
    let summary = run(&prod).await;
    assert!(summary.promotions.iter().all(|one| one.phase == PromotionPhase::Succeeded), "{summary:?}");
    let file = world.repository.file("main", PROD_FILE).unwrap();
    assert!(file.contains("cert-manager-v1.18.1") && file.contains("\"ingress-nginx-v1.12.0\""), "{file}");
}

/// Runs a region and drops it once that many steps have ended, as a kill would; then runs it anew.
async fn killed_after(world: &World, region: &str, steps: usize) {
    let name = if region == "stage" { "create-git-tag" } else { "update-applicationset" };
    let ended = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&ended);
    let listener = Arc::new(move |event: &Event| {
        if matches!(event.what, What::StepFinished { .. }) {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let builder = |builder: kargo_core::control::InstallationBuilder| builder.listener(listener);
    let killed = world.region_with(region, &task(name).unwrap(), TOKEN, builder).await.unwrap();
    let until = async {
        while ended.load(Ordering::SeqCst) < steps {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        _ = killed.run(RunOptions::default()) => {}
        () = until => {}
    }
    drop(killed);
    let summary = run(&world.region(region).await.unwrap()).await;
    assert!(summary.problems.is_empty(), "{summary:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_dropped_between_steps_is_finished_by_the_next() {
    for steps in 1..=4 {
        let world = World::new().await.unwrap();
        run(&world.region("stage").await.unwrap()).await;
        let commits = world.repository.log("main").unwrap().len();
        let prod = world.region("prod").await.unwrap();
        run(&prod).await;
        approve(&prod, "cert-manager-prod").await;
        drop(prod);
        killed_after(&world, "prod", steps).await;
        assert!(
            world.repository.file("main", PROD_FILE).unwrap().contains("cert-manager-v1.18.1"),
            "after {steps}"
        );
        assert_eq!(world.repository.log("main").unwrap().len(), commits + 1, "after {steps} steps");
    }
}
