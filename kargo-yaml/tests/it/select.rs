//! Paths through documents, and what their errors say.

use kargo_yaml::{Code, Limits, Path, Stream};

const APPS: &str = "\
# apps
spec:
  generators:
  - list:
      elements:
      - {appName: cert-manager, appRevision: v1, wave: 1}
      - appName: external-dns
        appRevision: \"1.10\"
        wave: 2
      - appName: argo-cd
        appRevision: v3
        on.prod: true
base: &base {x: 1}
use: *base
numbers: [1, 2]
'list[0]': odd
list: [a, b]
";

fn found(text: &str, path: &str) -> Result<Vec<String>, kargo_yaml::Error> {
    let stream = Stream::parse(text, &Limits::default())?;
    let nodes = stream.select(&Path::parse(path)?)?;
    Ok(nodes.into_iter().map(|node| node.source().to_owned()).collect())
}

#[test]
fn paths_lead_to_nodes() {
    let element = |condition: &str, key: &str| {
        format!(".spec.generators[0].list.elements[] | select({condition}) | .{key}")
    };
    for (path, expected) in [
        ("numbers.1".to_owned(), vec!["2"]),
        ("list[0]".to_owned(), vec!["odd"]),
        ("list[1]".to_owned(), vec!["b"]),
        ("list.[1]".to_owned(), vec!["b"]),
        ("spec.generators.0.list.elements.0.appName".to_owned(), vec!["cert-manager"]),
        (r"spec.generators.0.list.elements.2.on\.prod".to_owned(), vec!["true"]),
        (".numbers[]".to_owned(), vec!["1", "2"]),
        (" .numbers.[0] ".to_owned(), vec!["1"]),
        (".base[]".to_owned(), vec!["1"]),
        (".base | .x".to_owned(), vec!["1"]),
        (r#"."base"["x"]"#.to_owned(), vec!["1"]),
        (element(r#".appName == "cert-manager""#, "appRevision"), vec!["v1"]),
        (element(r#""cert-manager" == .appName"#, "appRevision"), vec!["v1"]),
        (element(r#".appRevision == "1.10""#, "appName"), vec!["external-dns"]),
        (element(r#".appName != "cert-manager" and .wave == 2"#, "appName"), vec!["external-dns"]),
        (element(r#".wave == 1 or .appName == "argo-cd""#, "appRevision"), vec!["v1", "v3"]),
        (element(r#".appName | test("^(cert|argo)-")"#, "appRevision"), vec!["v1", "v3"]),
        (element(r#".appName == "argo-cd" | not"#, "appRevision"), vec!["v1", "\"1.10\""]),
        (element(r#"(.wave == null) and (.["on.prod"])"#, "appName"), vec!["argo-cd"]),
        (element(r#".["on.prod"] == true"#, "appName"), vec!["argo-cd"]),
        (r#".numbers[] | select(. == 2)"#.to_owned(), vec!["2"]),
    ] {
        assert_eq!(found(APPS, &path).unwrap(), expected, "{path}");
    }
}

#[test]
fn errors_name_the_part_and_what_is_near() {
    for (path, code, says, hints) in [
        ("spec.generator", Code::NotFound, "`spec`", "did you mean `generators`?"),
        (
            "nope.x",
            Code::NotFound,
            "the document",
            "keys are `spec`, `base`, `use`, `numbers`, `list[0]` and 1 more",
        ),
        ("numbers.x", Code::PathKind, "`numbers` is a list", "by its index"),
        ("numbers.-1", Code::PathKind, "`numbers`", "the last item is 1"),
        ("numbers.7", Code::NotFound, "2 items", "the last one is 1"),
        ("numbers.0.x", Code::PathKind, "`numbers.0` is a scalar", ""),
        ("use.x", Code::Alias, "`use` is the alias *base", "line 13"),
        (".numbers.x", Code::PathKind, "`.numbers` is a list", "select"),
        (".base[0]", Code::PathKind, "`.base` is a map", ""),
        (
            r#".spec.generators[0].list.elements[] | select(.appName == "cert-manger") | .appRevision"#,
            Code::NotFound,
            "none of 3 at `.spec.generators[0].list.elements[]`",
            "did you mean `cert-manager`?",
        ),
        (
            r#".spec.generators[0].list.elements[] | select(.wave == 1 and .appName == "zzzzzz")"#,
            Code::NotFound,
            "none of 3",
            "the values of `.appName` are `cert-manager`, `external-dns`, `argo-cd`",
        ),
        (
            r#".spec.generators[0].list.elements[] | select(.name == "argo-cd")"#,
            Code::NotFound,
            "none of 3",
            "none of them has `.name`",
        ),
    ] {
        let error = found(APPS, path).expect_err(path);
        assert_eq!(error.code(), code, "{path}: {error}");
        assert!(error.message().contains(says), "{path}: {error}");
        assert!(error.hint().unwrap_or_default().contains(hints), "{path}: {:?}", error.hint());
    }
}

#[test]
fn a_selector_looks_into_all_documents_a_dot_key_into_the_first() {
    let text = "a: 1\n---\nkind: App\nb: {c: 2}\n---\nb: {c: 3}\n";
    assert_eq!(found(text, ".b.c").unwrap(), ["2", "3"]);
    assert_eq!(found(text, r#". | select(.kind == "App") | .b.c"#).unwrap(), ["2"]);
    assert_eq!(found(text, "b.c").unwrap_err().code(), Code::NotFound);
    // The error is of the document that the path led into furthest.
    assert!(found(text, ".b.d").unwrap_err().message().contains("`.b` has no key `d`"));
    assert_eq!(found("", ".a").unwrap_err().code(), Code::NotFound);
}

#[test]
fn aliases_are_followed_when_asked() {
    let stream = Stream::parse(APPS, &Limits::default()).unwrap();
    let path = Path::parse("use.x").unwrap();
    assert_eq!(stream.select_through(&path).unwrap()[0].source(), "1");
}
