//! What a mirror's branches and tags tell: commits with their changed paths, tags with what they name.

use std::ops::ControlFlow;

use git2::{Commit, ObjectType, Oid, Repository, Tree};

use crate::error::{Code, Error};
use crate::mirror::Mirror;

/// What is known of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// `Name <email>`.
    pub author: String,
    /// `Name <email>`.
    pub committer: String,
    /// When it was committed, in seconds since 1970.
    pub committed_at: i64,
}

/// What is known of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagInfo {
    /// Its name.
    pub name: String,
    /// The object that it names: the annotated tag, or the commit.
    pub object: String,
    /// The commit behind it.
    pub commit: CommitInfo,
    /// When the tag was made; of a lightweight one, when its commit was. Seconds since 1970.
    pub created_at: i64,
    /// `Name <email>` of who made an annotated tag.
    pub tagger: Option<String>,
    /// The first line of an annotated tag's message.
    pub annotation: Option<String>,
}

impl Mirror {
    /// Walks a branch from its tip along first parents. `visit` gets each commit, and a function that gives the
    /// paths which the commit changed against its first parent (renames are seen from both sides; of the first
    /// commit all files) one after the other, until it answers `Break`.
    ///
    /// Trees that are the same on both sides are not opened, and no tree is compared for a commit whose paths
    /// nobody asks for.
    ///
    /// # Errors
    /// `git/not-found` where there is no such branch; `git/failed` for an unreadable repository.
    pub fn walk_branch(
        &self,
        branch: &str,
        mut visit: impl FnMut(&CommitInfo, &mut ChangedPaths<'_>) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        let repository = self.repository()?;
        let tip = repository
            .find_reference(&format!("refs/heads/{branch}"))
            .and_then(|reference| reference.peel_to_commit())
            .map_err(|error| {
                Error::new(Code::NotFound, format!("there is no branch {branch:?}")).with_source(error)
            })?;
        let mut next = Some(tip);
        // A commit's tree was read already, as that of the parent of the one before.
        let mut known = None;
        while let Some(commit) = next {
            let parent = commit.parent(0).ok();
            let info = info(&commit);
            let mut paths = ChangedPaths::new(&repository, &commit, parent.as_ref());
            paths.new_tree = known.take().filter(|tree: &Tree<'_>| tree.id() == paths.new);
            if visit(&info, &mut paths)?.is_break() {
                break;
            }
            known = paths.old_tree;
            next = parent;
        }
        Ok(())
    }

    /// Whether `wanted` holds for a path that a commit changed; as in [`walk_branch`](Self::walk_branch).
    ///
    /// # Errors
    /// `git/not-found` where there is no such commit; `git/failed` for an unreadable repository.
    pub fn changed_paths_any(&self, commit: &str, wanted: impl FnMut(&str) -> bool) -> Result<bool, Error> {
        let repository = self.repository()?;
        let commit = repository.find_commit(Oid::from_str(commit)?)?;
        ChangedPaths::new(&repository, &commit, commit.parent(0).ok().as_ref()).any(wanted)
    }

    /// All tags that lead to a commit, by name.
    ///
    /// # Errors
    /// `git/failed` for an unreadable repository.
    pub fn tags(&self) -> Result<Vec<TagInfo>, Error> {
        let repository = self.repository()?;
        let mut tags = Vec::new();
        for reference in repository.references_glob("refs/tags/*")? {
            let reference = reference?;
            let (Ok(name), Some(object)) = (reference.name(), reference.target()) else { continue };
            let Ok(commit) = reference.peel_to_commit() else { continue };
            let annotated = repository.find_tag(object).ok();
            let tagger = annotated.as_ref().and_then(|tag| tag.tagger());
            let commit = info(&commit);
            tags.push(TagInfo {
                name: name.trim_start_matches("refs/tags/").to_owned(),
                object: object.to_string(),
                created_at: tagger.as_ref().map_or(commit.committed_at, |tagger| tagger.when().seconds()),
                tagger: tagger.as_ref().map(person),
                annotation: annotated.as_ref().map(|tag| {
                    let message = tag.message().ok().flatten().unwrap_or_default();
                    message.lines().next().unwrap_or_default().to_owned()
                }),
                commit,
            });
        }
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tags)
    }
}

/// The paths that a commit changed; nothing is read until they are asked for.
pub struct ChangedPaths<'r> {
    repository: &'r Repository,
    old: Option<Oid>,
    new: Oid,
    old_tree: Option<Tree<'r>>,
    new_tree: Option<Tree<'r>>,
}

impl<'r> ChangedPaths<'r> {
    fn new(repository: &'r Repository, commit: &Commit<'_>, parent: Option<&Commit<'_>>) -> Self {
        let (old, new) = (parent.map(Commit::tree_id), commit.tree_id());
        Self { repository, old, new, old_tree: None, new_tree: None }
    }

    /// Whether `wanted` holds for one of them. Stops at the first for which it does.
    ///
    /// # Errors
    /// `git/failed` for an unreadable repository.
    pub fn any(&mut self, mut wanted: impl FnMut(&str) -> bool) -> Result<bool, Error> {
        if self.old == Some(self.new) {
            return Ok(false);
        }
        if let (None, Some(id)) = (&self.old_tree, self.old) {
            self.old_tree = Some(self.repository.find_tree(id)?);
        }
        if self.new_tree.is_none() {
            self.new_tree = Some(self.repository.find_tree(self.new)?);
        }
        let (old, new) = (self.old_tree.as_ref(), self.new_tree.as_ref());
        let mut path = String::new();
        let found = compare(self.repository, old, new, &mut path, &mut |path| {
            if wanted(path) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found.is_break())
    }
}

/// Folders inside each other that are followed; git's own index holds no longer paths than these could have.
const DEEPEST: usize = 2_048;

/// Compares two trees entry by entry; both are sorted, and what has the same id on both sides is the same.
fn compare(
    repository: &Repository,
    old: Option<&Tree<'_>>,
    new: Option<&Tree<'_>>,
    path: &mut String,
    tell: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    if path.matches('/').count() > DEEPEST {
        return Err(Error::new(Code::Failed, "the repository's folders are too deep"));
    }
    for (tree, other, both) in [(new, old, true), (old, new, false)] {
        let Some(tree) = tree else { continue };
        for entry in tree {
            let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
            let counterpart = other.and_then(|other| other.get_name_bytes(entry.name_bytes()));
            // What both have is compared once, from the new side.
            if counterpart.is_some() && !both {
                continue;
            }
            let same = counterpart
                .as_ref()
                .is_some_and(|there| there.id() == entry.id() && there.filemode() == entry.filemode());
            if same {
                continue;
            }
            let length = path.len();
            path.push_str(&name);
            let sub = |entry: &git2::TreeEntry<'_>| -> Result<Option<Tree<'_>>, Error> {
                let is_tree = entry.kind() == Some(ObjectType::Tree);
                Ok(if is_tree { Some(repository.find_tree(entry.id())?) } else { None })
            };
            let here = sub(&entry)?;
            let there = counterpart.as_ref().map(&sub).transpose()?.flatten();
            let is_file = here.is_none() || counterpart.is_some() && there.is_none();
            if is_file && tell(path).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if here.is_some() || there.is_some() {
                path.push('/');
                let (old, new) = if both { (there.as_ref(), here.as_ref()) } else { (here.as_ref(), None) };
                if compare(repository, old, new, path, tell)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            path.truncate(length);
        }
    }
    Ok(ControlFlow::Continue(()))
}

pub(crate) fn info(commit: &Commit<'_>) -> CommitInfo {
    let message = String::from_utf8_lossy(commit.message_bytes());
    CommitInfo {
        id: commit.id().to_string(),
        subject: message.trim_start().lines().next().unwrap_or_default().to_owned(),
        author: person(&commit.author()),
        committer: person(&commit.committer()),
        committed_at: commit.time().seconds(),
    }
}

fn person(signature: &git2::Signature<'_>) -> String {
    let name = String::from_utf8_lossy(signature.name_bytes());
    let email = String::from_utf8_lossy(signature.email_bytes());
    format!("{name} <{email}>")
}
