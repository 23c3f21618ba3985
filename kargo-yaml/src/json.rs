//! A node as JSON.

use serde_json::{Map, Number, Value};

use crate::error::{Code, Error};
use crate::node::{Kind, Node};
use crate::scalar::{Resolved, Schema};

/// The key that merges mappings (YAML 1.1).
const MERGE: &str = "<<";

impl Node<'_> {
    /// The node as JSON: aliases expanded, `<<` merged, of duplicate keys the last. Under
    /// [`Schema::Kubernetes11`] it is what `sigs.k8s.io/yaml` makes of it.
    ///
    /// # Errors
    /// `yaml/not-json` for `.inf`, `.nan` and keys that are lists or mappings; `yaml/alias` where aliases expand
    /// to more than the stream's limit of nodes.
    pub fn to_json(self, schema: Schema) -> Result<Value, Error> {
        Converter { schema, left: self.stream.limits.nodes }.value(self)
    }
}

struct Converter {
    schema: Schema,
    left: usize,
}

impl Converter {
    fn value(&mut self, node: Node<'_>) -> Result<Value, Error> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| Error::new(Code::Alias, node.span(), "the aliases expand to more than is read"))?;
        let node = node.resolve();
        match node.kind() {
            Kind::Sequence => node.items().map(|item| self.value(item)).collect(),
            Kind::Mapping => self.mapping(node).map(Value::Object),
            Kind::Scalar | Kind::Alias => self.scalar(node),
        }
    }

    fn scalar(&self, node: Node<'_>) -> Result<Value, Error> {
        Ok(match node.resolved(self.schema) {
            None | Some(Resolved::Null) => Value::Null,
            Some(Resolved::Bool(value)) => Value::Bool(value),
            Some(Resolved::Int(value)) => value.into(),
            Some(Resolved::Uint(value)) => value.into(),
            Some(Resolved::String(text)) => text.into(),
            Some(Resolved::Float(value)) => Number::from_f64(value).map(Value::Number).ok_or_else(|| {
                Error::new(Code::NotJson, node.span(), format!("{value} is no JSON number"))
            })?,
        })
    }

    fn mapping(&mut self, node: Node<'_>) -> Result<Map<String, Value>, Error> {
        let mut object = Map::new();
        let mut merged = Map::new();
        for (key, value) in node.entries() {
            if key.text() == Some(MERGE) && key.style() == Some(crate::Style::Plain) {
                self.merge(value, &mut merged)?;
                continue;
            }
            let name = match key.resolve().kind() {
                Kind::Scalar => key.key_text(self.schema),
                _ => None,
            };
            let name = name.ok_or_else(|| Error::new(Code::NotJson, key.span(), "a key must be a scalar"))?;
            let value = self.value(value)?;
            object.insert(name.into_owned(), value);
        }
        for (name, value) in merged {
            object.entry(name).or_insert(value);
        }
        Ok(object)
    }

    /// The mappings of `<<`: one, or a list in which the earlier win.
    fn merge(&mut self, value: Node<'_>, into: &mut Map<String, Value>) -> Result<(), Error> {
        let sources: Vec<Node<'_>> = match value.resolve().kind() {
            Kind::Sequence => value.resolve().items().collect(),
            _ => vec![value],
        };
        for source in sources {
            let Value::Object(fields) = self.value(source)? else {
                return Err(Error::new(Code::NotJson, source.span(), "`<<` merges mappings only"));
            };
            for (name, value) in fields {
                into.entry(name).or_insert(value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Limits, Stream};

    fn json_of(text: &str) -> Result<Value, Error> {
        let stream = Stream::parse(text, &Limits { nodes: 10_000, ..Limits::default() })?;
        stream.document(0).unwrap().root().unwrap().to_json(Schema::Kubernetes11)
    }

    #[test]
    fn yaml_becomes_json_as_in_kubernetes() {
        for (text, value) in [
            ("a: 1\nb: [x, yes, 0755]\n", json!({"a": 1, "b": ["x", true, 493]})),
            ("on: 1\n10: 2\n", json!({"true": 1, "10": 2})),
            (
                "x: &x {a: 1}\nz: *x\nm: {<<: *x, b: 2}\n",
                json!({"x": {"a": 1}, "z": {"a": 1}, "m": {"a": 1, "b": 2}}),
            ),
            ("a: 1\na: 2\n", json!({"a": 2})),
            ("t: |\n  one\n  two\nf: >-\n  one\n  two\n", json!({"t": "one\ntwo\n", "f": "one two"})),
            ("a:\nb: ''\n", json!({"a": null, "b": ""})),
            ("[]", json!([])),
        ] {
            assert_eq!(json_of(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_json_cannot_say_is_an_error_with_its_place() {
        let bomb = (1..9).fold("a0: &a0 [x, x, x]\n".to_owned(), |text, level| {
            let below = format!("*a{}", level - 1);
            format!("{text}a{level}: &a{level} [{below}, {below}, {below}, {below}, {below}]\n")
        });
        for (text, code, start) in [("a: .inf", Code::NotJson, 3), ("? [1]\n: 2", Code::NotJson, 2)] {
            let error = json_of(text).unwrap_err();
            assert_eq!((error.code(), error.span().start), (code, start), "{text}");
        }
        assert_eq!(json_of(&bomb).unwrap_err().code(), Code::Alias);
    }
}
