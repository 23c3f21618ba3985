//! What a Warehouse subscribes to.

use std::fmt;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::null_as_default;

/// How many artifacts a discovery remembers where the subscription does not say.
pub const DEFAULT_DISCOVERY_LIMIT: u32 = 20;

/// One subscription. In JSON an object with one key, which says what is subscribed to, and a `name`.
#[derive(Clone, Debug, PartialEq)]
pub struct RepoSubscription {
    /// A name by which artifacts remember the subscription; it becomes part of the Freight's name.
    pub name: Option<String>,
    /// What is subscribed to.
    pub source: SubscriptionSource,
}

/// What is subscribed to.
#[derive(Clone, Debug, PartialEq)]
pub enum SubscriptionSource {
    /// A git repository.
    Git(GitSubscription),
    /// A repository of container images.
    Image(ImageSubscription),
    /// A repository of Helm charts.
    Chart(ChartSubscription),
    /// Something of another kind.
    Other(Subscription),
}

impl RepoSubscription {
    /// A subscription to a git repository.
    pub fn git(subscription: GitSubscription) -> Self {
        Self { name: None, source: SubscriptionSource::Git(subscription) }
    }

    /// A subscription to container images.
    pub fn image(subscription: ImageSubscription) -> Self {
        Self { name: None, source: SubscriptionSource::Image(subscription) }
    }

    /// A subscription to Helm charts.
    pub fn chart(subscription: ChartSubscription) -> Self {
        Self { name: None, source: SubscriptionSource::Chart(subscription) }
    }

    /// Names it.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The name; empty where there is none.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The key of its JSON form: `git`, `image`, `chart` or another.
    pub fn kind(&self) -> &str {
        match &self.source {
            SubscriptionSource::Git(_) => "git",
            SubscriptionSource::Image(_) => "image",
            SubscriptionSource::Chart(_) => "chart",
            SubscriptionSource::Other(other) => &other.subscription_type,
        }
    }

    /// The git subscription, if it is one.
    pub fn as_git(&self) -> Option<&GitSubscription> {
        match &self.source {
            SubscriptionSource::Git(git) => Some(git),
            _ => None,
        }
    }

    /// How many artifacts a discovery remembers.
    pub fn discovery_limit(&self) -> u32 {
        let limit = match &self.source {
            SubscriptionSource::Git(git) => git.discovery_limit,
            SubscriptionSource::Image(image) => image.discovery_limit,
            SubscriptionSource::Chart(chart) => chart.discovery_limit,
            SubscriptionSource::Other(other) => other.discovery_limit,
        };
        limit.unwrap_or(DEFAULT_DISCOVERY_LIMIT)
    }
}

impl Serialize for RepoSubscription {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(name) = &self.name {
            map.serialize_entry("name", name)?;
        }
        match &self.source {
            SubscriptionSource::Git(git) => map.serialize_entry("git", git)?,
            SubscriptionSource::Image(image) => map.serialize_entry("image", image)?,
            SubscriptionSource::Chart(chart) => map.serialize_entry("chart", chart)?,
            SubscriptionSource::Other(other) => map.serialize_entry(&other.subscription_type, other)?,
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for RepoSubscription {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SubscriptionVisitor)
    }
}

/// Reads a map as it comes, so that an error inside keeps its place.
struct SubscriptionVisitor;

impl<'de> Visitor<'de> for SubscriptionVisitor {
    type Value = RepoSubscription;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a subscription: an object with one of git, image, chart or another type")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut name = None;
        let mut source = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "name" {
                name = map.next_value()?;
                continue;
            }
            if source.is_some() {
                map.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom(format_args!(
                    "a subscription has one type; {key} is a second one"
                )));
            }
            source = match key.as_str() {
                "git" => map.next_value::<Option<_>>()?.map(SubscriptionSource::Git),
                "image" => map.next_value::<Option<_>>()?.map(SubscriptionSource::Image),
                "chart" => map.next_value::<Option<_>>()?.map(SubscriptionSource::Chart),
                _ => map
                    .next_value::<Option<Subscription>>()?
                    .map(|other| SubscriptionSource::Other(Subscription { subscription_type: key, ..other })),
            };
        }
        let source = source.ok_or_else(|| A::Error::custom("a subscription needs a type, such as git"))?;
        Ok(RepoSubscription { name, source })
    }
}

impl JsonSchema for RepoSubscription {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RepoSubscription".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "One subscription: a name, and one key that says what is subscribed to.",
            "properties": {
                "name": { "type": ["string", "null"] },
                "git": generator.subschema_for::<GitSubscription>(),
                "image": generator.subschema_for::<ImageSubscription>(),
                "chart": generator.subschema_for::<ChartSubscription>(),
            },
            "additionalProperties": generator.subschema_for::<Subscription>(),
        })
    }
}

/// A subscription to a git repository.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitSubscription {
    /// The repository.
    #[serde(rename = "repoURL")]
    pub repo_url: String,
    /// Which commits are looked at, and in which order. [`GitSubscription::strategy`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_selection_strategy: Option<CommitSelectionStrategy>,
    /// The branch for `NewestFromBranch`; absent means the remote's default branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Only commits committed since then, for `NewestFromBranch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whether a tag needs all three parts of a version, for `SemVer`; absent means yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_semvers: Option<bool>,
    /// Which versions, for `SemVer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver_constraint: Option<String>,
    /// Regular expressions (RE2), one of which a tag must match.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub allow_tags_regexes: Vec<String>,
    /// Regular expressions (RE2), none of which a tag may match; they win.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub ignore_tags_regexes: Vec<String>,
    /// Second dialect; Kargo refuses it since v1.11. A regular expression that a tag must match; without a
    /// strategy the newest tag is selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_tags: Option<String>,
    /// Second dialect; Kargo refuses it since v1.11. Tags that are not looked at: a regular expression, or
    /// several of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_tags: Option<IgnoreTags>,
    /// Patterns, one of which a changed path must match.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub include_paths: Vec<String>,
    /// Patterns, none of which that path may match.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub exclude_paths: Vec<String>,
    /// An expression that says whether a commit or tag is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression_filter: Option<String>,
    /// How many commits are remembered, 1 to 100; absent means [`DEFAULT_DISCOVERY_LIMIT`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery_limit: Option<u32>,
    /// Whether the server's certificate is not checked.
    #[serde(rename = "insecureSkipTLSVerify", skip_serializing_if = "Option::is_none")]
    pub insecure_skip_tls_verify: Option<bool>,
    /// Whether files are fetched only when they are looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blobless: Option<bool>,
}

impl GitSubscription {
    /// A subscription to the default branch of a repository.
    pub fn new(repo_url: impl Into<String>) -> Self {
        Self { repo_url: repo_url.into(), ..Self::default() }
    }

    /// Sets the strategy.
    #[must_use]
    pub fn with_strategy(mut self, strategy: CommitSelectionStrategy) -> Self {
        self.commit_selection_strategy = Some(strategy);
        self
    }

    /// Sets the branch.
    #[must_use]
    pub fn with_branch(mut self, branch: impl Into<String>) -> Self {
        self.branch = Some(branch.into());
        self
    }

    /// Adds a pattern that changed paths must match.
    #[must_use]
    pub fn with_include_path(mut self, pattern: impl Into<String>) -> Self {
        self.include_paths.push(pattern.into());
        self
    }

    /// Adds a regular expression that tags must match.
    #[must_use]
    pub fn with_allowed_tags(mut self, regex: impl Into<String>) -> Self {
        self.allow_tags_regexes.push(regex.into());
        self
    }

    /// Which commits are looked at, and in which order: the strategy that is set, else `NewestFromBranch`,
    /// or `NewestTag` where [`GitSubscription::is_second_dialect`].
    pub fn strategy(&self) -> CommitSelectionStrategy {
        match self.commit_selection_strategy {
            Some(strategy) => strategy,
            None if self.is_second_dialect() => CommitSelectionStrategy::NewestTag,
            None => CommitSelectionStrategy::NewestFromBranch,
        }
    }

    /// Whether it is the second dialect's subscription to tags: `allowTags` or `ignoreTags` without a
    /// strategy.
    pub fn is_second_dialect(&self) -> bool {
        let allows = self.allow_tags.as_ref().is_some_and(|regex| !regex.is_empty());
        let ignores = self.ignore_tags.as_ref().is_some_and(|ignored| !ignored.regexes().is_empty());
        self.commit_selection_strategy.is_none() && (allows || ignores)
    }

    /// Whether a tag needs all three parts of a version.
    pub fn strict_semvers(&self) -> bool {
        self.strict_semvers.unwrap_or(true)
    }

    /// How many commits are remembered.
    pub fn discovery_limit(&self) -> u32 {
        self.discovery_limit.unwrap_or(DEFAULT_DISCOVERY_LIMIT)
    }
}

/// Second dialect: the value of `ignoreTags`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum IgnoreTags {
    /// One regular expression.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl IgnoreTags {
    /// The regular expressions, without empty ones.
    pub fn regexes(&self) -> Vec<&str> {
        match self {
            Self::One(one) if one.is_empty() => Vec::new(),
            Self::One(one) => vec![one],
            Self::Several(several) => {
                several.iter().map(String::as_str).filter(|one| !one.is_empty()).collect()
            }
        }
    }
}

/// Which commits of a git repository are looked at, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CommitSelectionStrategy {
    /// The commits of a branch, newest first.
    #[default]
    NewestFromBranch,
    /// Tags that are versions, highest first.
    SemVer,
    /// Tags, in the reverse order of their bytes.
    Lexical,
    /// Tags, newest first.
    NewestTag,
}

/// A subscription to a repository of container images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageSubscription {
    /// The repository, without tag.
    #[serde(rename = "repoURL")]
    pub repo_url: String,
    /// Which tags are looked at, and in which order; absent means `SemVer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_selection_strategy: Option<ImageSelectionStrategy>,
    /// For `SemVer` which versions; for `Digest` the one tag, which must be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// Whether a tag needs all three parts of a version, for `SemVer`; absent means yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_semvers: Option<bool>,
    /// Regular expressions (RE2), one of which a tag must match.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub allow_tags_regexes: Vec<String>,
    /// Regular expressions (RE2), none of which a tag may match; they win.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub ignore_tags_regexes: Vec<String>,
    /// Kargo's old name of `allowTagsRegexes`, which it refuses since v1.11.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_tags: Option<String>,
    /// Kargo's old name of `ignoreTagsRegexes`, which it refuses since v1.11.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_tags: Option<IgnoreTags>,
    /// The platform that the image must be for: `os/arch[/variant]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// How many images are remembered, 1 to 100; absent means [`DEFAULT_DISCOVERY_LIMIT`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery_limit: Option<u32>,
    /// Whether a tag is taken to never move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_by_tag: Option<bool>,
    /// Whether the server's certificate is not checked.
    #[serde(rename = "insecureSkipTLSVerify", skip_serializing_if = "Option::is_none")]
    pub insecure_skip_tls_verify: Option<bool>,
}

impl ImageSubscription {
    /// A subscription to the images of a repository, by version.
    pub fn new(repo_url: impl Into<String>) -> Self {
        Self { repo_url: repo_url.into(), ..Self::default() }
    }

    /// Sets the strategy.
    #[must_use]
    pub fn with_strategy(mut self, strategy: ImageSelectionStrategy) -> Self {
        self.image_selection_strategy = Some(strategy);
        self
    }

    /// Sets which versions, or which tag.
    #[must_use]
    pub fn with_constraint(mut self, constraint: impl Into<String>) -> Self {
        self.constraint = Some(constraint.into());
        self
    }

    /// Which tags are looked at, and in which order.
    pub fn strategy(&self) -> ImageSelectionStrategy {
        self.image_selection_strategy.unwrap_or_default()
    }
}

/// Which tags of an image repository are looked at, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ImageSelectionStrategy {
    /// Tags that are versions, highest first.
    #[default]
    SemVer,
    /// Tags, in the reverse order of their bytes.
    Lexical,
    /// Images by the time they were built, newest first.
    NewestBuild,
    /// What one tag stands for now.
    Digest,
}

/// A subscription to a repository of Helm charts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartSubscription {
    /// The repository: `https://…` or `oci://…`.
    #[serde(rename = "repoURL")]
    pub repo_url: String,
    /// The chart's name; needed for http, not allowed for OCI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver_constraint: Option<String>,
    /// How many versions are remembered, 1 to 100; absent means [`DEFAULT_DISCOVERY_LIMIT`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery_limit: Option<u32>,
    /// Whether the server's certificate is not checked.
    #[serde(rename = "insecureSkipTLSVerify", skip_serializing_if = "Option::is_none")]
    pub insecure_skip_tls_verify: Option<bool>,
}

impl ChartSubscription {
    /// A subscription to a chart; `name` is empty for OCI.
    pub fn new(repo_url: impl Into<String>, name: impl Into<String>) -> Self {
        let name = Some(name.into()).filter(|name| !name.is_empty());
        Self { repo_url: repo_url.into(), name, ..Self::default() }
    }
}

/// A subscription of a kind that Kargo knows nothing about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// The kind: the key under which it stands in the Warehouse.
    #[serde(skip)]
    pub subscription_type: String,
    /// The subscriber's own settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Value>,
    /// How many artifacts are remembered, 1 to 100; absent means [`DEFAULT_DISCOVERY_LIMIT`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery_limit: Option<u32>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_subscription_has_one_type() {
        for good in [
            json!({ "git": { "repoURL": "https://x/y", "blobless": false } }),
            json!({ "name": "n", "image": { "repoURL": "nginx" } }),
            json!({ "chart": { "repoURL": "oci://x/y" } }),
            json!({ "name": "n", "s3": { "config": { "bucket": "b" }, "discoveryLimit": 3 } }),
        ] {
            let read: RepoSubscription = serde_json::from_value(good.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), good);
        }
        for bad in [
            json!({}),
            json!({ "name": "n" }),
            json!({ "git": { "repoURL": "a" }, "image": { "repoURL": "b" } }),
            json!({ "git": {} }),
            json!({ "git": null }),
        ] {
            serde_json::from_value::<RepoSubscription>(bad).unwrap_err();
        }
    }

    #[test]
    fn the_strategy_of_the_second_dialect() {
        let read = |text| serde_json::from_value::<GitSubscription>(text).unwrap();
        let git = read(json!({ "repoURL": "r", "allowTags": "^v" }));
        assert!(git.is_second_dialect());
        assert_eq!(git.strategy(), CommitSelectionStrategy::NewestTag);
        let git = read(json!({ "repoURL": "r", "ignoreTags": ["x"] }));
        assert_eq!(git.strategy(), CommitSelectionStrategy::NewestTag);
        let git = read(json!({ "repoURL": "r", "allowTags": "^v", "commitSelectionStrategy": "SemVer" }));
        assert!(!git.is_second_dialect());
        assert_eq!(read(json!({ "repoURL": "r" })).strategy(), CommitSelectionStrategy::NewestFromBranch);
    }
}
