//! For any document and any scalar in it: setting it changes its bytes and no others.

#![expect(clippy::unwrap_used, reason = "a property that does not hold panics")]

use std::path::Path as FilePath;

use kargo_yaml::{Edit, Kind, Limits, Node, Path, Schema, Stream, Value, edit, quote_scalar};
use proptest::prelude::*;
use serde_json::Value as Json;

/// A document, and how it is written.
#[derive(Debug, Clone)]
enum Written {
    Scalar(String),
    /// A block scalar's lines; in brackets it is written in quotes.
    Block(Vec<String>),
    List(Vec<Self>, bool),
    Map(Vec<(String, Self)>, bool),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}( [a-z0-9]{1,4})?",
        "[a-zA-Z0-9 :#,'\"&*!|>%@{}é✓😀\\[\\]\\\\.\n\t-]{0,10}",
        Just("yes".to_owned()),
        Just("1.10".to_owned()),
        Just("---".to_owned()),
    ]
}

fn single(text: &str) -> String {
    format!("'{}'", text.replace(['\n', '\t'], " ").replace('\'', "''"))
}

/// As our own quoting writes it, which is what setting a value back comes to.
fn double(text: &str) -> String {
    let with_break = format!("{text}\n");
    quote_scalar(&with_break, false).trim_end_matches("\\n\"").to_owned() + "\""
}

fn scalar() -> impl Strategy<Value = Written> {
    prop_oneof![
        text().prop_map(|text| Written::Scalar(quote_scalar(&text, true).into_owned())),
        text().prop_map(|text| Written::Scalar(single(&text))),
        text().prop_map(|text| Written::Scalar(double(&text))),
        Just(Written::Scalar(String::new())),
        (-1000..1000_i64).prop_map(|number| Written::Scalar(number.to_string())),
        proptest::collection::vec("[a-z#: ]{0,6}[a-z]", 1..4).prop_map(Written::Block),
    ]
}

fn document() -> impl Strategy<Value = Written> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        let key = "[a-z]{1,3}|[a-z é.]{1,5}";
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 1..4), any::<bool>())
                .prop_map(|(items, flow)| Written::List(items, flow)),
            (proptest::collection::btree_map(key, inner, 1..4), any::<bool>())
                .prop_map(|(entries, flow)| Written::Map(entries.into_iter().collect(), flow)),
        ]
    })
}

impl Written {
    /// On one line, as inside brackets.
    fn flow(&self) -> String {
        match self {
            Self::Scalar(text) if text.is_empty() => "null".to_owned(),
            Self::Scalar(text) => text.clone(),
            Self::Block(lines) => double(&lines.join("\n")),
            Self::List(items, _) => {
                format!("[{}]", items.iter().map(Self::flow).collect::<Vec<_>>().join(", "))
            }
            Self::Map(entries, _) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", quote_scalar(key, true), value.flow()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// What follows `key:` or `-`.
    fn value(&self, indent: usize, out: &mut String) {
        match self {
            Self::List(items, false) => {
                for item in items {
                    out.push_str(&format!("\n{}-", " ".repeat(indent)));
                    item.value(indent + 2, out);
                }
            }
            Self::Map(entries, false) => {
                for (key, value) in entries {
                    out.push_str(&format!("\n{}{}:", " ".repeat(indent), quote_scalar(key, false)));
                    value.value(indent + 2, out);
                }
            }
            Self::Block(lines) => {
                let indicator = if lines[0].starts_with(' ') { "2" } else { "" };
                out.push_str(&format!(" |{indicator}- # comment"));
                // A digit counts from the parent's indentation.
                for line in lines {
                    out.push_str(&format!("\n{}{line}", " ".repeat(indent)));
                }
            }
            Self::Scalar(text) if text.is_empty() => out.push_str(" # nothing"),
            _ => out.push_str(&format!(" {} # comment", self.flow())),
        }
    }

    fn text(&self, line_break: &str) -> String {
        let mut out = String::from("root:");
        self.value(2, &mut out);
        out.push_str("\nafter: [1, x] # end\n");
        out.replace('\n', line_break)
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::String),
        1 => any::<i64>().prop_map(Value::Int),
        1 => (-1.0e9..1.0e9).prop_map(Value::Float),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null),
        1 => proptest::collection::vec(text().prop_map(Value::String), 0..3).prop_map(Value::List),
    ]
}

/// The values of maps and the items of lists that can be set, each with its path and JSON pointer.
fn targets<'a>(node: Node<'a>, path: &str, pointer: &str, found: &mut Vec<(Node<'a>, String, String)>) {
    match node.kind() {
        Kind::Scalar if !path.is_empty() => found.push((node, path.to_owned(), pointer.to_owned())),
        Kind::Sequence => {
            for (index, item) in node.items().enumerate() {
                targets(item, &format!("{path}[{index}]"), &format!("{pointer}/{index}"), found);
            }
        }
        Kind::Mapping => {
            for (key, value) in node.entries() {
                let Some(name) = key.text() else { continue };
                let path = format!("{path}[\"{}\"]", Path::escape(name));
                let name = key.key_text(Schema::Kubernetes11).unwrap_or_default();
                let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                targets(value, &path, &pointer, found);
            }
        }
        _ => {}
    }
}

fn set(text: &str, path: &str, value: Value) -> String {
    let stream = Stream::parse(text, &Limits::default()).unwrap();
    let edits = [Edit { path: Path::parse(path).unwrap(), value }];
    edit(&stream, &edits).unwrap_or_else(|error| panic!("{error}: {path} in {text:?}")).text
}

fn json(text: &str) -> Option<Json> {
    let stream = Stream::parse(text, &Limits::default()).ok()?;
    stream.document(0)?.root()?.to_json(Schema::Kubernetes11).ok()
}

/// The value as the reader of the new text has it.
fn as_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::String(text) => Json::String(text.clone()),
        Value::List(items) => items.iter().map(as_json).collect(),
        other => panic!("no {other:?} is made here"),
    }
}

/// Equality, where a number's kind does not count.
fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}

/// Sets one scalar and holds the outcome against what it should be.
fn check(text: &str, which: usize, value: &Value) {
    let stream = Stream::parse(text, &Limits::default()).unwrap_or_else(|error| panic!("{error}: {text:?}"));
    let Some(root) = stream.document(0).and_then(|document| document.root()) else { return };
    let mut found = Vec::new();
    targets(root, "", "", &mut found);
    let Some((node, path, pointer)) = found.get(which % found.len().max(1)) else { return };
    let new = set(text, &format!(".{path}"), value.clone());

    let span = node.full_span();
    let rest = (&text[..span.start as usize], &text[span.end as usize..]);
    assert!(new.starts_with(rest.0) && new.ends_with(rest.1), "{text:?} {path} {value:?} gave {new:?}");
    // What a tag of the user's own makes of a number is not known here.
    let expected = json(text).filter(|_| node.tag().is_none());
    if let Some(mut expected) = expected {
        *expected.pointer_mut(pointer).unwrap() = as_json(value);
        let read = json(&new).unwrap_or_else(|| panic!("{text:?} {path} {value:?} gave {new:?}"));
        assert!(same(&read, &expected), "{text:?} {path} {value:?} gave {new:?}");
    }
    // Set back, the old bytes are there again; unless the new value needed another style, which then stays.
    let new_stream = Stream::parse(&new, &Limits::default()).unwrap();
    let new_style = new_stream.document(0).and_then(|document| document.node(pointer)).and_then(Node::style);
    let is_one_line = !node.source().contains('\n') && !node.source().is_empty();
    let keeps_style = is_one_line && new_style == node.style();
    if let (Value::String(_), Some(old), true) = (value, node.as_str(), keeps_style) {
        assert_eq!(set(&new, &format!(".{path}"), old.into()), text, "{path} by way of {new:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn setting_a_scalar_changes_it_alone(
        document in document(), crlf in any::<bool>(), which in any::<usize>(), value in value(),
    ) {
        check(&document.text(if crlf { "\r\n" } else { "\n" }), which, &value);
    }

    #[test]
    fn no_text_is_too_strange(text in "[ \n\t:?#\\[\\]{},&*!|>'\"%@a-c1\u{feff}é-]{0,40}", path in "[.a\\[\\]\"|()=0 \\\\-]{0,20}") {
        if let Ok(stream) = Stream::parse(&text, &Limits::default()) {
            for node in stream.documents().flat_map(|document| document.nodes()) {
                let span = node.full_span();
                prop_assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
                for offset in 0..=node.text().map_or(0, str::len) {
                    prop_assert!(node.offset_of(offset as u32) as usize <= text.len());
                }
            }
            let _ = stream.document(0).and_then(|document| document.root()).map(|root| root.to_json(Schema::Kubernetes11));
            if let Ok(path) = Path::parse(&path) {
                let _ = edit(&stream, &[Edit { path, value: "x: #y".into() }]);
            }
        }
    }

    #[test]
    fn escaped_text_is_read_as_itself(text in any::<String>()) {
        let stream = Stream::parse("{}", &Limits::default()).unwrap();
        let path = Path::parse(&format!(".[\"{}\"]", Path::escape(&text))).unwrap();
        let error = stream.select(&path).unwrap_err();
        let says = format!("no key `{text}`");
        prop_assert!(error.message().contains(&says));
    }
}

/// Every scalar of every real file; not part of this repository, so skipped where the folder is not there.
#[test]
fn every_scalar_of_real_files_can_be_set() {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/realworld");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    let mut folders = vec![folder];
    let mut scalars = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let Ok(stream) = Stream::parse(&text, &Limits::default()) else { continue };
            let Some(first) = stream.document(0) else { continue };
            // A selector reaches all documents, and a key that stands twice is refused.
            if stream.documents().len() != 1 || !first.duplicate_keys().is_empty() {
                continue;
            }
            let mut found = Vec::new();
            first.root().into_iter().for_each(|root| targets(root, "", "", &mut found));
            scalars += found.len();
            for which in 0..found.len() {
                for value in [Value::String("1.10: x".to_owned()), Value::Int(7)] {
                    check(&text, which, &value);
                }
            }
        }
    }
    println!("{scalars} scalars were set");
}
