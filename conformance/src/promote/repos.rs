//! Real repositories, seeded as the corpus was made, and what is in them afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A commit of a seed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Commit {
    message: String,
    branch: String,
    tag: String,
    files: BTreeMap<String, Value>,
}

/// The bare repositories of one case.
pub(super) struct Repos {
    root: PathBuf,
    /// The ids that the seeds have, which are known.
    seeded: BTreeSet<String>,
}

impl Repos {
    /// Makes them below `root`.
    pub(super) fn make(root: &Path, repos: &BTreeMap<String, Vec<Commit>>) -> Result<Self, String> {
        fs::create_dir_all(root).map_err(|error| error.to_string())?;
        let mut made = Self { root: root.to_owned(), seeded: BTreeSet::new() };
        for (name, commits) in repos {
            made.seed(name, commits)?;
        }
        Ok(made)
    }

    fn seed(&mut self, name: &str, commits: &[Commit]) -> Result<(), String> {
        let (bare, work) = (self.root.join(name), self.root.join(format!("{name}.seed")));
        git(&self.root, &["init", "-q", "--bare", "-b", "main", name], 0)?;
        git(&self.root, &["init", "-q", "-b", "main", &work.display().to_string()], 0)?;
        let mut branches = BTreeSet::from(["main".to_owned()]);
        for (index, commit) in commits.iter().enumerate() {
            if !commit.branch.is_empty() {
                let new = branches.insert(commit.branch.clone());
                let flags: &[&str] = if new { &["checkout", "-q", "-b"] } else { &["checkout", "-q"] };
                git(&work, &[flags, &[&commit.branch]].concat(), index)?;
            }
            for (path, content) in &commit.files {
                put(&work.join(path), content)?;
            }
            git(&work, &["add", "-A"], index)?;
            git(&work, &["commit", "-q", "--allow-empty", "--no-verify", "-m", &commit.message], index)?;
            if !commit.tag.is_empty() {
                git(&work, &["tag", &commit.tag], index)?;
            }
        }
        git(&work, &["push", "-q", "--all", &bare.display().to_string()], 0)?;
        git(&work, &["push", "-q", "--tags", &bare.display().to_string()], 0)?;
        self.seeded.extend(git(&bare, &["rev-list", "--all"], 0)?.lines().map(str::to_owned));
        fs::remove_dir_all(&work).map_err(|error| error.to_string())
    }

    /// The folder that holds them.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// `text` with each id of 40 digits that no seed has replaced by a placeholder.
    pub(super) fn hide_new_commits(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
            let length = rest[start..].find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len() - start);
            let id = &rest[start..start + length];
            out.push_str(&rest[..start]);
            out.push_str(if length == 40 && !self.seeded.contains(id) { "<NEWCOMMIT>" } else { id });
            rest = &rest[start + length..];
        }
        out + rest
    }

    /// Each reference of a repository with its files and the commits behind it, oldest first.
    pub(super) fn after(&self, name: &str) -> Result<Value, String> {
        let bare = self.root.join(name);
        let refs = git(&bare, &["for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags"], 0)?;
        let mut found = Map::new();
        for reference in refs.lines() {
            found.insert(
                reference.to_owned(),
                json!({ "files": files(&bare, reference)?, "log": log(&bare, reference)? }),
            );
        }
        Ok(found.into())
    }
}

fn files(bare: &Path, reference: &str) -> Result<Value, String> {
    let paths = git(bare, &["ls-tree", "-r", "-z", "--name-only", reference], 0)?;
    let paths = paths.split('\0').filter(|path| !path.is_empty());
    paths
        .map(|path| {
            Ok((path.to_owned(), Value::from(git(bare, &["show", &format!("{reference}:{path}")], 0)?)))
        })
        .collect::<Result<Map<_, _>, String>>()
        .map(Value::from)
}

fn log(bare: &Path, reference: &str) -> Result<Value, String> {
    let format = "--format=%an <%ae>%x00%cn <%ce>%x00%B%x01";
    let text = git(bare, &["log", "--reverse", format, reference], 0)?;
    let commits = text.split('\u{1}').map(str::trim_start).filter(|commit| !commit.is_empty());
    let fields = commits.map(|commit| commit.split('\0').collect::<Vec<_>>());
    Ok(fields
        .map(|fields| json!({ "author": fields[0], "committer": fields.get(1), "message": fields.get(2).map(|text| text.trim_end()) }))
        .collect())
}

fn put(target: &Path, content: &Value) -> Result<(), String> {
    let io = |error: std::io::Error| error.to_string();
    let Some(text) = content.as_str() else {
        return fs::remove_file(target).map_err(io);
    };
    target.parent().map_or(Ok(()), fs::create_dir_all).map_err(io)?;
    fs::write(target, text).map_err(io)
}

/// Runs git with nothing of this machine's configuration, at the time that the seed's commit of this number has.
fn git(dir: &Path, args: &[&str], commit: usize) -> Result<String, String> {
    let date = format!("{} +0000", 1_700_000_000 + 60 * commit);
    let mut command = Command::new("git");
    command.current_dir(dir).args(args);
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Seed"),
        ("GIT_AUTHOR_EMAIL", "seed@example.com"),
        ("GIT_COMMITTER_NAME", "Seed"),
        ("GIT_COMMITTER_EMAIL", "seed@example.com"),
        ("GIT_AUTHOR_DATE", &date),
        ("GIT_COMMITTER_DATE", &date),
    ] {
        command.env(name, value);
    }
    let output = command.output().map_err(|error| format!("git: {error}"))?;
    if !output.status.success() {
        return Err(format!("git {args:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
