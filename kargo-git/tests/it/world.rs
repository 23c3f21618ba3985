//! The world of the tests: a remote, somebody who pushes to it, and what is looked at from here.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{IndexAddOption, Repository, Signature, Time};
use kargo_git::{Cancel, Git, Identity, Mirror, Mirrors, Push, Remote, Revision, UrlPolicy, Worktree};

pub(crate) const START: i64 = 1_700_000_000;

/// A bare repository, a clone of it to make commits in, and a folder for everything else.
pub(crate) struct World {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) seed: Repository,
    commits: i64,
    pub(crate) git: Git,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).initial_head("main");
        Repository::init_opts(dir.path().join("demo.git"), &options).unwrap();
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main");
        let seed = Repository::init_opts(dir.path().join("seed"), &options).unwrap();
        seed.remote("origin", dir.path().join("demo.git").to_str().unwrap()).unwrap();
        Self { dir, seed, commits: 0, git: Git::find().unwrap() }
    }

    /// Commits files to `main` and pushes; `None` removes one.
    pub(crate) fn commit(&mut self, files: &[(&str, Option<&str>)]) -> String {
        let root = self.seed.workdir().unwrap().to_owned();
        for (path, content) in files {
            let path = root.join(path);
            match content {
                Some(content) => {
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, content).unwrap();
                }
                None => fs::remove_file(path).unwrap(),
            }
        }
        let mut index = self.seed.index().unwrap();
        index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
        index.update_all(["*"], None).unwrap();
        let tree = self.seed.find_tree(index.write_tree().unwrap()).unwrap();
        index.write().unwrap();
        self.commits += 1;
        let who =
            Signature::new("Seed", "seed@example.com", &Time::new(START + 60 * self.commits, 0)).unwrap();
        let parent = self.seed.head().ok().and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<_> = parent.iter().collect();
        let message = format!("commit {}\n\nwith a body\n", self.commits);
        let id = self.seed.commit(Some("HEAD"), &who, &who, &message, &tree, &parents).unwrap();
        self.push_seed("refs/heads/main:refs/heads/main");
        id.to_string()
    }

    pub(crate) fn push_seed(&self, refspec: &str) {
        self.seed.find_remote("origin").unwrap().push(&[format!("+{refspec}")], None).unwrap();
    }

    pub(crate) fn tag(&self, name: &str, commit: &str, annotation: Option<&str>) {
        let object = self.seed.revparse_single(commit).unwrap();
        let who = Signature::new("Tagger", "t@example.com", &Time::new(START + 10_000, 0)).unwrap();
        match annotation {
            Some(text) => drop(self.seed.tag(name, &object, &who, text, true).unwrap()),
            None => drop(self.seed.tag_lightweight(name, &object, true).unwrap()),
        }
        self.push_seed(&format!("refs/tags/{name}:refs/tags/{name}"));
    }

    pub(crate) fn remote(&self) -> Remote {
        let address = format!("file://{}", self.dir.path().join("demo.git").display());
        let policy = UrlPolicy { allow_file: true, allow_http: false };
        Remote::new("https://github.com/org/demo.git", &address, &policy).unwrap()
    }

    pub(crate) fn mirror(&self) -> Mirror {
        Mirrors::new(self.dir.path().join("mirrors"), self.git.clone()).open("demo").unwrap()
    }

    pub(crate) fn check_out(&self, revision: &Revision, name: &str) -> (Worktree, PathBuf) {
        let mirror = self.mirror();
        let refs = mirror.refresh(&self.remote(), &Cancel::new()).unwrap().refs;
        let path = self.dir.path().join(name);
        let (worktree, _) = mirror.check_out(&self.remote(), &refs, revision, &path, &Cancel::new()).unwrap();
        (worktree, path)
    }

    pub(crate) fn main(&self) -> git2::Commit<'_> {
        // The seed's own view of what is pushed.
        self.seed.find_remote("origin").unwrap().fetch(&["+refs/heads/*:refs/theirs/*"], None, None).unwrap();
        self.seed.find_reference("refs/theirs/main").unwrap().peel_to_commit().unwrap()
    }

    pub(crate) fn file_on_main(&self, path: &str) -> String {
        let entry = self.main().tree().unwrap().get_path(Path::new(path)).unwrap();
        String::from_utf8(entry.to_object(&self.seed).unwrap().peel_to_blob().unwrap().content().to_vec())
            .unwrap()
    }
}

pub(crate) fn who(at: i64) -> Identity {
    Identity { name: "Kargo".into(), email: "no-reply@kargo.io".into(), at }
}

pub(crate) fn to_main() -> Push {
    Push::Branch { name: "main".into(), force: false }
}
