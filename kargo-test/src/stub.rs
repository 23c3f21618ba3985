//! The HTTP side of a world: a server that answers what a test wrote down, and nothing else.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The largest request that is read, in bytes.
const MAX_BODY: usize = 16 << 20;

/// A request that a promotion sent, with the address that it wrote. `Debug` shows no header's value: they hold
/// tokens.
#[derive(Clone)]
pub struct Sent {
    /// The method, such as `POST`.
    pub method: String,
    /// The whole address, as written in the template.
    pub url: String,
    /// The body as text.
    pub body: String,
    headers: HeaderMap,
}

impl Sent {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The value of a header; `None` where it is absent or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Sent")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("body", &self.body)
            .field("headers", &headers)
            .finish()
    }
}

/// What is answered to one kind of request, one after the other; the last again and again.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) answers: VecDeque<(u16, Value)>,
}

/// What the server knows and saw.
#[derive(Debug, Default)]
struct Book {
    routes: Vec<Route>,
    sent: Vec<Sent>,
    /// Method and address of what nothing is written down for.
    unknown: Vec<String>,
}

/// The server; it listens on this machine until it is dropped.
#[derive(Debug)]
pub(crate) struct Stub {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
    server: JoinHandle<()>,
}

impl Stub {
    pub(crate) async fn start(routes: Vec<Route>) -> Result<Self, std::io::Error> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let book = Arc::new(Mutex::new(Book { routes, ..Book::default() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&book));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the stub stopped");
            }
        });
        Ok(Self { address, book, server })
    }

    /// The rewrites by which every address of the internet leads here, its scheme first in the path.
    pub(crate) fn rewrites(&self) -> [String; 4] {
        let to = |from: &str, scheme: &str| format!("{from}=http://{}/{scheme}/", self.address);
        [to("https://", "https"), to("http://", "http"), to("ssh://", "ssh"), to("git@", "ssh")]
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        locked(&self.book).sent.clone()
    }

    /// What was asked for and is not in the world.
    pub(crate) fn unknown(&self) -> Vec<String> {
        locked(&self.book).unknown.clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(book): State<Arc<Mutex<Book>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let target = parts.uri.path_and_query().map(|target| target.as_str()).unwrap_or_default();
    let (scheme, rest) = target.trim_start_matches('/').split_once('/').unwrap_or_default();
    let sent = Sent {
        method: parts.method.to_string(),
        url: format!("{scheme}://{rest}"),
        body: String::from_utf8_lossy(&body).into_owned(),
        headers: parts.headers,
    };
    locked(&book).answer(sent)
}

impl Book {
    fn answer(&mut self, sent: Sent) -> Response {
        let named = format!("{} {}", sent.method, sent.url);
        let route = self.routes.iter_mut().find(|route| route.method == sent.method && route.url == sent.url);
        self.sent.push(sent);
        let next = route.and_then(|route| match route.answers.len() {
            0 | 1 => route.answers.front().cloned(),
            _ => route.answers.pop_front(),
        });
        let Some((status, body)) = next else {
            self.unknown.push(named);
            return StatusCode::NOT_IMPLEMENTED.into_response();
        };
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_IMPLEMENTED);
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

fn locked(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}
