//! The fields of a config that its schema marks with a `format`: expressions and keys of YAML files.

use schemars::Schema;
use serde_json::Value as Json;

/// A text field with the mark of its schema.
#[derive(Debug, PartialEq)]
pub(super) struct Marked<'c> {
    /// The schema's `format`.
    pub(super) format: String,
    /// Where in the config, as a JSON pointer.
    pub(super) pointer: String,
    pub(super) text: &'c str,
}

/// All marked fields of `config`, each once for every way in which the schema comes to it.
pub(super) fn marked<'c>(schema: &Schema, config: &'c Json) -> Vec<Marked<'c>> {
    let mut walk = Walk { root: schema.as_value(), found: Vec::new() };
    walk.visit(schema.as_value(), config, String::new(), 0);
    walk.found
}

/// A key as a JSON pointer writes it.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Schemas that refer to themselves end with the config; this ends those that refer in a circle.
const MAX_DEPTH: usize = 64;

/// A walk through a config beside its schema.
struct Walk<'s, 'c> {
    root: &'s Json,
    found: Vec<Marked<'c>>,
}

impl<'c> Walk<'_, 'c> {
    fn visit(&mut self, schema: &Json, value: &'c Json, pointer: String, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let deeper = depth + 1;
        if let (Some(format), Some(text)) = (schema["format"].as_str(), value.as_str()) {
            self.found.push(Marked { format: format.to_owned(), pointer: pointer.clone(), text });
        }
        let root = self.root;
        if let Some(target) = schema["$ref"].as_str().and_then(|name| root.pointer(name.strip_prefix('#')?)) {
            self.visit(target, value, pointer.clone(), deeper);
        }
        for one in ["anyOf", "oneOf", "allOf"] {
            for variant in schema[one].as_array().into_iter().flatten() {
                self.visit(variant, value, pointer.clone(), deeper);
            }
        }
        match value {
            Json::Object(entries) => {
                for (key, value) in entries {
                    let field = schema["properties"].get(key).unwrap_or(&schema["additionalProperties"]);
                    self.visit(field, value, format!("{pointer}/{}", escaped(key)), deeper);
                }
            }
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.visit(&schema["items"], item, format!("{pointer}/{index}"), deeper);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde_json::json;

    use super::*;
    use crate::step::{Expr, YamlKey};

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "read as a schema only")]
    struct Config {
        plain: String,
        success: Option<Expr>,
        updates: Vec<Update>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "read as a schema only")]
    struct Update {
        key: YamlKey,
        nested: Option<Box<Config>>,
    }

    #[test]
    fn marked_fields_are_found_wherever_they_stand() {
        let config = json!({
            "plain": "a", "success": "b",
            "updates": [{ "key": "c" }, { "key": 5 }, { "nested": { "updates": [{ "key": "d" }] } }],
        });
        let schema = schemars::schema_for!(Config);
        let found: Vec<_> =
            marked(&schema, &config).into_iter().map(|mark| (mark.format, mark.pointer, mark.text)).collect();
        let expected = [
            ("expr", "/success", "b"),
            ("yaml-key", "/updates/0/key", "c"),
            ("yaml-key", "/updates/2/nested/updates/0/key", "d"),
        ];
        assert_eq!(
            found,
            expected.map(|(format, pointer, text)| (format.to_owned(), pointer.to_owned(), text))
        );
    }

    #[test]
    fn a_schema_in_a_circle_ends() {
        let schema = schemars::json_schema!({ "$ref": "#" });
        assert!(marked(&schema, &json!({ "a": "b" })).is_empty());
    }
}
