//! git's smart HTTP, through git's own `http-backend`.

use std::process::Stdio;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Response as HttpResponse, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::Shared;

pub(super) async fn answer(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Response {
    let mut parts = uri.path().trim_start_matches('/').splitn(3, '/');
    let (owner, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if shared.repository(owner, name.trim_end_matches(".git")).is_none() {
        return (StatusCode::NOT_FOUND, "repository not found\n").into_response();
    }
    let writes = uri.path().ends_with("/git-receive-pack")
        || uri.query().unwrap_or_default().contains("service=git-receive-pack");
    if writes && !has_password(headers, &shared.token) {
        let challenge = [("www-authenticate", "Basic realm=\"git\"")];
        return (StatusCode::UNAUTHORIZED, challenge, "authentication required\n").into_response();
    }
    match run(shared, method, uri, headers, body).await {
        Ok(output) => respond(&output),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn has_password(headers: &HeaderMap, token: &str) -> bool {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let pair = given
        .strip_prefix("Basic ")
        .and_then(|pair| base64::engine::general_purpose::STANDARD.decode(pair).ok());
    let pair = pair.and_then(|pair| String::from_utf8(pair).ok()).unwrap_or_default();
    pair.split_once(':').is_some_and(|(_, password)| password == token)
}

/// Runs the CGI program; a body that came in chunks is whole by now.
async fn run(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> std::io::Result<Vec<u8>> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut command = Command::new("git");
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &shared.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_COUNT", "2")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("GIT_CONFIG_KEY_1", "http.receivepack")
        .env("GIT_CONFIG_VALUE_1", "true")
        .env("PATH_INFO", uri.path())
        .env("QUERY_STRING", uri.query().unwrap_or_default())
        .env("REQUEST_METHOD", method.as_str())
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("HTTP_GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take();
    let feed = async {
        if let Some(pipe) = &mut stdin {
            // git may answer before it has read everything.
            let _ = pipe.write_all(&body).await;
        }
        drop(stdin.take());
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), feed);
    Ok(output?.stdout)
}

/// A CGI answer as HTTP's: header lines, an empty line, the body.
fn respond(output: &[u8]) -> Response {
    let cut = output.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = match cut {
        Some(at) => (&output[..at], &output[at + 4..]),
        None => return (StatusCode::BAD_GATEWAY, "git http-backend gave no answer\n").into_response(),
    };
    let mut response = HttpResponse::builder();
    for line in String::from_utf8_lossy(head).lines() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if name.eq_ignore_ascii_case("status") {
            let code = value.split(' ').next().and_then(|code| code.parse::<u16>().ok()).unwrap_or(500);
            response = response.status(code);
        } else {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(body.to_vec())).unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
}
