//! Reading the files: folders, single files, text at hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::UNREADABLE;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::error::Error;

/// The largest manifest file that is read, in bytes.
const MAX_FILE: u64 = 8 << 20;
/// The most files of one folder.
const MAX_FILES: usize = 10_000;
/// The project where nothing gives a name.
const DEFAULT_PROJECT: &str = "default";

/// Where manifests come from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// A folder, with all `.yaml` and `.yml` files below it (hidden ones left out), or one file.
    Path(PathBuf),
    /// Text at hand, such as standard input, and the name to call it by.
    Text {
        /// The name in diagnostics.
        name: String,
        /// The YAML.
        text: String,
    },
}

impl Input {
    /// A folder or a file.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::Path(path.into())
    }

    /// Text at hand.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Text { name: name.into(), text: text.into() }
    }
}

/// Reads the inputs in order; a folder's files come sorted by path.
pub(super) fn read(
    inputs: &[Input],
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<Arc<SourceFile>>, Error> {
    let mut files = Vec::new();
    for input in inputs {
        match input {
            Input::Text { name, text } => files.push(SourceFile::new(name, text.as_str())),
            Input::Path(path) => {
                let mut paths = Vec::new();
                list(path, true, &mut paths)?;
                paths.sort();
                files.extend(
                    paths
                        .iter()
                        .filter_map(|path| read_file(path).map_err(|said| diagnostics.push(said)).ok()),
                );
            }
        }
    }
    Ok(files)
}

/// The YAML files at or below `path`. Links to folders are not followed, so that no loop is walked.
fn list(path: &Path, named: bool, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let unreadable = |error: std::io::Error| {
        Error::new(UNREADABLE, format!("could not read {}", path.display())).with_source(error)
    };
    let metadata = if named { fs::metadata(path) } else { fs::symlink_metadata(path) };
    let metadata = metadata.map_err(unreadable)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if !entry.file_name().to_string_lossy().starts_with('.') {
                list(&entry.path(), false, found)?;
            }
        }
    } else if named || path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
        found.push(path.to_owned());
    }
    if found.len() > MAX_FILES {
        return Err(Error::new(UNREADABLE, format!("there are more than {MAX_FILES} YAML files"))
            .with_hint("name the folder that holds the Kargo manifests alone"));
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    let name = path.display().to_string();
    let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
    if size > MAX_FILE {
        return Err(Diagnostic::warning(UNREADABLE, format!("{name} has {size} bytes and is left out"))
            .with_hint(format!("a file of manifests has at most {MAX_FILE} bytes")));
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(SourceFile::new(name, text)),
        Err(error) => Err(Diagnostic::error(UNREADABLE, format!("could not read {name}: {error}"))),
    }
}

/// The project that a folder's name stands for: lower case, `-` for what a namespace cannot hold.
pub(super) fn project_name(inputs: &[Input]) -> String {
    let Some(path) = inputs.iter().find_map(|input| match input {
        Input::Path(path) => path.canonicalize().ok(),
        Input::Text { .. } => None,
    }) else {
        return DEFAULT_PROJECT.to_owned();
    };
    let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(&path) };
    let name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name: String =
        name.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }).collect();
    match name.trim_matches('-') {
        "" => DEFAULT_PROJECT.to_owned(),
        name => name.chars().take(63).collect(),
    }
}
