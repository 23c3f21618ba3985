//! The judge of `yaml-update`: the right scalars are new, and no other byte is.

use kargo_yaml::{Kind, Limits, Node, Resolved, Schema, Span, Stream};
use serde_json::Value as Json;

use super::Answer;
use super::judge::same;

/// Holds the file against `expected.documents` and against what it was.
pub(super) fn compare(case: &Json, answer: &Answer) -> Result<(), String> {
    let path = case["input"]["config"]["path"].as_str().unwrap_or_default();
    let (Some(old), Some(new)) = (answer.before.text(path), answer.after.text(path)) else {
        return Err(format!("{path} is not there"));
    };
    let parse = |text: &str| {
        Stream::parse(text, &Limits::default())
            .map_err(|error| format!("{path} is not YAML: {error}: {text:?}"))
    };
    let (old_stream, new_stream) = (parse(old)?, parse(new)?);
    let expected = case["expected"]["documents"].as_array().cloned().unwrap_or_default();
    if new_stream.documents().len() != expected.len() || old_stream.documents().len() != expected.len() {
        return Err(format!("the file has {} documents", new_stream.documents().len()));
    }
    let mut edited = Edited::default();
    for ((old, new), expected) in old_stream.documents().zip(new_stream.documents()).zip(&expected) {
        match (old.root(), new.root()) {
            (Some(old), Some(new)) => edited.node(old, new, expected)?,
            _ => return Err("a document is empty".to_owned()),
        }
    }
    let (old_rest, new_rest) = (without(old, &edited.old), without(new, &edited.new));
    if old_rest == new_rest { Ok(()) } else { Err(format!("more was changed: {old:?} to {new:?}")) }
}

/// The places of the edited scalars in both texts.
#[derive(Default)]
struct Edited {
    old: Vec<Span>,
    new: Vec<Span>,
}

impl Edited {
    fn node(&mut self, old: Node<'_>, new: Node<'_>, expected: &Json) -> Result<(), String> {
        if let Some(value) = expected.get("$edited") {
            self.old.push(old.full_span());
            self.new.push(new.full_span());
            return if says(new, value) { Ok(()) } else { Err(format!("{new:?} does not say {value}")) };
        }
        let (old, new) = (old.resolve(), new.resolve());
        match (new.kind(), expected) {
            (Kind::Mapping, Json::Object(fields)) => {
                for ((old_key, old), (key, new)) in old.entries().zip(new.entries()) {
                    let name = key.resolve().text().unwrap_or_default();
                    if old_key.resolve().text() != Some(name) {
                        return Err(format!("the key {name} is new"));
                    }
                    match fields.get(name) {
                        Some(expected) => self.node(old, new, expected)?,
                        None => return Err(format!("the key {name} is not expected")),
                    }
                }
                Ok(())
            }
            (Kind::Sequence, Json::Array(items)) if new.items().count() == items.len() => {
                let pairs = old.items().zip(new.items()).zip(items);
                pairs.into_iter().try_for_each(|((old, new), expected)| self.node(old, new, expected))
            }
            (Kind::Scalar, Json::String(text)) if new.text() == Some(text) => Ok(()),
            _ => Err(format!("{new:?} is not {expected}")),
        }
    }
}

/// Whether a node reads as the value, by YAML 1.1 and 1.2. A tag of the user's own is not looked at.
fn says(node: Node<'_>, value: &Json) -> bool {
    let own_tag = node.tag().is_some_and(|tag| !tag.starts_with("tag:yaml.org,2002:"));
    if own_tag && node.style() == Some(kargo_yaml::Style::Plain) {
        let text = node.text().unwrap_or_default();
        return match Schema::Kubernetes11.read(text) {
            Resolved::String(text) => value.as_str() == Some(text),
            Resolved::Int(number) => value.as_f64() == Some(number as f64),
            _ => false,
        };
    }
    [Schema::Kubernetes11, Schema::Core12]
        .into_iter()
        .all(|schema| node.to_json(schema).is_ok_and(|found| same(&found, value)))
}

/// A text without some ranges, and without the white space before each.
fn without(text: &str, spans: &[Span]) -> String {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let mut rest = String::new();
    let mut done = 0;
    for span in spans {
        rest.push_str(text[done..span.start as usize].trim_end_matches(' '));
        rest.push('\u{0}');
        done = span.end as usize;
    }
    rest + &text[done..]
}
