//! Pushes: what others pushed meanwhile is taken in first, and what was pushed already is recognised.

use git2::{Commit, DiffOptions, Oid, Signature};

use crate::checkout::Worktree;
use crate::error::{Code, Error};
use crate::merge;
use crate::process::{Cancel, FETCH_FLAGS, Git};
use crate::remote::Remote;

/// Where the remote's branch is kept while ours is put on top of it.
const THEIRS: &str = "refs/kargo/theirs";

/// What to push, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Push {
    /// The commit that is checked out, to this branch. With `force` whatever the branch has is replaced; without,
    /// own commits are put on top of it.
    Branch {
        /// The branch.
        name: String,
        /// Whether to replace it.
        force: bool,
    },
    /// This tag.
    Tag {
        /// The tag.
        name: String,
        /// Whether to move one that is there.
        force: bool,
    },
}

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The commit that the branch or tag is at, with ours in it.
    pub commit: String,
    /// Whether the remote had it already, and nothing was sent.
    pub there_before: bool,
}

impl Worktree {
    /// Pushes once. Where the branch has commits that ours do not follow, ours are first put on top of them, one by
    /// one, with their authors, dates and messages.
    ///
    /// # Errors
    /// `git/non-fast-forward` where somebody pushed in between: try again; `git/conflict`, with the files, where
    /// both changed the same lines; `git/bad-ref`; and what a transfer can run into.
    pub fn push(&self, git: &Git, remote: &Remote, what: &Push, cancel: &Cancel) -> Result<Pushed, Error> {
        match what {
            Push::Branch { name, force } => self.push_branch(git, remote, name, *force, cancel),
            Push::Tag { name, force } => self.push_tag(git, remote, name, *force, cancel),
        }
    }

    fn push_branch(
        &self,
        git: &Git,
        remote: &Remote,
        name: &str,
        force: bool,
        cancel: &Cancel,
    ) -> Result<Pushed, Error> {
        let target = format!("refs/heads/{name}");
        if !git2::Reference::is_valid_name(&target) {
            return Err(Error::new(Code::BadRef, format!("{name:?} is not a name for a branch")));
        }
        if !force && let Some(theirs) = self.fetch(git, remote, &target, cancel)? {
            self.must_be_clean()?;
            let ours = self.repository.head()?.peel_to_commit()?.id();
            if ours == theirs || self.repository.graph_descendant_of(theirs, ours)? {
                return Ok(Pushed { commit: ours.to_string(), there_before: true });
            }
            if !self.repository.graph_descendant_of(ours, theirs)? {
                self.rebase(ours, theirs)?;
            }
            let ours = self.repository.head()?.peel_to_commit()?.id();
            if ours == theirs {
                // All that we had is in theirs already: pushed by an earlier run under another id.
                return Ok(Pushed { commit: ours.to_string(), there_before: true });
            }
        }
        let ours = self.head()?;
        let sign = if force { "+" } else { "" };
        self.send(git, remote, &format!("{sign}{ours}:{target}"), cancel)?;
        Ok(Pushed { commit: ours, there_before: false })
    }

    /// Changes that are not committed would be lost where commits are put on top of others.
    fn must_be_clean(&self) -> Result<(), Error> {
        let mut options = git2::StatusOptions::new();
        options.include_untracked(false).include_ignored(false);
        let changed = self.repository.statuses(Some(&mut options))?;
        let Some(first) = changed.iter().next() else { return Ok(()) };
        let path = String::from_utf8_lossy(first.path_bytes()).into_owned();
        Err(Error::new(Code::Uncommitted, format!("{path} has changes that are not committed"))
            .with_hint("commit them before the push (git-commit)"))
    }

    fn push_tag(
        &self,
        git: &Git,
        remote: &Remote,
        name: &str,
        force: bool,
        cancel: &Cancel,
    ) -> Result<Pushed, Error> {
        let tag = format!("refs/tags/{name}");
        let ours =
            self.repository.find_reference(&tag).and_then(|reference| reference.peel_to_commit()).map_err(
                |error| Error::new(Code::NotFound, format!("there is no tag {name:?}")).with_source(error),
            )?;
        if let Some(theirs) = self.fetch(git, remote, &tag, cancel)?
            && !force
        {
            let theirs = self.repository.find_object(theirs, None)?.peel_to_commit()?.id();
            return if theirs == ours.id() {
                Ok(Pushed { commit: theirs.to_string(), there_before: true })
            } else {
                let message = format!("tag {name:?} is there already, at {theirs} and not {}", ours.id());
                Err(Error::new(Code::Exists, message))
            };
        }
        let sign = if force { "+" } else { "" };
        self.send(git, remote, &format!("{sign}{tag}:{tag}"), cancel)?;
        Ok(Pushed { commit: ours.id().to_string(), there_before: false })
    }

    fn send(&self, git: &Git, remote: &Remote, refspec: &str, cancel: &Cancel) -> Result<(), Error> {
        let flags = ["--porcelain", "--no-verify", "--recurse-submodules=no", "--quiet"];
        git.run(self.repository.path(), remote, "push", &flags, &[refspec], cancel).map(drop)
    }

    /// What the remote has under `name`; `None` where it has nothing of that name.
    fn fetch(&self, git: &Git, remote: &Remote, name: &str, cancel: &Cancel) -> Result<Option<Oid>, Error> {
        let refspec = format!("+{name}:{THEIRS}");
        match git.run(self.repository.path(), remote, "fetch", FETCH_FLAGS, &[&refspec], cancel) {
            Ok(_) => Ok(Some(self.repository.refname_to_id(THEIRS)?)),
            Err(error) if error.code() == Code::NotFound && error.to_string().contains("remote ref") => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Puts the commits from where both parted up to `ours` on top of `theirs`, but none that is there already.
    /// Merges are left out, as `git rebase` does: what they bring is in the commits that they merge.
    fn rebase(&self, ours: Oid, theirs: Oid) -> Result<(), Error> {
        let mut onto = self.repository.find_commit(theirs)?;
        let mut there = self.commits(theirs, ours)?;
        for own in self.commits(ours, theirs)? {
            if own.parent_count() > 1 || self.take_same(&mut there, &own)? {
                continue;
            }
            if let Some(id) = self.replay(&own, &onto)? {
                onto = self.repository.find_commit(id)?;
            }
        }
        self.reset_to(onto.id())
    }

    /// The commits that lead to `tip` and not to `other`, oldest first.
    fn commits(&self, tip: Oid, other: Oid) -> Result<Vec<Commit<'_>>, Error> {
        let mut walk = self.repository.revwalk()?;
        walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
        walk.push(tip)?;
        walk.hide(other)?;
        walk.map(|id| Ok(self.repository.find_commit(id?)?)).collect()
    }

    /// Takes the commit out of `there` that is `own` on top of something else: pushed by an earlier run, which was
    /// killed before it could tell. It has the same message, people and dates, and makes the same changes; what was
    /// done to the same lines after it does not count.
    fn take_same(&self, there: &mut Vec<Commit<'_>>, own: &Commit<'_>) -> Result<bool, Error> {
        let looks_same = |other: &Commit<'_>| {
            other.message_bytes() == own.message_bytes()
                && same_person(&other.author(), &own.author())
                && same_person(&other.committer(), &own.committer())
        };
        for index in 0..there.len() {
            if looks_same(&there[index]) && self.changes(&there[index])? == self.changes(own)? {
                there.remove(index);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The id of what a commit changes, wherever in the files.
    fn changes(&self, commit: &Commit<'_>) -> Result<Oid, Error> {
        let before = commit.parent(0).ok().map(|parent| parent.tree()).transpose()?;
        let mut options = DiffOptions::new();
        options.context_lines(0).force_text(true);
        let diff =
            self.repository.diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), Some(&mut options))?;
        Ok(diff.patchid(None)?)
    }

    /// One commit on top of another; `None` where that already has its changes.
    fn replay(&self, own: &Commit<'_>, onto: &Commit<'_>) -> Result<Option<Oid>, Error> {
        let mut index = self.repository.cherrypick_commit(own, onto, 0, None)?;
        let files = merge::neighbours(&self.repository, &mut index)?;
        if !files.is_empty() {
            let message = format!("others changed the same lines of {}", files.join(", "));
            return Err(Error::new(Code::Conflict, message).with_files(files));
        }
        let tree = self.repository.find_tree(index.write_tree_to(&self.repository)?)?;
        if tree.id() == onto.tree_id() {
            return Ok(None);
        }
        let message = String::from_utf8_lossy(own.message_bytes());
        let id = self.repository.commit(None, &own.author(), &own.committer(), &message, &tree, &[onto])?;
        Ok(Some(id))
    }
}

fn same_person(a: &Signature<'_>, b: &Signature<'_>) -> bool {
    a.name_bytes() == b.name_bytes() && a.email_bytes() == b.email_bytes() && a.when() == b.when()
}
