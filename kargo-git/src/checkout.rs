//! Checkouts: a commit of a mirror as files in a work directory, with a repository of their own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use git2::build::{CheckoutBuilder, CloneLocal, RepoBuilder};
use git2::{Config, ConfigLevel, Oid, Repository, ResetType};

use crate::error::{Code, Error};
use crate::mirror::{Mirror, Refs};
use crate::process::Cancel;
use crate::remote::Remote;

/// What to check out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// The branch that the remote calls its own.
    Default,
    /// A branch.
    Branch(String),
    /// A commit, by its whole id.
    Commit(String),
    /// A tag.
    Tag(String),
}

/// What was checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The id of the commit.
    pub commit: String,
}

/// Files with a repository of their own, which needs the mirror no more.
pub struct Worktree {
    pub(crate) repository: Repository,
    pub(crate) path: PathBuf,
}

impl Mirror {
    /// Checks `revision` out into the folder `into`, which is new or empty. The mirror must have it:
    /// [`refresh`](Self::refresh) or [`need_commit`](Self::need_commit) see to that. Where it fails, or is killed,
    /// `into` is as it was.
    ///
    /// # Errors
    /// `git/not-found` where there is no such branch, tag or commit; `git/exists` where `into` is not empty;
    /// `git/cancelled`; `git/io`; `git/failed`.
    pub fn check_out(
        &self,
        remote: &Remote,
        refs: &Refs,
        revision: &Revision,
        into: &Path,
        cancel: &Cancel,
    ) -> Result<(Worktree, Checkout), Error> {
        let io = |error| Error::io("make the folder of the checkout", error);
        if fs::read_dir(into).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Error::new(Code::Exists, "the folder of the checkout is not empty"));
        }
        let Some(beside) = beside(into) else {
            return Err(Error::new(Code::Io, "the folder of the checkout has no name"));
        };
        fs::create_dir_all(into).map_err(io)?;
        // What a killed process left.
        remove(&beside).map_err(io)?;
        let done =
            self.clone_into(remote, &beside, cancel).and_then(|worktree| worktree.switch(refs, revision));
        let commit = done.inspect_err(|_| drop(remove(&beside)))?;
        fs::rename(&beside, into).map_err(io)?;
        Ok((Worktree::open(into)?, Checkout { commit }))
    }

    /// A repository with all that the mirror has, and without files.
    fn clone_into(&self, remote: &Remote, into: &Path, cancel: &Cancel) -> Result<Worktree, Error> {
        let source =
            self.path().to_str().ok_or_else(|| Error::new(Code::Io, "the mirror's path is not UTF-8"))?;
        let mut nothing = CheckoutBuilder::new();
        nothing.dry_run();
        let mut builder = RepoBuilder::new();
        // Hard links to the mirror's objects: no copy, and no need of the mirror afterwards.
        builder.clone_local(CloneLocal::Auto).with_checkout(nothing);
        self.exclusively(cancel, || {
            let repository = builder.clone(source, into)?;
            repository.remote_set_url("origin", remote.written())?;
            if remote.skips_tls_verify() {
                // For the pushes that come.
                repository.config()?.set_bool("http.sslVerify", false)?;
            }
            Worktree::with_own_config(repository, into)
        })
    }
}

/// Where a checkout is made before it is complete.
fn beside(into: &Path) -> Option<PathBuf> {
    let mut name = OsString::from(".");
    name.push(into.file_name()?);
    name.push(".kargo-checkout");
    Some(into.with_file_name(name))
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Worktree {
    /// Opens the working tree at `path`. Its repository must be its own: a bare repository, or a link to one
    /// elsewhere, may be another's, with settings that run programs.
    ///
    /// # Errors
    /// `git/not-found` where there is none.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let missing = || Error::new(Code::NotFound, "there is no git working tree here");
        if !fs::symlink_metadata(path.join(".git")).is_ok_and(|meta| meta.is_dir()) {
            return Err(missing());
        }
        let repository = Repository::open(path).map_err(|error| missing().with_source(error))?;
        Self::with_own_config(repository, path)
    }

    /// Nobody's settings but the repository's hold, so that a commit is the same on every machine.
    fn with_own_config(repository: Repository, path: &Path) -> Result<Self, Error> {
        let mut config = Config::new()?;
        config.add_file(&repository.path().join("config"), ConfigLevel::Local, true)?;
        repository.set_config(&config)?;
        Ok(Self { repository, path: path.to_owned() })
    }

    /// The address that it was cloned from, as the manifests have it.
    pub fn origin(&self) -> Option<String> {
        let origin = self.repository.find_remote("origin").ok()?;
        origin.url().ok().map(str::to_owned)
    }

    /// The id of the commit that is checked out.
    ///
    /// # Errors
    /// `git/not-found` before the first commit.
    pub fn head(&self) -> Result<String, Error> {
        Ok(self.repository.head()?.peel_to_commit()?.id().to_string())
    }

    /// The branch that is checked out; `None` where a commit or tag is.
    pub fn branch(&self) -> Option<String> {
        let head = self.repository.head().ok().filter(git2::Reference::is_branch)?;
        head.shorthand().ok().map(str::to_owned)
    }

    fn switch(&self, refs: &Refs, revision: &Revision) -> Result<String, Error> {
        let missing =
            |what: &str, name: &str| Error::new(Code::NotFound, format!("there is no {what} {name:?}"));
        let (commit, branch) = match revision {
            Revision::Default => {
                let name = refs
                    .default_branch
                    .as_deref()
                    .ok_or_else(|| Error::new(Code::NotFound, "the repository has no default branch"))?;
                let tip = refs.branches.get(name).ok_or_else(|| missing("branch", name))?;
                (tip.clone(), Some(name))
            }
            Revision::Branch(name) => {
                (refs.branches.get(name).ok_or_else(|| missing("branch", name))?.clone(), Some(name.as_str()))
            }
            Revision::Tag(name) => (refs.tags.get(name).ok_or_else(|| missing("tag", name))?.clone(), None),
            Revision::Commit(id) => (id.clone(), None),
        };
        let id = Oid::from_str(&commit).map_err(|_| missing("commit", &commit))?;
        let object = self.repository.find_object(id, None).map_err(|_| missing("commit", &commit))?;
        let commit = object.peel_to_commit()?;
        match branch {
            Some(name) => {
                self.repository.branch(name, &commit, true)?;
                self.repository.set_head(&format!("refs/heads/{name}"))?;
            }
            None => self.repository.set_head_detached(commit.id())?,
        }
        self.reset_to(commit.id())?;
        Ok(commit.id().to_string())
    }

    /// Makes branch, files and index those of `commit`, whatever they were. The branch must not be moved before: what
    /// it is at tells which files were git's own, so that a link is removed and not written through.
    pub(crate) fn reset_to(&self, commit: Oid) -> Result<(), Error> {
        let object = self.repository.find_object(commit, None)?;
        let mut files = CheckoutBuilder::new();
        files.force().remove_untracked(false);
        Ok(self.repository.reset(&object, ResetType::Hard, Some(&mut files))?)
    }
}

impl std::fmt::Debug for Worktree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worktree").field("path", &self.path).finish_non_exhaustive()
    }
}
