//! `freightCreationCriteria`: an expression over what was discovered, which says whether Freight is made of it.

use jiff::Timestamp;
use kargo_expr::go::float::parse_bool;
use kargo_expr::time::Time;
use kargo_expr::{Answer, CallError, Env, Host, Object, Program, Scope, Signature, Type, Value};

use crate::error::{Code, Error};
use crate::model::url::normalize_git;
use crate::model::{DiscoveredArtifacts, DiscoveredCommit};

/// The expression of `freightCreationCriteria` does not compile or run.
pub const BAD_CRITERIA: Code = Code::new(
    "control/bad-criteria",
    "The expression of freightCreationCriteria does not compile, fails, or gives no boolean.",
);

/// Whether the criteria hold for the newest of what was found.
///
/// # Errors
/// `control/bad-criteria`.
pub(super) fn hold(expression: &str, found: &DiscoveredArtifacts, now: Timestamp) -> Result<bool, Error> {
    let bad = |error: kargo_expr::Error| {
        Error::new(BAD_CRITERIA, "the freightCreationCriteria have no value").with_source(error)
    };
    let signature = Signature::new([Type::String], Type::Any);
    let env = Env::kargo().with_host_function("commitFrom", signature);
    let program = Program::compile(expression, &env).map_err(bad)?;
    let host = Found { found, now };
    let value = match program.run_with(&Scope::new(), &host).map_err(bad)? {
        Answer::Ready(value) => value,
        // The host below always has its answer.
        Answer::Need(_) => Value::nil(),
    };
    if let Some(holds) = value.as_bool() {
        return Ok(holds);
    }
    // As in Kargo, what is no boolean may still read like one: 1, "t", "true" …
    let json = value.to_json().unwrap_or_default();
    let text = value.as_str().map_or_else(|| json.to_string(), str::to_owned);
    parse_bool(&text).ok_or_else(|| {
        Error::new(BAD_CRITERIA, format!("freightCreationCriteria give {text}, and not a boolean"))
    })
}

struct Found<'a> {
    found: &'a DiscoveredArtifacts,
    now: Timestamp,
}

impl Host for Found<'_> {
    fn call(&self, _: &str, args: &[Value]) -> Result<Answer, CallError> {
        let url = args.first().and_then(Value::as_str).map(normalize_git).unwrap_or_default();
        let git = self.found.git.iter().find(|git| normalize_git(&git.repo_url) == url);
        let newest = git.and_then(|git| git.commits.first());
        Ok(Answer::Ready(newest.map_or(Value::nil(), |newest| Value::object(Commit(newest.clone())))))
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// A discovered commit with the field names that Kargo's expressions know.
#[derive(Debug)]
struct Commit(DiscoveredCommit);

impl Object for Commit {
    fn type_name(&self) -> &str {
        "v1alpha1.DiscoveredCommit"
    }

    fn field(&self, name: &str) -> Option<Value> {
        let commit = &self.0;
        Some(match name {
            "ID" => commit.id.as_str().into(),
            "Branch" => commit.branch.as_str().into(),
            "Tag" => commit.tag.as_str().into(),
            "Subject" => commit.subject.as_str().into(),
            "Author" => commit.author.as_str().into(),
            "Committer" => commit.committer.as_str().into(),
            "CreatorDate" => commit.creator_date.map(time).into(),
            _ => return None,
        })
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}

fn time(timestamp: Timestamp) -> Time {
    Time::from_unix(timestamp.as_second(), timestamp.subsec_nanosecond().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GitDiscoveryResult;

    fn check(expression: &str) -> Result<bool, &'static str> {
        let commit = DiscoveredCommit {
            id: "0a1b".into(),
            tag: "v1.2.3".into(),
            creator_date: Some(Timestamp::from_second(86_400).unwrap()),
            ..DiscoveredCommit::default()
        };
        let git = GitDiscoveryResult {
            repo_url: "https://x.y/z.git".into(),
            commits: vec![commit],
            ..GitDiscoveryResult::default()
        };
        let found = DiscoveredArtifacts { git: vec![git], ..DiscoveredArtifacts::default() };
        hold(expression, &found, Timestamp::UNIX_EPOCH).map_err(|error| error.code().as_str())
    }

    #[test]
    fn criteria_see_what_was_discovered() {
        let bad = Err(BAD_CRITERIA.as_str());
        for (expression, expected) in [
            ("commitFrom('https://x.y/z').Tag startsWith 'v1.'", Ok(true)),
            ("commitFrom('https://X.y/z.git').ID == 'other'", Ok(false)),
            ("commitFrom('https://x.y/z').CreatorDate.Year() == 1970", Ok(true)),
            ("commitFrom('https://x.y/other')?.Tag == 'v1.2.3'", Ok(false)),
            ("'t'", Ok(true)),
            ("0", Ok(false)),
            ("'maybe'", bad),
            ("1 +", bad),
            ("imageFrom('x')", bad),
        ] {
            assert_eq!(check(expression), expected, "{expression}");
        }
    }
}
