//! `git-tag`: makes an annotated tag at the commit that is checked out. `git-push` with `tag` sends it.
//!
//! ```yaml
//! - uses: git-tag
//!   config:
//!     path: ./out
//!     tag: app-v1.2.3
//!     message: release 1.2.3
//! ```
//!
//! Output: `commit`, the id of the tagged commit. A tag that is there already, at the same commit, is left as it is.

use kargo_core::step::{Effect, Step, StepContext, StepError, StepReport};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::repository::{blocking, identity, open};

/// What to tag. As in Kargo, other fields are let pass.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Config {
    /// The working tree, relative to the work directory.
    path: String,
    /// The tag's name.
    tag: String,
    /// The tag's message.
    message: String,
    /// Moves a tag that is at another commit.
    #[serde(default)]
    force: bool,
}

/// What it puts out.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read as a schema alone")]
pub(crate) struct TagOutput {
    /// The id of the tagged commit.
    commit: String,
}

/// See the module's documentation.
pub(crate) struct GitTag;

impl Step for GitTag {
    type Config = Config;
    type Outputs = TagOutput;
    const USES: &'static str = "git-tag";
    const EFFECT: Effect = Effect::WorkDir;

    async fn run(&self, cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        let worktree = open(cx, &config.path)?;
        let tagger = identity(cx, None, &worktree);
        let commit =
            blocking(cx.cancel, move |_| worktree.tag(&config.tag, &config.message, &tagger, config.force))
                .await?;
        Ok(StepReport::succeeded().with_output("commit", commit))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::git_clone::GitClone;
    use crate::git_push::GitPush;
    use crate::repository::git_code;
    use crate::trial::{Remote, Trial, example, output};

    #[test]
    fn its_example_is_valid() {
        example(GitTag, include_str!("git_tag.rs"));
    }

    #[tokio::test]
    async fn a_tag_is_made_and_pushed_once() {
        let remote = Remote::new(&[("a", "1")]);
        let head = remote.commit_of("main");
        for attempt in 1..=2 {
            let trial = Trial::new();
            let clone = json!({ "repoURL": Remote::URL, "checkout": [{ "path": "out", "commit": head }] });
            trial.run(GitClone::new(remote.services.clone()), clone).await.unwrap();
            let tag = json!({ "path": "out", "tag": "v1", "message": "one", "unknown": true });
            let report = trial.run(GitTag, tag).await.unwrap();
            assert_eq!(output(&report, "commit"), json!(head), "{attempt}");
            let push = json!({ "path": "out", "tag": "v1" });
            trial.run(GitPush::new(remote.services.clone()), push).await.unwrap();
            assert_eq!(remote.commit_of("v1"), head);
        }
        let trial = Trial::new();
        remote.repository.commit("main", &[("a", "2")], "second").unwrap();
        let clone = json!({ "repoURL": Remote::URL, "checkout": [{ "path": "out" }] });
        trial.run(GitClone::new(remote.services.clone()), clone).await.unwrap();
        let tag = |force: bool| json!({ "path": "out", "tag": "v1", "message": "one", "force": force });
        let error = trial.run(GitTag, tag(false)).await.unwrap_err();
        assert_eq!(error.code(), git_code(kargo_git::Code::Exists));
        trial.run(GitTag, tag(true)).await.unwrap();
        let error = trial
            .run(GitPush::new(remote.services.clone()), json!({ "path": "out", "tag": "v1" }))
            .await
            .unwrap_err();
        assert_eq!((error.code(), remote.commit_of("v1")), (git_code(kargo_git::Code::Exists), head));
    }
}
