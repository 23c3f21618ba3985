//! Kargo's models, promotion engine, store, discovery rules and control loop, without a cluster.
//!
//! The crate has no network and starts no process: steps and artifact sources that do live in `kargo-steps`
//! and come in through the [`step::Registry`] and the [`discovery::ArtifactSource`]s that the embedder passes.

pub mod clock;
pub mod control;
pub mod credentials;
pub mod diagnostic;
pub mod discovery;
pub mod engine;
pub mod error;
pub mod event;
pub mod journal;
pub mod lint;
pub mod manifest;
pub mod model;
pub mod redact;
pub mod step;
pub mod store;
pub mod transport;
pub mod workdir;

pub use error::{Code, Error};
pub use kargo_expr as expr;
