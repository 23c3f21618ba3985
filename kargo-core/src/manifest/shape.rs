//! The shape of a document against the schema of its kind: every unknown, missing and ill-typed field.
//!
//! Deserialising stops at the first mistake; this walk finds all of them. The schema is the one that schemars
//! derives from the model, so there is one list of fields.

use kargo_yaml::{Kind as NodeKind, Node, Schema as Reading};
use serde_json::{Map, Value};

use super::{MISSING_FIELD, UNKNOWN_FIELD, WRONG_TYPE};
use crate::diagnostic::did_you_mean;
use crate::error::Code;

/// One mistake: its code, the place, a line, a hint.
pub(super) struct Mistake {
    pub(super) code: Code,
    pub(super) span: kargo_yaml::Span,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// All mistakes of `node` against `schema`.
pub(super) fn mistakes(node: Node<'_>, schema: &Value) -> Vec<Mistake> {
    let mut walk = Walk { root: schema, found: Vec::new() };
    walk.value(node, schema, "");
    walk.found
}

struct Walk<'s> {
    root: &'s Value,
    found: Vec<Mistake>,
}

impl<'s> Walk<'s> {
    fn value(&mut self, node: Node<'_>, schema: &'s Value, path: &str) {
        let node = node.resolve();
        let Some(schema) = self.follow(schema).as_object() else { return };
        let alternatives = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
        match (alternatives, schema.get("const").and_then(Value::as_str), schema.get("type")) {
            (Some(alternatives), ..) => self.one_of(node, alternatives, path),
            (None, Some(word), _) if node.as_str() != Some(word) => self.not_one_of(node, &[word], path),
            (None, None, Some(expected)) => self.typed(node, schema, expected, path),
            _ => {}
        }
    }

    /// The schema behind `$ref`s.
    fn follow(&self, mut schema: &'s Value) -> &'s Value {
        while let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            match self.root.pointer(target.trim_start_matches('#')) {
                Some(next) => schema = next,
                None => break,
            }
        }
        schema
    }

    /// Where no alternative fits, the mistakes of the one with the fewest are told.
    fn one_of(&mut self, node: Node<'_>, alternatives: &'s [Value], path: &str) {
        let mut best: Option<Vec<Mistake>> = None;
        for alternative in alternatives {
            let mut walk = Walk { root: self.root, found: Vec::new() };
            walk.value(node, alternative, path);
            if walk.found.is_empty() {
                return;
            }
            // Of a nullable value, "must be null" is never what was meant.
            let says_null = alternative.get("type").and_then(Value::as_str) == Some("null");
            if !says_null && best.as_ref().is_none_or(|best| walk.found.len() < best.len()) {
                best = Some(walk.found);
            }
        }
        let words: Vec<&str> = alternatives.iter().filter_map(|one| one.get("const")?.as_str()).collect();
        match best {
            _ if words.len() > 1 => self.not_one_of(node, &words, path),
            Some(found) => self.found.extend(found),
            None => {}
        }
    }

    fn not_one_of(&mut self, node: Node<'_>, words: &[&str], path: &str) {
        let hint = did_you_mean(node.as_str().unwrap_or_default(), words.iter().copied());
        self.report(WRONG_TYPE, node, format!("{} must be one of {}", name(path), words.join(", ")), hint);
    }

    fn typed(&mut self, node: Node<'_>, schema: &'s Map<String, Value>, expected: &Value, path: &str) {
        let value = scalar(node);
        // As in Kubernetes, a null is an absent field.
        if value.as_ref().is_some_and(Value::is_null) {
            return;
        }
        let expected: Vec<&str> = match expected {
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        let is = match (node.kind(), &value) {
            (NodeKind::Mapping, _) => "object",
            (NodeKind::Sequence, _) => "array",
            (_, Some(Value::Bool(_))) => "boolean",
            (_, Some(Value::Number(number))) if number.is_f64() => "number",
            (_, Some(Value::Number(_))) => "integer",
            _ => "string",
        };
        if !expected.iter().any(|one| *one == is || (*one == "number" && is == "integer")) {
            return self.wrong_type(node, &expected, is, path);
        }
        match is {
            "object" => self.object(node, schema, path),
            "array" => {
                if let Some(items) = schema.get("items") {
                    for (index, item) in node.items().enumerate() {
                        self.value(item, items, &format!("{path}[{index}]"));
                    }
                }
            }
            _ => self.word(node, schema, path),
        }
    }

    fn wrong_type(&mut self, node: Node<'_>, expected: &[&str], is: &str, path: &str) {
        let wanted: Vec<&str> = expected.iter().copied().filter(|one| *one != "null").map(in_words).collect();
        let hint = (wanted == ["a string"] && matches!(is, "boolean" | "number" | "integer")).then(|| {
            format!("YAML reads {0} as {1}; write \"{0}\"", node.text().unwrap_or_default(), in_words(is))
        });
        let message = format!("{} must be {}, and is {}", name(path), wanted.join(" or "), in_words(is));
        self.report(WRONG_TYPE, node, message, hint);
    }

    fn word(&mut self, node: Node<'_>, schema: &Map<String, Value>, path: &str) {
        let Some(words) = schema.get("enum").and_then(Value::as_array) else { return };
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        if !node.as_str().is_some_and(|is| words.contains(&is)) {
            self.not_one_of(node, &words, path);
        }
    }

    fn object(&mut self, node: Node<'_>, schema: &'s Map<String, Value>, path: &str) {
        let none = Map::new();
        let fields = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        // An object without named fields and without a word on others is free-form.
        if fields.is_none() && others.is_none() {
            return;
        }
        let mut present = Vec::new();
        for (key, value) in node.entries() {
            let field = key.text().unwrap_or_default();
            let below = if path.is_empty() { field.to_string() } else { format!("{path}.{field}") };
            present.push(field.to_string());
            match (fields.and_then(|fields| fields.get(&*field)), others) {
                (Some(schema), _) => self.value(value, schema, &below),
                (None, Some(Value::Object(_))) => self.value(value, others.unwrap_or(&Value::Null), &below),
                (None, Some(Value::Bool(true))) => {}
                (None, _) => {
                    let known = fields.map_or_else(|| none.keys(), Map::keys);
                    let hint = did_you_mean(field, known.map(String::as_str));
                    let owner = if path.is_empty() { "the document".to_owned() } else { name(path) };
                    self.report(UNKNOWN_FIELD, key, format!("{owner} has no field {field:?}"), hint);
                }
            }
        }
        for required in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            let Some(required) = required.as_str() else { continue };
            if !present.iter().any(|field| field == required) {
                let below = if path.is_empty() { required.to_owned() } else { format!("{path}.{required}") };
                self.report(MISSING_FIELD, node, format!("{} is missing", name(&below)), None);
            }
        }
    }

    fn report(&mut self, code: Code, node: Node<'_>, message: String, hint: Option<String>) {
        self.found.push(Mistake { code, span: node.span(), message, hint });
    }
}

/// The value of a scalar as Kubernetes tools read it.
fn scalar(node: Node<'_>) -> Option<Value> {
    match node.kind() {
        NodeKind::Mapping | NodeKind::Sequence => None,
        _ => node.to_json(Reading::Kubernetes11).ok(),
    }
}

fn name(path: &str) -> String {
    if path.is_empty() { "the document".to_owned() } else { path.to_owned() }
}

fn in_words(json_type: &str) -> &str {
    match json_type {
        "object" => "a mapping",
        "array" => "a list",
        "boolean" => "a boolean",
        "integer" => "an integer",
        "number" => "a number",
        "null" => "null",
        _ => "a string",
    }
}
