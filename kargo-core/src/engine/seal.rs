//! What came from a secret and must survive a restart is sealed before it is stored.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, Generate, Key, KeyInit, Nonce};

use crate::error::{Code, Error};

/// The key file could not be read or made.
pub const KEY: Code = Code::new(
    "engine/seal-key",
    "The key file of the data folder, which seals secret outputs, could not be read or made.",
);
/// A sealed value cannot be opened.
pub const SEALED: Code = Code::new(
    "engine/sealed",
    "A stored secret output cannot be opened: it was sealed with another key, or changed.",
);

/// Seals values with a key of the data folder (ChaCha20-Poly1305, a fresh nonce for each value).
#[derive(Clone)]
pub struct Sealer {
    cipher: ChaCha20Poly1305,
}

impl Sealer {
    /// A sealer whose key lives no longer than it: for journals in memory.
    pub fn ephemeral() -> Self {
        Self { cipher: ChaCha20Poly1305::new(&Key::<ChaCha20Poly1305>::generate()) }
    }

    /// The sealer of the key file `path`, which is made (mode 0600) where it is not there yet.
    ///
    /// # Errors
    /// `engine/seal-key`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failure = |error: io::Error| {
            Error::new(KEY, format!("could not read or make the key file {}", path.display()))
                .with_source(error)
        };
        let key = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make_key(path).map_err(failure)?,
            read => read.map_err(failure)?,
        };
        let cipher = ChaCha20Poly1305::new_from_slice(&key)
            .map_err(|_| Error::new(KEY, format!("the key file {} is damaged", path.display())))?;
        Ok(Self { cipher })
    }

    /// `plain`, sealed, as base64 text.
    pub(super) fn seal(&self, plain: &[u8]) -> Result<String, Error> {
        let nonce = Nonce::<ChaCha20Poly1305>::generate();
        let sealed = self
            .cipher
            .encrypt(&nonce, plain)
            .map_err(|_| Error::new(SEALED, "a secret output is too large to be sealed"))?;
        Ok(BASE64_STANDARD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// What [`seal`](Self::seal) was given.
    pub(super) fn unseal(&self, text: &str) -> Result<Vec<u8>, Error> {
        let refused = || {
            Error::new(SEALED, "a stored secret output cannot be opened with this key")
                .with_hint("the key file of the data folder was replaced or lost; promote again")
        };
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| refused())?;
        let (nonce, sealed) = bytes.split_at_checked(12).ok_or_else(refused)?;
        let nonce = Nonce::<ChaCha20Poly1305>::try_from(nonce).map_err(|_| refused())?;
        self.cipher.decrypt(&nonce, sealed).map_err(|_| refused())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

/// Makes the key file whole or not at all: a kill leaves no half key behind.
fn make_key(path: &Path) -> io::Result<Vec<u8>> {
    let key = Key::<ChaCha20Poly1305>::generate();
    let beside = path.with_extension("tmp");
    let _ = fs::remove_file(&beside); // left by a kill, or not there
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    Ok(key.to_vec())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_same_key_opens() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.key");
        let sealed = Sealer::open(&path).unwrap().seal(b"hunter2").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Sealer::open(&path).unwrap().unseal(&sealed).unwrap(), b"hunter2");
        assert_ne!(Sealer::open(&path).unwrap().seal(b"hunter2").unwrap(), sealed);
        for (sealer, text) in [
            (Sealer::ephemeral(), sealed.as_str()),
            (Sealer::open(&path).unwrap(), "AAAA"),
            (Sealer::open(&path).unwrap(), "not base64"),
        ] {
            assert_eq!(sealer.unseal(text).unwrap_err().code(), SEALED);
        }
    }

    #[test]
    fn a_damaged_key_file_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seal.key");
        fs::write(&path, b"short").unwrap();
        assert_eq!(Sealer::open(&path).unwrap_err().code(), KEY);
    }
}
