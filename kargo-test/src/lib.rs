//! Unit tests for promotion templates: worlds, fakes, assertions, and a Git platform to talk to.

mod clock;
mod platform;
mod report;
mod repository;
mod stub;
mod world;

pub use self::clock::FakeClock;
pub use self::platform::{Platform, Received};
pub use self::report::Report;
pub use self::repository::{BareRepository, CommitOnBranch};
pub use self::stub::Sent;
pub use self::world::World;
