//! Worlds as a test meets them.

use std::time::Duration;

use kargo_core::model::{PromotionPhase, StepStatus};
use kargo_test::World;
use serde_json::json;

const REPO: &str = "https://github.com/org/demo.git";
const TAGS: &str = "https://api.example/tags";

fn task(steps: &str) -> String {
    let head = "apiVersion: kargo.akuity.io/v1alpha1\nkind: PromotionTask\nmetadata: {name: t}\nspec:\n";
    format!("{head}  vars: [{{name: app, value: web}}]\n  steps:\n{steps}")
}

/// A request with `config`, a YAML flow without its braces.
fn http(config: &str) -> String {
    task(&format!("  - {{uses: http, as: ask, config: {{{config}}}}}\n"))
}

#[tokio::test]
async fn repositories_are_cloned_and_pushed_to() {
    let steps = "
  - uses: git-clone
    config:
      repoURL: https://github.com/org/demo.git
      checkout: [{branch: main, path: ./repo}]
  - uses: file-write
    config: {path: 'repo/${{ vars.app }}.txt', contents: '${{ commitFrom(\"https://github.com/org/demo.git\").Tag }}'}
  - uses: git-commit
    config: {path: ./repo, message: 'set ${{ vars.app }}', author: {name: Bot, email: bot@example.com}}
  - uses: git-push
    as: push
    config: {path: ./repo, targetBranch: main}
";
    let world = World::new().repository(REPO, &[("README.md", "hello\n")]).tag(REPO, "v1.2.3");
    let report = world.manifests(&task(steps)).var("app", "shop").run_task("t").await;
    report.assert_succeeded().assert_step("push", StepStatus::Succeeded);
    report.assert_file(REPO, "main", "shop.txt", "v1.2.3").assert_file(REPO, "main", "README.md", "hello\n");
    let commits = report.commits(REPO, "main");
    assert_eq!((commits.len(), commits[0].author.as_str()), (2, "Bot <bot@example.com>"));
    assert!(commits[0].message.starts_with("set shop"));
}

#[tokio::test]
async fn requests_are_answered_one_after_the_other() {
    let steps = http(
        "url: 'https://api.example/tags', successExpression: 'response.body.done', pollInterval: 20s, \
         outputs: [{name: count, fromExpression: response.body.count}]",
    );
    let world = World::new().manifests(&steps);
    let world = world.answer("GET", TAGS, 200, json!({"done": false})).answer(
        "GET",
        TAGS,
        200,
        json!({"done": true, "count": 7}),
    );
    let report = world.run_task("t").await;
    report.assert_succeeded().assert_output("ask", "count", 7);
    assert_eq!(report.requests().len(), 2);
}

#[tokio::test]
async fn a_promotion_that_polls_without_end_is_left_running() {
    let world =
        World::new().manifests(&http("url: 'https://api.example/tags'")).patience(Duration::from_secs(300));
    let report = world.answer("GET", TAGS, 503, json!({})).run_task("t").await;
    report.assert_phase(PromotionPhase::Running);
    assert!(report.requests().len() > 3);
}

#[tokio::test]
async fn secrets_are_sent_and_not_shown() {
    let steps = http(
        "url: 'https://api.example/tags', method: POST, headers: {Authorization: 'Bearer ${{ secret(\"api\").token }}'}, \
         failureExpression: 'response.status == 401', errorExpression: response.body.message",
    );
    let world = World::new().manifests(&steps).secret("api", "token", "s3cret-t0ken");
    let report =
        world.answer("POST", TAGS, 401, json!({"message": "s3cret-t0ken is wrong"})).run_task("t").await;
    report.assert_phase(PromotionPhase::Failed).assert_message("HTTP (401)").assert_hides("s3cret-t0ken");
    assert_eq!(report.request("POST", TAGS).header("authorization"), Some("Bearer s3cret-t0ken"));
    assert!(!format!("{report:?}").contains("s3cret-t0ken"));
}

#[tokio::test]
async fn a_stage_of_the_manifests_is_promoted() {
    let manifests = "
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata: {name: apps}
spec: {subscriptions: [{git: {repoURL: https://github.com/org/demo.git}}]}
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {name: test}
spec:
  requestedFreight: [{origin: {kind: Warehouse, name: apps}, sources: {direct: true}}]
  promotionTemplate:
    spec:
      steps:
      - uses: compose-output
        as: out
        config: {stage: '${{ ctx.stage }}', branch: '${{ commitFrom(vars.repo).Branch }}'}
";
    let world = World::new().manifests(manifests).repository(REPO, &[]).commit(REPO).var("repo", REPO);
    let report = world.promote("test").await;
    report.assert_succeeded().assert_output("out", "stage", "test").assert_output("out", "branch", "main");
}

#[tokio::test]
#[should_panic(expected = "GET https://api.example/tags")]
async fn a_request_that_the_world_does_not_have_fails_the_test() {
    World::new()
        .manifests(&http("url: 'https://api.example/tags', successExpression: 'true'"))
        .run_task("t")
        .await;
}

#[tokio::test]
#[should_panic(expected = "https://github.com/org/other.git")]
async fn a_repository_that_the_world_does_not_have_fails_the_test() {
    let steps = "
  - uses: git-clone
    config: {repoURL: https://github.com/org/other.git, checkout: [{branch: main, path: ./repo}]}
";
    World::new().manifests(&task(steps)).repository(REPO, &[]).commit(REPO).run_task("t").await;
}

#[tokio::test]
#[should_panic(expected = "manifest/unknown-field")]
async fn manifests_must_be_sound() {
    World::new().manifests(&task("  - {uses: fail, confg: {}}\n")).run_task("t").await;
}
