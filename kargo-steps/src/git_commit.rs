//! `git-commit`: commits all changes of a working tree.
//!
//! ```yaml
//! - uses: git-commit
//!   config:
//!     path: ./out
//!     message: ${{ outputs.update.commitMessage }}
//! ```
//!
//! Output: `commit`, the id of the new commit. Where nothing changed the step is Skipped, and `commit` is the one
//! that is checked out. The commit's date is the step's start as it is journaled, so that its id is the same when a
//! run has to make its work directory again.

use kargo_core::step::{Effect, Step, StepContext, StepError, StepReport};
use kargo_git::Committed;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::repository::{Author, blocking, identity, open};

/// What to commit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// The working tree, relative to the work directory.
    path: String,
    /// The commit's message.
    message: String,
    /// Who commits, instead of whom `git-clone` says.
    author: Option<Author>,
}

/// What it puts out.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read as a schema alone")]
pub(crate) struct CommitOutput {
    /// The id of the commit.
    commit: String,
}

/// See the module's documentation.
pub(crate) struct GitCommit;

impl Step for GitCommit {
    type Config = Config;
    type Outputs = CommitOutput;
    const USES: &'static str = "git-commit";
    const EFFECT: Effect = Effect::WorkDir;

    async fn run(&self, cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        if let Some(author) = &config.author {
            author.check()?;
        }
        let worktree = open(cx, &config.path)?;
        let identity = identity(cx, config.author.as_ref(), &worktree);
        let committed = blocking(cx.cancel, move |_| worktree.commit_all(&config.message, &identity)).await?;
        Ok(match committed {
            Committed::Made(id) => StepReport::succeeded().with_output("commit", id),
            Committed::Unchanged(id) => StepReport::skipped().with_output("commit", id),
        })
    }
}

#[cfg(test)]
mod tests {
    use kargo_core::step::Outcome;
    use serde_json::json;

    use super::*;
    use crate::git_clone::GitClone;
    use crate::trial::{Remote, Trial, example, output};

    #[test]
    fn its_example_is_valid() {
        example(GitCommit, include_str!("git_commit.rs"));
    }

    #[tokio::test]
    async fn a_commit_is_the_same_again_and_none_where_nothing_changed() {
        let remote = Remote::new(&[("a", "1"), (".gitignore", "ignored")]);
        let clone = json!({
            "repoURL": Remote::URL,
            "checkout": [{ "path": "out" }],
            "author": { "name": "Ann", "email": "ann@example.com" },
        });
        let mut ids = Vec::new();
        for _ in 0..2 {
            let trial = Trial::new();
            trial.run(GitClone::new(remote.services.clone()), clone.clone()).await.unwrap();
            let trial = trial.file("out/ignored", "x");
            let commit = json!({ "path": "out", "message": "change a" });
            let report = trial.run(GitCommit, commit.clone()).await.unwrap();
            assert_eq!(report.outcome, Outcome::Skipped);
            assert_eq!(output(&report, "commit"), json!(remote.commit_of("main")));
            let trial = trial.file("out/a", "2").file("out/new/b", "1");
            let report = trial.run(GitCommit, commit).await.unwrap();
            assert_eq!(report.outcome, Outcome::Succeeded);
            ids.push(output(&report, "commit"));
        }
        assert_eq!(ids[0], ids[1]);
    }
}
