//! Mirrors: one bare copy of each repository, shared by all that looks at it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use git2::{ObjectType, Oid, Repository, RepositoryInitOptions};

use crate::error::{Code, Error};
use crate::process::{Cancel, FETCH_FLAGS, Git};
use crate::remote::Remote;

/// How often a mirror that another works on is looked at.
const TICK: Duration = Duration::from_millis(10);

/// The mirrors of an installation, in one folder, which several processes can use. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Mirrors {
    root: PathBuf,
    git: Git,
}

impl Mirrors {
    /// Mirrors in the folder `root`, which is made when it is needed.
    pub fn new(root: impl Into<PathBuf>, git: Git) -> Self {
        Self { root: root.into(), git }
    }

    /// The `git` program that they use.
    pub fn git(&self) -> &Git {
        &self.git
    }

    /// The mirror of a repository; `key` is its normalised address, the same for all that mean the same repository.
    /// It is empty until it is refreshed for the first time.
    ///
    /// # Errors
    /// `git/io`, `git/failed`.
    pub fn open(&self, key: &str) -> Result<Mirror, Error> {
        let name = Oid::hash_object(ObjectType::Blob, key.as_bytes())?.to_string();
        fs::create_dir_all(&self.root).map_err(|error| Error::io("make the folder of mirrors", error))?;
        Ok(Mirror {
            path: self.root.join(format!("{name}.git")),
            lock_file: self.root.join(format!("{name}.lock")),
            git: self.git.clone(),
        })
    }
}

/// A bare copy of a repository.
#[derive(Clone, Debug)]
pub struct Mirror {
    path: PathBuf,
    lock_file: PathBuf,
    git: Git,
}

/// The branches and tags of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refs {
    /// The branch that is checked out where none is named.
    pub default_branch: Option<String>,
    /// Branches and the commits that they are at.
    pub branches: BTreeMap<String, String>,
    /// Tags and the objects that they name: a commit, or an annotated tag.
    pub tags: BTreeMap<String, String>,
}

/// A tag that names something else than it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTag {
    /// Its name.
    pub tag: String,
    /// The object that it named.
    pub from: String,
    /// The object that it names now.
    pub to: String,
}

/// What a look at the remote came to.
#[derive(Clone, Debug, Default)]
pub struct Refreshed {
    /// The remote's branches and tags, all of which the mirror now has.
    pub refs: Refs,
    /// The tags that were moved since the mirror was last refreshed.
    pub moved: Vec<MovedTag>,
    /// Whether anything had to be fetched.
    pub fetched: bool,
}

impl Mirror {
    /// The repository.
    pub(crate) fn repository(&self) -> Result<Repository, Error> {
        Ok(Repository::open_bare(&self.path)?)
    }

    /// Where it is, for cloning from it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Brings the mirror up to the remote: one `ls-remote`, and one fetch where something moved.
    ///
    /// # Errors
    /// `git/unreachable`, `git/auth`, `git/not-found`, `git/cancelled`, `git/timeout`, `git/io`, `git/failed`.
    pub fn refresh(&self, remote: &Remote, cancel: &Cancel) -> Result<Refreshed, Error> {
        self.exclusively(cancel, || {
            let refs = self.ask(remote, cancel)?;
            let (known, moved) = self.compare(&refs)?;
            if !known {
                self.fetch(remote, &["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"], cancel)?;
            }
            Ok(Refreshed { refs, moved, fetched: !known })
        })
    }

    /// Sees to it that the mirror has a commit: nothing is asked for one that it has.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh); `git/not-found` where the remote does not have the commit, or no longer gives it.
    pub fn need_commit(&self, id: &str, remote: &Remote, cancel: &Cancel) -> Result<(), Error> {
        let oid = Oid::from_str(id)
            .map_err(|_| Error::new(Code::NotFound, format!("{id:?} is not the id of a commit")))?;
        let there = || self.repository().is_ok_and(|repository| repository.find_commit(oid).is_ok());
        if there() {
            return Ok(());
        }
        self.refresh(remote, cancel)?;
        if there() {
            return Ok(());
        }
        // No branch or tag leads there any more. Servers that still have the commit may give it by its id.
        let refspec = format!("{id}:refs/kargo/commits/{id}");
        match self.exclusively(cancel, || self.fetch(remote, &[&refspec], cancel)) {
            Err(error) if matches!(error.code(), Code::Cancelled | Code::Timeout) => Err(error),
            _ if there() => Ok(()),
            _ => Err(Error::new(Code::NotFound, format!("{} has no commit {id}", remote.written()))),
        }
    }

    fn ask(&self, remote: &Remote, cancel: &Cancel) -> Result<Refs, Error> {
        let wanted = ["HEAD", "refs/heads/*", "refs/tags/*"];
        let listed = self.git.run(&self.path, remote, "ls-remote", &["--symref"], &wanted, cancel)?;
        let mut refs = Refs::default();
        for line in listed.lines() {
            let Some((value, name)) = line.split_once('\t') else { continue };
            if let (Some(target), "HEAD") = (value.strip_prefix("ref: refs/heads/"), name) {
                refs.default_branch = Some(target.to_owned());
            } else if let Some(branch) = name.strip_prefix("refs/heads/") {
                refs.branches.insert(branch.to_owned(), value.to_owned());
            } else if let Some(tag) = name.strip_prefix("refs/tags/").filter(|tag| !tag.ends_with("^{}")) {
                refs.tags.insert(tag.to_owned(), value.to_owned());
            }
        }
        Ok(refs)
    }

    /// Whether the mirror has exactly these, and which tags it knows otherwise.
    fn compare(&self, refs: &Refs) -> Result<(bool, Vec<MovedTag>), Error> {
        let repository = self.repository()?;
        let mut moved = Vec::new();
        let mut known = 0;
        let mut same = true;
        for reference in repository.references()? {
            let reference = reference?;
            let (Ok(name), Some(target)) = (reference.name(), reference.target()) else { continue };
            let target = target.to_string();
            let theirs = if let Some(branch) = name.strip_prefix("refs/heads/") {
                refs.branches.get(branch)
            } else if let Some(tag) = name.strip_prefix("refs/tags/") {
                let theirs = refs.tags.get(tag);
                if let Some(to) = theirs.filter(|to| **to != target) {
                    moved.push(MovedTag { tag: tag.to_owned(), from: target.clone(), to: to.clone() });
                }
                theirs
            } else {
                continue;
            };
            same &= theirs == Some(&target);
            known += 1;
        }
        Ok((same && known == refs.branches.len() + refs.tags.len(), moved))
    }

    fn fetch(&self, remote: &Remote, refspecs: &[&str], cancel: &Cancel) -> Result<(), Error> {
        let flags = [&["--prune"], FETCH_FLAGS].concat();
        self.git.run(&self.path, remote, "fetch", &flags, refspecs, cancel).map(drop)
    }

    /// Runs `work` while nobody else, in this process or another, works on the mirror.
    pub(crate) fn exclusively<T>(
        &self,
        cancel: &Cancel,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _lock = lock(&self.lock_file, cancel)?;
        if Repository::open_bare(&self.path).is_err() {
            // New, or what a killed process left of a new one.
            let mut options = RepositoryInitOptions::new();
            options.bare(true).external_template(false);
            Repository::init_opts(&self.path, &options)?;
        }
        work()
    }
}

/// A file lock, which goes with its process, however that ends. It also holds off the other threads of this process:
/// each has the file open for itself.
fn lock(path: &Path, cancel: &Cancel) -> Result<File, Error> {
    let io = |error| Error::io("lock a mirror", error);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(io)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(io(error)),
            Err(TryLockError::WouldBlock) if cancel.is_cancelled() => {
                return Err(Error::new(
                    Code::Cancelled,
                    "git was cancelled while another worked on the mirror",
                ));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(TICK),
        }
    }
}
