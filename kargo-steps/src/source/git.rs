//! The git source: which commits and tags of repositories the subscriptions select.
//!
//! All subscriptions of one repository cost one `ls-remote`, at most one fetch, and one walk for each branch: the
//! walk asks each commit's changed paths once, for the filters of all.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use async_trait::async_trait;
use jiff::Timestamp;
use kargo_core::Error;
use kargo_core::discovery::select::{Commit, GitSelector, Tag};
use kargo_core::discovery::{ArtifactSource, Discovered, Discovery, DiscoveryRequest};
use kargo_core::model::url::normalize_git;
use kargo_core::model::{
    DiscoveredCommit, GitDiscoveryResult, GitSubscription, ObservedRefs, RepoSubscription,
};
use kargo_git::{Cancel, CommitInfo, Mirror, Refs, Remote, TagInfo};

use crate::repository::core_error;
use crate::services::Services;

/// Discovers the commits of git subscriptions.
pub struct GitSource {
    services: Services,
}

impl GitSource {
    /// A source with these services.
    pub fn new(services: Services) -> Self {
        Self { services }
    }
}

/// What is discovered for some of the requests, with their places among them.
type Answers = Vec<(usize, Result<Discovery, Error>)>;

/// One subscription, compiled, on its way to an answer.
struct Question {
    /// Its place among the requests.
    place: usize,
    subscription: GitSubscription,
    selector: GitSelector,
    previous: Option<GitDiscoveryResult>,
}

#[async_trait]
impl ArtifactSource for GitSource {
    fn takes(&self, subscription: &RepoSubscription) -> bool {
        subscription.as_git().is_some()
    }

    async fn discover(&self, requests: &[DiscoveryRequest<'_>]) -> Vec<Result<Discovery, Error>> {
        let mut answers: Vec<Option<Result<Discovery, Error>>> = requests.iter().map(|_| None).collect();
        // By project as well: that is where credentials are looked up.
        let mut repositories: BTreeMap<(String, String, bool), Vec<Question>> = BTreeMap::new();
        for (place, request) in requests.iter().enumerate() {
            let Some(subscription) = request.subscription.as_git() else { continue };
            match GitSelector::new(subscription) {
                Err(error) => answers[place] = Some(Err(error)),
                Ok(selector) => {
                    let skip_tls = subscription.insecure_skip_tls_verify.unwrap_or_default();
                    let key = (request.project.to_owned(), normalize_git(&subscription.repo_url), skip_tls);
                    let previous = request.previous.and_then(as_git);
                    let question = Question { place, subscription: subscription.clone(), selector, previous };
                    repositories.entry(key).or_default().push(question);
                }
            }
        }
        for ((project, _, skip_tls), questions) in repositories {
            for (place, answer) in self.ask(&project, skip_tls, questions).await {
                answers[place] = Some(answer);
            }
        }
        let unasked =
            || Err(Error::new(kargo_core::discovery::UNKNOWN_SUBSCRIPTION, "this is no git subscription"));
        answers.into_iter().map(|answer| answer.unwrap_or_else(unasked)).collect()
    }
}

impl GitSource {
    /// The answers to all questions about one repository.
    async fn ask(&self, project: &str, skip_tls: bool, questions: Vec<Question>) -> Answers {
        let places: Vec<usize> = questions.iter().map(|question| question.place).collect();
        let everywhere = |error: Error| -> Answers {
            let again = |_| {
                let same = Error::new(error.code(), kargo_core::error::chain(&error));
                match error.hint() {
                    Some(hint) => same.with_hint(hint),
                    None => same,
                }
            };
            places.iter().map(|place| (*place, Err(again(place)))).collect()
        };
        let Some(url) = questions.first().map(|question| question.subscription.repo_url.clone()) else {
            return Vec::new();
        };
        let reached = async {
            Ok((self.services.remote(project, &url, skip_tls).await?, self.services.mirror(project, &url)?))
        };
        let (remote, mirror) = match reached.await {
            Ok(reached) => reached,
            Err(error) => return everywhere(error),
        };
        let now = self.services.clock().now();
        let done = tokio::task::spawn_blocking(move || answer_all(&mirror, &remote, questions, now)).await;
        match done {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => everywhere(core_error(error)),
            Err(error) => everywhere(
                Error::new(crate::repository::git_code(kargo_git::Code::Failed), "discovery did not end")
                    .with_source(error),
            ),
        }
    }
}

fn answer_all(
    mirror: &Mirror,
    remote: &Remote,
    questions: Vec<Question>,
    now: Timestamp,
) -> Result<Answers, kargo_git::Error> {
    let refs = mirror.refresh(remote, &Cancel::new())?.refs;
    let mut answers = Vec::new();
    let mut by_branch: BTreeMap<String, Vec<Question>> = BTreeMap::new();
    let mut of_tags = Vec::new();
    for question in questions {
        let observed = observed(&question.selector, &refs);
        if let Some(same) = question.unmoved(observed.as_ref()) {
            answers.push((question.place, Ok(same)));
        } else if question.selector.selects_tags() {
            of_tags.push(question);
        } else {
            let branch = question.selector.branch().or(refs.default_branch.as_deref()).unwrap_or_default();
            by_branch.entry(branch.to_owned()).or_default().push(question);
        }
    }
    for (branch, questions) in by_branch {
        answers.extend(walk(mirror, &refs, &branch, questions, now));
    }
    if !of_tags.is_empty() {
        let tags: Vec<Tag> = mirror.tags()?.into_iter().map(tag).collect();
        for question in of_tags {
            answers.push((question.place, question.select_tags(mirror, &refs, &tags, now)));
        }
    }
    Ok(answers)
}

impl Question {
    /// The previous answer, where the remote still has what it had then.
    fn unmoved(&self, observed: Option<&ObservedRefs>) -> Option<Discovery> {
        let previous = self.previous.as_ref()?;
        let same = previous.repo_url == self.subscription.repo_url
            && observed.is_some()
            && previous.observed_refs.as_ref() == observed
            // A clock in a filter can change its mind while nothing moves.
            && self.subscription.expression_filter.as_deref().unwrap_or_default().is_empty();
        same.then(|| Discovery { discovered: Discovered::Git(previous.clone()), warnings: Vec::new() })
    }

    fn answer(&self, commits: Vec<DiscoveredCommit>, observed: Option<ObservedRefs>) -> Discovery {
        let warnings = self.moved(observed.as_ref());
        let result = GitDiscoveryResult {
            repo_url: self.subscription.repo_url.clone(),
            commits,
            observed_refs: observed,
            ..GitDiscoveryResult::default()
        };
        Discovery { discovered: Discovered::Git(result), warnings }
    }

    /// A word on each tag that names something else than it did: its Freight stays what it was.
    fn moved(&self, observed: Option<&ObservedRefs>) -> Vec<String> {
        let before = self.previous.as_ref().and_then(|previous| previous.observed_refs.as_ref());
        let (Some(before), Some(now)) = (before, observed) else { return Vec::new() };
        let moved = now.tags.iter().filter_map(|tag| {
            let was = before.tags.iter().find(|was| was.name == tag.name && was.id != tag.id)?;
            Some(format!(
                "tag {} was moved from {} to {}; Freight that was made of it stays as it is",
                tag.name, was.id, tag.id
            ))
        });
        moved.collect()
    }

    fn select_tags(
        &self,
        mirror: &Mirror,
        refs: &Refs,
        tags: &[Tag],
        now: Timestamp,
    ) -> Result<Discovery, Error> {
        let ordered = self.selector.order_tags(tags.iter().cloned(), now)?;
        let paths = self.selector.paths();
        let mut selected = Vec::new();
        for tag in ordered {
            if selected.len() == self.selector.limit() {
                break;
            }
            let passes = paths.is_empty()
                || mirror
                    .changed_paths_any(&tag.commit.id, |path| paths.matches_path(path))
                    .map_err(core_error)?;
            if passes {
                selected.push(self.selector.discovered_tag(tag));
            }
        }
        Ok(self.answer(selected, observed(&self.selector, refs)))
    }
}

fn as_git(discovered: &Discovered) -> Option<GitDiscoveryResult> {
    match discovered {
        Discovered::Git(previous) => Some(previous.clone()),
        _ => None,
    }
}

/// What is remembered of the remote to tell the next time whether anything moved.
fn observed(selector: &GitSelector, refs: &Refs) -> Option<ObservedRefs> {
    if selector.selects_tags() {
        return selector.observed_tags(refs.tags.iter().map(|(name, id)| (name.clone(), id.clone())));
    }
    let branch = selector.branch().or(refs.default_branch.as_deref())?;
    Some(ObservedRefs { branch_head: Some(refs.branches.get(branch)?.clone()), tags: Vec::new() })
}

/// Walks a branch once for all questions about it.
fn walk(mirror: &Mirror, refs: &Refs, branch: &str, questions: Vec<Question>, now: Timestamp) -> Answers {
    let mut found: Vec<Result<Vec<DiscoveredCommit>, Error>> =
        questions.iter().map(|_| Ok(Vec::new())).collect();
    let walked = mirror.walk_branch(branch, |info, changed| {
        let commit = commit(info.clone());
        // Those that still look, and that this commit interests as far as its paths do not matter.
        let mut open: Vec<usize> = Vec::new();
        let mut looking = false;
        for (index, question) in questions.iter().enumerate() {
            let Ok(commits) = &found[index] else { continue };
            if commits.len() >= question.selector.limit() {
                continue;
            }
            looking = true;
            match question.selector.admits_commit(&commit, now) {
                Ok(true) => open.push(index),
                Ok(false) => {}
                Err(error) => found[index] = Err(error),
            }
        }
        if !looking {
            return Ok(ControlFlow::Break(()));
        }
        let mut take = |index: usize| {
            if let Ok(commits) = &mut found[index] {
                commits.push(questions[index].selector.discovered_commit(commit.clone()));
            }
        };
        open.retain(|index| {
            let any = questions[*index].selector.paths().is_empty();
            if any {
                take(*index);
            }
            !any
        });
        if !open.is_empty() {
            changed.any(|path| {
                open.retain(|index| {
                    let matches = questions[*index].selector.paths().matches_path(path);
                    if matches {
                        take(*index);
                    }
                    !matches
                });
                open.is_empty()
            })?;
        }
        Ok(ControlFlow::Continue(()))
    });
    let error = walked.err().map(core_error);
    questions
        .into_iter()
        .zip(found)
        .map(|(question, found)| {
            let answer = match &error {
                Some(error) => Err(Error::new(error.code(), error.to_string())),
                None => found.map(|commits| question.answer(commits, observed(&question.selector, refs))),
            };
            (question.place, answer)
        })
        .collect()
}

fn commit(info: CommitInfo) -> Commit {
    Commit {
        id: info.id,
        subject: info.subject,
        author: info.author,
        committer: info.committer,
        date: timestamp(info.committed_at),
    }
}

fn tag(info: TagInfo) -> Tag {
    Tag {
        name: info.name,
        commit: commit(info.commit),
        date: timestamp(info.created_at),
        tagger: info.tagger.unwrap_or_default(),
        annotation: info.annotation.unwrap_or_default(),
    }
}

/// A date that git can hold and the calendar cannot counts as the nearest that it can.
fn timestamp(seconds: i64) -> Timestamp {
    let limit = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(limit)
}

#[cfg(test)]
mod tests;
