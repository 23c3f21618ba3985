//! What every object carries: its metadata, its conditions, selectors of other objects.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::null_as_default;

/// Who an object is: the part of Kubernetes' `ObjectMeta` that is kept here.
///
/// What only an API server writes and reads (`managedFields`, `selfLink`) is left out on loading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectMeta {
    /// The name, unique for the kind within its project. Empty only while `generateName` is to fill it.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// A prefix from which a name is made on creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate_name: Option<String>,
    /// The namespace, which is the project's name. Absent for cluster-wide kinds; may be absent in the second
    /// dialect, where the folder says which project it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels, which selectors match.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations; Kargo's own keys are in [`annotations`](super::annotations).
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Identity across deletion and creation under the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Counts the changes of the spec.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    /// Changes with every write; what optimistic concurrency compares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// When the object was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<Timestamp>,
    /// When its deletion was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_timestamp: Option<Timestamp>,
    /// The objects whose deletion deletes this one.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub owner_references: Vec<OwnerReference>,
    /// What has to be done before the object may go.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub finalizers: Vec<String>,
}

impl ObjectMeta {
    /// Metadata of a cluster-wide object, or of one whose project is not said yet.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Metadata of an object of `project`.
    pub fn in_project(project: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: Some(project.into()), ..Self::named(name) }
    }

    /// Whether nothing is said.
    pub fn is_unset(&self) -> bool {
        *self == Self::default()
    }

    /// The project's name; empty where none is said.
    pub fn project(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// Adds or replaces an annotation.
    #[must_use]
    pub fn with_annotation(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(key.into(), value.into());
        self
    }

    /// Adds or replaces a label.
    #[must_use]
    pub fn with_label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }
}

/// An owner, as Kubernetes names it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnerReference {
    /// The owner's API version.
    pub api_version: String,
    /// The owner's kind.
    pub kind: String,
    /// The owner's name.
    pub name: String,
    /// The owner's uid.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// Whether this owner is the managing controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<bool>,
    /// Whether the owner cannot go before this object has gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_owner_deletion: Option<bool>,
}

/// One observed aspect of an object's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What is observed; the constants of [`condition`](super::condition).
    #[serde(rename = "type")]
    pub condition_type: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// The generation that was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When `status` last changed.
    pub last_transition_time: Timestamp,
    /// Why, in one CamelCase word for programs.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// Whether a [`Condition`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It cannot be told.
    Unknown,
}

/// Puts `condition` into a list that has one entry for each type. The transition time of an entry whose
/// status stays the same is kept, as Kubernetes does.
pub fn set_condition(conditions: &mut Vec<Condition>, mut condition: Condition) {
    match conditions.iter_mut().find(|known| known.condition_type == condition.condition_type) {
        Some(known) => {
            if known.status == condition.status {
                condition.last_transition_time = known.last_transition_time;
            }
            *known = condition;
        }
        None => conditions.push(condition),
    }
}

/// The types of [`Condition`] that Kargo uses.
pub mod condition {
    /// The object is in its desired state.
    pub const READY: &str = "Ready";
    /// Work towards the desired state is going on.
    pub const RECONCILING: &str = "Reconciling";
    /// Work towards the desired state cannot go on.
    pub const STALLED: &str = "Stalled";
    /// What the object stands for is healthy.
    pub const HEALTHY: &str = "Healthy";
    /// A Promotion is running.
    pub const PROMOTING: &str = "Promoting";
    /// The current Freight is verified.
    pub const VERIFIED: &str = "Verified";
    /// The Warehouse's `freightCreationCriteria` hold.
    pub const FREIGHT_CREATION_CRITERIA_SATISFIED: &str = "FreightCreationCriteriaSatisfied";
    /// Freight was made from what was discovered.
    pub const FREIGHT_CREATED: &str = "FreightCreated";
}

/// Selects objects by their labels, as everywhere in Kubernetes. The empty selector selects everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels that must be there with exactly these values.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements that must all hold.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

impl LabelSelector {
    /// Whether an object with `labels` is selected. A requirement with an unknown operator selects nothing.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        labels_match(&self.match_labels, &self.match_expressions, labels)
    }
}

/// The rule that [`LabelSelector`] and the selectors with a name in addition share.
pub(super) fn labels_match(
    wanted: &BTreeMap<String, String>,
    requirements: &[LabelSelectorRequirement],
    labels: &BTreeMap<String, String>,
) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
        && requirements.iter().all(|requirement| requirement.matches(labels))
}

/// One requirement on the labels of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelectorRequirement {
    /// The label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values for `In` and `NotIn`.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl LabelSelectorRequirement {
    /// The operators that Kubernetes knows.
    pub const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

    /// Whether `labels` fulfil the requirement. A missing label fulfils `NotIn`.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        match self.operator.as_str() {
            "In" => value.is_some_and(|value| self.values.contains(value)),
            "NotIn" => value.is_none_or(|value| !self.values.contains(value)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_of_labels() {
        let labels =
            BTreeMap::from([("env".to_owned(), "prod".to_owned()), ("eu".to_owned(), String::new())]);
        for (selector, selects) in [
            (json!({}), true),
            (json!({ "matchLabels": { "env": "prod" } }), true),
            (json!({ "matchLabels": { "env": "prod", "us": "" } }), false),
            (
                json!({ "matchExpressions": [{ "key": "env", "operator": "In", "values": ["test", "prod"] }] }),
                true,
            ),
            (
                json!({ "matchExpressions": [{ "key": "env", "operator": "NotIn", "values": ["prod"] }] }),
                false,
            ),
            (json!({ "matchExpressions": [{ "key": "us", "operator": "NotIn", "values": ["x"] }] }), true),
            (json!({ "matchExpressions": [{ "key": "eu", "operator": "Exists" }] }), true),
            (json!({ "matchExpressions": [{ "key": "eu", "operator": "DoesNotExist" }] }), false),
            (json!({ "matchExpressions": [{ "key": "eu", "operator": "Is" }] }), false),
        ] {
            let read: LabelSelector = serde_json::from_value(selector.clone()).unwrap();
            assert_eq!(read.matches(&labels), selects, "{selector}");
        }
    }

    #[test]
    fn a_condition_remembers_when_its_status_changed() {
        let condition = |status, seconds, reason: &str| Condition {
            condition_type: condition::READY.to_owned(),
            status,
            observed_generation: None,
            last_transition_time: Timestamp::from_second(seconds).unwrap(),
            reason: reason.to_owned(),
            message: String::new(),
        };
        let mut conditions = Vec::new();
        set_condition(&mut conditions, condition(ConditionStatus::False, 1, "A"));
        set_condition(&mut conditions, condition(ConditionStatus::False, 2, "B"));
        assert_eq!(conditions, [condition(ConditionStatus::False, 1, "B")]);
        set_condition(&mut conditions, condition(ConditionStatus::True, 3, "C"));
        assert_eq!(conditions, [condition(ConditionStatus::True, 3, "C")]);
    }

    #[test]
    fn null_is_the_same_as_absent() {
        let read: ObjectMeta =
            serde_json::from_value(json!({ "name": "a", "labels": null, "creationTimestamp": null }))
                .unwrap();
        assert_eq!(read, ObjectMeta::named("a"));
    }
}
