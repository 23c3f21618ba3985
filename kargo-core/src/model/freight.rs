//! Freight: a set of artifact versions that is promoted as one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ArtifactReference, Chart, Duration, FreightOrigin, GitCommit, Image, ObjectMeta, annotations, hash,
    null_as_default,
};

/// A piece of Freight. It has no `spec`: its artifacts stand at the top and never change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Freight {
    /// Who it is; its name is the hash of what it holds.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// A name for people, unique in the project, which may change.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub alias: String,
    /// When it was first seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovered_at: Option<Timestamp>,
    /// The Warehouse that made it.
    pub origin: FreightOrigin,
    /// Its commits.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<GitCommit>,
    /// Its container images.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Its Helm charts.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<Chart>,
    /// Its artifacts of other kinds.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<ArtifactReference>,
    /// What became of it.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "FreightStatus::is_unset")]
    pub status: FreightStatus,
}

impl Freight {
    /// Freight without artifacts yet; [`Freight::named_by_content`] names it once it has them.
    pub fn new(project: impl Into<String>, origin: FreightOrigin) -> Self {
        Self { metadata: ObjectMeta::in_project(project, ""), origin, ..Self::default() }
    }

    /// Adds a commit.
    #[must_use]
    pub fn with_commit(mut self, commit: GitCommit) -> Self {
        self.commits.push(commit);
        self
    }

    /// Adds an image.
    #[must_use]
    pub fn with_image(mut self, image: Image) -> Self {
        self.images.push(image);
        self
    }

    /// Adds a chart.
    #[must_use]
    pub fn with_chart(mut self, chart: Chart) -> Self {
        self.charts.push(chart);
        self
    }

    /// Adds an artifact of another kind.
    #[must_use]
    pub fn with_artifact(mut self, artifact: ArtifactReference) -> Self {
        self.artifacts.push(artifact);
        self
    }

    /// Sets the alias, and the label that repeats it.
    #[must_use]
    pub fn with_alias(mut self, alias: impl Into<String>) -> Self {
        self.set_alias(alias);
        self
    }

    /// Sets when it was first seen.
    #[must_use]
    pub fn with_discovered_at(mut self, at: Timestamp) -> Self {
        self.discovered_at = Some(at);
        self
    }

    /// Gives it the name that its content has: [`hash::freight_name`].
    #[must_use]
    pub fn named_by_content(mut self) -> Self {
        self.metadata.name = hash::freight_name(&self);
        self
    }

    /// Changes the alias, and the label that repeats it; an empty alias takes the label away.
    pub fn set_alias(&mut self, alias: impl Into<String>) {
        self.alias = alias.into();
        if self.alias.is_empty() {
            self.metadata.labels.remove(annotations::ALIAS_LABEL);
        } else {
            self.metadata.labels.insert(annotations::ALIAS_LABEL.to_owned(), self.alias.clone());
        }
    }

    /// When it was first seen: `discoveredAt`, else its creation.
    pub fn first_seen(&self) -> Option<Timestamp> {
        self.discovered_at.or(self.metadata.creation_timestamp)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.commits.is_empty()
            && self.images.is_empty()
            && self.charts.is_empty()
            && self.artifacts.is_empty()
    }

    /// Whether both hold the same artifacts of the same origin, in the same order, field by field: what may
    /// not change once Freight exists.
    pub fn has_same_content(&self, other: &Self) -> bool {
        self.origin == other.origin
            && self.commits == other.commits
            && self.images == other.images
            && self.charts == other.charts
            && self.artifacts == other.artifacts
    }

    /// The name, origin and artifacts, as other objects keep them.
    pub fn reference(&self) -> FreightReference {
        FreightReference {
            name: self.metadata.name.clone(),
            origin: self.origin.clone(),
            commits: self.commits.clone(),
            images: self.images.clone(),
            charts: self.charts.clone(),
            artifacts: self.artifacts.clone(),
        }
    }
}

/// What became of Freight. The keys of the maps are names of Stages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FreightStatus {
    /// The Stages that run it.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub currently_in: BTreeMap<String, CurrentStage>,
    /// The Stages in which it was verified.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub verified_in: BTreeMap<String, VerifiedStage>,
    /// The Stages for which a person approved it.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub approved_for: BTreeMap<String, ApprovedStage>,
    /// Free data of the `set-metadata` step.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
}

impl FreightStatus {
    /// Whether nothing is recorded.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it was verified in the Stage.
    pub fn is_verified_in(&self, stage: &str) -> bool {
        self.verified_in.contains_key(stage)
    }

    /// Whether it is approved for the Stage.
    pub fn is_approved_for(&self, stage: &str) -> bool {
        self.approved_for.contains_key(stage)
    }

    /// The longest time for which it has been in the Stage without a break, up to `now`. It counts only
    /// where it is verified; elsewhere there is none.
    pub fn longest_soak(&self, stage: &str, now: Timestamp) -> Option<Duration> {
        let verified = self.verified_in.get(stage)?;
        let going_on = self.currently_in.get(stage).and_then(|current| current.soak(now));
        verified.longest_soak.max(going_on).or(Some(Duration::ZERO))
    }

    /// Whether it is verified in the Stage and has been there for `required`, if there is such a demand.
    pub fn has_soaked_in(&self, stage: &str, required: Option<Duration>, now: Timestamp) -> bool {
        let soak = self.longest_soak(stage, now);
        soak.is_some_and(|soak| required.is_none_or(|required| soak >= required))
    }

    /// Records that the Stage runs it since `now`, unless that is recorded.
    pub fn enter(&mut self, stage: &str, now: Timestamp) {
        self.currently_in.entry(stage.to_owned()).or_insert(CurrentStage { since: Some(now) });
    }

    /// Records that the Stage no longer runs it; where it is verified, the time it spent there is kept if it
    /// is the longest.
    pub fn leave(&mut self, stage: &str, now: Timestamp) {
        let Some(current) = self.currently_in.remove(stage) else { return };
        if let Some(verified) = self.verified_in.get_mut(stage) {
            verified.longest_soak = verified.longest_soak.max(current.soak(now));
        }
    }

    /// Records that it was verified in the Stage at `at`; the first time is kept.
    pub fn verify(&mut self, stage: &str, at: Timestamp) {
        self.verified_in
            .entry(stage.to_owned())
            .or_insert(VerifiedStage { verified_at: Some(at), longest_soak: None });
    }

    /// Records the approval for the Stage; the first time is kept.
    pub fn approve(&mut self, stage: &str, at: Timestamp) {
        self.approved_for.entry(stage.to_owned()).or_insert(ApprovedStage { approved_at: Some(at) });
    }
}

/// A Stage that runs the Freight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentStage {
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl CurrentStage {
    fn soak(&self, now: Timestamp) -> Option<Duration> {
        let nanos = now.as_nanosecond() - self.since?.as_nanosecond();
        Some(Duration::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)))
    }
}

/// A Stage in which the Freight was verified.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedStage {
    /// When it was first verified there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
    /// The longest completed stay there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_soak: Option<Duration>,
}

/// A Stage for which the Freight was approved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovedStage {
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_at: Option<Timestamp>,
}

/// Freight as other objects keep it: a copy that outlives the Freight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FreightReference {
    /// The Freight's name.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The Warehouse that made it.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "FreightOrigin::is_unset")]
    pub origin: FreightOrigin,
    /// Its commits.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<GitCommit>,
    /// Its container images.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Its Helm charts.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<Chart>,
    /// Its artifacts of other kinds.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<ArtifactReference>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn soak_counts_only_where_verified_and_keeps_the_longest_stay() {
        let mut status = FreightStatus::default();
        status.enter("test", at(0));
        status.enter("test", at(5));
        assert_eq!(status.longest_soak("test", at(10)), None);
        status.verify("test", at(7));
        status.verify("test", at(9));
        assert_eq!(status.verified_in["test"].verified_at, Some(at(7)));
        assert_eq!(status.longest_soak("test", at(10)), Some(Duration::from_secs(10)));
        status.leave("test", at(20));
        status.enter("test", at(100));
        assert_eq!(status.longest_soak("test", at(101)), Some(Duration::from_secs(20)));
        assert!(status.has_soaked_in("test", Some(Duration::from_secs(20)), at(101)));
        assert!(!status.has_soaked_in("test", Some(Duration::from_secs(21)), at(101)));
        assert!(status.has_soaked_in("test", Some(Duration::from_secs(21)), at(121)));
        assert!(!status.has_soaked_in("prod", None, at(101)));
    }

    #[test]
    fn first_seen_falls_back_to_creation() {
        let mut freight = Freight::new("p", FreightOrigin::warehouse("w"));
        assert_eq!(freight.first_seen(), None);
        freight.metadata.creation_timestamp = Some(at(1));
        assert_eq!(freight.first_seen(), Some(at(1)));
        assert_eq!(freight.with_discovered_at(at(2)).first_seen(), Some(at(2)));
    }

    #[test]
    fn the_alias_is_repeated_in_a_label() {
        let mut freight = Freight::new("p", FreightOrigin::warehouse("w")).with_alias("calm-otter");
        assert_eq!(freight.metadata.label(annotations::ALIAS_LABEL), Some("calm-otter"));
        freight.set_alias("");
        assert_eq!(freight.metadata.label(annotations::ALIAS_LABEL), None);
    }
}
