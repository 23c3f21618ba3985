//! The program itself, over the flow's manifests, a real repository and a real HTTP API.
#![allow(clippy::unwrap_used, reason = "what a test sets up must work, or the test has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use kargo_test::{BareRepository, Platform};
use serde_json::Value;

const TOKEN: &str = "canary-5ca1ab1e";
const STAGE: &str = include_str!("../../../examples/two_region/stage/cert-manager.yaml");
const PROD: &str = include_str!("../../../examples/two_region/prod/cert-manager.yaml");
const CREATE_TAG: &str = include_str!("../../../examples/two_region/tasks/create-git-tag.yaml");
const UPDATE: &str = include_str!("../../../examples/two_region/tasks/update-applicationset.yaml");
const CHART: &str = include_str!("../../../examples/two_region/repository/helm/cert-manager/Chart.yaml");
const FILE: &str = "applicationset/applicationset-prod-control-control.yaml";
const APPLICATIONS: &str = include_str!(
    "../../../examples/two_region/repository/applicationset/applicationset-prod-control-control.yaml"
);

struct World {
    dir: tempfile::TempDir,
    platform: Platform,
    repository: BareRepository,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let platform = Platform::start(dir.path().join("platform"), TOKEN).await.unwrap();
        let repository = platform.create_repository("org", "kargo-demo").unwrap();
        let files = [("helm/cert-manager/Chart.yaml", CHART), (FILE, APPLICATIONS)];
        repository.commit("main", &files, "first").unwrap();
        let world = Self { dir, platform, repository };
        world.write("stage/app.yaml", STAGE);
        world.write("stage/task.yaml", CREATE_TAG);
        world.write("prod/app.yaml", PROD);
        world.write("prod/task.yaml", UPDATE);
        world.write("secrets.yaml", &secrets(TOKEN));
        world
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn command(&self, region: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kargo-flow"));
        command.args(["run", "--project", "kargo-demo"]).arg(self.path(region));
        command.arg("--secrets").arg(self.path("secrets.yaml"));
        for host in ["https://github.com/", "https://api.github.com/"] {
            command.arg("--rewrite").arg(format!("{host}={}/", self.platform.url()));
        }
        command
    }

    fn beside(&self, region: &str, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kargo-flow"));
        command.args(words).arg("--data").arg(self.path(region).join(".kargo-flow")).output().unwrap()
    }
}

fn secrets(token: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: git-platform}}\nstringData: {{token: {token}}}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata:\n  name: repository\n  labels: {{kargo.akuity.io/cred-type: git}}\n\
         stringData:\n  repoURL: https://github.com/org/kargo-demo.git\n  username: kargo\n  password: {token}\n"
    )
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Whether a text stands in any file below a folder.
fn anywhere(dir: &Path, wanted: &str) -> bool {
    fs::read_dir(dir).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            return anywhere(&path, wanted);
        }
        fs::read(&path).unwrap_or_default().windows(wanted.len()).any(|window| window == wanted.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn both_regions_run_and_a_person_approves_beside_a_watch() {
    let world = World::new().await;
    let stage = world.command("stage").output().unwrap();
    assert_eq!(stage.status.code(), Some(0), "{}", text(&stage));
    assert_eq!(world.repository.tags().unwrap(), ["cert-manager-v1.18.1"]);
    assert!(text(&world.command("stage").output().unwrap()).contains("nothing to do"));

    let prod = world.command("prod").output().unwrap();
    assert_eq!(prod.status.code(), Some(0), "waiting for a person counts as done: {}", text(&prod));
    assert!(text(&prod).contains("waits for approval"), "{}", text(&prod));

    let mut watch = world.command("prod").arg("--watch").stdout(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let lock = world.path("prod/.kargo-flow/engine.lock");
    let holder = format!("process {} ", watch.id());
    while !fs::read_to_string(&lock).unwrap_or_default().contains(&holder) {
        assert!(began.elapsed() < Duration::from_secs(60), "the watch did not begin");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let second = world.command("prod").output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(text(&second).contains("store/leased"), "{}", text(&second));
    let words = ["approve", "--stage", "cert-manager-prod", "--freight-alias", "latest", "--by", "Jane"];
    let approved = world.beside("prod", &words);
    assert_eq!(approved.status.code(), Some(0), "{}", text(&approved));
    while !world.repository.file("main", FILE).unwrap().contains("cert-manager-v1.18.1") {
        assert!(began.elapsed() < Duration::from_secs(120), "the watch did not promote");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    watch.kill().unwrap();
    watch.wait().unwrap();

    let again = world.command("prod").output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", text(&again));
    assert_eq!(world.repository.log("main").unwrap().len(), 2, "one commit, though the watch was killed");
    let status = world.beside("prod", &["status", "--format", "json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["stages"][0]["name"], "cert-manager-prod");
    assert!(text(&world.beside("prod", &["get", "promotions"])).contains("Succeeded"));
    for region in ["stage", "prod"] {
        assert!(!anywhere(&world.path(region), TOKEN), "the token is in the data of {region}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_their_exit_codes_and_show_no_token() {
    let world = World::new().await;
    world.write("secrets.yaml", &secrets("canary-wrong"));
    let wrong = world.command("stage").args(["--format", "json"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong).contains("401") && !text(&wrong).contains("canary-wrong"), "{}", text(&wrong));
    assert!(
        String::from_utf8_lossy(&wrong.stdout)
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
    assert!(!anywhere(&world.path("stage"), "canary-wrong"));

    let world = World::new().await;
    let polls = CREATE_TAG.replace("response.status in [201, 422]", "response.status == 299");
    world.write("stage/task.yaml", &polls);
    let polling = world.command("stage").args(["--timeout", "2s"]).output().unwrap();
    assert_eq!(polling.status.code(), Some(3), "{}", text(&polling));

    world.write("stage/app.yaml", &STAGE.replace("includePaths", "includePath"));
    let mistaken = world.command("stage").output().unwrap();
    assert_eq!(mistaken.status.code(), Some(2));
    assert!(text(&mistaken).contains("includePaths"), "{}", text(&mistaken));
}

#[test]
fn expressions_are_tried_by_hand() {
    let eval = |words: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_kargo-flow")).arg("eval").args(words).output().unwrap()
    };
    assert_eq!(text(&eval(&["1 + 2"])), "3\n");
    assert_eq!(text(&eval(&["v${{ 1 + 2 }}", "--format", "json"])), "\"v3\"\n");
    let wrong = eval(&["1 + 'a'"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong).contains('^'), "{}", text(&wrong));
}
