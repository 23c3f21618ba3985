//! `yaml.v3`'s `Marshal` for JSON-like data: block style, four spaces, keys in natural order.

mod emit;
mod order;
mod scalar;

use serde_json::{Map, Value};

use crate::go::float::format;
use emit::Emitter;
use scalar::Requested;

/// The YAML text of a value, with its line end.
///
/// A number that is a float prints as `%g` does, also when it is whole: 1e6 is `1e+06`. Unlike yaml.v3, a
/// string that begins with a line end keeps it.
///
/// ```
/// let value = serde_json::json!({"a10": [1], "a9": "yes"});
/// assert_eq!(kargo_expr::go::yaml::to_string(&value), "a9: \"yes\"\na10:\n    - 1\n");
/// ```
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut emitter = Emitter::default();
    node(&mut emitter, value, Place::ROOT);
    emitter.finish()
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place {
    /// The indentation of what surrounds it; `None` at the root.
    indent: Option<usize>,
    in_sequence: bool,
}

impl Place {
    const ROOT: Self = Self { indent: None, in_sequence: false };
    const INDENT: usize = 4;

    /// The indentation of what is inside.
    fn inner(self) -> usize {
        match self.indent {
            None => 0,
            // Behind the "- ".
            Some(indent) if self.in_sequence => indent + 2,
            Some(indent) => (indent / Self::INDENT + 1) * Self::INDENT,
        }
    }

    /// The indentation of the lines of a scalar.
    fn lines(self) -> usize {
        if self.indent.is_none() { Self::INDENT } else { self.inner() }
    }
}

fn node(emitter: &mut Emitter, value: &Value, place: Place) {
    match value {
        Value::Array(items) if !items.is_empty() => sequence(emitter, items, place),
        Value::Object(map) if !map.is_empty() => mapping(emitter, map, place),
        Value::Array(_) => emitter.token("[]"),
        Value::Object(_) => emitter.token("{}"),
        Value::Null => emitter.token("null"),
        Value::Bool(b) => emitter.token(if *b { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(f) => emitter.token(&format(f)),
            None => emitter.token(&number.to_string()),
        },
        Value::String(text) => scalar::write(emitter, text, Requested::of(text), place.lines()),
    }
}

fn sequence(emitter: &mut Emitter, items: &[Value], place: Place) {
    let indent = place.inner();
    for item in items {
        emitter.indent(indent);
        emitter.indicator("-");
        node(emitter, item, Place { indent: Some(indent), in_sequence: true });
    }
}

fn mapping(emitter: &mut Emitter, map: &Map<String, Value>, place: Place) {
    let inside = Place { indent: Some(place.inner()), in_sequence: false };
    for (key, value) in order::sorted(map) {
        emitter.indent(place.inner());
        if scalar::is_simple_key(key) {
            scalar::write(emitter, key, Requested::of_key(key), inside.lines());
            emitter.colon();
        } else {
            emitter.indicator("?");
            scalar::write(emitter, key, Requested::of(key), inside.lines());
            emitter.indent(place.inner());
            emitter.indicator(":");
        }
        node(emitter, value, inside);
    }
}

#[cfg(test)]
mod tests {
    use super::to_string;
    use serde_json::json;

    /// Answers of yaml.v3 v3.0.1.
    #[test]
    fn writes_as_go() {
        let table = [
            (json!({"a": 1, "b": ["x", "y"]}), "a: 1\nb:\n    - x\n    - \"y\"\n"),
            (json!([[1, 2], {"a": {"b": "c"}}]), "- - 1\n  - 2\n- a:\n    b: c\n"),
            (json!({"z": null, "n": 1.0, "s": "1", "f": 1e21}), "f: 1e+21\n\"n\": 1\ns: \"1\"\nz: null\n"),
            (json!("multi\nline"), "|-\n    multi\n    line\n"),
            (json!({"a": "x\n\n", "b": " x\ny\n"}), "a: |+\n    x\n\nb: |4\n     x\n    y\n"),
            (json!(["a\nb\n"]), "- |\n  a\n  b\n"),
            (json!({}), "{}\n"),
            (json!([[], {}]), "- []\n- {}\n"),
            (json!({"k\nk": 1}), "? |-\n    k\n    k\n: 1\n"),
            (json!({"": ""}), "\"\": \"\"\n"),
            (json!(9007199254740992.0), "9.007199254740992e+15\n"),
            (json!(9007199254740993_i64), "9007199254740993\n"),
        ];
        for (value, expected) in table {
            assert_eq!(to_string(&value), expected, "{value}");
        }
    }
}
