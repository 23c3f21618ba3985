//! `git-clone`: checks branches, tags or commits of a repository out into the work directory.
//!
//! ```yaml
//! - uses: git-clone
//!   config:
//!     repoURL: https://github.com/example/repo.git
//!     checkout:
//!     - commit: ${{ commitFrom("https://github.com/example/repo.git").ID }}
//!       path: ./src
//!     - branch: main
//!       path: ./out
//! ```
//!
//! Output: `commits`, the id of the commit of each checkout, by its `as` or its path. A run that has to make its
//! work directory again checks the recorded commits out, wherever the branch is by then.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kargo_core::step::{BAD_CONFIG, Effect, Outputs, Step, StepContext, StepError, StepReport};
use kargo_core::workdir::Policy;
use kargo_git::{Cancel, Mirror, Refs, Remote, Revision};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::repository::{Author, blocking, git_code, unsupported};
use crate::services::Services;

/// What to clone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// The repository's address.
    #[serde(rename = "repoURL")]
    repo_url: String,
    /// What to check out, and where to; at least one.
    checkout: Vec<CheckoutConfig>,
    /// Who commits in these checkouts, where the commit itself does not say.
    author: Option<Author>,
    /// Accepts any TLS certificate.
    #[serde(default)]
    insecure_skip_tls_verify: bool,
    /// Also clones submodules. Not supported yet.
    #[serde(default)]
    recurse_submodules: bool,
    /// Fetches file contents as they are needed, which a shared mirror makes needless; the checkout is the same.
    #[serde(default, rename = "blobless")]
    _blobless: bool,
}

/// One checkout.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CheckoutConfig {
    /// The folder, new or empty, relative to the work directory.
    path: String,
    /// The name of its commit in the outputs, instead of the path.
    r#as: Option<String>,
    /// A branch; at most one of branch, commit and tag, and none of them for the default branch.
    branch: Option<String>,
    /// The id of a commit.
    commit: Option<String>,
    /// A tag.
    tag: Option<String>,
    /// Makes the branch where it is not there. Not supported yet.
    #[serde(default)]
    create: bool,
    /// Checks only these folders out. Not supported yet.
    sparse: Option<Vec<String>>,
}

/// What it puts out.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read as a schema alone")]
pub(crate) struct Cloned {
    /// The id of each checkout's commit, by its `as` or its path.
    commits: BTreeMap<String, String>,
}

/// See the module's documentation.
pub(crate) struct GitClone {
    services: Services,
}

impl GitClone {
    pub(crate) fn new(services: Services) -> Self {
        Self { services }
    }
}

impl Step for GitClone {
    type Config = Config;
    type Outputs = Cloned;
    const USES: &'static str = "git-clone";
    const EFFECT: Effect = Effect::WorkDir;

    async fn run(&self, cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        check(&config)?;
        let remote =
            self.services.remote(cx.project, &config.repo_url, config.insecure_skip_tls_verify).await?;
        let mirror = self.services.mirror(cx.project, &config.repo_url)?;
        let mut wanted = Vec::new();
        for one in &config.checkout {
            let one = one.wanted(cx)?;
            // As with git's own worktrees, a branch is checked out once.
            let is_branch = matches!(one.revision, Revision::Branch(_) | Revision::Default);
            if is_branch && wanted.iter().any(|there: &Wanted| there.revision == one.revision) {
                let message = format!("checkout {:?}: its branch is checked out already", one.key);
                return Err(StepError::errored(git_code(kargo_git::Code::Exists), message));
            }
            wanted.push(one);
        }
        let author = config.author.map(|author| (author.name, author.email));
        let commits = blocking(cx.cancel, move |cancel| {
            let mut made = Vec::new();
            let done = check_out(&mirror, &remote, wanted, author.as_ref(), &mut made, cancel);
            if done.is_err() {
                // What is half done must not stand in the way of the next attempt.
                made.iter().for_each(|folder| drop(std::fs::remove_dir_all(folder)));
            }
            done
        })
        .await?;
        let commits: kargo_core::expr::Value = commits.into_iter().collect();
        Ok(StepReport::succeeded().with_outputs(Outputs::new().with("commits", commits)))
    }
}

/// One checkout on its way.
struct Wanted {
    /// The name of its commit in the outputs.
    key: String,
    revision: Revision,
    /// The commit that an earlier run of this very step recorded.
    recorded: Option<String>,
    into: PathBuf,
}

/// Makes all checkouts; `made` are the folders that are there now, whether it succeeds or not.
fn check_out(
    mirror: &Mirror,
    remote: &Remote,
    wanted: Vec<Wanted>,
    author: Option<&(String, String)>,
    made: &mut Vec<PathBuf>,
    cancel: &Cancel,
) -> Result<Vec<(String, String)>, kargo_git::Error> {
    // What is wanted by commit id, and is there already, costs no look at the remote.
    let refs = if wanted.iter().all(Wanted::is_known) {
        Refs::default()
    } else {
        mirror.refresh(remote, cancel)?.refs
    };
    let mut commits = Vec::new();
    for one in wanted {
        let (refs, id) = pinned(&refs, &one.revision, one.recorded);
        if let Some(id) = id {
            mirror.need_commit(&id, remote, cancel)?;
        }
        let (worktree, checkout) = mirror.check_out(remote, &refs, &one.revision, &one.into, cancel)?;
        made.push(one.into);
        if let Some((name, email)) = author {
            worktree.set_identity(name, email)?;
        }
        commits.push((one.key, checkout.commit));
    }
    Ok(commits)
}

impl Wanted {
    /// Whether its commit is known beforehand, and what its branch is called.
    fn is_known(&self) -> bool {
        match self.revision {
            Revision::Commit(_) => true,
            Revision::Branch(_) | Revision::Tag(_) => self.recorded.is_some(),
            Revision::Default => false,
        }
    }
}

impl CheckoutConfig {
    fn wanted(&self, cx: &StepContext<'_>) -> Result<Wanted, StepError> {
        let path = cx.work_dir.resolve(&self.path, Policy::Clamp)?;
        if path.relative().as_os_str().is_empty() {
            let message = format!("checkout {:?}: the path must name a folder of its own", self.path);
            return Err(StepError::failed(BAD_CONFIG, message).terminal());
        }
        let key = named(&self.r#as).unwrap_or(&self.path).to_owned();
        let (revision, recorded) = (self.revision()?, recorded(cx, &key));
        Ok(Wanted { key, revision, recorded, into: path.real_path().to_owned() })
    }

    fn revision(&self) -> Result<Revision, StepError> {
        match (named(&self.branch), named(&self.commit), named(&self.tag)) {
            (None, None, None) => Ok(Revision::Default),
            (Some(branch), None, None) => Ok(Revision::Branch(branch.to_owned())),
            (None, Some(commit), None) => Ok(Revision::Commit(commit.to_owned())),
            (None, None, Some(tag)) => Ok(Revision::Tag(tag.to_owned())),
            _ => {
                let message =
                    format!("checkout {:?}: at most one of branch, commit and tag can be set", self.path);
                Err(StepError::failed(BAD_CONFIG, message).terminal())
            }
        }
    }
}

/// A text that is set; as in Kargo an empty one is not.
fn named(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn check(config: &Config) -> Result<(), StepError> {
    let bad = |message: String| StepError::failed(BAD_CONFIG, message).terminal();
    if config.checkout.is_empty() {
        return Err(bad("checkout must have at least one entry".to_owned()));
    }
    if config.recurse_submodules {
        return Err(unsupported("recurseSubmodules"));
    }
    if let Some(author) = &config.author {
        author.check()?;
    }
    let mut keys = Vec::new();
    for one in &config.checkout {
        if one.create {
            return Err(unsupported("checkout.create"));
        }
        if one.sparse.as_ref().is_some_and(|folders| !folders.is_empty()) {
            return Err(unsupported("checkout.sparse"));
        }
        let key = named(&one.r#as).unwrap_or(&one.path);
        if keys.contains(&key) {
            return Err(bad(format!("two checkouts are called {key:?}")));
        }
        keys.push(key);
    }
    Ok(())
}

/// The commit that an earlier run of this very step recorded for a checkout.
fn recorded(cx: &StepContext<'_>, key: &str) -> Option<String> {
    let commits = cx.prior_outputs?.as_map()?.get("commits")?;
    commits.as_map()?.get(key)?.as_str().map(str::to_owned)
}

/// The refs to check out from, and the id of the commit where that is known beforehand.
fn pinned(refs: &Refs, revision: &Revision, recorded: Option<String>) -> (Refs, Option<String>) {
    let Some(id) = recorded else {
        let id = if let Revision::Commit(id) = revision { Some(id.clone()) } else { None };
        return (refs.clone(), id);
    };
    let mut refs = refs.clone();
    match revision {
        Revision::Branch(name) => drop(refs.branches.insert(name.clone(), id.clone())),
        Revision::Tag(name) => drop(refs.tags.insert(name.clone(), id.clone())),
        Revision::Default => {
            refs.branches.extend(refs.default_branch.clone().map(|name| (name, id.clone())));
        }
        Revision::Commit(_) => {}
    }
    (refs, Some(id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::repository::git_code;
    use crate::trial::{Remote, Trial, example, output};

    fn clone(remote: &Remote) -> GitClone {
        GitClone::new(remote.services.clone())
    }

    #[test]
    fn its_example_is_valid() {
        example(clone(&Remote::new(&[])), include_str!("git_clone.rs"));
    }

    #[tokio::test]
    async fn branches_commits_and_tags_are_checked_out() {
        let remote = Remote::new(&[("a", "1")]);
        let first = remote.commit_of("main");
        remote.repository.tag("v1", &first).unwrap();
        let second = remote.repository.commit("main", &[("a", "2")], "second").unwrap();
        let trial = Trial::new();
        let checkout = json!([
            { "path": "./default" },
            { "path": "../branch", "branch": "main", "commit": "", "as": "branch" },
            { "path": "commit", "commit": first },
            { "path": "tag/inside", "tag": "v1" },
        ]);
        let report =
            trial.run(clone(&remote), json!({ "repoURL": Remote::URL, "checkout": checkout })).await.unwrap();
        assert_eq!(
            output(&report, "commits"),
            json!({ "./default": second, "branch": second, "commit": first, "tag/inside": first })
        );
        for (path, content) in
            [("default/a", "2"), ("branch/a", "2"), ("commit/a", "1"), ("tag/inside/a", "1")]
        {
            assert_eq!(trial.read(path), content, "{path}");
        }
    }

    #[tokio::test]
    async fn a_repeated_clone_takes_the_recorded_commits() {
        let remote = Remote::new(&[("a", "1")]);
        let config = json!({ "repoURL": Remote::URL, "checkout": [{ "path": "out", "branch": "main" }] });
        let report = Trial::new().run(clone(&remote), config.clone()).await.unwrap();
        let commits = output(&report, "commits");
        remote.repository.commit("main", &[("a", "2")], "second").unwrap();
        let trial = Trial::new().again(&json!({ "commits": commits }));
        // Not even the remote is needed.
        remote.remove();
        let report = trial.run(clone(&remote), config).await.unwrap();
        assert_eq!((output(&report, "commits"), trial.read("out/a")), (commits, "1".to_owned()));
    }

    #[tokio::test]
    async fn a_clone_that_fails_leaves_nothing() {
        let remote = Remote::new(&[("a", "1")]);
        let trial = Trial::new();
        let checkout = json!([{ "path": "out" }, { "path": "other", "tag": "none" }]);
        let config = json!({ "repoURL": Remote::URL, "checkout": checkout });
        let error = trial.run(clone(&remote), config).await.unwrap_err();
        assert_eq!((error.code(), error.is_terminal()), (git_code(kargo_git::Code::NotFound), false));
        assert_eq!(trial.tree("."), "");
    }

    #[tokio::test]
    async fn what_does_not_fit_is_refused_by_name() {
        let remote = Remote::new(&[]);
        for (checkout, more, name) in [
            (json!([]), json!({}), "checkout"),
            (json!([{ "path": "a", "sparse": ["x"] }]), json!({}), "checkout.sparse"),
            (json!([{ "path": "a", "branch": "b", "create": true }]), json!({}), "checkout.create"),
            (json!([{ "path": "a" }]), json!({ "recurseSubmodules": true }), "recurseSubmodules"),
            (
                json!([{ "path": "a" }]),
                json!({ "author": { "name": "n", "email": "e@example.com", "signingKey": "k" } }),
                "author.signingKey",
            ),
            (json!([{ "path": "a", "branch": "b", "tag": "t" }]), json!({}), "at most one"),
            (json!([{ "path": "a" }, { "path": "b", "as": "a" }]), json!({}), "\"a\""),
            (json!([{ "path": "../." }]), json!({}), "of its own"),
            (json!([{ "path": "a" }]), json!({ "depth": 1 }), "depth"),
        ] {
            let mut config = json!({ "repoURL": Remote::URL, "checkout": checkout });
            config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let error = Trial::new().run(clone(&remote), config.clone()).await.unwrap_err();
            assert_eq!(
                (error.code(), error.is_failed(), error.is_terminal()),
                (BAD_CONFIG, true, true),
                "{config}"
            );
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
