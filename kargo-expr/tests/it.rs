//! What only whole expressions and templates can show: limits, hosts, taint, typed environments.

use kargo_expr::{
    Answer, CallError, Code, Env, Error, Host, JsonAnswer, JsonTemplate, Limits, Map, Need, NoHost, Numbers,
    Object, ObjectType, Phase, Program, Scope, Signature, Template, Type, Value, eval,
};
use proptest::prelude::*;
use serde_json::json;

fn run(source: &str) -> Result<Value, Error> {
    eval(source, &Scope::new())
}

#[test]
fn nesting_does_not_overflow_the_stack() {
    let deep = |open: &str, inner: &str, close: &str, n: usize| {
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    let sources = [
        deep("(", "1", ")", 9_000),
        deep("(", "1", ")", 200_000),
        deep("[", "", "]", 9_000),
        deep("-", "1", "", 50_000),
        deep("not ", "true", "", 9_000),
        deep("true ? ", "1", " : 0", 3_000),
        deep("if true {", "1", "} else {2}", 4_000),
        deep("map([1], ", "#", ")", 3_000),
        deep("{a:", "1", "}", 3_000),
        deep("x ?: ", "1", "", 4_000),
        deep("a.", "b", "", 4_900),
        deep("x?.", "b", "", 3_000),
        deep("1 + ", "1", "", 4_900),
        deep("let x = 1; ", "1", "", 4_000),
        deep("1 < ", "2", "", 3_000),
        deep("toJSON(", "1", ")", 100),
        deep("((((((1 in 1..2", "", ") ? 1 : 2) in 1..2)", 40),
    ];
    for source in sources {
        let outcome = run(&source);
        drop(outcome);
    }
}

#[test]
fn deep_values_can_be_compared_shown_and_dropped() {
    let nest = "reduce(1..9000, [#acc], 1)";
    for source in [
        "toJSON(reduce(1..3000, [#acc], 1)) | len()".to_owned(),
        format!("string({nest}) | len()"),
        format!("{nest} == {nest}"),
        format!("{{a: {nest}}} == {{a: {nest}}}"),
        format!("flatten({nest}) | len()"),
        format!("max({nest})"),
        "quote(reduce(1..3000, [#acc], 1)) | len()".to_owned(),
        format!("{nest} in [{nest}]"),
    ] {
        run(&source).unwrap_or_else(|error| panic!("{source}: {error}"));
    }
    assert_eq!(run("reduce(1..20000, [#acc], 1)").unwrap_err().code(), Code::Limit);
    drop(run(nest).unwrap().to_json());
}

#[test]
fn runs_are_bounded() {
    let cases = [
        "reduce(1..100, #acc + #acc, 'aaaaaaaaaaaaaaaa')",
        "reduce(1..100, [#acc, #acc], 1) | toJSON()",
        "reduce(1..100, [#acc, #acc], 1) | string()",
        "let a = reduce(1..100, [#acc, #acc], 1); let b = reduce(1..100, [#acc, #acc], 1); a == b",
        "reduce(1..100, [#acc, #acc], 1) | flatten()",
        "reduce(1..100, [#acc, #acc], 1) | max()",
        "let a = 1..900000; count(a, count(a, true) > 1)",
        "let a = 1..400000; reduce(a, #acc + len(string(a)), 0)",
        "repeat('a', 1000000) | replace('a', repeat('b', 1000))",
        "let a = 1..400000; count(a, len(a[0:]) > 1)",
        "uniq(1..300000)",
        "1..9223372036854775807",
        "-9223372036854775807..9223372036854775807",
        "let s = repeat('a', 900000); count(1..90000, upper(s) == s)",
        "let s = repeat('a,', 400000); count(1..90000, len(split(s, ',')) == 1)",
    ];
    for source in cases {
        let env = Env::kargo().with_limits(Limits { steps: 200_000, ..Limits::default() });
        let program = Program::compile(source, &env).unwrap();
        let code = program.run(&Scope::new()).map(drop).map_err(|error| error.code());
        assert!(matches!(code, Err(Code::Limit) | Ok(())), "{source}: {code:?}");
    }
}

#[test]
fn limits_are_settings() {
    let env = Env::new().with_limits(Limits { nodes: 5, memory: 10, ..Limits::default() });
    let refused = Program::compile("1 + 2 + 3 + 4", &env).unwrap_err();
    assert_eq!((refused.code(), refused.phase()), (Code::TooComplex, Phase::Compile));
    let failed = Program::compile("1..20", &env).unwrap().run(&Scope::new()).unwrap_err();
    assert_eq!((failed.code(), failed.phase()), (Code::Limit, Phase::Run));
}

struct Secrets(bool);

impl Host for Secrets {
    fn call(&self, function: &str, args: &[Value]) -> Result<Answer, CallError> {
        let key = args[0].as_str().unwrap_or_default();
        if !self.0 {
            return Ok(Answer::Need(Need { kind: function.into(), key: key.into() }));
        }
        Ok(Answer::Ready(Value::from(Map::of_strings([("token", "s3cret")])).tainted()))
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

fn with_secrets() -> Env {
    let signature = Signature::new([Type::String], Type::map_of(Type::String));
    Env::kargo().with_host_function("secret", signature)
}

#[test]
fn hosts_answer_or_ask_for_more() {
    let program = Program::compile("secret('a').token + secret('a').nope", &with_secrets()).unwrap();
    let need = Need { kind: "secret".into(), key: "a".into() };
    assert_eq!(program.run_with(&Scope::new(), &Secrets(false)).unwrap(), Answer::Need(need));
    let Answer::Ready(value) = program.run_with(&Scope::new(), &Secrets(true)).unwrap() else { panic!() };
    assert_eq!(value.as_str(), Some("s3cret"));
    assert!(value.is_tainted());
    assert_eq!(program.run(&Scope::new()).unwrap_err().code(), Code::NeedsHost);
}

#[test]
fn what_is_made_of_a_secret_is_tainted() {
    let scope = Scope::new()
        .with("s", Value::from("s3cret").tainted())
        .with("m", Value::from_iter([("a", Value::from("x")), ("b", Value::from("s3cret").tainted())]));
    let cases = [
        ("s + 'x'", true),
        ("s[0:2]", true),
        ("s[0]", true),
        ("upper(s)", true),
        ("[s]", true),
        ("[s, 'x'][1]", false),
        ("{a: s}", true),
        ("{(s): 1}", true),
        ("toJSON(m)", true),
        ("m.a", false),
        ("m.b", true),
        ("keys(m)", true),
        ("values(m)[0]", false),
        ("split(s, '3')", true),
        ("split(s, '3')[0]", true),
        ("map(split(s, ''), # + '!')", true),
        ("filter([s, 'x'], # != 'x')", true),
        ("join(['a', s], ',')", true),
        ("len(s)", true),
        ("s == 'x'", true),
        ("s matches 'x'", true),
        ("let t = s; t", true),
        ("s ?? 'x'", true),
        ("true ? s : 'x'", true),
        ("reduce([s, 'a'], #acc + #)", true),
        ("groupBy([s], #)", true),
        ("sortBy([s], #)", true),
        ("quote(s)", true),
        ("toBase64(s) | fromBase64()", true),
        ("first([s])", true),
        ("'x' + string(1)", false),
        ("concat([s], ['x'])[1]", false),
        ("$env", true),
    ];
    for (source, tainted) in cases {
        let value = eval(source, &scope).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(value.is_tainted(), tainted, "{source}");
        assert!(!format!("{value:?}").contains("s3cret"), "{source}");
    }
}

#[test]
fn templates_tell_where_secrets_are() {
    let document =
        json!({"a": "${{ secret('x').token }}", "b": ["$<< 1 >>", "x${% secret('x').token %}"], "c/d": "1"});
    let template = JsonTemplate::parse(&document, &with_secrets());
    let JsonAnswer::Ready { json, tainted } = template.render(&Scope::new(), &Secrets(true)).unwrap() else {
        panic!()
    };
    assert_eq!(json, json!({"a": "s3cret", "b": [1, "xs3cret"], "c/d": "1"}));
    assert_eq!(tainted, ["/a", "/b/1"]);
    assert!(matches!(template.render(&Scope::new(), &Secrets(false)).unwrap(), JsonAnswer::Need(_)));
}

#[test]
fn a_bad_leaf_keeps_its_error() {
    let document = json!({"a": {"b/c": ["ok", "x ${{ 1 + 'a' }}"]}, "z": "${{ 1 }}"});
    let template = JsonTemplate::parse(&document, &Env::kargo());
    let errors: Vec<_> =
        template.errors().map(|(pointer, error)| (pointer.to_owned(), error.code())).collect();
    assert_eq!(errors, [("/a/b~1c/1".to_owned(), Code::Type)]);
    let failure = template.render(&Scope::new(), &NoHost).unwrap_err();
    assert_eq!(failure.pointer(), "/a/b~1c/1");
    assert_eq!(failure.error().span().map(|span| span.start), Some(8));
    for (document, code) in [(json!([1]), Code::NotObject), (json!("${{ 1 }}"), Code::NotObject)] {
        let failure =
            JsonTemplate::parse(&document, &Env::kargo()).render(&Scope::new(), &NoHost).unwrap_err();
        assert_eq!(failure.error().code(), code);
    }
}

#[test]
fn templates_keep_their_parts() {
    let env = Env::kargo();
    let literal = Template::parse("42", &env).unwrap();
    assert!(literal.is_literal());
    let template = Template::parse("a ${{ b }}-$<< c.d >>", &env).unwrap();
    let sources: Vec<_> =
        template.expressions().map(|(span, p)| (span.start, p.source().to_owned())).collect();
    assert_eq!(sources, [(5, " b ".to_owned()), (14, " c.d ".to_owned())]);
    assert_eq!(Template::parse("x ${{ 1", &env).unwrap_err().code(), Code::Unclosed);
}

#[derive(Debug)]
struct Commit(bool);

impl Object for Commit {
    fn type_name(&self) -> &str {
        "v1alpha1.GitCommit"
    }

    fn field(&self, name: &str) -> Option<Value> {
        (name == "ID").then(|| "abc".into())
    }

    fn to_json(&self) -> serde_json::Value {
        json!({"id": "abc"})
    }

    fn is_nil(&self) -> bool {
        self.0
    }
}

#[test]
fn objects_have_go_fields_and_a_json_form() {
    let scope = Scope::new().with("c", Value::object(Commit(false))).with("n", Value::object(Commit(true)));
    let cases = [
        ("c.ID", "\"abc\""),
        ("toJSON(c)", "\"{\\n  \\\"id\\\": \\\"abc\\\"\\n}\""),
        ("n?.ID", "<nil>"),
        ("n == nil", "true"),
        ("n ?? 1", "1"),
        ("quote(n)", "\"\\\"null\\\"\""),
    ];
    for (source, shown) in cases {
        assert_eq!(format!("{:?}", eval(source, &scope).unwrap()), shown, "{source}");
    }
    assert_eq!(eval("n.ID", &scope).unwrap_err().code(), Code::Fetch);
    assert_eq!(eval("c.Nope", &scope).unwrap_err().code(), Code::Fetch);
}

#[test]
fn declared_types_are_checked() {
    let commit = Type::object(ObjectType::new("v1alpha1.GitCommit").field("ID", Type::String));
    let env = Env::kargo()
        .with_host_function("commitFrom", Signature::new([Type::String], commit))
        .with_variable("vars", Type::strict_fields([("appName", Type::String), ("replicas", Type::Float)]))
        .with_variable("outputs", Type::fields([("push", Type::Any)]))
        .strict();
    let cases = [
        ("vars.appName + '-x'", None),
        ("outputs.push.x + outputs.other", None),
        ("commitFrom('x').ID", None),
        ("vars.apName", Some((Code::UnknownField, Some("did you mean appName?")))),
        ("commitFrom('x').Id", Some((Code::UnknownField, Some("did you mean ID?")))),
        ("commitForm('x')", Some((Code::UnknownName, Some("did you mean commitFrom?")))),
        ("var.x", Some((Code::UnknownName, Some("did you mean vars?")))),
        ("uper('x')", Some((Code::UnknownName, Some("did you mean upper?")))),
        ("vars.appName + 1", Some((Code::Type, None))),
        ("commitFrom(1)", Some((Code::Arguments, None))),
    ];
    for (source, expected) in cases {
        let outcome = Program::compile(source, &env).map(drop);
        let actual = outcome.as_ref().err().map(|error| (error.code(), error.hint()));
        assert_eq!(actual, expected, "{source}");
    }
}

#[test]
fn programs_tell_what_they_read() {
    let source = "let x = vars.a.b; x + outputs['push'].id + ctx?.stage + fn(vars.c) + vars";
    let program = Program::compile(source, &Env::kargo()).unwrap();
    let names: Vec<String> = program.names().map(|path| path.join(".")).collect();
    assert_eq!(names, ["vars.a.b", "outputs.push.id", "ctx.stage", "fn", "vars.c", "vars"]);
}

#[test]
fn programs_are_shared_between_threads() {
    let program = Program::compile("x * 2", &Env::kargo()).unwrap();
    std::thread::scope(|scope| {
        for i in 0..4 {
            let program = program.clone();
            scope.spawn(move || {
                let value = program.run(&Scope::new().with("x", i)).unwrap();
                assert_eq!(value.as_i64(), Some(i64::from(i) * 2));
            });
        }
    });
}

#[test]
fn every_code_is_explained_once() {
    let mut slugs: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert!(Code::ALL.iter().all(|code| code.explain().ends_with('.')));
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), Code::ALL.len());
}

/// Pieces of which soups are cooked: every kind of token, valid and not.
const PIECES: &[&str] = &[
    "1",
    "2.5",
    "0x1F",
    "1e3",
    "'a'",
    "\"b\"",
    "`c`",
    "b'd'",
    "true",
    "false",
    "nil",
    "x",
    "vars",
    "ctx",
    "#",
    "#index",
    "#acc",
    ".",
    "?.",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    ";",
    "?",
    "??",
    "?:",
    "|",
    "||",
    "&&",
    "and",
    "or",
    "not",
    "!",
    "in",
    "matches",
    "contains",
    "startsWith",
    "endsWith",
    "..",
    "+",
    "-",
    "*",
    "/",
    "%",
    "**",
    "^",
    "==",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "let y =",
    "if",
    "else",
    "map(",
    "filter(",
    "reduce(",
    "sum(",
    "count(",
    "sortBy(",
    "groupBy(",
    "find(",
    "len(",
    "upper(",
    "toJSON(",
    "date(",
    "duration(",
    "get(",
    "first(",
    "sort(",
    "split(",
    "max(",
    "$env",
    "::",
    "=",
    "\\",
    "'",
    "é",
    "\n",
    "/*",
    "//",
    " ",
    "semverParse(",
    "'2024-01-02'",
    "'1h'",
    ".Format(",
    ".Major()",
    "1..3",
    "[1, 2]",
    "{a: 1}",
];

fn scope() -> Scope {
    let values = json!({"x": [1, 2.5, "a", null, {"k": [true]}], "vars": {"a": "b", "n": 3}, "ctx": null});
    Value::from_json(&values, Numbers::Natural).as_map().map_or_else(Scope::new, |map| map.clone().into())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn soups_never_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24), spaced: bool) {
        let source = pieces.join(if spaced { " " } else { "" });
        let env = Env::kargo().with_limits(Limits { steps: 100_000, memory: 100_000, bytes: 1 << 20, ..Limits::default() });
        match Program::compile(&source, &env) {
            Ok(program) => {
                if let Ok(value) = program.run(&scope()) {
                    drop((value.to_json().is_ok(), format!("{value:?}")));
                }
            }
            Err(error) => {
                let span = error.span().unwrap_or_default();
                prop_assert!(span.start as usize <= source.len() && span.end as usize <= source.len());
                prop_assert!(source.is_char_boundary(span.start as usize));
            }
        }
    }

    #[test]
    fn any_text_is_a_template_or_an_error(text in "(\\$\\{\\{|\\}\\}|\\$\\{%|%\\}|\\$<<|>>|[a-z1\"'\n .+é]){0,20}") {
        if let Ok(template) = Template::parse(&text, &Env::kargo()) {
            let _ = template.render(&scope(), &NoHost);
        }
    }
}
