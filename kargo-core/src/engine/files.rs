//! The work directory of one Promotion over passes and restarts: whether its files can be trusted.
//!
//! Beside the directory lies a mark. While a step runs that may write files it says `dirty`; after the step's
//! outcome is in the journal it holds the sequence number of that record. A kill therefore leaves files that are
//! as the journal says, or files that must be made again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::WORK_DIR;
use crate::error::Error;
use crate::workdir::WorkDir;

const DIRTY: &str = "dirty";

/// The files of one Promotion.
pub(super) struct Files {
    dir: PathBuf,
    mark: PathBuf,
}

impl Files {
    /// The files of the Promotion with this uid below `root`.
    pub(super) fn new(root: &Path, uid: &str) -> Self {
        Self { dir: root.join(uid), mark: root.join(format!("{uid}.mark")) }
    }

    /// Opens the directory, which is made where it is not there.
    pub(super) fn open(&self) -> Result<WorkDir, Error> {
        WorkDir::create(&self.dir)
    }

    /// Whether the files are as the journal says. `last` is the sequence number of the last outcome of a step that
    /// may have written files; `None` where there is none yet, and files that somebody put there are welcome.
    pub(super) fn are_current(&self, last: Option<u64>) -> bool {
        let mark = fs::read_to_string(&self.mark).unwrap_or_default();
        match last {
            None => mark.is_empty(),
            Some(last) => self.dir.is_dir() && mark == last.to_string(),
        }
    }

    /// Says that a step may be writing.
    pub(super) fn mark_dirty(&self) -> Result<(), Error> {
        self.write_mark(DIRTY)
    }

    /// Says that the files are as the record `sequence` has it.
    pub(super) fn mark_current(&self, sequence: u64) -> Result<(), Error> {
        self.write_mark(&sequence.to_string())
    }

    /// Says that no step has written yet.
    pub(super) fn unmark(&self) -> Result<(), Error> {
        remove(fs::remove_file(&self.mark)).map_err(|error| failure("mark", &self.mark, error))
    }

    fn write_mark(&self, text: &str) -> Result<(), Error> {
        if let Some(root) = self.mark.parent() {
            WorkDir::create(root)?;
        }
        fs::write(&self.mark, text).map_err(|error| failure("mark", &self.mark, error))
    }

    /// Removes the files, not the mark.
    pub(super) fn clear(&self) -> Result<(), Error> {
        remove(fs::remove_dir_all(&self.dir)).map_err(|error| failure("clear", &self.dir, error))
    }

    /// Removes files and mark.
    pub(super) fn remove(&self) -> Result<(), Error> {
        self.clear()?;
        self.unmark()
    }
}

/// What is not there need not be removed.
fn remove(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn failure(verb: &str, path: &Path, error: io::Error) -> Error {
    Error::new(WORK_DIR, format!("could not {verb} the work directory {}", path.display())).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_trusted_only_where_the_mark_agrees_with_the_journal() {
        let root = tempfile::tempdir().unwrap();
        let files = Files::new(root.path(), "u1");
        assert!(files.are_current(None));
        assert!(!files.are_current(Some(3)), "no directory");
        files.open().unwrap();
        assert!(!files.are_current(Some(3)), "no mark");
        files.mark_dirty().unwrap();
        assert!(!files.are_current(None) && !files.are_current(Some(3)), "killed in a step");
        files.mark_current(3).unwrap();
        assert!(files.are_current(Some(3)));
        assert!(!files.are_current(Some(2)), "the journal lost an outcome");
        files.remove().unwrap();
        files.remove().unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
