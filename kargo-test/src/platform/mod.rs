//! A Git platform on this machine: a server over bare repositories that answers as GitHub and GitLab do, and serves
//! git over HTTP.
//!
//! | request | as |
//! |---|---|
//! | `POST /repos/{owner}/{repo}/git/refs`, `GET /repos/{owner}/{repo}/git/ref/{ref}` | GitHub |
//! | `POST /api/v4/projects/{id}/repository/tags`, `GET …/tags/{tag}` (the id is `owner%2Frepo`) | GitLab |
//! | `/{owner}/{repo}.git/…` | git's smart HTTP: clone and fetch for all, push with the token as password |

mod git_http;
mod github;
mod gitlab;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::repository::BareRepository;

/// The largest request that is read, in bytes.
const MAX_BODY: usize = 256 << 20;

/// A request that the platform got.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The path, with the query.
    pub path: String,
    /// The body as JSON; null where it is none.
    pub body: Value,
    /// The status of the answer.
    pub status: u16,
}

/// A Git platform that listens on this machine until it is dropped.
///
/// ```
/// use kargo_test::Platform;
///
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
/// let dir = tempfile::tempdir()?;
/// let platform = Platform::start(dir.path(), "the-token").await?;
/// let repository = platform.create_repository("org", "demo")?;
/// repository.commit("main", &[("README.md", "hello\n")], "first")?;
/// assert!(platform.url().starts_with("http://127.0.0.1:"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).map_err(|error| error.to_string())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Platform {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

/// What the handlers share.
struct Shared {
    root: PathBuf,
    token: String,
    received: Mutex<Vec<Received>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Platform {
    /// Serves the repositories `<owner>/<repo>.git` below `root`. Who sends `token` may write.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(root: impl AsRef<Path>, token: impl Into<String>) -> Result<Self, std::io::Error> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            root: root.as_ref().to_owned(),
            token: token.into(),
            received: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the platform stopped");
            }
        });
        Ok(Self { address, shared, server })
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes an empty repository.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn create_repository(&self, owner: &str, name: &str) -> Result<BareRepository, git2::Error> {
        BareRepository::create(self.shared.path(owner, name))
    }

    /// The API requests so far, in order; git's own are not among them.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn path(&self, owner: &str, name: &str) -> PathBuf {
        self.root.join(owner).join(format!("{name}.git"))
    }

    /// The repository of that name, where there is one; a name cannot lead elsewhere.
    fn repository(&self, owner: &str, name: &str) -> Option<BareRepository> {
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        (plain(owner) && plain(name)).then(|| BareRepository::open(self.path(owner, name)).ok()).flatten()
    }

    /// Whether a request may write, by GitHub's or GitLab's header.
    fn is_authorized(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let authorization = text("authorization");
        let bearer = authorization.strip_prefix("Bearer ").or_else(|| authorization.strip_prefix("token "));
        bearer == Some(self.token.as_str()) || text("private-token") == self.token
    }
}

/// What an API answers.
struct Answer {
    status: StatusCode,
    body: Value,
}

impl Answer {
    fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path().to_owned();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if segments.get(1).is_some_and(|segment| segment.ends_with(".git")) {
        return git_http::answer(&shared, &parts.method, &parts.uri, &parts.headers, body).await;
    }
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let call = Call { method: &parts.method, uri: &parts.uri, headers: &parts.headers, body: &json };
    let answer = match segments.as_slice() {
        ["repos", owner, repo, "git", rest @ ..] => github::answer(&shared, &call, owner, repo, rest),
        ["api", "v4", "projects", id, "repository", "tags", rest @ ..] => {
            gitlab::answer(&shared, &call, id, rest)
        }
        _ => Answer::new(StatusCode::NOT_FOUND, serde_json::json!({ "message": "Not Found" })),
    };
    let received = Received {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        body: json,
        status: answer.status.as_u16(),
    };
    shared.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    let content_type = [("content-type", "application/json; charset=utf-8")];
    (answer.status, content_type, Body::from(answer.body.to_string())).into_response()
}

/// An API request.
struct Call<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    body: &'a Value,
}
