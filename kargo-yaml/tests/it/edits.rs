//! Edits, byte for byte.

use kargo_yaml::{Code, Edit, Editor, Limits, Path, Stream, Value, edit};

fn edited(text: &str, edits: &[(&str, Value)]) -> Result<String, kargo_yaml::Error> {
    let stream = Stream::parse(text, &Limits::default())?;
    let edits: Result<Vec<_>, _> = edits
        .iter()
        .map(|(path, value)| Path::parse(path).map(|path| Edit { path, value: value.clone() }))
        .collect();
    edit(&stream, &edits?).map(|edited| edited.text)
}

#[test]
fn only_the_scalar_changes() {
    let map = |entries: &[(&str, Value)]| {
        Value::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    };
    for (text, path, value, expected) in [
        // Comments, space and neighbours.
        ("a:  1   # c\nb: 2\n", "a", "x".into(), "a:  x   # c\nb: 2\n"),
        ("a: {b: 1, c: x} # d\n", "a.c", "w".into(), "a: {b: 1, c: w} # d\n"),
        ("a: [1, 2, 3]\n", "a.2", 9.into_value(), "a: [1, 2, 9]\n"),
        ("- a\n- b", "1", "c".into(), "- a\n- c"),
        ("a:\n  # c\n  old\nb: 1\n", "a", "new".into(), "a:\n  # c\n  new\nb: 1\n"),
        ("? a\n: 1\n", "a", 2.into_value(), "? a\n: 2\n"),
        ("- - 1\n  - 2\n", "0.1", 3.into_value(), "- - 1\n  - 3\n"),
        // Styles.
        ("a: 'x' # c\n", "a", "it's".into(), "a: 'it''s' # c\n"),
        ("a: \"x\"\n", "a", "q\"\\".into(), "a: \"q\\\"\\\\\"\n"),
        ("a: 'x'\n", "a", "l1\nl2".into(), "a: \"l1\\nl2\"\n"),
        ("a: '1.9'\n", "a", "1.10".into(), "a: '1.10'\n"),
        ("a: 1.9\n", "a", "1.10".into(), "a: \"1.10\"\n"),
        ("a: '1'\n", "a", 2.into_value(), "a: 2\n"),
        ("a: x\n", "a", Value::Null, "a: null\n"),
        ("a: x\n", "a", true.into(), "a: true\n"),
        ("a: x\n", "a", 1e21.into(), "a: 1e+21\n"),
        ("a: x\n", "a", 1_234_567.0.into(), "a: 1234567\n"),
        ("a: x\n", "a", 1e-7.into(), "a: 1e-07\n"),
        ("{\"a\": {\"b\":1}}\n", "a.b", "x".into(), "{\"a\": {\"b\":\"x\"}}\n"),
        // Scalars of several lines.
        ("a: one\n  two\nb: 1\n", "a", "x".into(), "a: x\nb: 1\n"),
        ("a: |\n  l1\n  l2\nb: 1\n", "a", "new".into(), "a: |-\n  new\nb: 1\n"),
        (
            "a: | # c\n    l1\n\n# d\nb: 1\n",
            "a",
            "x\n y\n\nz\n".into(),
            "a: | # c\n    x\n     y\n\n    z\n\n# d\nb: 1\n",
        ),
        ("a: |+\n  l1\n\nb: 1\n", "a", "x".into(), "a: |-\n  x\nb: 1\n"),
        ("a: >-\r\n  l1\r\n  l2\r\nb: 1\r\n", "a", "x".into(), "a: >-\r\n  x\r\nb: 1\r\n"),
        ("a: >-\n  l1\nb: 1\n", "a", "x\ny".into(), "a: |-\n  x\n  y\nb: 1\n"),
        ("a: | # c\n  l1\nb: 1\n", "a", 5.into_value(), "a: 5 # c\nb: 1\n"),
        ("a: |\n  l1\nb: 1\n", "a", " x".into(), "a: \" x\"\nb: 1\n"),
        ("a: |\n  l1", "a", "x\n".into(), "a: \"x\\n\""),
        ("- |\n l1\n- b\n", "0", "x".into(), "- |-\n x\n- b\n"),
        // Line breaks, byte order mark, other characters.
        ("a: 1\r\nb: 2\r\n", "a", "x".into(), "a: x\r\nb: 2\r\n"),
        ("\u{feff}a: 1\nb: 2", "a", "x".into(), "\u{feff}a: x\nb: 2"),
        ("日本: {é: 1, b: 2}\n", "日本.b", "✓".into(), "日本: {é: 1, b: ✓}\n"),
        // Nothing there yet.
        ("a:\nb: 1\n", "a", "x".into(), "a: x\nb: 1\n"),
        ("a: # c\n", "a", "x".into(), "a: x # c\n"),
        ("b: 2\na:", "a", "x".into(), "b: 2\na: x"),
        ("a: &x\n", "a", "w".into(), "a: &x w\n"),
        ("-\n- 1\n", "0", "x".into(), "- x\n- 1\n"),
        ("{a, b: , \"c\":}\n", "a", 1.into_value(), "{a: 1, b: , \"c\":}\n"),
        ("{a, b: , \"c\":}\n", "b", 1.into_value(), "{a, b: 1 , \"c\":}\n"),
        ("{a, b: , \"c\":}\n", "c", 1.into_value(), "{a, b: , \"c\": 1}\n"),
        // Anchors and tags.
        ("a: &x 1 # c\nb: *x\n", "a", 2.into_value(), "a: &x 2 # c\nb: *x\n"),
        ("a: !mine x\n", "a", "w".into(), "a: !mine w\n"),
        ("a: !!str 1\n", "a", "2".into(), "a: !!str \"2\"\n"),
        ("a: !!int 1\n", "a", "x".into(), "a: x\n"),
        ("a: !!int &k 1\nb: *k\n", "a", "x".into(), "a: &k x\nb: *k\n"),
        // Lists and maps as values.
        ("a: x # c\n", "a", Value::List(vec![1.into_value(), "a, b".into()]), "a: [1, \"a, b\"] # c\n"),
        (
            "a: [x]\n",
            "a.0",
            map(&[("z", "yes".into()), ("on", Value::Null)]),
            "a: [{z: \"yes\", \"on\": null}]\n",
        ),
        ("a: |\n  x\nb: 1\n", "a", Value::List(vec![]), "a: []\nb: 1\n"),
    ] {
        let now = edited(text, &[(path, value.clone())]);
        assert_eq!(now.as_deref().map_err(ToString::to_string), Ok(expected), "{text:?} {value:?}");
    }
}

/// Whole numbers, without a cast at each place.
trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for i64 {
    fn into_value(self) -> Value {
        self.into()
    }
}

#[test]
fn several_edits_see_the_old_text() {
    let text = "a: {x: 1, y: two} # c\nb:\n- n: p\n  v: 1\n- n: q\n  v: 2\n";
    let now = edited(
        text,
        &[
            ("a.y", "z".into()),
            ("b.1.v", 20.into_value()),
            ("a.x", 9.into_value()),
            (r#".b[] | select(.n == "p") | .v"#, "first".into()),
            (r#".b[] | select(.n == "p") | .v"#, "last".into()),
        ],
    );
    assert_eq!(now.unwrap(), "a: {x: 9, y: z} # c\nb:\n- n: p\n  v: last\n- n: q\n  v: 20\n");
    let all = edited("- {a: 1, b: 1}\n- {a: 2}\n", &[(".[].a", 0.into_value())]);
    assert_eq!(all.unwrap(), "- {a: 0, b: 1}\n- {a: 0}\n");
}

#[test]
fn changes_are_told() {
    let stream = Stream::parse("a: 1\nb: 'x'\nc: 3\n", &Limits::default()).unwrap();
    let mut editor = Editor::new(&stream);
    for (path, value) in [("c", 33.into_value()), ("b", "x".into()), ("a", "long".into())] {
        assert_eq!(editor.set(&Path::parse(path).unwrap(), value).unwrap(), 1);
    }
    let edited = editor.finish().unwrap();
    let told: Vec<_> = edited
        .changes
        .iter()
        .map(|change| (change.old.as_str(), &edited.text[change.new_span.range()]))
        .collect();
    assert_eq!(told, [("1", "long"), ("3", "33")]);
}

#[test]
fn what_cannot_be_set_is_an_error() {
    for (text, path, code) in [
        ("a: {b: 1}\n", "a", Code::NotScalar),
        ("a: [1]\n", "a", Code::NotScalar),
        ("a: &x 1\nb: *x\n", "b", Code::Alias),
        ("a: &x {k: 1}\nb: *x\n", "b.k", Code::Alias),
        ("a: 1\na: 2\n", "a", Code::DuplicateKey),
        ("a: 1\nb: {c: 1, c: 2}\n", "a", Code::DuplicateKey),
        ("? a\n? b\n: 1\n", "a", Code::Unwritable),
        ("a: 1\n", "b", Code::NotFound),
    ] {
        let error = edited(text, &[(path, "x".into())]).unwrap_err();
        assert_eq!(error.code(), code, "{text:?} {error}");
    }
}

#[test]
fn aliases_are_edited_at_their_anchor_when_asked() {
    let stream = Stream::parse("a: &x {k: 1}\nb: *x\nc: &s old\nd: *s\n", &Limits::default()).unwrap();
    let mut editor = Editor::new(&stream).through_aliases(true);
    editor.set(&Path::parse("b.k").unwrap(), 2.into_value()).unwrap();
    editor.set(&Path::parse("d").unwrap(), "new".into()).unwrap();
    assert_eq!(editor.finish().unwrap().text, "a: &x {k: 2}\nb: *x\nc: &s new\nd: *s\n");
}
