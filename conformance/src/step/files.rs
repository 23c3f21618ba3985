//! The files of a case: as it gives them, and as it wants them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

/// One file, link or empty directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    File { content: Vec<u8>, mode: u32 },
    Link(String),
    Directory { mode: u32 },
}

/// How files of a case are made where it says nothing: readable by everybody.
const MODE: u32 = 0o644;

impl Entry {
    /// What `files` of a case's input says.
    pub(super) fn from_input(json: &Json) -> Result<Self, String> {
        let file = |content: Vec<u8>| Self::File { content, mode: MODE };
        if let Some(text) = json.as_str() {
            return Ok(file(text.into()));
        }
        if let Some(target) = json["symlink"].as_str() {
            return Ok(Self::Link(target.to_owned()));
        }
        if json.get("dir").is_some() {
            return Ok(Self::Directory { mode: 0o755 });
        }
        if let Some(encoded) = json["b64"].as_str() {
            return STANDARD.decode(encoded).map(file).map_err(|error| error.to_string());
        }
        if let Some(size) = json["zeros"].as_u64() {
            return Ok(file(vec![0; usize::try_from(size).map_err(|error| error.to_string())?]));
        }
        let text = json["content"].as_str().ok_or_else(|| format!("a file of an unknown kind: {json}"))?;
        let mode = json["mode"].as_str().and_then(|mode| u32::from_str_radix(mode, 8).ok()).unwrap_or(MODE);
        Ok(Self::File { content: text.into(), mode })
    }

    pub(super) fn create(&self, path: &Path) -> io::Result<()> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        match self {
            Self::Link(target) => symlink(target, path),
            Self::Directory { .. } => fs::create_dir_all(path),
            Self::File { content, mode } => {
                fs::write(path, content)?;
                fs::set_permissions(path, fs::Permissions::from_mode(*mode))
            }
        }
    }

    /// As `files_after` shows it.
    fn shown(&self) -> Json {
        match self {
            Self::Link(target) => json!({ "symlink": target }),
            Self::Directory { .. } => json!({ "dir": true }),
            Self::File { content, .. } => match std::str::from_utf8(content) {
                Ok(text) => json!(text),
                Err(_) => json!({ "b64": STANDARD.encode(content) }),
            },
        }
    }
}

/// The files of a work directory, by path; without git's own and the clones at its top.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tree(BTreeMap<String, Entry>);

impl Tree {
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.add(root, "")?;
        Ok(tree)
    }

    fn add(&mut self, directory: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let metadata = entry.path().symlink_metadata()?;
            let is_gits = name == ".git" && (metadata.is_file() || entry.path().join("HEAD").exists());
            if is_gits || (prefix.is_empty() && name.starts_with("repo-")) {
                continue;
            }
            let mode = metadata.permissions().mode() & 0o7777;
            if metadata.is_dir() {
                self.add(&entry.path(), &format!("{path}/"))?;
                self.0.insert(path, Entry::Directory { mode });
            } else if metadata.is_symlink() {
                let target = fs::read_link(entry.path())?.to_string_lossy().into_owned();
                self.0.insert(path, Entry::Link(target));
            } else {
                self.0.insert(path, Entry::File { content: fs::read(entry.path())?, mode });
            }
        }
        Ok(())
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        match self.0.get(path)? {
            Entry::File { content, .. } => std::str::from_utf8(content).ok(),
            _ => None,
        }
    }

    /// The mode of a file or directory as four octal digits.
    pub(super) fn mode(&self, path: &str) -> Option<String> {
        match self.0.get(path)? {
            Entry::File { mode, .. } | Entry::Directory { mode } => Some(format!("{mode:04o}")),
            Entry::Link(_) => None,
        }
    }

    /// What `self` has otherwise than `before`: the new content, or null where it is gone. Modes aside.
    pub(super) fn changed_since(&self, before: &Self) -> BTreeMap<String, Json> {
        let gone = before.0.keys().filter(|path| !self.0.contains_key(*path));
        let gone = gone.map(|path| (path.clone(), Json::Null));
        let shown = |tree: &Self, path: &str| tree.0.get(path).map(Entry::shown);
        let new = self.0.iter().map(|(path, entry)| (path.clone(), entry.shown()));
        new.filter(|(path, now)| shown(before, path).as_ref() != Some(now)).chain(gone).collect()
    }
}
