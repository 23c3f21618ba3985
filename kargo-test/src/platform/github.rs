//! GitHub's answers: git references.

use axum::http::{Method, StatusCode};
use git2::Oid;
use serde_json::{Value, json};

use super::{Answer, Call, Shared};
use crate::repository::BareRepository;

const DOCS: &str = "https://docs.github.com/rest/git/refs";

pub(super) fn answer(shared: &Shared, call: &Call<'_>, owner: &str, repo: &str, rest: &[&str]) -> Answer {
    let writes = call.method == Method::POST;
    let anonymous = !call.headers.contains_key("authorization");
    if !shared.is_authorized(call.headers) && (writes || !anonymous) {
        let message = if anonymous { "Requires authentication" } else { "Bad credentials" };
        return error(StatusCode::UNAUTHORIZED, message);
    }
    let Some(repository) = shared.repository(owner, repo) else {
        return error(StatusCode::NOT_FOUND, "Not Found");
    };
    let base = format!("https://api.github.com/repos/{owner}/{repo}/git");
    match rest {
        ["refs"] if writes => create(&repository, call.body, &base),
        ["ref", name @ ..] if !writes => show(&repository, &name.join("/"), &base),
        _ => error(StatusCode::NOT_FOUND, "Not Found"),
    }
}

fn create(repository: &BareRepository, body: &Value, base: &str) -> Answer {
    let field = |name: &str| body.get(name).and_then(Value::as_str);
    let (Some(name), Some(sha)) = (field("ref"), field("sha")) else {
        return error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Invalid request.\n\n\"ref\", \"sha\" weren't supplied.",
        );
    };
    let Ok(git) = git2::Repository::open_bare(repository.path()) else {
        return error(StatusCode::NOT_FOUND, "Not Found");
    };
    if !git2::Reference::is_valid_name(name) || !name.starts_with("refs/") {
        let message = format!("{name} is not a valid ref name.");
        return error(StatusCode::UNPROCESSABLE_ENTITY, &message);
    }
    let Some(id) = Oid::from_str(sha).ok().filter(|id| sha.len() == 40 && git.find_object(*id, None).is_ok())
    else {
        return error(StatusCode::UNPROCESSABLE_ENTITY, "Object does not exist");
    };
    match git.reference(name, id, false, "created by the API") {
        Ok(_) => Answer::new(StatusCode::CREATED, reference(name, sha, base)),
        Err(_) => error(StatusCode::UNPROCESSABLE_ENTITY, "Reference already exists"),
    }
}

fn show(repository: &BareRepository, name: &str, base: &str) -> Answer {
    let name = format!("refs/{name}");
    match repository.commit_of(&name) {
        Ok(Some(commit)) => Answer::new(StatusCode::OK, reference(&name, &commit, base)),
        _ => error(StatusCode::NOT_FOUND, "Not Found"),
    }
}

fn reference(name: &str, commit: &str, base: &str) -> Value {
    json!({
        "ref": name,
        "node_id": "REF_kwDOA",
        "url": format!("{base}/{name}"),
        "object": { "sha": commit, "type": "commit", "url": format!("{base}/commits/{commit}") }
    })
}

fn error(status: StatusCode, message: &str) -> Answer {
    let body = json!({ "message": message, "documentation_url": DOCS, "status": status.as_str() });
    Answer::new(status, body)
}
