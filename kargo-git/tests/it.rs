//! Mirrors, checkouts, commits and pushes over real bare repositories.
#![allow(clippy::unwrap_used, reason = "what a test sets up must work, or the test has failed")]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use git2::{IndexAddOption, Repository, Signature, Time};
use kargo_git::{
    Cancel, Code, Committed, Git, Identity, Mirror, Mirrors, Push, Remote, Revision, UrlPolicy, Worktree,
};

const START: i64 = 1_700_000_000;

/// A bare repository, a clone of it to make commits in, and a folder for everything else.
struct World {
    dir: tempfile::TempDir,
    seed: Repository,
    commits: i64,
    git: Git,
}

impl World {
    fn new() -> Self {
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
    fn commit(&mut self, files: &[(&str, Option<&str>)]) -> String {
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

    fn push_seed(&self, refspec: &str) {
        self.seed.find_remote("origin").unwrap().push(&[format!("+{refspec}")], None).unwrap();
    }

    fn tag(&self, name: &str, commit: &str, annotation: Option<&str>) {
        let object = self.seed.revparse_single(commit).unwrap();
        let who = Signature::new("Tagger", "t@example.com", &Time::new(START + 10_000, 0)).unwrap();
        match annotation {
            Some(text) => drop(self.seed.tag(name, &object, &who, text, true).unwrap()),
            None => drop(self.seed.tag_lightweight(name, &object, true).unwrap()),
        }
        self.push_seed(&format!("refs/tags/{name}:refs/tags/{name}"));
    }

    fn remote(&self) -> Remote {
        let address = format!("file://{}", self.dir.path().join("demo.git").display());
        let policy = UrlPolicy { allow_file: true, allow_http: false };
        Remote::new("https://github.com/org/demo.git", &address, &policy).unwrap()
    }

    fn mirror(&self) -> Mirror {
        Mirrors::new(self.dir.path().join("mirrors"), self.git.clone()).open("demo").unwrap()
    }

    fn check_out(&self, revision: &Revision, name: &str) -> (Worktree, PathBuf) {
        let mirror = self.mirror();
        let refs = mirror.refresh(&self.remote(), &Cancel::new()).unwrap().refs;
        let path = self.dir.path().join(name);
        let (worktree, _) = mirror.check_out(&self.remote(), &refs, revision, &path).unwrap();
        (worktree, path)
    }

    fn main(&self) -> git2::Commit<'_> {
        // The seed's own view of what is pushed.
        self.seed.find_remote("origin").unwrap().fetch(&["+refs/heads/*:refs/theirs/*"], None, None).unwrap();
        self.seed.find_reference("refs/theirs/main").unwrap().peel_to_commit().unwrap()
    }

    fn file_on_main(&self, path: &str) -> String {
        let entry = self.main().tree().unwrap().get_path(Path::new(path)).unwrap();
        String::from_utf8(entry.to_object(&self.seed).unwrap().peel_to_blob().unwrap().content().to_vec())
            .unwrap()
    }
}

fn who(at: i64) -> Identity {
    Identity { name: "Kargo".into(), email: "no-reply@kargo.io".into(), at }
}

fn to_main() -> Push {
    Push::Branch { name: "main".into(), force: false }
}

#[test]
fn a_refresh_fetches_only_what_moved_and_tells_of_moved_tags() {
    let mut world = World::new();
    let first = world.commit(&[("a", Some("1"))]);
    world.tag("v1", &first, None);
    let (mirror, remote, cancel) = (world.mirror(), world.remote(), Cancel::new());
    let refreshed = mirror.refresh(&remote, &cancel).unwrap();
    assert!(refreshed.fetched && refreshed.moved.is_empty());
    assert_eq!(refreshed.refs.default_branch.as_deref(), Some("main"));
    assert_eq!(refreshed.refs.tags["v1"], first);
    assert!(!mirror.refresh(&remote, &cancel).unwrap().fetched);
    let second = world.commit(&[("a", Some("2"))]);
    world.tag("v1", &second, None);
    let moved = mirror.refresh(&remote, &cancel).unwrap().moved;
    assert_eq!((moved[0].tag.as_str(), &moved[0].from, &moved[0].to), ("v1", &first, &second));
}

#[test]
fn a_walk_knows_the_changed_paths_of_each_commit() {
    let mut world = World::new();
    world.commit(&[("helm/a/Chart.yaml", Some("1")), ("README", Some("x"))]);
    let second = world.commit(&[("helm/b/Chart.yaml", Some("1"))]);
    let third = world.commit(&[("helm/a/Chart.yaml", Some("2")), ("helm/b/Chart.yaml", None)]);
    let (mirror, remote) = (world.mirror(), world.remote());
    mirror.refresh(&remote, &Cancel::new()).unwrap();
    let mut seen = Vec::new();
    mirror
        .walk_branch("main", |commit, paths| {
            let mut changed = Vec::new();
            paths.any(|path| {
                changed.push(path.to_owned());
                false
            })?;
            changed.sort();
            seen.push((commit.id.clone(), changed.join(" ")));
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(seen[0], (third, "helm/a/Chart.yaml helm/b/Chart.yaml".to_owned()));
    assert_eq!(seen[1], (second, "helm/b/Chart.yaml".to_owned()));
    assert_eq!(seen[2].1, "README helm/a/Chart.yaml");
    let missing = mirror.walk_branch("nope", |_, _| Ok(ControlFlow::Continue(())));
    assert_eq!(missing.unwrap_err().code(), Code::NotFound);
}

#[test]
fn tags_know_their_commit_and_who_made_them() {
    let mut world = World::new();
    let first = world.commit(&[("a", Some("1"))]);
    world.tag("light", &first, None);
    world.tag("noted", &first, Some("a release\n\nwith notes"));
    let mirror = world.mirror();
    mirror.refresh(&world.remote(), &Cancel::new()).unwrap();
    let tags = mirror.tags().unwrap();
    assert_eq!(tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["light", "noted"]);
    assert!(tags.iter().all(|tag| tag.commit.id == first && tag.commit.subject == "commit 1"));
    assert_eq!((tags[0].created_at, &tags[0].tagger), (START + 60, &None));
    assert_eq!((tags[1].created_at, tags[1].annotation.as_deref()), (START + 10_000, Some("a release")));
    assert_eq!(tags[1].tagger.as_deref(), Some("Tagger <t@example.com>"));
    assert_ne!(tags[1].object, first);
}

#[test]
fn each_kind_of_revision_is_checked_out() {
    let mut world = World::new();
    let first = world.commit(&[("a", Some("1"))]);
    world.tag("v1", &first, Some("one"));
    world.commit(&[("a", Some("2"))]);
    for (revision, content, branch) in [
        (Revision::Default, "2", Some("main")),
        (Revision::Branch("main".into()), "2", Some("main")),
        (Revision::Tag("v1".into()), "1", None),
        (Revision::Commit(first.clone()), "1", None),
    ] {
        let (worktree, path) =
            world.check_out(&revision, &format!("{revision:?}").replace(['"', '(', ')'], "-"));
        assert_eq!(fs::read_to_string(path.join("a")).unwrap(), content, "{revision:?}");
        assert_eq!(worktree.branch().as_deref(), branch, "{revision:?}");
        assert_eq!(worktree.origin().as_deref(), Some("https://github.com/org/demo.git"));
    }
    let mirror = world.mirror();
    let refs = mirror.refresh(&world.remote(), &Cancel::new()).unwrap().refs;
    let nowhere = world.dir.path().join("nowhere");
    let missing = mirror.check_out(&world.remote(), &refs, &Revision::Branch("x".into()), &nowhere);
    assert_eq!(missing.unwrap_err().code(), Code::NotFound);
    assert_eq!(
        mirror.need_commit(&"0".repeat(40), &world.remote(), &Cancel::new()).unwrap_err().code(),
        Code::NotFound
    );
}

#[test]
fn a_checkout_outlives_its_mirror_and_gives_the_same_commit_again() {
    let mut world = World::new();
    world.commit(&[("a", Some("1"))]);
    let ids: Vec<String> = ["one", "two"]
        .into_iter()
        .map(|name| {
            let (worktree, path) = world.check_out(&Revision::Default, name);
            fs::remove_dir_all(world.dir.path().join("mirrors")).unwrap();
            fs::write(path.join("b"), "new").unwrap();
            match worktree.commit_all("add b", &who(START)).unwrap() {
                Committed::Made(id) => {
                    assert_eq!(
                        worktree.commit_all("again", &who(START)).unwrap(),
                        Committed::Unchanged(id.clone())
                    );
                    id
                }
                Committed::Unchanged(_) => panic!("b is new"),
            }
        })
        .collect();
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn a_push_takes_in_what_others_pushed_and_knows_its_own() {
    let mut world = World::new();
    world.commit(&[("apps.yaml", Some("one: 1\n\n\n\n\ntwo: 1\n"))]);
    let (ours, path) = world.check_out(&Revision::Default, "ours");
    world.commit(&[("apps.yaml", Some("one: 1\n\n\n\n\ntwo: 2\n"))]);
    fs::write(path.join("apps.yaml"), "one: 2\n\n\n\n\ntwo: 1\n").unwrap();
    ours.commit_all("one is 2", &who(START)).unwrap();
    let (remote, cancel) = (world.remote(), Cancel::new());
    let pushed = ours.push(&world.git, &remote, &to_main(), &cancel).unwrap();
    assert!(!pushed.there_before);
    assert_eq!(world.file_on_main("apps.yaml"), "one: 2\n\n\n\n\ntwo: 2\n");
    assert_eq!(world.main().parent_count(), 1, "history stays linear");
    assert_eq!(fs::read_to_string(path.join("apps.yaml")).unwrap(), "one: 2\n\n\n\n\ntwo: 2\n");
    assert!(ours.push(&world.git, &remote, &to_main(), &cancel).unwrap().there_before);

    // The same change, made again after the work directory was lost: it is found though its id is another.
    let mirror = world.mirror();
    let refs = mirror.refresh(&remote, &cancel).unwrap().refs;
    let base = Revision::Commit(world.main().parent(0).unwrap().parent(0).unwrap().id().to_string());
    let again = world.dir.path().join("again");
    let (again_tree, _) = mirror.check_out(&remote, &refs, &base, &again).unwrap();
    fs::write(again.join("apps.yaml"), "one: 2\n\n\n\n\ntwo: 1\n").unwrap();
    again_tree.commit_all("one is 2", &who(START)).unwrap();
    let head = world.main().id();
    assert!(again_tree.push(&world.git, &remote, &to_main(), &cancel).unwrap().there_before);
    assert_eq!(world.main().id(), head);
}

#[test]
fn changes_of_the_same_line_are_a_conflict_that_names_the_file() {
    let mut world = World::new();
    world.commit(&[("apps.yaml", Some("one: 1\n"))]);
    let (ours, path) = world.check_out(&Revision::Default, "ours");
    world.commit(&[("apps.yaml", Some("one: 3\n"))]);
    fs::write(path.join("apps.yaml"), "one: 2\n").unwrap();
    ours.commit_all("one is 2", &who(START)).unwrap();
    let error = ours.push(&world.git, &world.remote(), &to_main(), &Cancel::new()).unwrap_err();
    assert_eq!((error.code(), error.files()), (Code::Conflict, ["apps.yaml".to_owned()].as_slice()));
    assert_eq!(world.file_on_main("apps.yaml"), "one: 3\n");
}

#[test]
fn tags_are_pushed_once() {
    let mut world = World::new();
    world.commit(&[("a", Some("1"))]);
    let (ours, _) = world.check_out(&Revision::Default, "ours");
    let push = |force| Push::Tag { name: "v1".into(), force };
    let (remote, cancel) = (world.remote(), Cancel::new());
    let commit = ours.tag("v1", "one", &who(START), false).unwrap();
    assert_eq!(ours.tag("v1", "one", &who(START), false).unwrap(), commit);
    assert!(!ours.push(&world.git, &remote, &push(false), &cancel).unwrap().there_before);
    assert!(ours.push(&world.git, &remote, &push(false), &cancel).unwrap().there_before);
    let elsewhere = world.commit(&[("a", Some("2"))]);
    world.tag("v1", &elsewhere, None);
    assert_eq!(ours.push(&world.git, &remote, &push(false), &cancel).unwrap_err().code(), Code::Exists);
    assert!(ours.push(&world.git, &remote, &push(true), &cancel).is_ok());
    assert_eq!(ours.tag("-x y", "bad", &who(START), false).unwrap_err().code(), Code::BadRef);
}

#[test]
fn what_is_not_there_is_said_so() {
    let world = World::new();
    let policy = UrlPolicy { allow_file: true, allow_http: false };
    for (address, code) in [
        (format!("file://{}/none.git", world.dir.path().display()), Code::NotFound),
        ("http://127.0.0.1:9/none.git".to_owned(), Code::Unreachable),
    ] {
        let remote = Remote::new("https://example.com/none", &address, &policy).unwrap();
        let error = world.mirror().refresh(&remote, &Cancel::new()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains("https://example.com/none"), "{error}");
    }
}
