//! The store: the resources of an installation, with versions and atomic commits over several of them.

mod lease;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod suite;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::lease::Lease;
pub use self::memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
use crate::error::{Code, Error};
use crate::model::{Kind, Resource};

/// A precondition of a commit did not hold: somebody else wrote first.
pub const CONFLICT: Code =
    Code::new("store/conflict", "Another writer changed the object first; read it again and retry.");
/// The store could not be read or written.
pub const IO: Code = Code::new("store/io", "The data folder's database could not be read or written.");
/// What is stored is not readable by this version.
pub const CORRUPT: Code =
    Code::new("store/corrupt", "The data folder holds something that this version cannot read.");

/// Another engine works on the data folder.
pub const LEASED: Code =
    Code::new("store/leased", "Another process runs promotions on this data folder; one does at a time.");

/// The codes of this room.
pub const CODES: &[Code] = &[CONFLICT, IO, CORRUPT, LEASED];

/// The name of one stored resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The kind.
    pub kind: Kind,
    /// The project (namespace); empty for kinds of cluster scope.
    pub project: String,
    /// The name.
    pub name: String,
}

impl Key {
    /// The key of a resource of `kind` named `name` in `project`.
    pub fn new(kind: Kind, project: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, project: project.into(), name: name.into() }
    }

    /// The key of `resource`.
    pub fn of(resource: &Resource) -> Self {
        Self::new(resource.kind(), resource.project(), resource.name())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.project.as_str() {
            "" => write!(f, "{}/{}", self.kind, self.name),
            project => write!(f, "{}/{project}/{}", self.kind, self.name),
        }
    }
}

/// The version of one object: grows with each write of it, never used twice.
pub type Version = u64;

/// The state of the whole store: grows with each commit.
pub type Revision = u64;

/// A stored resource and its version.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The resource; shared, never changed in place.
    pub resource: Arc<Resource>,
    /// Its version, for a [`Precondition`].
    pub version: Version,
}

/// What must hold for a commit to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// The object exists with exactly this version.
    Version(Key, Version),
    /// There is no such object.
    Absent(Key),
}

impl Precondition {
    /// The object that it speaks of.
    pub fn key(&self) -> &Key {
        match self {
            Self::Version(key, _) | Self::Absent(key) => key,
        }
    }

    /// Whether it holds for an object of that version; `None` is one that is not there.
    pub fn holds(&self, version: Option<Version>) -> bool {
        match self {
            Self::Version(_, wanted) => version == Some(*wanted),
            Self::Absent(_) => version.is_none(),
        }
    }
}

fn conflict(key: &Key) -> Error {
    Error::new(CONFLICT, format!("{key} was changed by another writer"))
}

/// One change of a commit.
#[derive(Clone, Debug)]
pub enum Write {
    /// Creates or replaces the resource under its own key.
    Put(Arc<Resource>),
    /// Removes the resource, if it is there; with a Promotion goes its journal.
    Delete(Key),
}

impl Write {
    /// Creates or replaces `resource`.
    pub fn put(resource: impl Into<Resource>) -> Self {
        Self::Put(Arc::new(resource.into()))
    }
}

/// The resources of an installation.
///
/// All implementations behave alike: `kargo_core::store::suite` is one public test suite for them.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The resource of that key, or `None`.
    ///
    /// # Errors
    /// `store/io`, `store/corrupt`.
    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error>;

    /// All resources of `kind`, of one project or (`None`) of all, ordered by key.
    ///
    /// # Errors
    /// `store/io`, `store/corrupt`.
    async fn list(&self, kind: Kind, project: Option<&str>) -> Result<Vec<Stored>, Error>;

    /// Makes all `writes` durable, or none of them where a precondition does not hold.
    ///
    /// # Errors
    /// `store/conflict` where a precondition does not hold; `store/io`.
    async fn commit(&self, preconditions: &[Precondition], writes: Vec<Write>) -> Result<Revision, Error>;

    /// Returns as soon as the store's revision is greater than `since`, also when another process wrote,
    /// and says the revision. `changed(0)` answers at once when there is anything.
    ///
    /// # Errors
    /// `store/io`.
    async fn changed(&self, since: Revision) -> Result<Revision, Error>;
}
