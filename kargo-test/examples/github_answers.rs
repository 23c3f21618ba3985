//! Prints what the platform answers to GitHub's requests, as JSON, for `.ci/real` to hold against GitHub's own
//! description of its API.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use kargo_test::Platform;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const REFS: &str = "/repos/{owner}/{repo}/git/refs";
const REF: &str = "/repos/{owner}/{repo}/git/ref/{ref}";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let platform = Platform::start(dir.path(), "token").await?;
    let repository = platform.create_repository("org", "demo")?;
    let commit = repository.commit("main", &[("README.md", "hello\n")], "first")?;
    let tag = json!({ "ref": "refs/tags/v1", "sha": commit });
    let nowhere = json!({ "ref": "refs/tags/v2", "sha": "0".repeat(40) });
    let mut answers = Vec::new();
    for (operation, method, path, token, body) in [
        (REFS, "POST", "/repos/org/demo/git/refs", "token", &tag),
        (REFS, "POST", "/repos/org/demo/git/refs", "token", &tag),
        (REFS, "POST", "/repos/org/demo/git/refs", "token", &nowhere),
        (REFS, "POST", "/repos/org/none/git/refs", "token", &tag),
        (REFS, "POST", "/repos/org/demo/git/refs", "wrong", &tag),
        (REF, "GET", "/repos/org/demo/git/ref/tags/v1", "token", &Value::Null),
        (REF, "GET", "/repos/org/demo/git/ref/tags/v9", "token", &Value::Null),
    ] {
        let (status, answer) = send(&platform, method, path, token, body).await?;
        answers.push(json!({
            "operation": operation, "method": method, "request": body, "status": status, "answer": answer
        }));
    }
    println!("{:#}", Value::Array(answers));
    Ok(())
}

/// One request over a connection of its own.
async fn send(
    platform: &Platform,
    method: &str,
    path: &str,
    token: &str,
    body: &Value,
) -> Result<(u16, Value), Box<dyn std::error::Error>> {
    let url = platform.url();
    let address = url.trim_start_matches("http://");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = tokio::net::TcpStream::connect(address).await?;
    connection.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    connection.read_to_string(&mut response).await?;
    let (head, body) = response.split_once("\r\n\r\n").ok_or("no answer")?;
    let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
    Ok((status, serde_json::from_str(body)?))
}
