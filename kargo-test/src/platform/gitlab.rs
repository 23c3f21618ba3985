//! GitLab's answers: repository tags.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Answer, Call, Shared};
use crate::repository::BareRepository;

pub(super) fn answer(shared: &Shared, call: &Call<'_>, id: &str, rest: &[&str]) -> Answer {
    if !shared.is_authorized(call.headers) {
        return error(StatusCode::UNAUTHORIZED, "401 Unauthorized");
    }
    let id = decoded(id);
    let repository = id.split_once('/').and_then(|(owner, repo)| shared.repository(owner, repo));
    let Some(repository) = repository else {
        return error(StatusCode::NOT_FOUND, "404 Project Not Found");
    };
    match rest {
        [] if call.method == Method::POST => create(&repository, call),
        [name] if call.method == Method::GET => show(&repository, &decoded(name)),
        _ => error(StatusCode::NOT_FOUND, "404 Not Found"),
    }
}

fn create(repository: &BareRepository, call: &Call<'_>) -> Answer {
    let query = |name: &str| {
        let pairs = call.uri.query().unwrap_or_default().split('&');
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| decoded(value))
    };
    let field =
        |name: &str| call.body.get(name).and_then(Value::as_str).map(str::to_owned).or_else(|| query(name));
    let (Some(name), Some(target)) = (field("tag_name"), field("ref")) else {
        return error(StatusCode::BAD_REQUEST, "tag_name is missing, ref is missing");
    };
    if matches!(repository.commit_of(&format!("refs/tags/{name}")), Ok(Some(_))) {
        return error(StatusCode::BAD_REQUEST, &format!("Tag {name} already exists"));
    }
    let commit =
        repository.commit_of(&format!("refs/heads/{target}")).ok().flatten().unwrap_or(target.clone());
    match repository.tag(&name, &commit) {
        Ok(()) => Answer::new(StatusCode::CREATED, tag(&name, &commit)),
        Err(_) => error(StatusCode::BAD_REQUEST, &format!("Target {target} is invalid")),
    }
}

fn show(repository: &BareRepository, name: &str) -> Answer {
    match repository.commit_of(&format!("refs/tags/{name}")) {
        Ok(Some(commit)) => Answer::new(StatusCode::OK, tag(name, &commit)),
        _ => error(StatusCode::NOT_FOUND, "404 Tag Not Found"),
    }
}

fn tag(name: &str, commit: &str) -> Value {
    json!({
        "name": name,
        "message": "",
        "target": commit,
        "commit": { "id": commit, "short_id": commit.get(..8) },
        "release": null,
        "protected": false
    })
}

fn error(status: StatusCode, message: &str) -> Answer {
    Answer::new(status, json!({ "message": message }))
}

/// Text with `%XX` decoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
