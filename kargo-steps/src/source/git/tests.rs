use kargo_core::discovery::select::BAD_TAG_FILTER;
use serde_json::{Value as Json, json};

use super::*;
use crate::repository::git_code;
use crate::trial::Remote;

/// Asks for git subscriptions with these fields, each with what it found before.
async fn discover(
    remote: &Remote,
    questions: &[(Json, Option<&Discovery>)],
) -> Vec<Result<Discovery, Error>> {
    let subscriptions: Vec<RepoSubscription> = questions
        .iter()
        .map(|(fields, _)| {
            let mut git = json!({ "repoURL": Remote::URL });
            git.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            serde_json::from_value(json!({ "git": git })).unwrap()
        })
        .collect();
    let requests: Vec<DiscoveryRequest<'_>> = subscriptions
        .iter()
        .zip(questions)
        .map(|(subscription, (_, previous))| DiscoveryRequest {
            project: "demo",
            warehouse: "w",
            subscription,
            previous: previous.map(|previous| &previous.discovered),
        })
        .collect();
    GitSource::new(remote.services.clone()).discover(&requests).await
}

async fn one(remote: &Remote, fields: Json, previous: Option<&Discovery>) -> Discovery {
    discover(remote, &[(fields, previous)]).await.remove(0).unwrap()
}

fn found(discovery: &Discovery) -> GitDiscoveryResult {
    as_git(&discovery.discovered).unwrap()
}

fn ids(discovery: &Discovery) -> Vec<String> {
    found(discovery).commits.into_iter().map(|commit| commit.id).collect()
}

fn tags(discovery: &Discovery) -> Vec<String> {
    found(discovery).commits.into_iter().map(|commit| commit.tag).collect()
}

#[tokio::test]
async fn one_walk_answers_all_paths_of_a_branch() {
    let remote = Remote::new(&[("helm/a/Chart.yaml", "1"), ("helm/b/Chart.yaml", "1")]);
    let git = &remote.repository;
    let first = remote.commit_of("main");
    let of_a = git.commit("main", &[("helm/a/Chart.yaml", "2")], "a\n\nbody").unwrap();
    let of_b = git.commit("main", &[("helm/b/Chart.yaml", "2")], "b").unwrap();
    let docs = git.commit("main", &[("README.md", "x")], "docs").unwrap();
    let answers = discover(
        &remote,
        &[
            (json!({ "branch": "main", "includePaths": ["helm/a"] }), None),
            (json!({ "includePaths": ["helm"], "discoveryLimit": 2 }), None),
            (json!({ "excludePaths": ["glob:**/*.md"], "expressionFilter": "subject != 'b'" }), None),
            (json!({}), None),
            (json!({ "branch": "main", "includePaths": ["nowhere"] }), None),
            (json!({ "branch": "none" }), None),
            (json!({ "allowTagsRegexes": ["("], "commitSelectionStrategy": "Lexical" }), None),
        ],
    )
    .await;
    let expected = [
        vec![&of_a, &first],
        vec![&of_b, &of_a],
        vec![&of_a, &first],
        vec![&docs, &of_b, &of_a, &first],
        vec![],
    ];
    for (place, expected) in expected.into_iter().enumerate() {
        let answer = answers[place].as_ref().unwrap();
        assert_eq!(ids(answer).iter().collect::<Vec<_>>(), expected, "{place}");
    }
    let commit = &found(answers[0].as_ref().unwrap()).commits[0];
    assert_eq!((commit.branch.as_str(), commit.subject.as_str()), ("main", "a"));
    assert_eq!(answers[5].as_ref().unwrap_err().code(), git_code(kargo_git::Code::NotFound));
    assert_eq!(answers[6].as_ref().unwrap_err().code(), BAD_TAG_FILTER);
}

#[tokio::test]
async fn what_did_not_move_is_not_looked_at_again() {
    let remote = Remote::new(&[("a", "1")]);
    let fields = json!({ "branch": "main", "includePaths": ["a"] });
    let before = one(&remote, fields.clone(), None).await;
    // Told apart from a second look by an answer that no look would give.
    let mut told = found(&before);
    told.commits.clear();
    let told = Discovery { discovered: Discovered::Git(told), warnings: Vec::new() };
    assert_eq!(ids(&one(&remote, fields.clone(), Some(&told)).await), Vec::<String>::new());
    let moved = remote.repository.commit("main", &[("a", "2")], "second").unwrap();
    assert_eq!(ids(&one(&remote, fields, Some(&told)).await)[0], moved);
}

#[tokio::test]
async fn tags_come_newest_first_and_a_moved_one_is_told() {
    let remote = Remote::new(&[("a", "1")]);
    let git = &remote.repository;
    let first = remote.commit_of("main");
    git.tag("app-v1.9.0", &first).unwrap();
    let second = git.commit("main", &[("a", "2")], "second").unwrap();
    for tag in ["app-v1.18.1", "app-v1.18.0", "other-v9.0.0"] {
        git.tag(tag, &second).unwrap();
    }
    let fields = json!({ "allowTags": "^app-v[0-9.]+$" });
    let before = one(&remote, fields.clone(), None).await;
    assert_eq!(tags(&before), ["app-v1.18.1", "app-v1.18.0", "app-v1.9.0"]);
    assert_eq!(found(&before).commits[0].id, second);
    let highest = json!({ "commitSelectionStrategy": "SemVer", "discoveryLimit": 1, "strictSemvers": false });
    assert_eq!(tags(&one(&remote, highest, None).await), Vec::<String>::new());
    // Of a tag's commit too the paths can be asked for.
    let third = git.commit("main", &[("b", "1")], "third").unwrap();
    git.tag("app-v2.0.0", &third).unwrap();
    let of_a = json!({ "allowTags": "^app-v", "includePaths": ["a"], "discoveryLimit": 1 });
    assert_eq!(tags(&one(&remote, of_a, None).await), ["app-v1.18.1"]);

    assert!(one(&remote, fields.clone(), Some(&before)).await.warnings.is_empty());
    git.tag("app-v1.9.0", &second).unwrap();
    let after = one(&remote, fields, Some(&before)).await;
    assert_eq!(after.warnings.len(), 1);
    assert!(after.warnings[0].contains("app-v1.9.0") && after.warnings[0].contains(&first));
}

#[tokio::test]
async fn a_remote_that_is_gone_fails_each_subscription() {
    let remote = Remote::new(&[("a", "1")]);
    one(&remote, json!({}), None).await;
    remote.remove();
    for answer in discover(&remote, &[(json!({}), None), (json!({ "allowTags": "^v" }), None)]).await {
        let error = answer.unwrap_err();
        assert_eq!(error.code(), git_code(kargo_git::Code::NotFound));
        assert!(error.to_string().contains(Remote::URL), "{error}");
    }
}
