//! Secrets and credentials: the only way by which they come into a run.

mod documents;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

pub use self::documents::{SHARED_NAMESPACE, SecretDocuments};
use crate::error::Error;

/// What a credential is looked up for; Kargo's `kargo.akuity.io/cred-type` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// A git repository.
    Git,
    /// A Helm chart repository.
    Helm,
    /// A container image repository.
    Image,
}

impl CredentialKind {
    /// The value of the `cred-type` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Helm => "helm",
            Self::Image => "image",
        }
    }
}

/// A user name and a password or token.
#[derive(Clone)]
pub struct Credential {
    /// The user name; many Git platforms take any when the password is a token.
    pub username: String,
    /// The password or token.
    pub password: SecretString,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("username", &self.username).finish_non_exhaustive()
    }
}

/// The decoded data of one Secret: key → value.
pub type SecretData = BTreeMap<String, SecretString>;

/// Where secrets come from: documents of the folder, a secrets file, the environment, a program's own vault.
#[async_trait]
pub trait Credentials: Send + Sync + 'static {
    /// The credential for the repository `url` (as written in the manifests) in `project`, or `None`.
    ///
    /// Kargo's order: the project's Secrets sorted by name, then the shared ones; first match wins.
    ///
    /// # Errors
    /// Where the source could not be read. A missing credential is `Ok(None)`.
    async fn find(&self, project: &str, kind: CredentialKind, url: &str)
    -> Result<Option<Credential>, Error>;

    /// The data of the Secret `name` of `project` (`secret()`), or `None`.
    ///
    /// # Errors
    /// Where the source could not be read.
    async fn secret(&self, project: &str, name: &str) -> Result<Option<SecretData>, Error>;

    /// The data of the shared generic Secret `name` (`sharedSecret()`), or `None`.
    ///
    /// # Errors
    /// Where the source could not be read.
    async fn shared_secret(&self, name: &str) -> Result<Option<SecretData>, Error>;
}

/// No secrets at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCredentials;

#[async_trait]
impl Credentials for NoCredentials {
    async fn find(&self, _: &str, _: CredentialKind, _: &str) -> Result<Option<Credential>, Error> {
        Ok(None)
    }

    async fn secret(&self, _: &str, _: &str) -> Result<Option<SecretData>, Error> {
        Ok(None)
    }

    async fn shared_secret(&self, _: &str) -> Result<Option<SecretData>, Error> {
        Ok(None)
    }
}
