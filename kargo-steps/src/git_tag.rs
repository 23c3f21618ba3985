//! `git-tag`: makes an annotated tag at the commit that is checked out. `git-push` with `tag` sends it.
//!
//! ```yaml
//! uses: git-tag
//! config:
//!   path: ./out
//!   tag: app-v1.2.3
//!   message: release 1.2.3
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
