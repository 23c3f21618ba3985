//! Kargo's Go structs as expressions see them: fields by Go name, JSON by API name.

use kargo_expr::{Map, Numbers, Object, ObjectType, Type, Value};
use serde::Serialize;
use serde_json::Value as Json;

use super::freight::Artifact;
use crate::model::{FreightOrigin, StepExecutionMetadata};

const COMMIT: &str = "v1alpha1.GitCommit";
const IMAGE: &str = "v1alpha1.Image";
const CHART: &str = "v1alpha1.Chart";
const ORIGIN: &str = "v1alpha1.FreightOrigin";

/// What `commitFrom` gives.
pub(super) fn commit_type() -> Type {
    let fields = ["RepoURL", "ID", "Branch", "Tag", "Message", "Author", "Committer", "SubscriptionName"];
    Type::object(of_strings(COMMIT, &fields).nullable())
}

/// What `imageFrom` gives.
pub(super) fn image_type() -> Type {
    let image = of_strings(IMAGE, &["RepoURL", "Tag", "Digest", "SubscriptionName"]);
    Type::object(image.field("Annotations", Type::map_of(Type::String)).nullable())
}

/// What `chartFrom` gives.
pub(super) fn chart_type() -> Type {
    Type::object(of_strings(CHART, &["RepoURL", "Name", "Version", "SubscriptionName"]).nullable())
}

/// What `warehouse` gives.
pub(super) fn origin_type() -> Type {
    Type::object(of_strings(ORIGIN, &["Kind", "Name"]))
}

fn of_strings(name: &str, fields: &[&str]) -> ObjectType {
    fields.iter().fold(ObjectType::new(name), |object, field| object.field(*field, Type::String))
}

/// The Freight origin that an argument is.
pub(super) fn as_origin(value: &Value) -> Option<FreightOrigin> {
    let object = value.as_object().filter(|object| object.type_name() == ORIGIN)?;
    object.field("Name")?.as_str().map(FreightOrigin::warehouse)
}

/// A value of a Go struct type, or a nil pointer to one.
#[derive(Debug)]
struct Struct {
    type_name: &'static str,
    /// `None` is the nil pointer.
    fields: Option<Vec<(&'static str, Value)>>,
    json: Json,
}

impl Struct {
    fn value(type_name: &'static str, model: &impl Serialize, fields: Vec<(&'static str, Value)>) -> Value {
        // Models are strings, numbers and maps of them: there is nothing in them that JSON could refuse.
        let json = serde_json::to_value(model).unwrap_or_default();
        Value::object(Self { type_name, fields: Some(fields), json })
    }

    /// The nil pointer: shown as null, its fields are errors, `?.` stops at it.
    fn nil(type_name: &'static str) -> Value {
        Value::object(Self { type_name, fields: None, json: Json::Null })
    }
}

impl Object for Struct {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn field(&self, name: &str) -> Option<Value> {
        let fields = self.fields.as_ref()?;
        fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    fn to_json(&self) -> Json {
        self.json.clone()
    }

    fn is_nil(&self) -> bool {
        self.fields.is_none()
    }
}

/// A commit that was not found.
pub(super) fn nil_commit() -> Value {
    Struct::nil(COMMIT)
}

/// An image that was not found.
pub(super) fn nil_image() -> Value {
    Struct::nil(IMAGE)
}

/// A chart that was not found.
pub(super) fn nil_chart() -> Value {
    Struct::nil(CHART)
}

/// What `commitFrom` and the like give.
pub(super) fn artifact(artifact: Artifact<'_>) -> Value {
    match artifact {
        Artifact::Commit(commit) => Struct::value(
            COMMIT,
            commit,
            vec![
                ("RepoURL", commit.repo_url.as_str().into()),
                ("ID", commit.id.as_str().into()),
                ("Branch", commit.branch.as_str().into()),
                ("Tag", commit.tag.as_str().into()),
                ("Message", commit.message.as_str().into()),
                ("Author", commit.author.as_str().into()),
                ("Committer", commit.committer.as_str().into()),
                ("SubscriptionName", commit.subscription_name.as_str().into()),
            ],
        ),
        Artifact::Image(image) => Struct::value(
            IMAGE,
            image,
            vec![
                ("RepoURL", image.repo_url.as_str().into()),
                ("Tag", image.tag.as_str().into()),
                ("Digest", image.digest.as_str().into()),
                ("Annotations", strings(&image.annotations)),
                ("SubscriptionName", image.subscription_name.as_str().into()),
            ],
        ),
        Artifact::Chart(chart) => Struct::value(
            CHART,
            chart,
            vec![
                ("RepoURL", chart.repo_url.as_str().into()),
                ("Name", chart.name.as_str().into()),
                ("Version", chart.version.as_str().into()),
                ("SubscriptionName", chart.subscription_name.as_str().into()),
            ],
        ),
        Artifact::Other(other) => Struct::value(
            "v1alpha1.ArtifactReference",
            other,
            vec![
                ("ArtifactType", other.artifact_type.as_str().into()),
                ("SubscriptionName", other.subscription_name.as_str().into()),
                ("Version", other.version.as_str().into()),
                ("Metadata", other.metadata.as_ref().map_or(Value::nil(), go_json)),
            ],
        ),
    }
}

/// What `warehouse` gives.
pub(super) fn origin(origin: &FreightOrigin) -> Value {
    let fields = vec![("Kind", "Warehouse".into()), ("Name", origin.name.as_str().into())];
    Struct::value(ORIGIN, origin, fields)
}

/// An entry of `stepMetas`.
pub(super) fn step_meta(meta: &StepExecutionMetadata) -> Value {
    let time = |at: Option<jiff::Timestamp>| match at {
        Some(at) => Value::from(at.to_string()),
        None => Struct::nil("v1.Time"),
    };
    let fields = vec![
        ("Alias", meta.alias.as_str().into()),
        ("StartedAt", time(meta.started_at)),
        ("FinishedAt", time(meta.finished_at)),
        ("ErrorCount", i64::from(meta.error_count).into()),
        ("Status", status_name(meta.status.map_or("", |status| status.as_str()))),
        ("Message", meta.message.as_str().into()),
        ("ContinueOnError", meta.continue_on_error.into()),
    ];
    Struct::value("v1alpha1.StepExecutionMetadata", meta, fields)
}

/// A status is a string type of its own in Go: it shows as text, and equals no string.
fn status_name(status: &str) -> Value {
    Struct::value("v1alpha1.PromotionStepStatus", &status, Vec::new())
}

/// Go's `map[string]string`.
pub(super) fn strings<'a>(entries: impl IntoIterator<Item = (&'a String, &'a String)>) -> Value {
    Map::of_strings(entries.into_iter().map(|(key, value)| (key.as_str(), value.as_str()))).into()
}

/// JSON as Go reads it: every number is a float.
pub(super) fn go_json(json: &Json) -> Value {
    Value::from_json(json, Numbers::GoFloat)
}
