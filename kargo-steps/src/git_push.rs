//! `git-push`: pushes the commit that is checked out to a branch, or a tag.
//!
//! ```yaml
//! - uses: git-push
//!   config:
//!     path: ./out
//!     targetBranch: main
//! ```
//!
//! Commits that others pushed meanwhile are taken in: ours are put on top of them, and the push is tried again, with
//! growing pauses, up to `maxAttempts` times. Changes of the same lines end the step Failed, and the message names
//! the files; nothing of others is lost.
//!
//! Outputs: `branch`, `commit` (the id under which it is on the branch) and, for the Git platforms that are known,
//! `commitURL`.
//!
//! A run that was killed after the push finds its commit on the branch, by its id or by its changes, and pushes
//! nothing again.

use std::time::Duration;

use kargo_core::step::{BAD_CONFIG, Effect, Step, StepContext, StepError, StepReport};
use kargo_git::{Code, Push};
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::repository::{blocking, git_code, open};
use crate::services::Services;

/// The first pause after a push that came too late, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// What to push, and where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// The working tree, relative to the work directory.
    path: String,
    /// The branch to push to; the one that is checked out where none is named.
    target_branch: Option<String>,
    /// Pushes to a branch of its own, `kargo/promotion/<promotion>`.
    #[serde(default)]
    generate_target_branch: bool,
    /// Pushes this tag, and no branch.
    tag: Option<String>,
    /// Replaces whatever the branch or tag has.
    #[serde(default)]
    force: bool,
    /// How often to try where others push at the same time.
    #[serde(default = "ten")]
    #[schemars(range(min = 1))]
    max_attempts: u32,
    /// The kind of Git platform, for `commitURL`; told by the address where it is absent.
    provider: Option<Provider>,
}

fn ten() -> u32 {
    10
}

/// A kind of Git platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Provider {
    Azure,
    Bitbucket,
    Gitea,
    Github,
    Gitlab,
}

/// What it puts out.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "read as a schema alone")]
pub(crate) struct Pushed {
    /// The branch.
    branch: String,
    /// The id of the commit on it.
    commit: String,
    /// Where the Git platform shows that commit.
    #[serde(rename = "commitURL")]
    commit_url: Option<String>,
}

/// See the module's documentation.
pub(crate) struct GitPush {
    services: Services,
}

impl GitPush {
    pub(crate) fn new(services: Services) -> Self {
        Self { services }
    }
}

impl Step for GitPush {
    type Config = Config;
    type Outputs = Pushed;
    const USES: &'static str = "git-push";
    const EFFECT: Effect = Effect::Outside;

    async fn run(&self, cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        let worktree = open(cx, &config.path)?;
        let Some(url) = worktree.origin() else {
            let message = "the working tree has no remote to push to";
            return Err(StepError::errored(git_code(Code::NotFound), message).terminal());
        };
        let branch = worktree.branch();
        drop(worktree);
        let (what, branch) = target(&config, branch, cx.promotion)?;
        let remote = self.services.remote(cx.project, &url, false).await?;
        let lock = self.services.branch_lock(&url, &branch);
        let _mine = lock.lock().await;
        for attempt in 1.. {
            let worktree = open(cx, &config.path)?;
            let (git, remote, what) = (self.services.mirrors()?.git().clone(), remote.clone(), what.clone());
            match blocking(cx.cancel, move |cancel| worktree.push(&git, &remote, &what, cancel)).await {
                Ok(pushed) => return Ok(report(&config, &url, branch, pushed.commit)),
                Err(error)
                    if error.code() == git_code(Code::NonFastForward) && attempt < config.max_attempts =>
                {
                    tokio::select! {
                        () = cx.clock.sleep(pause(cx.promotion, attempt)) => {}
                        () = cx.cancel.cancelled() => return Err(error),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        // The loop ends by returning: `attempt` reaches `max_attempts`.
        Err(StepError::errored(git_code(Code::NonFastForward), "the attempts to push are used up"))
    }
}

/// What is pushed, and the branch that the outputs name.
fn target(
    config: &Config,
    checked_out: Option<String>,
    promotion: &str,
) -> Result<(Push, String), StepError> {
    let bad = |message: &str| StepError::failed(BAD_CONFIG, message).terminal();
    if config.max_attempts == 0 {
        return Err(bad("maxAttempts must be at least 1"));
    }
    let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (branch, tag, force) = (set(&config.target_branch), set(&config.tag), config.force);
    if usize::from(branch.is_some()) + usize::from(tag.is_some()) + usize::from(config.generate_target_branch)
        > 1
    {
        return Err(bad("at most one of targetBranch, generateTargetBranch and tag can be set"));
    }
    if let Some(name) = tag {
        if force {
            return Err(bad("tag and force exclude each other"));
        }
        return Ok((Push::Tag { name, force }, checked_out.unwrap_or_default()));
    }
    if config.generate_target_branch {
        let name = format!("kargo/promotion/{promotion}");
        return Ok((Push::Branch { name: name.clone(), force: true }, name));
    }
    match branch.or(checked_out) {
        Some(name) => Ok((Push::Branch { name: name.clone(), force }, name)),
        None => Err(StepError::errored(
            git_code(Code::BadRef),
            "a commit is checked out and no branch: say targetBranch",
        )
        .terminal()),
    }
}

fn report(config: &Config, url: &str, branch: String, commit: String) -> StepReport {
    let report = StepReport::succeeded().with_output("branch", branch).with_output("commit", commit.as_str());
    match commit_url(config.provider, url, &commit) {
        Some(link) => report.with_output("commitURL", link),
        None => report,
    }
}

/// Where a platform shows a commit. As in Kargo, the platform is told by the host where it is not named.
fn commit_url(provider: Option<Provider>, url: &str, commit: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?;
    let provider = provider.or_else(|| match host {
        _ if host.contains("github") || host.ends_with(".ghe.com") => Some(Provider::Github),
        _ if host.contains("gitlab") => Some(Provider::Gitlab),
        _ if host.contains("gitea") => Some(Provider::Gitea),
        "bitbucket.org" => Some(Provider::Bitbucket),
        _ if host == "dev.azure.com" || host.ends_with(".visualstudio.com") => Some(Provider::Azure),
        _ => None,
    })?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = url.path().trim_end_matches('/').trim_end_matches(".git");
    let part = match provider {
        Provider::Github | Provider::Gitea | Provider::Azure => "commit",
        Provider::Gitlab => "-/commit",
        Provider::Bitbucket => "commits",
    };
    Some(format!("{}://{host}{port}{path}/{part}/{commit}", url.scheme()))
}

/// The pause before the next attempt: half again as long each time, and for each Promotion a little other, so that
/// those that collided once do not do so again.
fn pause(promotion: &str, attempt: u32) -> Duration {
    let growing = PAUSE.0.mul_f64(1.5_f64.powi(attempt.min(16) as i32 - 1)).min(PAUSE.1);
    let spread = promotion
        .bytes()
        .chain(attempt.to_le_bytes())
        .fold(17_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    growing.mul_f64(0.5 + f64::from(spread % 1_000) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use kargo_core::credentials::SecretDocuments;
    use kargo_core::model::Secret;
    use kargo_core::transport::Rewrites;
    use kargo_test::Platform;
    use serde_json::json;

    use super::*;
    use crate::git_clone::GitClone;
    use crate::git_commit::GitCommit;
    use crate::trial::{Remote, Trial, example, output};

    /// A run that has cloned, changed `path` and committed.
    async fn committed(remote: &Remote, path: &str, content: &str) -> Trial {
        let trial = Trial::new();
        let clone = json!({ "repoURL": Remote::URL, "checkout": [{ "path": "out", "branch": "main" }] });
        trial.run(GitClone::new(remote.services.clone()), clone).await.unwrap();
        let trial = trial.file(&format!("out/{path}"), content);
        trial.run(GitCommit, json!({ "path": "out", "message": "change" })).await.unwrap();
        trial
    }

    async fn push(
        remote: &Remote,
        trial: &Trial,
        config: serde_json::Value,
    ) -> Result<StepReport, StepError> {
        trial.run(GitPush::new(remote.services.clone()), config).await
    }

    #[test]
    fn its_example_is_valid() {
        example(GitPush::new(Remote::new(&[]).services), include_str!("git_push.rs"));
    }

    /// What files below a folder hold `text`, in any of the forms that a token is met in.
    fn holding(folder: &Path, text: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(holding(&path, text));
            } else if std::fs::read(&path).unwrap().windows(text.len()).any(|part| part == text) {
                found.push(path);
            }
        }
        found
    }

    #[tokio::test]
    async fn a_token_opens_the_platform_and_stays_nowhere() {
        let root = tempfile::tempdir().unwrap();
        let platform = Platform::start(root.path().join("platform"), "canary-7f3a").await.unwrap();
        let repository = platform.create_repository("org", "demo").unwrap();
        repository.commit("main", &[("a", "1\n")], "first").unwrap();
        let url = "https://git.example.com/org/demo.git";
        for (token, pushes) in [("canary-wrong", false), ("canary-7f3a", true)] {
            let secret = Secret::new("demo", "git")
                .with_label("kargo.akuity.io/cred-type", "git")
                .with_value("repoURL", url)
                .with_value("username", "bot")
                .with_value("password", token);
            let rule = format!("https://git.example.com={}", platform.url());
            let services = Services::new(root.path().join("mirrors"))
                .with_credentials(Arc::new(SecretDocuments::new().with(secret)))
                .with_rewrites(Rewrites::default().with(&rule).unwrap());
            let trial = Trial::new();
            let clone = json!({ "repoURL": url, "checkout": [{ "path": "out" }] });
            trial.run(GitClone::new(services.clone()), clone).await.unwrap();
            let trial = trial.file("out/a", "2\n");
            trial.run(GitCommit, json!({ "path": "out", "message": "change" })).await.unwrap();
            let pushed = trial.run(GitPush::new(services), json!({ "path": "out" })).await;
            match pushed {
                Ok(report) => assert_eq!(output(&report, "branch"), json!("main")),
                Err(error) => {
                    assert_eq!(error.code(), git_code(Code::Auth), "{error}");
                    assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("canary"), "{error}");
                }
            }
            let landed = repository.file("main", "a").unwrap() == "2\n";
            assert_eq!(landed, pushes);
            // As it is, and at the end of `bot:<token>` in base64.
            for form in ["canary", "Ym90OmNhbmFyeS"] {
                assert_eq!(holding(&trial.path("."), form.as_bytes()), Vec::<PathBuf>::new());
                assert_eq!(holding(root.path(), form.as_bytes()), Vec::<PathBuf>::new());
            }
        }
    }

    #[tokio::test]
    async fn two_who_change_one_file_both_land() {
        let remote = Remote::new(&[("apps.yaml", "- {app: one, rev: 1}\n- {app: two, rev: 1}\n")]);
        let one = committed(&remote, "apps.yaml", "- {app: one, rev: 2}\n- {app: two, rev: 1}\n").await;
        let two = committed(&remote, "apps.yaml", "- {app: one, rev: 1}\n- {app: two, rev: 2}\n").await;
        let config = json!({ "path": "out" });
        let (first, second) =
            tokio::join!(push(&remote, &one, config.clone()), push(&remote, &two, config.clone()));
        for report in [first.unwrap(), second.unwrap()] {
            assert_eq!(output(&report, "branch"), json!("main"));
        }
        let both = "- {app: one, rev: 2}\n- {app: two, rev: 2}\n";
        assert_eq!(remote.repository.file("main", "apps.yaml").unwrap(), both);
        assert_eq!(remote.repository.log("main").unwrap().len(), 3);
        // And neither a second time.
        let again = push(&remote, &one, config).await.unwrap();
        assert_eq!(remote.repository.log("main").unwrap().len(), 3);
        assert!(again.outputs.is_some());
    }

    #[tokio::test]
    async fn a_conflict_is_final_and_names_the_file() {
        let remote = Remote::new(&[("a", "1\n")]);
        let ours = committed(&remote, "a", "2\n").await;
        remote.repository.commit("main", &[("a", "3\n")], "theirs").unwrap();
        let error = push(&remote, &ours, json!({ "path": "out" })).await.unwrap_err();
        assert_eq!(
            (error.code(), error.is_failed(), error.is_terminal()),
            (git_code(Code::Conflict), true, true)
        );
        assert!(error.to_string().ends_with("of a"), "{error}");
        assert_eq!(remote.repository.file("main", "a").unwrap(), "3\n");
    }

    #[tokio::test]
    async fn a_branch_of_its_own_is_made_and_replaced() {
        let remote = Remote::new(&[("a", "1\n")]);
        let before = remote.commit_of("main");
        for content in ["2\n", "3\n"] {
            let ours = committed(&remote, "a", content).await;
            let config = json!({ "path": "out", "generateTargetBranch": true, "provider": "github" });
            let report = push(&remote, &ours, config).await.unwrap();
            let commit = remote.commit_of("kargo/promotion/test.01");
            assert_eq!(output(&report, "branch"), json!("kargo/promotion/test.01"));
            assert_eq!(output(&report, "commit"), json!(commit));
            let link = format!("https://git.example.com/org/demo/commit/{commit}");
            assert_eq!(output(&report, "commitURL"), json!(link));
            assert_eq!(remote.repository.file("kargo/promotion/test.01", "a").unwrap(), content);
        }
        assert_eq!(remote.commit_of("main"), before);
    }

    fn config(json: serde_json::Value) -> Config {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_target_is_what_the_config_says() {
        let branch = |name: &str, force| Push::Branch { name: name.to_owned(), force };
        for (json, checked_out, expected) in [
            (json!({"path": "."}), Some("main"), Some(branch("main", false))),
            (json!({"path": ".", "targetBranch": "x", "force": true}), None, Some(branch("x", true))),
            (
                json!({"path": ".", "generateTargetBranch": true}),
                Some("main"),
                Some(branch("kargo/promotion/p", true)),
            ),
            (json!({"path": ".", "tag": "v1"}), None, Some(Push::Tag { name: "v1".into(), force: false })),
            (json!({"path": "."}), None, None),
            (json!({"path": ".", "tag": "v1", "targetBranch": "x"}), None, None),
            (json!({"path": ".", "tag": "v1", "force": true}), None, None),
        ] {
            let found = target(&config(json.clone()), checked_out.map(str::to_owned), "p");
            assert_eq!(found.ok().map(|(push, _)| push), expected, "{json}");
        }
    }

    #[test]
    fn commits_are_shown_where_the_platform_shows_them() {
        for (provider, url, link) in [
            (None, "https://github.com/o/r.git", Some("https://github.com/o/r/commit/c")),
            (
                None,
                "https://gitlab.example.com:8443/g/s/r",
                Some("https://gitlab.example.com:8443/g/s/r/-/commit/c"),
            ),
            (None, "https://bitbucket.org/o/r", Some("https://bitbucket.org/o/r/commits/c")),
            (None, "https://example.com/o/r", None),
            (Some(Provider::Gitea), "https://example.com/o/r.git", Some("https://example.com/o/r/commit/c")),
            (None, "git@github.com:o/r.git", None),
        ] {
            assert_eq!(commit_url(provider, url, "c").as_deref(), link, "{url}");
        }
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        assert!(pause("p", 1) >= PAUSE.0 / 2 && pause("p", 1) <= PAUSE.0 * 2);
        assert!(pause("p", u32::MAX) <= PAUSE.1 * 2);
        assert_ne!(pause("p", 3), pause("q", 3));
    }
}
