//! Reading trees into JSON and types.

use std::collections::BTreeMap;

use kargo_yaml::{Code, Limits, Schema, Stream, from_node, from_str};
use serde::Deserialize;
use serde_json::{Value, json};

fn json_of(text: &str, schema: Schema) -> Result<Value, kargo_yaml::Error> {
    from_str(text, schema)
}

#[test]
fn json_has_both_readings() {
    for (text, kubernetes, core) in [
        (
            "a: yes\nb: 0755\nc: '1'\n",
            json!({"a": true, "b": 493, "c": "1"}),
            json!({"a": "yes", "b": 755, "c": "1"}),
        ),
        ("on: 1\n10: 2\n1.5: 3", json!({"true": 1, "10": 2, "1.5": 3}), json!({"on": 1, "10": 2, "1.5": 3})),
        ("a: 1\na: 2\n", json!({"a": 2}), json!({"a": 2})),
        ("x: &x {k: 1}\nz: *x", json!({"x": {"k": 1}, "z": {"k": 1}}), json!({"x": {"k": 1}, "z": {"k": 1}})),
        ("", Value::Null, Value::Null),
        ("a: !!binary aMOp", json!({"a": "h\u{e9}"}), json!({"a": "h\u{e9}"})),
        (
            "a: !!str 1\nb: !!int '2'\nc: !mine x",
            json!({"a": "1", "b": 2, "c": "x"}),
            json!({"a": "1", "b": 2, "c": "x"}),
        ),
        (
            "a: 2024-01-02\nb: 12:30",
            json!({"a": "2024-01-02", "b": "12:30"}),
            json!({"a": "2024-01-02", "b": "12:30"}),
        ),
    ] {
        assert_eq!(json_of(text, Schema::Kubernetes11).unwrap(), kubernetes, "{text:?}");
        assert_eq!(json_of(text, Schema::Core12).unwrap(), core, "{text:?}");
    }
}

#[test]
fn merges_come_in_the_order_of_the_text() {
    let base = "one: &one {a: 1, b: 1}\ntwo: &two {a: 2, c: 2}\n";
    for (map, expected) in [
        ("{<<: *one, a: 9}", json!({"a": 9, "b": 1})),
        ("{a: 9, <<: *one}", json!({"a": 1, "b": 1})),
        ("{<<: [*one, *two]}", json!({"a": 1, "b": 1, "c": 2})),
        ("{'<<': 1}", json!({"<<": 1})),
    ] {
        let json = json_of(&format!("{base}x: {map}\n"), Schema::Kubernetes11).unwrap();
        assert_eq!(json["x"], expected, "{map}");
    }
}

#[test]
fn what_json_cannot_say_is_an_error() {
    let laughs: String = (1..10)
        .map(|level| format!("l{level}: &l{level} [{}]\n", vec![format!("*l{}", level - 1); 9].join(", ")))
        .collect();
    let chain: String = (1..400).map(|link| format!("c{link}: &c{link} [*c{}]\n", link - 1)).collect();
    let merges: String =
        (1..5000).map(|link| format!("m{link}: &m{link} {{<<: *m{}}}\n", link - 1)).collect();
    for (text, code) in [
        ("a: .inf".to_owned(), Code::NonFinite),
        ("{[a]: 1}".to_owned(), Code::Key),
        ("~: 1".to_owned(), Code::Key),
        ("a: !!int x".to_owned(), Code::Tag),
        ("<<: 1".to_owned(), Code::Merge),
        ("a: !!binary '*'".to_owned(), Code::Tag),
        ("a: x\u{2028}z".to_owned(), Code::Syntax),
        ("a: &a [*a]".to_owned(), Code::Recursive),
        ("a: &a {<<: *a}".to_owned(), Code::Recursive),
        (format!("l0: &l0 x\n{laughs}"), Code::Limit),
        (format!("c0: &c0 x\n{chain}"), Code::Limit),
        (format!("m0: &m0 {{}}\n{merges}"), Code::Limit),
    ] {
        let error = json_of(&text, Schema::Kubernetes11).unwrap_err();
        assert_eq!(error.code(), code, "{text:.40}: {error}");
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only the errors of reading it are looked at")]
struct Step {
    uses: String,
    #[serde(default)]
    retry: Option<u32>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
enum Kind {
    Task,
    ClusterTask,
}

#[test]
fn errors_know_the_field_and_its_bytes() {
    for (text, code, path, bytes, hint) in [
        ("- {uses: a, rety: 1}", Code::UnknownField, "[0]", "rety", Some("did you mean `retry`?")),
        ("- uses: [1]", Code::Type, "[0].uses", "[1]", None),
        ("- uses: 1.10", Code::Type, "[0].uses", "1.10", Some("in quotes it is text: \"1.10\"")),
        ("- retry: 1", Code::MissingField, "[0]", "retry: 1", None),
        ("- {uses: a, retry: -1}", Code::Value, "[0].retry", "-1", None),
        ("- {uses: a, kind: Tsk}", Code::UnknownVariant, "[0].kind", "Tsk", Some("did you mean `Task`?")),
        (
            "- {uses: a, labels: {x: yes}}",
            Code::Type,
            "[0].labels.x",
            "yes",
            Some("in quotes it is text: \"yes\""),
        ),
    ] {
        let stream = Stream::parse(text, &Limits::default()).unwrap();
        let root = stream.document(0).unwrap().root().unwrap();
        let error = from_node::<Vec<Step>>(root, Schema::Kubernetes11).unwrap_err();
        let found = &text[error.span().range()];
        assert_eq!(
            (error.code(), error.path().as_str(), found, error.hint()),
            (code, path, bytes, hint),
            "{text} {error}"
        );
    }
}
