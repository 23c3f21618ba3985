//! The built-in promotion steps and artifact sources.
//!
//! One file for a step, named as the step. [`builtin`] is the only list of them.

mod repository;
mod services;
mod source;

mod git_clone;
mod git_commit;
mod git_push;
mod git_tag;

use std::sync::Arc;

use kargo_core::discovery::ArtifactSource;
use kargo_core::step::Registry;

pub use self::repository::git_code;
pub use self::services::Services;
pub use self::source::git::GitSource;

/// Kargo's steps, with what they need from outside.
pub fn builtin(services: &Services) -> Registry {
    Registry::new()
        .with(git_clone::GitClone::new(services.clone()))
        .with(git_commit::GitCommit)
        .with(git_push::GitPush::new(services.clone()))
        .with(git_tag::GitTag)
}

/// The sources of the artifacts that can be discovered.
pub fn sources(services: &Services) -> Vec<Arc<dyn ArtifactSource>> {
    vec![Arc::new(GitSource::new(services.clone()))]
}
