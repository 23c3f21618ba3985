//! The lease of a data folder: one engine works on it at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use jiff::Timestamp;

use super::{IO, LEASED};
use crate::error::Error;

/// The file that is locked. It stays; the lock on it goes with the process that holds it, however that ends.
const FILE: &str = "engine.lock";

/// The right to run promotions on a data folder, held until it is dropped or its process ends.
#[derive(Debug)]
pub struct Lease {
    _file: File,
}

impl Lease {
    /// Takes the lease of `folder`, which must exist.
    ///
    /// # Errors
    /// `store/leased`, naming the holder, where another process has it; `store/io`.
    pub fn acquire(folder: &Path, now: Timestamp) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let io = |error: std::io::Error| {
            Error::new(IO, format!("could not lock {}", path.display())).with_source(error)
        };
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(leased(folder, &mut file)),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        write!(file, "process {} on {}, since {now}", std::process::id(), host()).map_err(io)?;
        Ok(Self { _file: file })
    }
}

/// The name of this machine, for whoever shares the folder over a network.
fn host() -> String {
    let name = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .into_iter()
        .find_map(|file| fs::read_to_string(file).ok());
    name.map_or_else(|| "this machine".to_owned(), |name| name.trim().to_owned())
}

fn leased(folder: &Path, file: &mut File) -> Error {
    let mut holder = String::new();
    // Who holds it is a courtesy; that it is held is the message.
    let _ = file.take(200).read_to_string(&mut holder);
    let holder = if holder.is_empty() { "another process".to_owned() } else { holder };
    Error::new(LEASED, format!("{} is being worked on by {holder}", folder.display())).with_hint(
        "one `run` at a time works on a data folder; `approve`, `promote`, `status` and `get` work beside it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_is_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lease::acquire(dir.path(), Timestamp::UNIX_EPOCH).unwrap();
        let error = Lease::acquire(dir.path(), Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.code(), LEASED);
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        Lease::acquire(dir.path(), Timestamp::UNIX_EPOCH).unwrap();
    }
}
