//! Repositories, names and messages that mean harm.

use std::fs;

use git2::{ObjectType, Oid};
use kargo_git::{Cancel, Code, Identity, Push, Revision, Worktree};

use crate::world::{START, World, to_main, who};

/// A tree with one file under a name that git's own tools would not write.
fn tree(world: &World, mode: &str, name: &[u8], content: &[u8]) -> Oid {
    let odb = world.seed.odb().unwrap();
    let blob = if mode == "40000" {
        tree(world, "100755", b"pre-commit", content)
    } else {
        odb.write(ObjectType::Blob, content).unwrap()
    };
    let mut raw = format!("{mode} ").into_bytes();
    raw.extend_from_slice(name);
    raw.push(0);
    raw.extend_from_slice(blob.as_bytes());
    odb.write(ObjectType::Tree, &raw).unwrap()
}

#[test]
fn trees_do_not_leave_their_folder() {
    let mut world = World::new();
    world.commit(&[("a", Some("1"))]);
    let mut names: Vec<Vec<u8>> = Vec::new();
    for name in [
        ".git",
        ".GIT",
        "..",
        ".",
        "../escaped",
        "/escaped",
        "x/../../escaped",
        ".git/config",
        "git~1",
        ".git ",
        ".git.",
    ] {
        names.push(name.as_bytes().to_vec());
    }
    names.push(".g\u{200c}it".as_bytes().to_vec());
    for (index, name) in names.iter().enumerate() {
        for mode in ["100644", "120000", "40000"] {
            let shown = format!("{mode} {}", String::from_utf8_lossy(name));
            let id = tree(&world, mode, name, b"../../escaped");
            let what = world.seed.odb().unwrap();
            let commit =
                format!("tree {id}\nauthor A <a@b> {START} +0000\ncommitter A <a@b> {START} +0000\n\nbad\n");
            let commit = what.write(ObjectType::Commit, commit.as_bytes()).unwrap();
            let branch = format!("bad{index}-{mode}");
            world.seed.reference(&format!("refs/heads/{branch}"), commit, true, "").unwrap();
            world.push_seed(&format!("refs/heads/{branch}:refs/heads/{branch}"));
            let mirror = world.mirror();
            let refs = mirror.refresh(&world.remote(), &Cancel::new()).unwrap().refs;
            let into = world.dir.path().join("inner").join(&branch);
            let _ =
                mirror.check_out(&world.remote(), &refs, &Revision::Branch(branch), &into, &Cancel::new());
            assert!(!world.dir.path().join("escaped").exists(), "{shown}");
            assert!(!world.dir.path().join("inner/escaped").exists(), "{shown}");
            assert!(!into.join(".git/hooks/pre-commit").exists(), "{shown}");
            assert!(!into.join(".git/pre-commit").exists(), "{shown}");
            let settings = fs::read_to_string(into.join(".git/config")).unwrap_or_default();
            assert!(!settings.contains("escaped"), "{shown}");
        }
    }
}

#[test]
fn a_name_that_is_a_link_and_a_folder_is_not_followed() {
    let mut world = World::new();
    let outside = world.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    world.commit(&[("a", Some("1"))]);
    let odb = world.seed.odb().unwrap();
    let link = odb.write(ObjectType::Blob, outside.to_str().unwrap().as_bytes()).unwrap();
    let folder = tree(&world, "100644", b"file", b"x");
    let raw = [b"120000 a\0", link.as_bytes(), b"40000 a\0", folder.as_bytes()].concat();
    let id = odb.write(ObjectType::Tree, &raw).unwrap();
    let raw = format!("tree {id}\nauthor A <a@b> {START} +0000\ncommitter A <a@b> {START} +0000\n\nbad\n");
    let commit = odb.write(ObjectType::Commit, raw.as_bytes()).unwrap();
    world.push_seed(&format!("{commit}:refs/heads/bad"));
    let mirror = world.mirror();
    let refs = mirror.refresh(&world.remote(), &Cancel::new()).unwrap().refs;
    let into = world.dir.path().join("ours");
    let _ = mirror.check_out(&world.remote(), &refs, &Revision::Branch("bad".into()), &into, &Cancel::new());
    assert!(!outside.join("file").exists());
}

#[test]
fn a_link_in_a_tree_is_not_followed() {
    let mut world = World::new();
    let outside = world.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    world.commit(&[("a", Some("1"))]);
    let root = world.seed.workdir().unwrap().to_owned();
    std::os::unix::fs::symlink(&outside, root.join("link")).unwrap();
    let with_link = world.commit(&[]);
    fs::remove_file(root.join("link")).unwrap();
    let with_folder = world.commit(&[("link/file", Some("x"))]);
    let (tree, path) = world.check_out(&Revision::Commit(with_link), "ours");
    assert!(fs::symlink_metadata(path.join("link")).unwrap().is_symlink());
    // A push that takes the folder in puts it where the link was, not through it.
    fs::write(path.join("b"), "x").unwrap();
    tree.commit_all("b", &who(START)).unwrap();
    tree.push(&world.git, &world.remote(), &to_main(), &Cancel::new()).unwrap();
    assert!(!outside.join("file").exists());
    assert!(path.join("link/file").exists());
    assert_eq!(world.main().parent_id(0).unwrap().to_string(), with_folder);
}

#[test]
fn people_and_messages_stay_what_they_are() {
    let mut world = World::new();
    world.commit(&[("a", Some("1"))]);
    let (tree, path) = world.check_out(&Revision::Default, "ours");
    fs::write(path.join("a"), "2").unwrap();
    let evil = Identity {
        name: "A\nparent 0000000000000000000000000000000000000000\0>".to_owned(),
        email: "<x@y>\ncommitter Z <z@z> 0 +0000".to_owned(),
        at: START,
    };
    tree.commit_all("-m --amend\0\n\nbody", &evil).unwrap();
    tree.push(&world.git, &world.remote(), &to_main(), &Cancel::new()).unwrap();
    let head = world.main();
    assert_eq!(head.author().name().unwrap(), "Aparent 0000000000000000000000000000000000000000");
    assert_eq!(head.committer().email().unwrap(), "x@ycommitter Z z@z 0 +0000");
    assert_eq!((head.parent_count(), head.message().unwrap()), (1, "-m --amend\n\nbody\n"));
    fs::write(path.join("a"), "3").unwrap();
    assert_eq!(tree.commit_all(" \n", &who(START)).unwrap_err().code(), Code::Failed);
    let nobody = Identity { name: "<>".to_owned(), email: String::new(), at: START };
    assert_eq!(tree.commit_all("x", &nobody).unwrap_err().code(), Code::Failed);
}

#[test]
fn names_are_never_flags() {
    let mut world = World::new();
    world.commit(&[("a", Some("1"))]);
    let (tree, path) = world.check_out(&Revision::Default, "ours");
    fs::write(path.join("a"), "2").unwrap();
    tree.commit_all("x", &who(START)).unwrap();
    for name in
        ["--receive-pack=id", "-f", "a b", "a..b", "a:b", "+a", "", "a\nb", "a~1", "@{-1}", "x.lock", "/x"]
    {
        let pushed = tree.push(
            &world.git,
            &world.remote(),
            &Push::Branch { name: name.to_owned(), force: false },
            &Cancel::new(),
        );
        // What git allows as a name is one; the rest is refused before git sees it.
        match pushed {
            Ok(_) => assert!(["--receive-pack=id", "-f", "+a"].contains(&name), "{name:?}"),
            Err(error) => assert_eq!(error.code(), Code::BadRef, "{name:?}: {error}"),
        }
    }
}

#[test]
fn another_repository_inside_is_not_taken_for_ones_own() {
    let mut world = World::new();
    world.commit(&[("a", Some("1"))]);
    let (_, path) = world.check_out(&Revision::Default, "ours");
    git2::Repository::init_bare(path.join("bare")).unwrap();
    fs::create_dir(path.join("linked")).unwrap();
    fs::write(path.join("linked/.git"), format!("gitdir: {}/.git\n", path.display())).unwrap();
    for folder in ["bare", "linked", "a", "nothing"] {
        assert_eq!(Worktree::open(&path.join(folder)).unwrap_err().code(), Code::NotFound, "{folder}");
    }
    assert!(Worktree::open(&path).is_ok());
}
