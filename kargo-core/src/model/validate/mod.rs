//! What Kargo's admission asks of a resource beyond its types.
//!
//! A [`Problem`] names a field by a JSON pointer into the document; whoever loaded the document knows where
//! that is in a file. What needs other resources (a Warehouse that is not there) is not looked at here.

mod config;
mod stage;
mod warehouse;

use std::sync::LazyLock;

use regex::Regex;

use super::Resource;
use crate::error::Code;

/// A value breaks the rule of its field.
pub const BAD_VALUE: Code = Code::new(
    "model/bad-value",
    "A value breaks the rule that Kargo has for its field: a pattern, a length, a range.",
);
/// An address is none of a repository.
pub const BAD_REPO_URL: Code =
    Code::new("model/bad-repo-url", "An address is not one that Kargo takes for a repository of its type.");
/// Something that must be unique is there twice.
pub const DUPLICATE: Code =
    Code::new("model/duplicate", "Something that must be unique in its list is there twice.");
/// An alias is one that Kargo gives.
pub const RESERVED_ALIAS: Code = Code::new(
    "model/reserved-alias",
    "An alias such as step-1 or task-1 is one that Kargo gives to steps without one.",
);
/// Of several fields there must be one.
pub const EXACTLY_ONE: Code = Code::new(
    "model/exactly-one",
    "Of several fields exactly one must be there, and none is, or more than one.",
);
/// A field does not go with another.
pub const NOT_ALLOWED: Code =
    Code::new("model/not-allowed", "A field is not allowed beside what else is there.");
/// Something is missing.
pub const REQUIRED: Code = Code::new("model/required", "Something that Kargo requires is missing or empty.");

/// The codes of problems.
pub const CODES: &[Code] =
    &[BAD_VALUE, BAD_REPO_URL, DUPLICATE, RESERVED_ALIAS, EXACTLY_ONE, NOT_ALLOWED, REQUIRED];

/// Something that Kargo's admission would refuse.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// What kind of problem.
    pub code: Code,
    /// The field, as a JSON pointer (RFC 6901) into the document. For something that is missing, the field
    /// that should hold it.
    pub pointer: String,
    /// One line.
    pub message: String,
}

/// Everything that Kargo's admission would refuse in `resource`, looked at alone.
///
/// ```
/// use kargo_core::model::{PromotionStep, Resource, Stage, validate};
///
/// let stage = Stage::new("demo", "test").with_step(PromotionStep::new("fail").with_alias("step-3"));
/// let problems = validate::problems(&Resource::from(stage));
/// assert!(problems.iter().any(|problem| {
///     problem.code == validate::RESERVED_ALIAS && problem.pointer == "/spec/promotionTemplate/spec/steps/0/as"
/// }));
/// ```
pub fn problems(resource: &Resource) -> Vec<Problem> {
    let mut found = Problems::default();
    if !is_dns_subdomain(resource.name()) && resource.metadata().generate_name.is_none() {
        // Names of Freight and Promotions are made where there is none.
        let is_made =
            resource.name().is_empty() && matches!(resource, Resource::Freight(_) | Resource::Promotion(_));
        if !is_made {
            found.add(
                BAD_VALUE,
                "/metadata/name",
                format!("{:?} is not a name for a resource", resource.name()),
            );
        }
    }
    match resource {
        Resource::Stage(stage) => stage::stage(&mut found, stage),
        Resource::PromotionTask(task) => stage::task(&mut found, &task.spec),
        Resource::ClusterPromotionTask(task) => stage::task(&mut found, &task.spec),
        Resource::Promotion(promotion) => stage::promotion(&mut found, promotion),
        Resource::Warehouse(warehouse) => warehouse::warehouse(&mut found, warehouse),
        Resource::Freight(freight) => warehouse::freight(&mut found, freight),
        Resource::ProjectConfig(config) => config::project_config(&mut found, config),
        Resource::ClusterConfig(config) => config::cluster_config(&mut found, config),
        Resource::Project(_)
        | Resource::PromotionRequest(_)
        | Resource::Target(_)
        | Resource::Secret(_)
        | Resource::ConfigMap(_) => {}
    }
    found.0
}

/// Problems as they are found.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, code: Code, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { code, pointer: pointer.into(), message: message.into() });
    }

    /// Tells every later entry that has the same key as an earlier one; entries without a key are left out.
    fn duplicates<K: PartialEq>(
        &mut self,
        entries: impl IntoIterator<Item = (String, Option<K>)>,
        message: impl Fn(&K) -> String,
    ) {
        let mut seen: Vec<K> = Vec::new();
        for (pointer, key) in entries {
            match key {
                Some(key) if seen.contains(&key) => self.add(DUPLICATE, pointer, message(&key)),
                Some(key) => seen.push(key),
                None => {}
            }
        }
    }
}

/// A rule that a text must fulfil.
type Rule = LazyLock<Regex>;

/// Compiles a pattern of this room, all of which the tests compile.
#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles it")]
fn rule(pattern: &str) -> Regex {
    kargo_expr::re2::compile(pattern).expect("a sound pattern")
}

/// Kubernetes' names: parts of lower-case letters, digits and `-`, joined by dots.
fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_dns_part)
}

/// Kubernetes' labels: one such part of at most 63 characters.
fn is_dns_label(name: &str) -> bool {
    name.len() <= 63 && is_dns_part(name)
}

fn is_dns_part(part: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    edge(part.bytes().next()) && edge(part.bytes().last()) && part.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Kind;

    /// The problems of a document, as `code pointer`.
    pub(super) fn told(kind: Kind, name: &str, body: Value) -> Vec<String> {
        let mut document = body;
        document["apiVersion"] = kind.api_version().into();
        document["kind"] = kind.as_str().into();
        document["metadata"] = json!({ "name": name, "namespace": "p" });
        let resource = Resource::from_json(document).unwrap().unwrap();
        problems(&resource).iter().map(|problem| format!("{} {}", problem.code, problem.pointer)).collect()
    }

    #[test]
    fn names_are_those_of_kubernetes() {
        for (name, sound) in
            [("a", true), ("a-b.c1", true), ("A", false), ("-a", false), ("a..b", false), ("", false)]
        {
            assert_eq!(told(Kind::Project, name, json!({})).is_empty(), sound, "{name:?}");
        }
        assert!(told(Kind::Project, &"a".repeat(254), json!({})) == ["model/bad-value /metadata/name"]);
        let unnamed = json!({ "origin": { "kind": "Warehouse", "name": "w" }, "commits": [{ "id": "1" }] });
        assert!(told(Kind::Freight, "", unnamed).is_empty());
    }
}
