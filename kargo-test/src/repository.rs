//! Bare repositories, made from files in the text of a test. Identities and dates are fixed, so that the same calls
//! give the same ids.

use std::path::{Path, PathBuf};

use git2::{
    Index, IndexEntry, IndexTime, ObjectType, Oid, Repository, RepositoryInitOptions, Signature, Time,
};

/// The date of the first commit, in seconds since 1970; each one after it is a minute later.
const FIRST_DATE: i64 = 1_700_000_000;

/// A bare repository in a folder.
///
/// ```
/// use kargo_test::BareRepository;
///
/// let dir = tempfile::tempdir()?;
/// let repository = BareRepository::create(dir.path().join("demo.git"))?;
/// let first = repository.commit("main", &[("Chart.yaml", "version: 1.0.0\n")], "first")?;
/// repository.tag("v1.0.0", &first)?;
/// assert_eq!(repository.file("main", "Chart.yaml")?, "version: 1.0.0\n");
/// assert_eq!(repository.commit_of("refs/tags/v1.0.0")?, Some(first));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BareRepository {
    path: PathBuf,
}

/// One commit of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitOnBranch {
    /// The id.
    pub id: String,
    /// The whole message.
    pub message: String,
    /// `Name <email>`.
    pub author: String,
}

impl BareRepository {
    /// Makes an empty repository whose default branch is `main`.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, git2::Error> {
        let path = path.into();
        let mut options = RepositoryInitOptions::new();
        options.bare(true).mkpath(true).initial_head("main").external_template(false);
        Repository::init_opts(&path, &options)?;
        Ok(Self { path })
    }

    /// Opens one that is there.
    ///
    /// # Errors
    /// Where it is not.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, git2::Error> {
        let path = path.into();
        Repository::open_bare(&path)?;
        Ok(Self { path })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn git(&self) -> Result<Repository, git2::Error> {
        Repository::open_bare(&self.path)
    }

    /// Commits files on top of a branch, which is made where it is not there, and says the commit's id. Files that
    /// are not named stay as they are.
    ///
    /// # Errors
    /// Where the repository cannot be written, or a path is none for git.
    pub fn commit(&self, branch: &str, files: &[(&str, &str)], message: &str) -> Result<String, git2::Error> {
        let git = self.git()?;
        let name = format!("refs/heads/{branch}");
        let parent = git.find_reference(&name).ok().map(|tip| tip.peel_to_commit()).transpose()?;
        let mut index = Index::new()?;
        if let Some(parent) = &parent {
            index.read_tree(&parent.tree()?)?;
        }
        for (path, content) in files {
            let id = git.blob(content.as_bytes())?;
            index.add(&entry(path, id))?;
        }
        let tree = git.find_tree(index.write_tree_to(&git)?)?;
        let who = self.seed(&git)?;
        let parents: Vec<_> = parent.iter().collect();
        Ok(git.commit(Some(&name), &who, &who, message, &tree, &parents)?.to_string())
    }

    /// Who makes the next commit, and when.
    fn seed(&self, git: &Repository) -> Result<Signature<'static>, git2::Error> {
        let mut commits = 0;
        git.odb()?.foreach(|id| {
            commits += i64::from(git.find_object(*id, Some(ObjectType::Commit)).is_ok());
            true
        })?;
        Signature::new("Seed", "seed@example.com", &Time::new(FIRST_DATE + 60 * commits, 0))
    }

    /// Makes or moves a lightweight tag.
    ///
    /// # Errors
    /// Where there is no such commit, or the name is none for a tag.
    pub fn tag(&self, name: &str, commit: &str) -> Result<(), git2::Error> {
        let git = self.git()?;
        let object = git.find_object(Oid::from_str(commit)?, None)?;
        git.tag_lightweight(name, &object, true).map(drop)
    }

    /// The names of all tags, in order.
    ///
    /// # Errors
    /// Where the repository cannot be read.
    pub fn tags(&self) -> Result<Vec<String>, git2::Error> {
        let git = self.git()?;
        let mut tags = Vec::new();
        git.tag_foreach(|_, name| {
            tags.push(String::from_utf8_lossy(name).trim_start_matches("refs/tags/").to_owned());
            true
        })?;
        tags.sort();
        Ok(tags)
    }

    /// The commit that a ref such as `refs/tags/v1` leads to; `None` where there is no such ref.
    ///
    /// # Errors
    /// Where the repository cannot be read.
    pub fn commit_of(&self, name: &str) -> Result<Option<String>, git2::Error> {
        match self.git()?.find_reference(name) {
            Ok(reference) => Ok(Some(reference.peel_to_commit()?.id().to_string())),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The content of a file at the tip of a branch.
    ///
    /// # Errors
    /// Where there is no such branch or file.
    pub fn file(&self, branch: &str, path: &str) -> Result<String, git2::Error> {
        let git = self.git()?;
        let tree = git.find_reference(&format!("refs/heads/{branch}"))?.peel_to_tree()?;
        let blob = tree.get_path(Path::new(path))?.to_object(&git)?.peel_to_blob()?;
        Ok(String::from_utf8_lossy(blob.content()).into_owned())
    }

    /// The commits of a branch, newest first.
    ///
    /// # Errors
    /// Where there is no such branch.
    pub fn log(&self, branch: &str) -> Result<Vec<CommitOnBranch>, git2::Error> {
        let git = self.git()?;
        let mut walk = git.revwalk()?;
        walk.push_ref(&format!("refs/heads/{branch}"))?;
        walk.map(|id| {
            let commit = git.find_commit(id?)?;
            let author = commit.author();
            Ok(CommitOnBranch {
                id: commit.id().to_string(),
                message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
                author: format!(
                    "{} <{}>",
                    String::from_utf8_lossy(author.name_bytes()),
                    String::from_utf8_lossy(author.email_bytes())
                ),
            })
        })
        .collect()
    }
}

fn entry(path: &str, id: Oid) -> IndexEntry {
    let zero = IndexTime::new(0, 0);
    IndexEntry {
        ctime: zero,
        mtime: zero,
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}
