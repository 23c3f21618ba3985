//! Mirrors, checkouts, commits and pushes over real bare repositories.
#![allow(clippy::unwrap_used, reason = "what a test sets up must work, or the test has failed")]

mod hostile;
mod http;
mod push;
mod world;

use std::fs;
use std::ops::ControlFlow;

use kargo_git::{Cancel, Code, Committed, Remote, Revision, UrlPolicy};

use crate::world::{START, World, who};

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
    let missing =
        mirror.check_out(&world.remote(), &refs, &Revision::Branch("x".into()), &nowhere, &Cancel::new());
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

#[test]
fn what_a_killed_process_left_is_no_obstacle() {
    let mut world = World::new();
    world.commit(&[("a", Some("1"))]);
    fs::create_dir_all(world.dir.path().join(".ours.kargo-checkout/.git")).unwrap();
    fs::create_dir_all(world.dir.path().join("mirrors")).unwrap();
    let (_, path) = world.check_out(&Revision::Default, "ours");
    assert!(path.join("a").exists());
    assert!(!world.dir.path().join(".ours.kargo-checkout").exists());
    // A failure leaves nothing, a folder with something in it stays as it is.
    let (mirror, remote, cancel) = (world.mirror(), world.remote(), Cancel::new());
    let refs = mirror.refresh(&remote, &cancel).unwrap().refs;
    let again = mirror.check_out(&remote, &refs, &Revision::Default, &path, &cancel);
    assert_eq!(again.unwrap_err().code(), Code::Exists);
    let nowhere = world.dir.path().join("nowhere");
    let missing = mirror.check_out(&remote, &refs, &Revision::Tag("x".into()), &nowhere, &cancel);
    assert_eq!(missing.unwrap_err().code(), Code::NotFound);
    assert!(mirror.check_out(&remote, &refs, &Revision::Default, &nowhere, &cancel).is_ok());
}

#[test]
fn a_commit_that_no_branch_leads_to_is_had_by_its_id() {
    let mut world = World::new();
    let first = world.commit(&[("a", Some("1"))]);
    let lost = world.commit(&[("a", Some("2"))]);
    world.push_seed(&format!("{first}:refs/heads/main"));
    let (mirror, remote, cancel) = (world.mirror(), world.remote(), Cancel::new());
    mirror.need_commit(&lost, &remote, &cancel).unwrap();
    // And the next refresh leaves it alone.
    mirror.refresh(&remote, &cancel).unwrap();
    let unreachable = Remote::new("x", "http://127.0.0.1:9/x.git", &UrlPolicy::default()).unwrap();
    mirror.need_commit(&lost, &unreachable, &cancel).unwrap();
}

#[test]
fn a_mirror_that_another_works_on_is_waited_for_until_cancelled() {
    let mut world = World::new();
    world.commit(&[("a", Some("1"))]);
    let mirror = world.mirror();
    mirror.refresh(&world.remote(), &Cancel::new()).unwrap();
    let lock = fs::read_dir(world.dir.path().join("mirrors")).unwrap().flatten();
    let lock = lock.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|it| it == "lock"));
    let held = fs::File::open(lock.unwrap()).unwrap();
    held.lock().unwrap();
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(mirror.refresh(&world.remote(), &cancel).unwrap_err().code(), Code::Cancelled);
    drop(held);
    assert!(mirror.refresh(&world.remote(), &Cancel::new()).is_ok());
}
