//! The HTTP server that the cases talk to.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::serve::Listener;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

/// A server on a port of this machine, for as long as the runtime lives.
pub(super) struct Server {
    address: String,
}

impl Server {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let routes = Router::new()
            .route("/echo", any(echo))
            .route("/raw", any(raw))
            .route("/redirect", any(redirect))
            .fallback(StatusCode::NOT_FOUND);
        tokio::spawn(async move { axum::serve(Closing(listener), routes).await });
        Ok(Self { address })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

/// Says what was asked.
async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // As in Go, the host is no header.
    for (name, value) in headers.iter().filter(|(name, _)| *name != header::HOST) {
        names
            .entry(canonical(name))
            .or_default()
            .push(String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    let answer = json!({
        "method": method.as_str(),
        "path": uri.path(),
        "rawQuery": uri.query().unwrap_or_default(),
        "headers": names,
        "body": String::from_utf8_lossy(&body),
        "contentLength": body.len(),
        "int": 42,
        "float": 1.5,
        "big": 12_345_678_901_234_567_890_u64,
        "list": [1, "two", null, true],
    });
    let headers = [("x-echo", "yes"), ("x-multi", "one"), ("x-multi", "two")];
    let json = [(header::CONTENT_TYPE, "application/json")];
    let mut response = (json, answer.to_string()).into_response();
    for (name, value) in headers {
        response.headers_mut().append(name, HeaderValue::from_static(value));
    }
    response
}

/// `x-request-id` as Go writes it: `X-Request-Id`.
fn canonical(name: &HeaderName) -> String {
    let parts = name.as_str().split('-').map(|part| {
        let mut chars = part.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    });
    parts.collect::<Vec<_>>().join("-")
}

/// Answers exactly what the query says.
async fn raw(RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
    if let Some(millis) = get("sleep").and_then(|text| text.parse().ok()) {
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    let status =
        get("status").and_then(|text| text.parse().ok()).and_then(|code| StatusCode::from_u16(code).ok());
    let body = match get("n").and_then(|text| text.parse().ok()) {
        Some(count) => " ".repeat(count),
        None => get("body").unwrap_or_default().to_owned(),
    };
    let mut response = (status.unwrap_or(StatusCode::OK), body).into_response();
    let headers = response.headers_mut();
    match get("ct") {
        Some("") => drop(headers.remove(header::CONTENT_TYPE)),
        Some(kind) => set(headers, "content-type", kind),
        None => {}
    }
    for (_, line) in query.iter().filter(|(key, _)| key == "h") {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value.trim())) {
            headers.append(name, value);
        }
    }
    response
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

async fn redirect() -> Response {
    (StatusCode::FOUND, [(header::LOCATION, "/echo?redirected=1")]).into_response()
}

/// Drops the connections whose first request is for `/close`.
struct Closing(TcpListener);

impl Listener for Closing {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.0).await;
            let mut begin = [0; 64];
            let peeked = stream.peek(&mut begin).await.unwrap_or_default();
            let path = begin[..peeked].split(|byte| *byte == b' ').nth(1).unwrap_or_default();
            if !path.starts_with(b"/close") {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}
