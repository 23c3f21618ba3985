//! What becomes of a Warehouse: when it is looked at, and what follows from what was found. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::conditions::{self, Verdict};
use super::{criteria, names};
use crate::discovery::{Discovered, Discovery, UNKNOWN_SUBSCRIPTION};
use crate::error::{Error, chain};
use crate::model::{
    DiscoveredArtifacts, Freight, GitCommit, RepoSubscription, Warehouse, WarehouseStatus, annotations,
    condition,
};

/// A shorter interval would be a loop without rest.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// When a Warehouse is to be looked at: at once where that never happened, where it was changed or where somebody
/// asks for it; else when its interval has passed.
pub(super) fn due(warehouse: &Warehouse, now: Timestamp) -> Timestamp {
    let status = &warehouse.status;
    let refresh = warehouse.metadata.annotation(annotations::REFRESH);
    let asked = refresh.is_some() && refresh != status.last_handled_refresh.as_deref();
    let discovered = status.discovered_artifacts.as_ref().and_then(|found| found.discovered_at);
    match discovered.filter(|_| !asked && warehouse.metadata.generation <= status.observed_generation) {
        Some(discovered) => {
            let interval = warehouse.spec.interval().as_std().max(SHORTEST_INTERVAL);
            let interval = SignedDuration::try_from(interval).unwrap_or(SignedDuration::MAX);
            discovered.checked_add(interval).unwrap_or(Timestamp::MAX)
        }
        None => now,
    }
}

/// What the last discovery found for each subscription; nothing once the Warehouse was changed.
pub(super) fn previous(warehouse: &Warehouse) -> Vec<Option<Discovered>> {
    let same = warehouse.metadata.generation == warehouse.status.observed_generation;
    let found = warehouse.status.discovered_artifacts.as_ref().filter(|_| same);
    let mut git = found.into_iter().flat_map(|found| &found.git);
    let subscriptions = warehouse.spec.subscriptions.iter();
    subscriptions.map(|one| one.as_git().and_then(|_| git.next()).cloned().map(Discovered::Git)).collect()
}

/// What follows from a discovery.
#[derive(Debug)]
pub(super) struct Conclusion {
    /// The Warehouse's new status.
    pub(super) status: WarehouseStatus,
    /// The Freight to make, where there is none of its name yet; without alias.
    pub(super) freight: Option<Freight>,
    /// How many artifacts were found.
    pub(super) artifacts: usize,
    /// What a person should know.
    pub(super) warnings: Vec<String>,
    /// What went wrong.
    pub(super) error: Option<Error>,
}

/// Concludes from the answers for the subscriptions of `warehouse`, in their order; `None` is one that nobody
/// answered.
pub(super) fn conclude(
    warehouse: &Warehouse,
    answers: Vec<Option<Result<Discovery, Error>>>,
    now: Timestamp,
) -> Conclusion {
    let mut conclusion = Conclusion {
        status: warehouse.status.clone(),
        freight: None,
        artifacts: 0,
        warnings: Vec::new(),
        error: None,
    };
    conclusion.status.last_handled_refresh =
        warehouse.metadata.annotation(annotations::REFRESH).map(str::to_owned);
    let fresh = [condition::FREIGHT_CREATED, condition::FREIGHT_CREATION_CRITERIA_SATISFIED];
    conclusion.status.conditions.retain(|known| !fresh.contains(&known.condition_type.as_str()));
    let found = match gather(warehouse, answers, &mut conclusion.warnings) {
        Ok(found) => DiscoveredArtifacts { discovered_at: Some(now), ..found },
        Err(error) => {
            let message = chain(&error);
            conclusion.error = Some(error);
            let healthy = Verdict::no("DiscoveryFailed", &message);
            return conclusion.ended(warehouse, &healthy, &Verdict::no("DiscoveryFailure", &message), now);
        }
    };
    conclusion.artifacts = found.git.iter().map(|git| git.commits.len()).sum();
    conclusion.status.observed_generation = warehouse.metadata.generation;
    conclusion.status.discovered_artifacts = Some(found.clone());
    if let Some((reason, message)) = missing(&found) {
        let ready = Verdict::no("MissingArtifacts", &message);
        return conclusion.ended(warehouse, &Verdict::no(reason, &message), &ready, now);
    }
    if warehouse.spec.creates_freight() {
        match warehouse.spec.criteria().map_or(Ok(true), |criteria| criteria::hold(criteria, &found, now)) {
            Ok(true) => conclusion.freight = Some(freight(warehouse, &found, now)),
            Ok(false) => {
                let no =
                    Verdict::no("CriteriaNotSatisfied", "what was discovered does not satisfy the criteria");
                let kind = condition::FREIGHT_CREATION_CRITERIA_SATISFIED;
                conditions::of_warehouse(warehouse, &mut conclusion.status, kind, &no, now);
            }
            Err(error) => {
                let no = Verdict::no("CriteriaEvaluationFailed", chain(&error));
                conclusion.error = Some(error);
                return conclusion.ended(warehouse, &no, &no, now);
            }
        }
    }
    let well = Verdict::yes("ArtifactsDiscovered", "the newest artifacts are known");
    conclusion.ended(warehouse, &well, &well, now)
}

impl Conclusion {
    fn ended(mut self, warehouse: &Warehouse, healthy: &Verdict, ready: &Verdict, now: Timestamp) -> Self {
        for (kind, verdict) in [(condition::HEALTHY, healthy), (condition::READY, ready)] {
            conditions::of_warehouse(warehouse, &mut self.status, kind, verdict, now);
        }
        self
    }
}

/// The answers in the order of the subscriptions; the first error ends it.
fn gather(
    warehouse: &Warehouse,
    answers: Vec<Option<Result<Discovery, Error>>>,
    warnings: &mut Vec<String>,
) -> Result<DiscoveredArtifacts, Error> {
    let mut found = DiscoveredArtifacts::default();
    for (subscription, answer) in warehouse.spec.subscriptions.iter().zip(answers) {
        let discovery = answer.unwrap_or_else(|| Err(unknown(subscription)))?;
        warnings.extend(discovery.warnings);
        match discovery.discovered {
            Discovered::Git(mut git) => {
                subscription.name().clone_into(&mut git.subscription_name);
                found.git.push(git);
            }
        }
    }
    Ok(found)
}

fn unknown(subscription: &RepoSubscription) -> Error {
    let kind = subscription.kind();
    Error::new(UNKNOWN_SUBSCRIPTION, format!("nothing in this installation discovers {kind} subscriptions"))
}

/// What keeps Freight from being made, with its reason in a word: a subscription that selects nothing.
fn missing(found: &DiscoveredArtifacts) -> Option<(&'static str, String)> {
    if found.git.is_empty() {
        return Some(("MissingArtifacts", "the Warehouse has no subscriptions".to_owned()));
    }
    let empty = found.git.iter().find(|git| git.commits.is_empty())?;
    Some(("NoCommitsDiscovered", format!("the subscription to {} selects no commit", empty.repo_url)))
}

/// Freight of the newest artifact of each subscription, named by its content.
fn freight(warehouse: &Warehouse, found: &DiscoveredArtifacts, now: Timestamp) -> Freight {
    let project = warehouse.metadata.project();
    let newest = found.git.iter().filter_map(|git| {
        let newest = git.commits.first()?;
        Some(GitCommit {
            repo_url: git.repo_url.clone(),
            id: newest.id.clone(),
            branch: newest.branch.clone(),
            tag: newest.tag.clone(),
            message: newest.subject.clone(),
            author: newest.author.clone(),
            committer: newest.committer.clone(),
            subscription_name: git.subscription_name.clone(),
        })
    });
    let freight = Freight::new(project, warehouse.origin()).with_discovered_at(now);
    let mut freight = newest.fold(freight, Freight::with_commit).named_by_content();
    freight.metadata.uid = Some(names::uid(&format!("{project}/{}", freight.metadata.name)));
    freight.metadata.creation_timestamp = Some(now);
    freight
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        DiscoveredCommit, FreightCreationCriteria, FreightCreationPolicy, GitDiscoveryResult, GitSubscription,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn warehouse() -> Warehouse {
        let git = GitSubscription { repo_url: "https://x.y/z".into(), ..GitSubscription::default() };
        let mut warehouse =
            Warehouse::new("p", "w").with_subscription(RepoSubscription::git(git).with_name("main"));
        warehouse.metadata.generation = Some(1);
        warehouse
    }

    fn found(commits: &[&str]) -> Vec<Option<Result<Discovery, Error>>> {
        let commit = |id: &&str| DiscoveredCommit { id: (*id).to_owned(), ..DiscoveredCommit::default() };
        let git = GitDiscoveryResult {
            repo_url: "https://x.y/z".into(),
            commits: commits.iter().map(commit).collect(),
            ..GitDiscoveryResult::default()
        };
        vec![Some(Ok(Discovery { discovered: Discovered::Git(git), warnings: Vec::new() }))]
    }

    /// Reasons by the type of the condition.
    fn reasons(conclusion: &Conclusion) -> Vec<(&str, &str)> {
        let conditions = conclusion.status.conditions.iter();
        conditions.map(|one| (one.condition_type.as_str(), one.reason.as_str())).collect()
    }

    #[test]
    fn it_is_due_at_first_after_a_change_on_request_and_by_interval() {
        let new = warehouse();
        assert_eq!(due(&new, at(7)), at(7));
        let known = Warehouse { status: conclude(&new, found(&["c"]), at(100)).status, ..new };
        assert_eq!(due(&known, at(101)), at(400));
        let mut changed = known.clone();
        changed.metadata.generation = Some(2);
        assert_eq!(due(&changed, at(101)), at(101));
        let mut asked = known.clone();
        asked.metadata.annotations.insert(annotations::REFRESH.into(), "x".into());
        assert_eq!(due(&asked, at(101)), at(101));
        asked.status = conclude(&asked, found(&["c"]), at(101)).status;
        assert_eq!(due(&asked, at(102)), at(401));
        let mut hasty = known;
        hasty.spec.interval = Some("0s".parse().unwrap());
        assert_eq!(due(&hasty, at(100)), at(101), "not a loop without rest");
    }

    #[test]
    fn what_was_found_before_is_known_until_the_spec_changes() {
        let mut known = warehouse();
        assert_eq!(previous(&known), [None]);
        known.status = conclude(&known, found(&["c"]), at(0)).status;
        assert!(matches!(&previous(&known)[..], [Some(Discovered::Git(git))] if git.commits.len() == 1));
        known.metadata.generation = Some(2);
        assert_eq!(previous(&known), [None]);
    }

    #[test]
    fn freight_is_made_of_the_newest_if_the_warehouse_says_so() {
        let made = conclude(&warehouse(), found(&["new", "old"]), at(0));
        let freight = made.freight.as_ref().unwrap();
        assert_eq!(
            (freight.commits[0].id.as_str(), freight.commits[0].subscription_name.as_str()),
            ("new", "main")
        );
        assert_eq!(made.artifacts, 2);
        let well = [("Healthy", "ArtifactsDiscovered"), ("Ready", "ArtifactsDiscovered")];
        assert_eq!(reasons(&made), well);

        let manual = warehouse().with_policy(FreightCreationPolicy::Manual);
        assert!(conclude(&manual, found(&["c"]), at(0)).freight.is_none());

        let with_criteria = |expression: &str| {
            let mut warehouse = warehouse();
            let expression = Some(expression.to_owned());
            warehouse.spec.freight_creation_criteria = Some(FreightCreationCriteria { expression });
            conclude(&warehouse, found(&["c"]), at(0))
        };
        let not = with_criteria("false");
        assert!(not.freight.is_none() && not.error.is_none());
        let no = ("FreightCreationCriteriaSatisfied", "CriteriaNotSatisfied");
        assert_eq!(reasons(&not), [no, well[0], well[1]]);
        let bad = with_criteria("1 +");
        assert!(bad.freight.is_none() && bad.error.is_some());
        assert_eq!(
            due(&Warehouse { status: bad.status, ..warehouse() }, at(1)),
            at(300),
            "not again at once"
        );
    }

    #[test]
    fn nothing_found_is_no_error_and_an_error_keeps_what_was_known() {
        let empty = conclude(&warehouse(), found(&[]), at(0));
        assert!(empty.freight.is_none() && empty.error.is_none());
        assert_eq!(reasons(&empty), [("Healthy", "NoCommitsDiscovered"), ("Ready", "MissingArtifacts")]);

        let known = Warehouse { status: conclude(&warehouse(), found(&["c"]), at(0)).status, ..warehouse() };
        let failed = conclude(&known, vec![None], at(9));
        assert_eq!(failed.error.as_ref().map(Error::code), Some(UNKNOWN_SUBSCRIPTION));
        assert_eq!(failed.status.discovered_artifacts, known.status.discovered_artifacts);
        assert_eq!(reasons(&failed), [("Healthy", "DiscoveryFailed"), ("Ready", "DiscoveryFailure")]);
    }
}
