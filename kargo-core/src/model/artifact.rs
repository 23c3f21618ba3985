//! The artifacts that Freight is made of.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::null_as_default;

/// A commit of a git repository. `==` compares all fields; [`GitCommit::is_same_commit`] is Kargo's equality.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GitCommit {
    /// The repository, as the subscription writes it.
    #[serde(
        rename = "repoURL",
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub repo_url: String,
    /// The commit id: 40 hexadecimal digits.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The branch on which it was found.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// The tag by which it was found.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// The first line of its message.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Who wrote it: `Name <email>`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// Who committed it: `Name <email>`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub committer: String,
    /// The name of the subscription that found it, where it has one.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub subscription_name: String,
}

impl GitCommit {
    /// A commit of a repository.
    pub fn new(repo_url: impl Into<String>, id: impl Into<String>) -> Self {
        Self { repo_url: repo_url.into(), id: id.into(), ..Self::default() }
    }

    /// Sets the tag.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = tag.into();
        self
    }

    /// Sets the branch.
    #[must_use]
    pub fn with_branch(mut self, branch: impl Into<String>) -> Self {
        self.branch = branch.into();
        self
    }

    /// Sets the message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Whether both are the same commit of the same repository, whatever way they were found.
    pub fn is_same_commit(&self, other: &Self) -> bool {
        self.repo_url == other.repo_url && self.id == other.id
    }
}

/// A container image at a digest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Image {
    /// The repository, without tag.
    #[serde(
        rename = "repoURL",
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub repo_url: String,
    /// The tag by which it was found.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// The digest, such as `sha256:…`.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// The image's OCI annotations.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The name of the subscription that found it, where it has one.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub subscription_name: String,
}

impl Image {
    /// An image of a repository by its tag.
    pub fn new(repo_url: impl Into<String>, tag: impl Into<String>) -> Self {
        Self { repo_url: repo_url.into(), tag: tag.into(), ..Self::default() }
    }

    /// Sets the digest.
    #[must_use]
    pub fn with_digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = digest.into();
        self
    }
}

/// A Helm chart at a version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Chart {
    /// The repository: `https://…` or `oci://…`.
    #[serde(
        rename = "repoURL",
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub repo_url: String,
    /// The chart's name; empty for OCI, where the repository is the chart.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The version, as published.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The name of the subscription that found it, where it has one.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub subscription_name: String,
}

impl Chart {
    /// A chart of a repository. `name` is empty for OCI.
    pub fn new(repo_url: impl Into<String>, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { repo_url: repo_url.into(), name: name.into(), version: version.into(), ..Self::default() }
    }
}

/// An artifact of a kind that Kargo knows nothing about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactReference {
    /// The kind of artifact.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub artifact_type: String,
    /// The name of the subscription that found it.
    pub subscription_name: String,
    /// The version.
    pub version: String,
    /// What the subscriber has to say about it; a JSON object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}
