//! Spans of every kind of node.

use kargo_yaml::{Code, Kind, Limits, Node, Stream};

/// The tree as one line, each leaf as the bytes of its span.
fn shape(node: Node<'_>) -> String {
    let mut out = String::new();
    if let Some(anchor) = node.anchor() {
        out.push_str(&format!("&{anchor} "));
    }
    if let Some(tag) = node.tag() {
        out.push_str(&format!("<{tag}> "));
    }
    match node.kind() {
        Kind::Sequence => {
            let items: Vec<_> = node.items().map(shape).collect();
            out.push_str(&format!("[{}]", items.join(", ")));
        }
        Kind::Mapping => {
            let entries: Vec<_> =
                node.entries().map(|(key, value)| format!("{}: {}", shape(key), shape(value))).collect();
            out.push_str(&format!("{{{}}}", entries.join(", ")));
        }
        _ => out.push_str(&format!("{:?}@{}", node.source(), node.span().start)),
    }
    out
}

#[test]
fn spans_cover_what_was_written() {
    for (text, expected) in [
        ("a: 1", r#"{"a"@0: "1"@3}"#),
        ("a:\nb: 1\n", r#"{"a"@0: ""@2, "b"@3: "1"@6}"#),
        (
            "a:   # c\nb: &x\nc: !!str\n",
            r#"{"a"@0: ""@2, "b"@9: &x ""@14, "c"@15: <tag:yaml.org,2002:str> ""@23}"#,
        ),
        ("a:\n- -1\n-  # c\n- - # d\n", r#"{"a"@0: ["-1"@5, ""@9, [""@18]]}"#),
        ("- 1\n-\n- - x\n", r#"["1"@2, ""@5, ["x"@10]]"#),
        ("a: |\n  x\n  y\n\nb: 1", r#"{"a"@0: "|\n  x\n  y"@3, "b"@14: "1"@17}"#),
        ("a: |+ # c\n  x\n\nb: 1", r#"{"a"@0: "|+ # c\n  x\n"@3, "b"@15: "1"@18}"#),
        ("a: &k |-\n   z\n # c\nb: |\n\nc: 1", r#"{"a"@0: &k "|-\n   z"@6, "b"@19: "|"@22, "c"@25: "1"@28}"#),
        ("- >-\n  x\n  y", r#"[">-\n  x\n  y"@2]"#),
        ("a: >2\r\n    x\r\nb: c\r\n", r#"{"a"@0: ">2\r\n    x"@3, "b"@14: "c"@17}"#),
        (
            "{a, b: , \"c\":1, d: [x, 'y']}",
            r#"{"a"@1: ""@2, "b"@4: ""@6, "\"c\""@9: "1"@13, "d"@16: ["x"@20, "'y'"@23]}"#,
        ),
        ("[a: b, ? c : d]", r#"[{"a"@1: "b"@4}, {"c"@9: "d"@13}]"#),
        ("? x\n? y\n: z\n", r#"{"x"@2: ""@3, "y"@6: "z"@10}"#),
        ("a: &n {k: v}\nb: *n\n", r#"{"a"@0: &n {"k"@7: "v"@10}, "b"@13: "*n"@16}"#),
        ("\u{feff}é: 😀 x\n", r#"{"é"@3: "😀 x"@7}"#),
        ("--- # c\n", r#"""@3"#),
        ("a: \"x\n  y\"  # c\nb: p\n  q\n", r#"{"a"@0: "\"x\n  y\""@3, "b"@16: "p\n  q"@19}"#),
    ] {
        let stream = Stream::parse(text, &Limits::default()).unwrap();
        let document = stream.document(0).unwrap();
        let root = document.root().or_else(|| document.nodes().next()).unwrap();
        assert_eq!(shape(root), expected, "{text:?}");
    }
}

#[test]
fn collections_end_with_their_last_child() {
    let text = "a:\n- 1\n- b:\n\n# c\nd: {x: 1} # e\n";
    let stream = Stream::parse(text, &Limits::default()).unwrap();
    let root = stream.document(0).unwrap().root().unwrap();
    assert_eq!(root.source(), &text[..text.find(" # e").unwrap()]);
    assert_eq!(root.get("a").unwrap().source(), "- 1\n- b:");
    assert_eq!(root.get("d").unwrap().source(), "{x: 1}");
    let text = "a:\n- - -1\n";
    let stream = Stream::parse(text, &Limits::default()).unwrap();
    assert_eq!(stream.document(0).unwrap().node("/a").unwrap().source(), "- - -1");
    assert!(root.get("d").unwrap().get("x").unwrap().in_flow());
}

#[test]
fn documents_are_apart() {
    let stream = Stream::parse("# c\n---\na: 1\n---\n---\nb\n...\n", &Limits::default()).unwrap();
    let roots: Vec<_> = stream.documents().map(|document| document.root().map(shape)).collect();
    assert_eq!(roots, [Some(r#"{"a"@8: "1"@11}"#.to_owned()), None, Some(r#""b"@21"#.to_owned())]);
    assert!(Stream::parse("# nothing\n", &Limits::default()).unwrap().documents().len() == 0);
}

#[test]
fn limits_and_errors_have_codes_and_places() {
    let tight = Limits { bytes: 1000, depth: 10, nodes: 20, alias_nodes: 20 };
    let deep = "[".repeat(11);
    let many = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]";
    let long = "x".repeat(1001);
    for (text, code) in [
        (deep.as_bytes(), Code::Limit),
        (many.as_bytes(), Code::Limit),
        (long.as_bytes(), Code::Limit),
        (b"a: \xff".as_slice(), Code::Encoding),
        (b"a: [".as_slice(), Code::Syntax),
        (b"a: *nope".as_slice(), Code::Syntax),
    ] {
        let error = Stream::parse(text, &tight).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    let text = "a: 1\nb: }\n";
    let error = Stream::parse(text, &Limits::default()).unwrap_err();
    assert_eq!(error.line_column(text).0, 2);
}

#[test]
fn duplicate_keys_are_found() {
    let many: String = (0..40).map(|key| format!("k{}: {key}\n", key % 39)).collect();
    let text = &format!("a: 1\nb: {{c: 1, 'c': 2}}\na: 2\n---\n{many}");
    let stream = Stream::parse(text, &Limits::default()).unwrap();
    let found: Vec<_> =
        stream.documents().flat_map(|document| document.duplicate_keys()).map(Node::source).collect();
    assert_eq!(found, ["a", "'c'", "k0"]);
}
