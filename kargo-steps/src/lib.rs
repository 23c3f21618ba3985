//! The built-in promotion steps and artifact sources.
//!
//! One file for a step, named as the step. [`builtin`] is the only list of them.

mod config;
mod expression;
mod extract;
mod gitignore;
mod repository;
mod services;
mod source;
#[cfg(test)]
mod trial;

mod compose_output;
mod copy;
mod fail;
mod file_write;
mod git_clone;
mod git_commit;
mod git_push;
mod git_tag;
mod http;
mod yaml_parse;
mod yaml_update;

use std::sync::Arc;

use kargo_core::Code;
use kargo_core::discovery::ArtifactSource;
use kargo_core::step::Registry;

pub use self::repository::git_code;
pub use self::services::Services;
pub use self::source::git::GitSource;

/// The codes of the errors of the steps that have their own.
pub const CODES: &[&[Code]] = &[
    copy::CODES,
    &[fail::ASKED],
    file_write::CODES,
    &[gitignore::BAD_RULE],
    http::CODES,
    &[yaml_parse::EMPTY],
];

/// Kargo's steps, with what they need from outside.
pub fn builtin(services: &Services) -> Registry {
    Registry::new()
        .with(compose_output::ComposeOutput)
        .with(copy::Copy)
        .with(fail::Fail)
        .with(file_write::FileWrite)
        .with(git_clone::GitClone::new(services.clone()))
        .with(git_commit::GitCommit)
        .with(git_push::GitPush::new(services.clone()))
        .with(git_tag::GitTag)
        .with(http::Http::new(services.rewrites()))
        .with(yaml_parse::YamlParse)
        .with(yaml_update::YamlUpdate)
}

/// The sources of the artifacts that can be discovered.
pub fn sources(services: &Services) -> Vec<Arc<dyn ArtifactSource>> {
    vec![Arc::new(GitSource::new(services.clone()))]
}
