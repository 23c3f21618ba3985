use kargo_core::step::BAD_CONFIG;
use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use super::*;
use crate::trial::{Trial, example};

/// A server that answers by the path: `/status/N/TYPE/BODY`, `/echo`, `/redirect`, `/slow`, `/large`, `/multi`.
struct Server(String);

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                thread::spawn(move || answer(stream.unwrap()));
            }
        });
        Self(address)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

fn answer(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap() > 2 {}
    let field =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    let mut body = vec![0; field("content-length: ").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let line: Vec<&str> = head.split(' ').collect();
    let (method, target) = (line[0], line[1]);
    let parts: Vec<&str> = target.splitn(5, '/').collect();
    let (status, headers, text) = match parts[1] {
        "status" => {
            let types = parts[3].replace('+', "/");
            (parts[2].to_owned(), format!("Content-Type: {types}\r\n"), decoded(parts[4]))
        }
        "redirect" => ("302".to_owned(), "Location: /echo?from=redirect\r\n".to_owned(), String::new()),
        "away" => ("307".to_owned(), "Location: http://away.example/echo\r\n".to_owned(), String::new()),
        "cloud" => {
            ("302".to_owned(), "Location: http://169.254.169.254/latest\r\n".to_owned(), String::new())
        }
        "multi" => ("200".to_owned(), "X-Multi: one\r\nX-Multi: two\r\n".to_owned(), String::new()),
        "large" => ("200".to_owned(), String::new(), "x".repeat(3 << 20)),
        "slow" => {
            thread::sleep(Duration::from_secs(5));
            return;
        }
        _ => {
            let echo = json!({
                "method": method, "target": target, "body": String::from_utf8_lossy(&body), "int": 42,
                "token": field("authorization: "), "kind": field("x-kind: "),
            });
            ("200".to_owned(), "Content-Type: application/json\r\n".to_owned(), echo.to_string())
        }
    };
    let length = text.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} x\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    );
}

fn decoded(text: &str) -> String {
    let pairs: Vec<_> = url::form_urlencoded::parse(text.as_bytes()).collect();
    pairs.first().map(|(text, _)| text.to_string()).unwrap_or_default()
}

async fn run(config: Json) -> Result<StepReport, StepError> {
    Trial::new().run(Http::new(&Rewrites::default()), config).await
}

fn outputs(report: &StepReport) -> Json {
    let outputs = report.outputs.as_ref().unwrap();
    outputs
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_json().unwrap()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn its_example_is_valid() {
    example(Http::new(&Rewrites::default()), include_str!("../http.rs"));
}

#[tokio::test]
async fn requests_are_sent_in_both_dialects() {
    let server = Server::start();
    let body = json!([{"name": "b", "fromExpression": "response.body"}]);
    let pairs = json!([{"name": "X-Kind", "value": "7"}]);
    for (what, config, wanted) in [
        ("list", json!({"url": "/echo", "headers": pairs}), json!({"kind": "7", "method": "GET"})),
        ("map", json!({"url": "/echo", "headers": {"X-Kind": 7}}), json!({"kind": "7"})),
        (
            "query",
            json!({"url": "/echo?z=1&a=2", "queryParams": {"q": "a b&c", "b": "é"}}),
            json!({"target": "/echo?a=2&b=%C3%A9&q=a+b%26c&z=1"}),
        ),
        ("query kept", json!({"url": "/echo?z=1&a=%20"}), json!({"target": "/echo?z=1&a=%20"})),
        (
            "body",
            json!({"url": "/echo", "method": "POST", "body": "x y"}),
            json!({"method": "POST", "body": "x y"}),
        ),
        (
            "block",
            json!({"url": "/echo", "method": "PUT", "body": {"a": [1]}}),
            json!({"body": "{\"a\":[1]}"}),
        ),
        (
            "file",
            json!({"url": "/echo", "method": "POST", "bodyFromFile": "../b"}),
            json!({"body": "from file"}),
        ),
        ("no body", json!({"url": "/echo", "body": "", "bodyFromFile": ""}), json!({"body": ""})),
        (
            "redirect",
            json!({"url": "/redirect", "method": "POST", "body": "x"}),
            json!({"method": "GET", "body": ""}),
        ),
    ] {
        let mut config = config;
        config["url"] = server.url(config["url"].as_str().unwrap()).into();
        config["outputs"] = body.clone();
        let trial = Trial::new().file("b", "from file");
        let report = trial
            .run(Http::new(&Rewrites::default()), config)
            .await
            .unwrap_or_else(|e| panic!("{what}: {e:?}"));
        let echo = &outputs(&report)["b"];
        for (key, value) in wanted.as_object().unwrap() {
            assert_eq!(echo[key], *value, "{what}: {echo}");
        }
    }
}

#[tokio::test]
async fn answers_are_judged() {
    #[derive(Debug, PartialEq)]
    enum Wanted {
        Succeeded,
        Running,
        Unmet,
        Failed,
        Errored(bool),
    }
    use Wanted::{Errored, Failed, Running, Succeeded, Unmet};
    let server = Server::start();
    for (status, success, failure, wanted) in [
        (200, "", "", Succeeded),
        (299, "", "", Succeeded),
        (404, "", "", Unmet),
        (503, "", "", Unmet),
        (404, "response.status == 404", "", Succeeded),
        (200, "response.status == 404", "", Running),
        (200, "", "response.status == 500", Running),
        (500, "", "response.status == 500", Failed),
        (200, "true", "true", Failed),
        (200, "1", "", Errored(false)),
        (200, "response.nope", "", Errored(false)),
        (200, "response.body.x.y", "", Errored(false)),
        (200, "1 +", "", Errored(true)),
        (200, "", "1 +", Errored(true)),
    ] {
        let url = server.url(&format!("/status/{status}/application+json/%7B%7D"));
        let config = json!({"url": url, "successExpression": success, "failureExpression": failure, "pollInterval": "7s"});
        let retry_after = Some(Duration::from_secs(7));
        let found = match run(config).await {
            Ok(report) if report.outcome == Outcome::Succeeded => Succeeded,
            Ok(report) if report.outcome == Outcome::Running { retry_after } => Running,
            Ok(report) if report.outcome == Outcome::Unmet { retry_after } => Unmet,
            Err(error) if error.is_failed() && error.code() == FAILURE && error.is_terminal() => Failed,
            Err(error) if error.code() == EXPRESSION => Errored(error.is_terminal()),
            other => panic!("{status} {success:?} {failure:?}: {other:?}"),
        };
        assert_eq!(found, wanted, "{status} {success:?} {failure:?}");
    }
}

#[tokio::test]
async fn a_failure_says_what_the_answer_says() {
    let server = Server::start();
    let url = server.url("/status/401/application+json/%7B%22m%22:%22Bad%20%5C%22token%5C%22%22%7D");
    for (expression, message) in [
        ("response.body.m", "HTTP (401) response met failure criteria: \"Bad \\\"token\\\"\""),
        ("response.body.nope", "HTTP (401) response met failure criteria"),
        ("response.body.nope.x", "HTTP (401) response met failure criteria"),
        ("1", "HTTP (401) response met failure criteria"),
    ] {
        let config = json!({"url": url, "failureExpression": "true", "errorExpression": expression});
        assert_eq!(run(config).await.unwrap_err().to_string(), message, "{expression}");
    }
    let error =
        run(json!({"url": url, "failureExpression": "true", "errorExpression": "1 +"})).await.unwrap_err();
    assert!(error.code() == EXPRESSION && error.is_terminal());
}

#[tokio::test]
async fn bodies_are_read_by_their_type() {
    let server = Server::start();
    for (media_type, text, told, wanted) in [
        ("application+json;%20charset=x", "%7B%22a%22:1%7D", None, Some(json!({"a": 1}))),
        ("APPLICATION+JSON", "[1,2]", None, Some(json!([1, 2]))),
        ("application+json", "%7Bbad", None, None),
        ("application+json", "%7B%7D%20x", None, None),
        ("text+plain", "%7B%22a%22:1%7D", None, Some(json!("{\"a\":1}"))),
        ("text+plain", "%7B%22a%22:1%7D", Some("application/json"), Some(json!({"a": 1}))),
        ("application+yaml", "a:%20yes", None, Some(json!({"a": true}))),
        ("application+yaml", "a:%20[bad", None, None),
        ("application+vnd.x%2Bjson", "%7B%22a%22:1%7D", None, Some(json!({"a": 1}))),
        ("text+html", "hello", None, Some(json!({}))),
        ("application+json", "", None, Some(json!({}))),
    ] {
        let url = server.url(&format!("/status/200/{media_type}/{text}"));
        let config = json!({
            "url": url, "responseContentType": told, "outputs": [{"name": "b", "fromExpression": "response.body"}],
        });
        match (run(config).await, wanted) {
            (Ok(report), Some(wanted)) => assert_eq!(outputs(&report)["b"], wanted, "{media_type} {text}"),
            (Err(error), None) => assert_eq!((error.code(), error.is_terminal()), (BAD_BODY, false)),
            (other, wanted) => panic!("{media_type} {text}: {other:?}, wanted {wanted:?}"),
        }
    }
}

#[tokio::test]
async fn headers_are_seen_as_in_go() {
    let server = Server::start();
    let outputs_of = |expression: &str| json!({"url": server.url("/multi"), "outputs": [{"name": "o", "fromExpression": expression}]});
    for (expression, wanted) in [
        ("response.headers['X-Multi']", json!(["one", "two"])),
        ("response.header('x-multi')", json!("one")),
        ("response.header('nope')", json!("")),
        ("type(response.status)", json!("int")),
        ("response.nope", json!(null)),
    ] {
        let report = run(outputs_of(expression)).await.unwrap();
        assert_eq!(outputs(&report)["o"], wanted, "{expression}");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_said() {
    let server = Server::start();
    for (config, code, failed, terminal) in [
        (json!({}), BAD_CONFIG, true, true),
        (json!({"url": "x", "method": "get"}), BAD_CONFIG, true, true),
        (json!({"url": "x", "body": "a", "bodyFromFile": "b"}), BAD_CONFIG, true, true),
        (json!({"url": "x", "timeout": "5x"}), BAD_CONFIG, true, true),
        (json!({"url": "x", "timeout": "abc5s"}), BAD_CONFIG, false, true),
        (json!({"url": "x", "headers": [{"name": "a", "value": ""}]}), BAD_CONFIG, true, true),
        (json!({"url": "x", "foo": 1}), BAD_CONFIG, true, true),
        (json!({"url": "x", "proxy": "ftp://x"}), BAD_CONFIG, true, true),
        (json!({"url": "/rel"}), NO_ANSWER, false, false),
        (json!({"url": "ftp://x/y"}), NO_ANSWER, false, false),
        (json!({"url": "http://["}), BAD_REQUEST, false, true),
        (json!({"url": server.url("/echo"), "headers": {"bad header": "x"}}), BAD_REQUEST, false, false),
        (json!({"url": "http://127.0.0.1:1/"}), NO_ANSWER, false, false),
        (json!({"url": server.url("/large")}), TOO_LARGE, false, false),
        (json!({"url": server.url("/slow"), "timeout": "100ms"}), NO_ANSWER, false, false),
        (json!({"url": "http://169.254.169.254/x"}), LINK_LOCAL, false, false),
        (json!({"url": "http://[fe80::1]/x"}), LINK_LOCAL, false, false),
        (json!({"url": server.url("/cloud")}), LINK_LOCAL, false, false),
    ] {
        let error = run(config.clone()).await.unwrap_err();
        assert_eq!(
            (error.code(), error.is_failed(), error.is_terminal()),
            (code, failed, terminal),
            "{config}"
        );
    }
}

#[tokio::test]
async fn addresses_are_rewritten_and_secrets_stay_with_their_origin() {
    let server = Server::start();
    let rewrites = Rewrites::default();
    let rewrites = rewrites.with(&format!("https://api.example/={}/", server.0)).unwrap();
    let rewrites = rewrites.with(&format!("http://away.example/={}/", server.0)).unwrap();
    for (path, token) in [("echo", "Bearer s3cret"), ("redirect", "Bearer s3cret"), ("away", "")] {
        let config = json!({
            "url": format!("https://api.example/{path}"), "headers": {"Authorization": "Bearer s3cret"},
            "outputs": [{"name": "token", "fromExpression": "response.body.token"}],
        });
        let report = Trial::new().run(Http::new(&rewrites), config).await.unwrap();
        assert_eq!(outputs(&report)["token"], token, "{path}");
    }
}

#[tokio::test]
async fn it_stops_when_told() {
    let server = Server::start();
    let trial = Trial::new();
    let cancel = trial.cancel();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cancel.cancel();
    });
    let begun = Instant::now();
    let error =
        trial.run(Http::new(&Rewrites::default()), json!({"url": server.url("/slow")})).await.unwrap_err();
    assert_eq!(error.code(), CANCELLED);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn what_may_have_been_sent_is_not_sent_again() {
    let server = Server::start();
    for (method, again) in
        [("GET", true), ("HEAD", true), ("PUT", true), ("DELETE", true), ("POST", false), ("PATCH", false)]
    {
        let trial = Trial::new().interrupted();
        let result = trial
            .run(Http::new(&Rewrites::default()), json!({"url": server.url("/echo"), "method": method}))
            .await;
        match result {
            Ok(_) => assert!(again, "{method}"),
            Err(error) => {
                assert_eq!((error.code(), error.is_terminal(), again), (MAYBE_SENT, true, false), "{method}");
            }
        }
    }
}
