//! Warehouses: where artifacts are watched and Freight is made.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ArtifactReference, Condition, Duration, FreightOrigin, ObjectMeta, RepoSubscription, null_as_default,
};

/// A set of subscriptions whose newest artifacts become Freight together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Warehouse {
    /// Who it is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: WarehouseSpec,
    /// What is.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "WarehouseStatus::is_unset"
    )]
    pub status: WarehouseStatus,
}

impl Warehouse {
    /// A Warehouse without subscriptions yet.
    pub fn new(project: impl Into<String>, name: impl Into<String>) -> Self {
        Self { metadata: ObjectMeta::in_project(project, name), ..Self::default() }
    }

    /// Adds a subscription.
    #[must_use]
    pub fn with_subscription(mut self, subscription: RepoSubscription) -> Self {
        self.spec.subscriptions.push(subscription);
        self
    }

    /// Sets how often it looks.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.spec.interval = Some(interval);
        self
    }

    /// Sets whether it makes Freight by itself.
    #[must_use]
    pub fn with_policy(mut self, policy: FreightCreationPolicy) -> Self {
        self.spec.freight_creation_policy = Some(policy);
        self
    }

    /// The origin that its Freight has.
    pub fn origin(&self) -> FreightOrigin {
        FreightOrigin::warehouse(&self.metadata.name)
    }
}

/// What is wanted of a Warehouse.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WarehouseSpec {
    /// The controller that takes care of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// How often it looks; absent means five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// Whether it makes Freight by itself; absent means it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freight_creation_policy: Option<FreightCreationPolicy>,
    /// What must hold for it to make Freight by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freight_creation_criteria: Option<FreightCreationCriteria>,
    /// What it watches.
    pub subscriptions: Vec<RepoSubscription>,
}

impl WarehouseSpec {
    /// How often it looks.
    pub fn interval(&self) -> Duration {
        self.interval.unwrap_or(Duration::from_secs(300))
    }

    /// Whether it makes Freight by itself.
    pub fn creates_freight(&self) -> bool {
        self.freight_creation_policy.unwrap_or_default() == FreightCreationPolicy::Automatic
    }

    /// The expression that must hold for it to make Freight by itself; none where it is blank.
    pub fn criteria(&self) -> Option<&str> {
        let expression = self.freight_creation_criteria.as_ref()?.expression.as_deref()?;
        Some(expression).filter(|expression| !expression.trim().is_empty())
    }
}

/// Whether a Warehouse makes Freight by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FreightCreationPolicy {
    /// Whenever it discovers a combination of artifacts that is new.
    #[default]
    Automatic,
    /// Only when a person asks.
    Manual,
}

/// What must hold for a Warehouse to make Freight by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreightCreationCriteria {
    /// An expression (without delimiters) that must be true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
}

/// What is the case with a Warehouse.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WarehouseStatus {
    /// Ready, Reconciling, Healthy, FreightCreated, FreightCreationCriteriaSatisfied.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The last refresh request that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_refresh: Option<String>,
    /// The generation of the spec that all this speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The Freight that it made last, or would have made had it not been there.
    #[serde(rename = "lastFreightID", skip_serializing_if = "Option::is_none")]
    pub last_freight_id: Option<String>,
    /// What it found when it last looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovered_artifacts: Option<DiscoveredArtifacts>,
}

impl WarehouseStatus {
    /// Whether nothing is recorded.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }
}

/// What a Warehouse found. Each list has one entry for each subscription of its type, in their order, and
/// each of those lists artifacts newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DiscoveredArtifacts {
    /// When it looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovered_at: Option<Timestamp>,
    /// Of git repositories.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub git: Vec<GitDiscoveryResult>,
    /// Of image repositories.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageDiscoveryResult>,
    /// Of chart repositories.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<ChartDiscoveryResult>,
    /// Of anything else.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<DiscoveryResult>,
}

/// What a git subscription found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitDiscoveryResult {
    /// The repository, as the subscription writes it.
    #[serde(rename = "repoURL")]
    pub repo_url: String,
    /// The commits, newest first.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<DiscoveredCommit>,
    /// The subscription's name, where it has one.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub subscription_name: String,
    /// The remote's refs at that time; as long as they are the same, so are the commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_refs: Option<ObservedRefs>,
}

/// Refs of a remote: of a branch subscription `branchHead`, of a tag subscription `tags`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ObservedRefs {
    /// The commit id at the branch's tip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_head: Option<String>,
    /// The tags that pass the subscription's name filters, ordered by name and id.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<ObservedTag>,
}

/// A tag of a remote.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservedTag {
    /// Its name.
    pub name: String,
    /// The id of the tag object, which for a lightweight tag is the commit's.
    pub id: String,
}

/// A commit that a git subscription found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DiscoveredCommit {
    /// The commit id, also of an annotated tag.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The branch, as the subscription names it.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// The tag.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// The first line of the message, cut to 80 characters.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Who wrote it: `Name <email>`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// Who committed it: `Name <email>`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub committer: String,
    /// When it was committed, or when the annotated tag was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator_date: Option<Timestamp>,
}

/// What an image subscription found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageDiscoveryResult {
    /// The repository, as the subscription writes it.
    #[serde(rename = "repoURL")]
    pub repo_url: String,
    /// The platform that was asked for.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub platform: String,
    /// The images, newest first.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<DiscoveredImageReference>,
    /// The subscription's name, where it has one.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub subscription_name: String,
}

/// An image that a subscription found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveredImageReference {
    /// The tag.
    pub tag: String,
    /// The digest: of the index, for an image of several platforms.
    pub digest: String,
    /// The image's OCI annotations.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// When it was built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

/// What a chart subscription found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartDiscoveryResult {
    /// The repository, as the subscription writes it.
    #[serde(rename = "repoURL")]
    pub repo_url: String,
    /// The chart's name; empty for OCI.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The constraint that was asked for.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub semver_constraint: String,
    /// The versions as published, highest first.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// The subscription's name, where it has one.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub subscription_name: String,
}

/// What a subscription of another kind found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryResult {
    /// The subscription's name.
    pub name: String,
    /// The artifacts, newest first.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub artifact_references: Vec<ArtifactReference>,
}
