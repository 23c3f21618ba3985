//! Commits and tags in a working tree. Their dates are given, so that their ids can be had again.

use git2::{IndexAddOption, Oid, Signature, Time};

use crate::checkout::Worktree;
use crate::error::{Code, Error};

/// Who commits, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The email address.
    pub email: String,
    /// Seconds since 1970, UTC.
    pub at: i64,
}

impl Identity {
    pub(crate) fn signature(&self) -> Result<Signature<'static>, Error> {
        let time = Time::new(self.at, 0);
        Signature::new(&plain(&self.name), &plain(&self.email), &time).map_err(|error| {
            Error::new(Code::Failed, "the author's name or email address is not usable").with_source(error)
        })
    }
}

/// The text without what would end it inside a commit, as git itself leaves it out.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect()
}

/// The message as git keeps it.
fn prettified(message: &str) -> Result<String, Error> {
    let message = git2::message_prettify(message.replace('\0', ""), None)?;
    if message.is_empty() {
        return Err(Error::new(Code::Failed, "the message is empty"));
    }
    Ok(message)
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// A commit was made; its id.
    Made(String),
    /// Nothing was changed; the id of the commit that is checked out.
    Unchanged(String),
}

impl Worktree {
    /// Keeps who commits in this working tree, for commits that do not say.
    ///
    /// # Errors
    /// `git/failed`.
    pub fn set_identity(&self, name: &str, email: &str) -> Result<(), Error> {
        let mut config = self.repository.config()?;
        config.set_str("user.name", &plain(name))?;
        Ok(config.set_str("user.email", &plain(email))?)
    }

    /// Who commits in this working tree, name and email address, where [`set_identity`](Self::set_identity) kept it.
    pub fn identity(&self) -> Option<(String, String)> {
        let config = self.repository.config().ok()?;
        Some((config.get_string("user.name").ok()?, config.get_string("user.email").ok()?))
    }

    /// Commits all changes of the working tree: changed, new and removed files, but none that git ignores.
    ///
    /// # Errors
    /// `git/failed`, also for an empty message.
    pub fn commit_all(&self, message: &str, author: &Identity) -> Result<Committed, Error> {
        let mut index = self.repository.index()?;
        index.add_all(["*"], IndexAddOption::DEFAULT, None)?;
        index.update_all(["*"], None)?;
        index.write()?;
        let tree = self.repository.find_tree(index.write_tree()?)?;
        let parent = self.repository.head().ok().map(|head| head.peel_to_commit()).transpose()?;
        if let Some(parent) = parent.as_ref().filter(|parent| parent.tree_id() == tree.id()) {
            return Ok(Committed::Unchanged(parent.id().to_string()));
        }
        let signature = author.signature()?;
        let message = prettified(message)?;
        let parents: Vec<_> = parent.iter().collect();
        let id = self.repository.commit(Some("HEAD"), &signature, &signature, &message, &tree, &parents)?;
        Ok(Committed::Made(id.to_string()))
    }

    /// Makes an annotated tag at the commit that is checked out, and says that commit's id. A tag of that name at
    /// this commit is left as it is.
    ///
    /// # Errors
    /// `git/exists` where the tag is at another commit and `force` is not set; `git/bad-ref`.
    pub fn tag(&self, name: &str, message: &str, tagger: &Identity, force: bool) -> Result<String, Error> {
        if !git2::Reference::is_valid_name(&format!("refs/tags/{name}")) {
            return Err(Error::new(Code::BadRef, format!("{name:?} is not a name for a tag")));
        }
        let head = self.repository.head()?.peel_to_commit()?;
        if let Some(there) = self.tagged(name)
            && !force
        {
            return if there == head.id() {
                Ok(head.id().to_string())
            } else {
                Err(Error::new(
                    Code::Exists,
                    format!("tag {name:?} is there already, at {there} and not {}", head.id()),
                ))
            };
        }
        let message = prettified(message)?;
        self.repository.tag(name, head.as_object(), &tagger.signature()?, &message, force)?;
        Ok(head.id().to_string())
    }

    /// The commit that a tag of the working tree's repository leads to.
    fn tagged(&self, name: &str) -> Option<Oid> {
        let reference = self.repository.find_reference(&format!("refs/tags/{name}")).ok()?;
        Some(reference.peel_to_commit().ok()?.id())
    }
}
