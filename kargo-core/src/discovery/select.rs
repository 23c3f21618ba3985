//! Which commits a git subscription selects, and in which order.
//!
//! All of it is decided here from what is known of commits and tags; whoever has the repository lists them
//! and looks up changed paths. For a branch: walk first parents from the tip, keep what
//! [`GitSelector::admits_commit`] and [`GitSelector::paths`] let pass, stop at [`GitSelector::limit`]. For
//! tags: [`GitSelector::order_tags`], then the same two last steps.

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::Timestamp;
use kargo_expr::semver::Version;

use super::filter::ExpressionFilter;
use super::paths::PathFilter;
use super::tags::{TagFilter, inner_version};
use crate::error::{Code, Error};
use crate::model::{CommitSelectionStrategy, DiscoveredCommit, GitSubscription, ObservedRefs, ObservedTag};

/// A filter of tags cannot be read.
pub const BAD_TAG_FILTER: Code = Code::new(
    "discovery/bad-tag-filter",
    "A regular expression or version constraint that tags are filtered by cannot be read.",
);

/// A field that Kargo no longer takes.
pub const REMOVED_FIELD: Code = Code::new(
    "discovery/removed-field",
    "allowTags or ignoreTags stands beside a strategy that selects tags; Kargo takes neither since v1.11.",
);

/// An expression that filters is none.
pub const BAD_EXPRESSION: Code =
    Code::new("discovery/bad-expression", "The expressionFilter of a subscription is not an expression.");

/// An expression that filters failed.
pub const EXPRESSION_FAILED: Code = Code::new(
    "discovery/expression-failed",
    "The expressionFilter of a subscription failed for a commit or tag, or gave neither true nor false.",
);

/// The codes of this room.
pub const CODES: &[Code] = &[BAD_TAG_FILTER, REMOVED_FIELD, BAD_EXPRESSION, EXPRESSION_FAILED];

/// More tags than this are not remembered to tell whether anything moved, as in Kargo.
const MAX_OBSERVED_TAGS: usize = 1_000;

/// How long the subject of a discovered commit may be, in bytes, as in Kargo.
const MAX_SUBJECT: usize = 80;

/// A commit, as far as selecting needs to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The commit id.
    pub id: String,
    /// The first line of the message.
    pub subject: String,
    /// `Name <email>`.
    pub author: String,
    /// `Name <email>`.
    pub committer: String,
    /// When it was committed.
    pub date: Timestamp,
}

/// A tag, as far as selecting needs to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// The commit that it is at.
    pub commit: Commit,
    /// When an annotated tag was made; for a lightweight one, when its commit was committed.
    pub date: Timestamp,
    /// Who made an annotated tag: `Name <email>`; empty for a lightweight one.
    pub tagger: String,
    /// The first line of an annotated tag's message; empty for a lightweight one.
    pub annotation: String,
}

/// What a git subscription selects, compiled.
#[derive(Clone, Debug)]
pub struct GitSelector {
    strategy: CommitSelectionStrategy,
    second_dialect: bool,
    branch: Option<String>,
    since: Option<Timestamp>,
    limit: usize,
    tags: TagFilter,
    expression: Option<ExpressionFilter>,
    paths: PathFilter,
}

impl GitSelector {
    /// Compiles what the subscription says.
    ///
    /// # Errors
    /// [`BAD_TAG_FILTER`], [`REMOVED_FIELD`], [`BAD_EXPRESSION`], or [`BAD_PATTERN`](crate::model::BAD_PATTERN) for paths.
    pub fn new(subscription: &GitSubscription) -> Result<Self, Error> {
        let strategy = subscription.strategy();
        let expression = subscription.expression_filter.as_deref().filter(|text| !text.is_empty());
        Ok(Self {
            strategy,
            second_dialect: subscription.is_second_dialect(),
            branch: subscription.branch.clone().filter(|branch| !branch.is_empty()),
            since: subscription.since,
            limit: usize::try_from(subscription.discovery_limit()).unwrap_or(usize::MAX),
            tags: tag_filter(subscription, strategy)?,
            expression: expression.map(ExpressionFilter::new).transpose()?,
            paths: PathFilter::of(subscription)?,
        })
    }

    /// Whether tags are selected, and not commits of a branch.
    pub fn selects_tags(&self) -> bool {
        self.strategy != CommitSelectionStrategy::NewestFromBranch
    }

    /// The branch whose commits are selected; `None` is the remote's default branch.
    pub fn branch(&self) -> Option<&str> {
        self.branch.as_deref()
    }

    /// How many commits are selected at most.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Which changed paths a commit must have.
    pub fn paths(&self) -> &PathFilter {
        &self.paths
    }

    /// Whether a commit of the branch is selected, as far as its paths do not matter. `now` is what the
    /// expression takes for the present.
    ///
    /// # Errors
    /// [`EXPRESSION_FAILED`]; one such commit fails the whole discovery, as in Kargo.
    pub fn admits_commit(&self, commit: &Commit, now: Timestamp) -> Result<bool, Error> {
        if self.since.is_some_and(|since| commit.date < since) {
            return Ok(false);
        }
        self.expression.as_ref().map_or(Ok(true), |filter| filter.admits_commit(commit, now))
    }

    /// Whether a tag may be selected, as far as its name tells.
    pub fn admits_tag_name(&self, name: &str) -> bool {
        self.tags.admits(name)
    }

    /// The tags that are selected as far as their paths do not matter, newest first. `now` is what the
    /// expression takes for the present.
    ///
    /// - `SemVer`: the highest version first; of equal ones by name, the last first.
    /// - `Lexical`: by name, the last first.
    /// - `NewestTag`: by creation date; of equal ones by name, the first first, as git lists them.
    /// - `allowTags` without a strategy (second dialect): commits by the newest creation date of a tag at
    ///   them; the tags of commits of one such date, and with them all tags at one commit, by the version
    ///   inside the name, the highest first; then by name, the last first.
    ///
    /// # Errors
    /// [`EXPRESSION_FAILED`]; one such tag fails the whole discovery, as in Kargo.
    pub fn order_tags(&self, tags: impl IntoIterator<Item = Tag>, now: Timestamp) -> Result<Vec<Tag>, Error> {
        let mut selected = Vec::new();
        for tag in tags.into_iter().filter(|tag| self.admits_tag_name(&tag.name)) {
            if self.expression.as_ref().map_or(Ok(true), |filter| filter.admits_tag(&tag, now))? {
                selected.push(tag);
            }
        }
        self.sort(&mut selected);
        Ok(selected)
    }

    fn sort(&self, tags: &mut [Tag]) {
        match self.strategy {
            CommitSelectionStrategy::SemVer => {
                tags.sort_by_cached_key(|tag| Reverse((Version::parse(&tag.name).ok(), tag.name.clone())));
            }
            CommitSelectionStrategy::Lexical => tags.sort_by(|a, b| b.name.cmp(&a.name)),
            CommitSelectionStrategy::NewestTag if self.second_dialect => sort_by_newest_commit(tags),
            CommitSelectionStrategy::NewestTag | CommitSelectionStrategy::NewestFromBranch => {
                tags.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| a.name.cmp(&b.name)));
            }
        }
    }

    /// What is remembered of the remote's tags to tell whether anything moved, given their names and the ids
    /// they are at. `None` where they are too many to be remembered.
    pub fn observed_tags(&self, refs: impl IntoIterator<Item = (String, String)>) -> Option<ObservedRefs> {
        let admitted = refs.into_iter().filter(|(name, _)| self.admits_tag_name(name));
        let mut tags: Vec<ObservedTag> = admitted.map(|(name, id)| ObservedTag { name, id }).collect();
        tags.sort_unstable();
        (tags.len() <= MAX_OBSERVED_TAGS).then_some(ObservedRefs { branch_head: None, tags })
    }

    /// A selected commit of the branch, as a Warehouse keeps it.
    pub fn discovered_commit(&self, commit: Commit) -> DiscoveredCommit {
        DiscoveredCommit {
            id: commit.id,
            branch: self.branch.clone().unwrap_or_default(),
            tag: String::new(),
            subject: shortened(commit.subject),
            author: commit.author,
            committer: commit.committer,
            creator_date: Some(commit.date),
        }
    }

    /// A selected tag, as a Warehouse keeps it.
    pub fn discovered_tag(&self, tag: Tag) -> DiscoveredCommit {
        DiscoveredCommit {
            id: tag.commit.id,
            branch: String::new(),
            tag: tag.name,
            subject: shortened(tag.commit.subject),
            author: tag.commit.author,
            committer: tag.commit.committer,
            creator_date: Some(tag.date),
        }
    }
}

fn tag_filter(subscription: &GitSubscription, strategy: CommitSelectionStrategy) -> Result<TagFilter, Error> {
    if strategy == CommitSelectionStrategy::NewestFromBranch {
        return Ok(TagFilter::default());
    }
    let old_allow = subscription.allow_tags.as_deref().filter(|regex| !regex.is_empty());
    let old_ignore = subscription.ignore_tags.as_ref().map(|ignored| ignored.regexes()).unwrap_or_default();
    if !subscription.is_second_dialect() && (old_allow.is_some() || !old_ignore.is_empty()) {
        let message = "allowTags and ignoreTags do not go with a commitSelectionStrategy";
        return Err(Error::new(REMOVED_FIELD, message)
            .with_hint("use allowTagsRegexes and ignoreTagsRegexes, or leave commitSelectionStrategy out"));
    }
    let allow: Vec<&str> =
        subscription.allow_tags_regexes.iter().map(String::as_str).chain(old_allow).collect();
    let ignore: Vec<&str> =
        subscription.ignore_tags_regexes.iter().map(String::as_str).chain(old_ignore).collect();
    let filter = TagFilter::new(&allow, &ignore)?;
    match strategy {
        CommitSelectionStrategy::SemVer => {
            filter.with_versions(subscription.semver_constraint.as_deref(), subscription.strict_semvers())
        }
        _ => Ok(filter),
    }
}

/// The second dialect's order; see [`GitSelector::order_tags`].
fn sort_by_newest_commit(tags: &mut [Tag]) {
    let mut newest: HashMap<String, Timestamp> = HashMap::new();
    for tag in tags.iter() {
        let date = newest.entry(tag.commit.id.clone()).or_insert(tag.date);
        *date = tag.date.max(*date);
    }
    tags.sort_by_cached_key(|tag| {
        Reverse((newest.get(&tag.commit.id).copied(), inner_version(&tag.name), tag.name.clone()))
    });
}

/// A subject that is too long ends in three dots. It is cut between characters, where Kargo may cut one in
/// two.
fn shortened(mut subject: String) -> String {
    if subject.len() > MAX_SUBJECT {
        let end = (0..=MAX_SUBJECT - 3).rev().find(|end| subject.is_char_boundary(*end)).unwrap_or_default();
        subject.truncate(end);
        subject.push_str("...");
    }
    subject
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::BAD_PATTERN;

    fn selector(fields: Value) -> Result<GitSelector, Error> {
        let mut fields = fields;
        fields["repoURL"] = "https://example.com/r".into();
        GitSelector::new(&serde_json::from_value(fields).unwrap())
    }

    fn commit(id: &str, seconds: i64) -> Commit {
        Commit {
            id: id.to_owned(),
            subject: format!("subject of {id}"),
            author: "A <a@example.com>".to_owned(),
            committer: "C <c@example.com>".to_owned(),
            date: Timestamp::from_second(seconds).unwrap(),
        }
    }

    fn tag(name: &str, id: &str, seconds: i64) -> Tag {
        let date = Timestamp::from_second(seconds).unwrap();
        Tag {
            name: name.to_owned(),
            commit: commit(id, 0),
            date,
            tagger: String::new(),
            annotation: String::new(),
        }
    }

    fn ordered(fields: Value, tags: &[(&str, &str, i64)]) -> Vec<String> {
        let tags = tags.iter().map(|(name, id, seconds)| tag(name, id, *seconds));
        selector(fields)
            .unwrap()
            .order_tags(tags, Timestamp::UNIX_EPOCH)
            .unwrap()
            .into_iter()
            .map(|tag| tag.name)
            .collect()
    }

    #[test]
    fn kargos_strategies() {
        let tags = [("v1.9.0", "a", 3), ("v1.10.0", "b", 1), ("x", "c", 2), ("v1.9", "d", 2)];
        for (fields, names) in [
            (json!({ "commitSelectionStrategy": "SemVer" }), vec!["v1.10.0", "v1.9.0"]),
            (
                json!({ "commitSelectionStrategy": "SemVer", "strictSemvers": false }),
                vec!["v1.10.0", "v1.9.0", "v1.9"],
            ),
            (json!({ "commitSelectionStrategy": "SemVer", "semverConstraint": "<1.10" }), vec!["v1.9.0"]),
            (
                json!({ "commitSelectionStrategy": "SemVer", "strictSemvers": false, "semverConstraint": "1.9" }),
                vec!["v1.9.0", "v1.9"],
            ),
            (json!({ "commitSelectionStrategy": "Lexical" }), vec!["x", "v1.9.0", "v1.9", "v1.10.0"]),
            (json!({ "commitSelectionStrategy": "NewestTag" }), vec!["v1.9.0", "v1.9", "x", "v1.10.0"]),
            (
                json!({ "commitSelectionStrategy": "NewestTag", "expressionFilter": "tag != 'x' && id != 'b'" }),
                vec!["v1.9.0", "v1.9"],
            ),
            (
                json!({ "commitSelectionStrategy": "NewestTag", "allowTagsRegexes": ["^v"], "ignoreTagsRegexes": ["0$"] }),
                vec!["v1.9"],
            ),
        ] {
            assert_eq!(ordered(fields.clone(), &tags), names, "{fields}");
        }
    }

    #[test]
    fn the_second_dialects_order() {
        let fields = || json!({ "allowTags": "^app-v" });
        // By date; a higher version that is older stays older.
        assert_eq!(
            ordered(fields(), &[("app-v1.9.0", "a", 2), ("app-v1.18.1", "b", 1), ("other", "c", 9)]),
            ["app-v1.9.0", "app-v1.18.1"]
        );
        // Of one date, and at one commit, by the version inside.
        assert_eq!(
            ordered(fields(), &[("app-v1.9.0", "a", 1), ("app-v1.18.1", "b", 1)]),
            ["app-v1.18.1", "app-v1.9.0"]
        );
        assert_eq!(
            ordered(fields(), &[("app-v1.9.0", "a", 5), ("app-v1.18.1", "a", 1), ("app-v1.0.0", "b", 3)]),
            ["app-v1.18.1", "app-v1.9.0", "app-v1.0.0"]
        );
        let unversioned = [("app-vx", "a", 1), ("app-v1.0.0", "b", 1), ("app-v1.0.0-rc.1", "c", 1)];
        assert_eq!(ordered(fields(), &unversioned), ["app-v1.0.0", "app-v1.0.0-rc.1", "app-vx"]);
        let ignoring = json!({ "allowTags": "^app-v", "ignoreTags": ["rc"] });
        assert_eq!(ordered(ignoring, &[("app-v1.0.0-rc.1", "a", 2), ("app-v0.9.0", "b", 1)]), ["app-v0.9.0"]);
    }

    #[test]
    fn old_fields_do_not_go_with_a_strategy() {
        for fields in [
            json!({ "allowTags": "^v", "commitSelectionStrategy": "NewestTag" }),
            json!({ "ignoreTags": ["^v"], "commitSelectionStrategy": "SemVer" }),
        ] {
            assert_eq!(selector(fields).unwrap_err().code(), REMOVED_FIELD);
        }
        // As in Kargo, which looks at them only where it selects tags.
        selector(json!({ "allowTags": "(", "commitSelectionStrategy": "NewestFromBranch" })).unwrap();
        assert_eq!(selector(json!({ "allowTags": "(" })).unwrap_err().code(), BAD_TAG_FILTER);
        assert_eq!(selector(json!({ "includePaths": ["glob:["] })).unwrap_err().code(), BAD_PATTERN);
    }

    #[test]
    fn commits_of_a_branch() {
        let fields =
            json!({ "branch": "main", "since": "1970-01-01T00:00:10Z", "expressionFilter": "id != 'b'" });
        let selector = selector(fields).unwrap();
        assert!(!selector.selects_tags());
        for (id, seconds, admitted) in [("a", 10, true), ("a", 9, false), ("b", 10, false)] {
            let answer = selector.admits_commit(&commit(id, seconds), Timestamp::UNIX_EPOCH);
            assert_eq!(answer.unwrap(), admitted, "{id} {seconds}");
        }
        let discovered = selector.discovered_commit(commit("a", 10));
        assert_eq!((discovered.branch.as_str(), discovered.tag.as_str()), ("main", ""));
        assert_eq!(discovered.creator_date, Some(Timestamp::from_second(10).unwrap()));
    }

    #[test]
    fn subjects_are_cut_between_characters() {
        assert_eq!(shortened("a".repeat(80)).len(), 80);
        assert_eq!(shortened("a".repeat(81)), format!("{}...", "a".repeat(77)));
        assert_eq!(shortened("ñ".repeat(41)), format!("{}...", "ñ".repeat(38)));
    }

    #[test]
    fn observed_tags_are_sorted_and_bounded() {
        let selector = selector(json!({ "allowTags": "^v" })).unwrap();
        let refs = |count: usize| (0..count).rev().map(|n| (format!("v{n:04}"), n.to_string()));
        let observed = selector.observed_tags(refs(2).chain([("x".to_owned(), "1".to_owned())])).unwrap();
        assert_eq!(observed.tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["v0000", "v0001"]);
        assert!(selector.observed_tags(refs(1_000)).is_some());
        assert_eq!(selector.observed_tags(refs(1_001)), None);
    }
}
