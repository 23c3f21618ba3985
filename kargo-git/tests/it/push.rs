//! Pushes that meet what others pushed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use kargo_git::{Cancel, Code, Push, Revision, Worktree};

use crate::world::{START, World, to_main, who};

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
    let (again_tree, _) = mirror.check_out(&remote, &refs, &base, &again, &cancel).unwrap();
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
fn changes_of_neighbouring_lines_both_land() {
    let mut world = World::new();
    world.commit(&[("apps.yaml", Some("- {app: one, rev: 1}\n- {app: two, rev: 1}\n"))]);
    let (ours, path) = world.check_out(&Revision::Default, "ours");
    world.commit(&[("apps.yaml", Some("- {app: one, rev: 1}\n- {app: two, rev: 2}\n"))]);
    fs::write(path.join("apps.yaml"), "- {app: one, rev: 2}\n- {app: two, rev: 1}\n").unwrap();
    ours.commit_all("one is 2", &who(START)).unwrap();
    ours.push(&world.git, &world.remote(), &to_main(), &Cancel::new()).unwrap();
    assert_eq!(world.file_on_main("apps.yaml"), "- {app: one, rev: 2}\n- {app: two, rev: 2}\n");
}

#[test]
fn what_was_pushed_before_is_not_pushed_over_what_came_after() {
    let mut world = World::new();
    world.commit(&[("a", Some("1\n")), ("b", Some("1\n"))]);
    let base = world.main().id().to_string();
    let edit = |name: &str| {
        let (tree, path) = world.check_out(&Revision::Commit(base.clone()), name);
        fs::write(path.join("a"), "2\n").unwrap();
        tree.commit_all("a is 2", &who(START)).unwrap();
        tree
    };
    // Two runs of one promotion from one base; the second is the one after the kill.
    let (first, second) = (edit("first"), edit("second"));
    let (other, path) = world.check_out(&Revision::Default, "other");
    fs::write(path.join("b"), "2\n").unwrap();
    other.commit_all("b is 2", &who(START)).unwrap();
    let (remote, cancel) = (world.remote(), Cancel::new());
    other.push(&world.git, &remote, &to_main(), &cancel).unwrap();
    first.push(&world.git, &remote, &to_main(), &cancel).unwrap();
    let (revert, path) = world.check_out(&Revision::Default, "revert");
    fs::write(path.join("a"), "1\n").unwrap();
    revert.commit_all("a is 1 again", &who(START + 60)).unwrap();
    revert.push(&world.git, &remote, &to_main(), &cancel).unwrap();
    let head = world.main().id();
    assert!(second.push(&world.git, &remote, &to_main(), &cancel).unwrap().there_before);
    assert_eq!((world.main().id(), world.file_on_main("a")), (head, "1\n".to_owned()));
}

#[test]
fn many_who_push_at_once_all_land() {
    const MANY: usize = 6;
    let mut world = World::new();
    let lines: String = (0..MANY).map(|app| format!("app{app}: 1\n")).collect();
    world.commit(&[("apps.yaml", Some(&lines))]);
    let trees: Vec<(Worktree, _)> =
        (0..MANY).map(|app| world.check_out(&Revision::Default, &format!("w{app}"))).collect();
    let (git, remote) = (&world.git, &world.remote());
    thread::scope(|scope| {
        for (app, (tree, path)) in trees.into_iter().enumerate() {
            scope.spawn(move || {
                let file = path.join("apps.yaml");
                let changed = fs::read_to_string(&file)
                    .unwrap()
                    .replace(&format!("app{app}: 1"), &format!("app{app}: 2"));
                fs::write(&file, changed).unwrap();
                tree.commit_all(&format!("app{app}"), &who(START)).unwrap();
                loop {
                    match tree.push(git, remote, &to_main(), &Cancel::new()) {
                        Ok(_) => break,
                        Err(error) => assert_eq!(error.code(), Code::NonFastForward, "{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(world.file_on_main("apps.yaml"), lines.replace(": 1", ": 2"));
    assert_eq!(world.main().parent_count(), 1);
}

#[test]
fn a_push_that_the_server_declines_is_not_one_that_came_too_late() {
    let mut world = World::new();
    world.commit(&[("a", Some("1"))]);
    let hook = world.dir.path().join("demo.git/hooks/pre-receive");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\necho protected >&2\nexit 1\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let (ours, path) = world.check_out(&Revision::Default, "ours");
    fs::write(path.join("a"), "2").unwrap();
    ours.commit_all("a is 2", &who(START)).unwrap();
    let error = ours.push(&world.git, &world.remote(), &to_main(), &Cancel::new()).unwrap_err();
    assert_eq!(error.code(), Code::Declined, "{error}");
    assert!(error.to_string().contains("protected"), "{error}");
}
