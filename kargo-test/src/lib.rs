//! Unit tests for promotion templates: worlds, fakes, assertions, and a Git platform to talk to.

mod platform;
mod repository;

pub use self::platform::{Platform, Received};
pub use self::repository::{BareRepository, CommitOnBranch};
