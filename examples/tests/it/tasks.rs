//! The two PromotionTasks of the two-region flow, each tried out alone, on good and bad paths.
#![allow(clippy::unwrap_used, reason = "what a test sets up must work, or the test has failed")]

use std::time::Duration;

use kargo_core::model::{PromotionPhase, StepStatus};
use kargo_test::World;
use serde_json::{Value, json};

const CREATE_TAG: &str = include_str!("../../two_region/tasks/create-git-tag.yaml");
const CREATE_TAG_GITLAB: &str = include_str!("../../two_region/tasks/create-git-tag-gitlab.yaml");
const UPDATE: &str = include_str!("../../two_region/tasks/update-applicationset.yaml");
const CHART: &str = include_str!("../../two_region/repository/helm/cert-manager/Chart.yaml");
const NGINX_CHART: &str = include_str!("../../two_region/repository/helm/ingress-nginx/Chart.yaml");
const APPLICATIONS: &str =
    include_str!("../../two_region/repository/applicationset/applicationset-prod-control-control.yaml");

const REPO: &str = "https://github.com/org/kargo-demo.git";
const FILE: &str = "applicationset/applicationset-prod-control-control.yaml";
const REFS: &str = "https://api.github.com/repos/org/kargo-demo/git/refs";
const TAG_REF: &str = "https://api.github.com/repos/org/kargo-demo/git/ref/tags/cert-manager-v1.18.1";
const TAGS: &str = "https://gitlab.com/api/v4/projects/org%2Fkargo-demo/repository/tags";
const TOKEN: &str = "ghp-s3cret-t0ken";
const OTHER: &str = "1234567890123456789012345678901234567890";

/// The stage region's world: the app's chart, its newest commit as Freight, the token.
fn stage(task: &str, chart: &str) -> World {
    World::new()
        .manifests(task)
        .repository(
            REPO,
            &[("helm/cert-manager/Chart.yaml", chart), ("helm/ingress-nginx/Chart.yaml", NGINX_CHART)],
        )
        .commit(REPO)
        .secret("git-platform", "token", TOKEN)
        .var("appName", "cert-manager")
}

fn newest(world: &World) -> String {
    world.git(REPO).commit_of("refs/heads/main").unwrap().unwrap()
}

fn exists() -> Value {
    json!({"message": "Reference already exists", "status": "422"})
}

#[tokio::test]
async fn the_tag_is_made_at_the_freights_commit() {
    // The same with the document's delimiters and with the short dialect's.
    for task in [CREATE_TAG.to_owned(), CREATE_TAG.replace("${{", "$<<").replace("}}", ">>")] {
        let world = stage(&task, CHART).answer("POST", REFS, 201, json!({}));
        let commit = newest(&world);
        let report = world.run_task("create-git-tag").await;
        report.assert_succeeded().assert_step("look-up", StepStatus::Skipped).assert_hides(TOKEN);
        report.assert_output("tag", "tag", "cert-manager-v1.18.1").assert_output(
            "tag",
            "commit",
            commit.as_str(),
        );
        let sent = report.request("POST", REFS);
        assert_eq!(sent.json(), json!({"ref": "refs/tags/cert-manager-v1.18.1", "sha": commit}));
        assert_eq!(sent.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    }
}

#[tokio::test]
async fn each_app_says_where_its_version_stands() {
    let world = stage(CREATE_TAG, CHART).answer("POST", REFS, 201, json!({}));
    let report = world
        .var("appName", "ingress-nginx")
        .var("versionExpression", "appVersion")
        .run_task("create-git-tag")
        .await;
    report.assert_succeeded().assert_output("tag", "tag", "ingress-nginx-v1.12.0");
}

#[tokio::test]
async fn a_wrong_token_fails_and_is_not_shown() {
    let world = stage(CREATE_TAG, CHART).answer("POST", REFS, 401, json!({"message": "Bad credentials"}));
    let report = world.run_task("create-git-tag").await;
    report.assert_phase(PromotionPhase::Failed).assert_message("401").assert_message("Bad credentials");
    report.assert_hides(TOKEN).assert_no_request("GET", TAG_REF);
}

#[tokio::test]
async fn a_tag_that_is_there_already_is_looked_up() {
    let world = stage(CREATE_TAG, CHART);
    let commit = newest(&world);
    let world = world.answer("POST", REFS, 422, exists()).answer(
        "GET",
        TAG_REF,
        200,
        json!({"object": {"sha": commit}}),
    );
    world.run_task("create-git-tag").await.assert_succeeded().assert_step("look-up", StepStatus::Succeeded);

    let world = stage(CREATE_TAG, CHART).answer("POST", REFS, 422, exists());
    let report =
        world.answer("GET", TAG_REF, 200, json!({"object": {"sha": OTHER}})).run_task("create-git-tag").await;
    report.assert_phase(PromotionPhase::Failed).assert_message(OTHER).assert_message(&commit);
}

#[tokio::test]
async fn a_platform_in_trouble_is_asked_again() {
    let world =
        stage(CREATE_TAG, CHART).answer("POST", REFS, 503, json!({})).answer("POST", REFS, 201, json!({}));
    let report = world.run_task("create-git-tag").await;
    report.assert_succeeded();
    assert_eq!(report.requests().len(), 2);

    let world = stage(CREATE_TAG, CHART).answer("POST", REFS, 503, json!({}));
    let report = world.run_task("create-git-tag").await;
    report.assert_phase(PromotionPhase::Errored).assert_step("create-tag", StepStatus::Errored);

    let world =
        stage(CREATE_TAG, CHART).answer("POST", REFS, 503, json!({})).patience(Duration::from_secs(120));
    world.run_task("create-git-tag").await.assert_phase(PromotionPhase::Running);
}

#[tokio::test]
async fn a_chart_without_a_version_is_refused_before_anything_is_sent() {
    for (what, app, chart, phase, message) in [
        ("no file", "nope", CHART, PromotionPhase::Errored, "helm/nope/Chart.yaml"),
        ("no list", "cert-manager", "name: x\n", PromotionPhase::Errored, "parse-version"),
        (
            "no key",
            "cert-manager",
            "dependencies: [{name: x}]\n",
            PromotionPhase::Failed,
            "dependencies[0].version",
        ),
    ] {
        let report = stage(CREATE_TAG, chart).var("appName", app).run_task("create-git-tag").await;
        assert_eq!(report.phase(), phase, "{what}: {report:?}");
        report.assert_message(message);
        assert!(report.requests().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn gitlab_makes_the_tag_too() {
    let world = stage(CREATE_TAG_GITLAB, CHART).answer("POST", TAGS, 201, json!({}));
    let commit = newest(&world);
    let report = world.run_task("create-git-tag").await;
    report.assert_succeeded().assert_hides(TOKEN);
    let sent = report.request("POST", TAGS);
    assert_eq!(sent.json(), json!({"tag_name": "cert-manager-v1.18.1", "ref": commit}));
    assert_eq!(sent.header("private-token"), Some(TOKEN));

    let there = json!({"message": "Tag cert-manager-v1.18.1 already exists"});
    let look_up = format!("{TAGS}/cert-manager-v1.18.1");
    for (at, phase) in [(commit.as_str(), PromotionPhase::Succeeded), (OTHER, PromotionPhase::Failed)] {
        let world = stage(CREATE_TAG_GITLAB, CHART).answer("POST", TAGS, 400, there.clone());
        let report = world
            .answer("GET", &look_up, 200, json!({"commit": {"id": at}}))
            .run_task("create-git-tag")
            .await;
        report.assert_phase(phase);
    }
    let world =
        stage(CREATE_TAG_GITLAB, CHART).answer("POST", TAGS, 401, json!({"message": "401 Unauthorized"}));
    world.run_task("create-git-tag").await.assert_phase(PromotionPhase::Failed).assert_message("401");
}

/// The prod region's world: the ApplicationSet file, and a tag as Freight.
fn prod(task: &str) -> World {
    let repository =
        World::new().manifests(task).repository(REPO, &[(FILE, APPLICATIONS), ("other.yaml", APPLICATIONS)]);
    repository.tag(REPO, "cert-manager-v1.18.1").var("appName", "cert-manager")
}

/// The file with the revision of cert-manager set.
fn updated() -> String {
    APPLICATIONS.replace("cert-manager-v1.17.2", "cert-manager-v1.18.1")
}

#[tokio::test]
async fn one_value_of_the_applicationset_is_changed() {
    let world = prod(UPDATE);
    let report = world.run_task("update-applicationset").await;
    assert_ne!(updated(), APPLICATIONS);
    report.assert_succeeded().assert_file(REPO, "main", FILE, &updated());
    let commits = report.commits(REPO, "main");
    assert_eq!(commits.len(), 2);
    assert!(commits[0].message.starts_with("chore(cert-manager): promote cert-manager-v1.18.1 to prod"));
    assert_eq!(commits[0].author, "Kargo Prod <kargo-prod@example.com>");

    // Once more: there is nothing to do, and nothing is done.
    let again = world.run_task("update-applicationset").await;
    again.assert_succeeded().assert_step("commit", StepStatus::Skipped);
    assert_eq!(again.commits(REPO, "main"), commits);
}

#[tokio::test]
async fn an_app_that_is_not_in_the_applicationset_changes_nothing() {
    let world = prod(UPDATE).var("appName", "cert-manger");
    let report = world.run_task("update-applicationset").await;
    report.assert_phase(PromotionPhase::Errored).assert_step("update", StepStatus::Errored);
    report.assert_message("did you mean").assert_file(REPO, "main", FILE, APPLICATIONS);
}

#[tokio::test]
async fn two_applicationset_files_are_changed_in_one_commit() {
    // The task's own update, and one more of another file.
    let (before, rest) = UPDATE.split_once("    - uses: yaml-update\n").unwrap();
    let (update, after) = rest.split_once("    - uses: git-commit\n").unwrap();
    let second = update.replace("as: update", "as: update-other").replace("${{ vars.file }}", "other.yaml");
    let step = "    - uses: yaml-update\n";
    let task = format!("{before}{step}{update}{step}{second}    - uses: git-commit\n{after}");
    let report = prod(&task).run_task("update-applicationset").await;
    report.assert_succeeded().assert_file(REPO, "main", FILE, &updated());
    report.assert_file(REPO, "main", "other.yaml", &updated());
    assert_eq!(report.commits(REPO, "main").len(), 2);
}
