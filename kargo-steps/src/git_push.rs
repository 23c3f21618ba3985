//! `git-push`: pushes the commit that is checked out to a branch, or a tag.
//!
//! ```yaml
//! uses: git-push
//! config:
//!   path: ./out
//!   targetBranch: main
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
    use super::*;

    fn config(json: serde_json::Value) -> Config {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_target_is_what_the_config_says() {
        let branch = |name: &str, force| Push::Branch { name: name.to_owned(), force };
        for (json, checked_out, expected) in [
            (serde_json::json!({"path": "."}), Some("main"), Some(branch("main", false))),
            (
                serde_json::json!({"path": ".", "targetBranch": "x", "force": true}),
                None,
                Some(branch("x", true)),
            ),
            (
                serde_json::json!({"path": ".", "generateTargetBranch": true}),
                Some("main"),
                Some(branch("kargo/promotion/p", true)),
            ),
            (
                serde_json::json!({"path": ".", "tag": "v1"}),
                None,
                Some(Push::Tag { name: "v1".into(), force: false }),
            ),
            (serde_json::json!({"path": "."}), None, None),
            (serde_json::json!({"path": ".", "tag": "v1", "targetBranch": "x"}), None, None),
            (serde_json::json!({"path": ".", "tag": "v1", "force": true}), None, None),
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
