//! Discovery: which artifacts there are, and which of them a subscription selects.

pub mod filter;
pub mod paths;
pub mod select;
pub mod tags;

use async_trait::async_trait;

use crate::error::{Code, Error};
use crate::model::{GitDiscoveryResult, RepoSubscription};

/// No artifact source takes this kind of subscription.
pub const UNKNOWN_SUBSCRIPTION: Code = Code::new(
    "discovery/unknown-subscription",
    "No artifact source of this installation takes this kind of subscription.",
);

/// The codes of this room.
pub const CODES: &[Code] = &[UNKNOWN_SUBSCRIPTION];

/// One subscription of one Warehouse, to be discovered.
#[derive(Clone, Copy, Debug)]
pub struct DiscoveryRequest<'a> {
    /// The project (namespace) of the Warehouse; credentials are looked up there.
    pub project: &'a str,
    /// The name of the Warehouse.
    pub warehouse: &'a str,
    /// The subscription.
    pub subscription: &'a RepoSubscription,
    /// What the last discovery of this subscription found, so that a source can tell what moved and can
    /// answer without fetching when nothing did. `None` for the first and after the subscription changed.
    pub previous: Option<&'a Discovered>,
}

/// What one subscription selects now, newest first.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Discovered {
    /// The commits of a git subscription.
    Git(GitDiscoveryResult),
}

/// The answer to one [`DiscoveryRequest`].
#[derive(Clone, Debug)]
pub struct Discovery {
    /// What was found.
    pub discovered: Discovered,
    /// What a person should know though it is no error, such as a tag that was moved by force.
    pub warnings: Vec<String>,
}

/// A place where artifacts come from: git repositories, image registries, chart repositories.
///
/// A source gets all the subscriptions that it takes in one call, so that it can answer those of one
/// repository with one fetch and one walk.
#[async_trait]
pub trait ArtifactSource: Send + Sync + 'static {
    /// Whether this source takes `subscription`.
    fn takes(&self, subscription: &RepoSubscription) -> bool;

    /// Discovers `requests`, all of which [`takes`](Self::takes) accepted; the answers are in their order.
    async fn discover(&self, requests: &[DiscoveryRequest<'_>]) -> Vec<Result<Discovery, Error>>;
}
