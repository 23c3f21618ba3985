//! The expression by which a git subscription filters commits and tags.

use jiff::Timestamp;
use kargo_expr::go::float::parse_bool;
use kargo_expr::time::Time;
use kargo_expr::{Answer, CallError, Env, Host, NoHost, Program, Scope, Value};

use super::select::{BAD_EXPRESSION, Commit, EXPRESSION_FAILED, Tag};
use crate::error::Error;

/// An `expressionFilter`, compiled. It is a bare expression without Kargo's own functions.
#[derive(Clone, Debug)]
pub struct ExpressionFilter(Program);

impl ExpressionFilter {
    /// Compiles the expression.
    ///
    /// # Errors
    /// [`BAD_EXPRESSION`], with what is wrong as its source.
    pub fn new(expression: &str) -> Result<Self, Error> {
        let compiled = Program::compile(expression, &Env::new());
        compiled.map(Self).map_err(|cause| {
            Error::new(BAD_EXPRESSION, "the expressionFilter is not an expression").with_source(cause)
        })
    }

    /// Whether a commit of a branch passes. The expression reads `id`, `commitDate`, `author`, `committer`
    /// and `subject`; its `now()` is `now`.
    ///
    /// # Errors
    /// [`EXPRESSION_FAILED`] where it fails, or gives neither true nor false.
    pub fn admits_commit(&self, commit: &Commit, now: Timestamp) -> Result<bool, Error> {
        self.run(&common(commit).with("commitDate", time(commit.date)), now)
    }

    /// Whether a tag passes. The expression reads `tag`, `id`, `creatorDate`, `author`, `committer`,
    /// `subject`, `tagger` and `annotation`; its `now()` is `now`.
    ///
    /// # Errors
    /// [`EXPRESSION_FAILED`] where it fails, or gives neither true nor false.
    pub fn admits_tag(&self, tag: &Tag, now: Timestamp) -> Result<bool, Error> {
        let scope = common(&tag.commit)
            .with("tag", tag.name.as_str())
            .with("creatorDate", time(tag.date))
            .with("tagger", tag.tagger.as_str())
            .with("annotation", tag.annotation.as_str());
        self.run(&scope, now)
    }

    fn run(&self, scope: &Scope, now: Timestamp) -> Result<bool, Error> {
        let failed = |message: &str| Error::new(EXPRESSION_FAILED, message.to_owned());
        let answer = self
            .0
            .run_with(scope, &At(now))
            .map_err(|cause| failed("the expressionFilter failed").with_source(cause))?;
        let Answer::Ready(value) = answer else {
            return Err(failed("the expressionFilter waits for something"));
        };
        truth(&value).ok_or_else(|| {
            failed("the expressionFilter gives neither true nor false")
                .with_hint(format!("it gives a value of the type {}", value.type_name()))
        })
    }
}

/// What both commits and tags are seen as.
fn common(commit: &Commit) -> Scope {
    Scope::new()
        .with("id", commit.id.as_str())
        .with("author", commit.author.as_str())
        .with("committer", commit.committer.as_str())
        .with("subject", commit.subject.as_str())
}

fn time(at: Timestamp) -> Time {
    Time::from_unix(at.as_second(), at.subsec_nanosecond().into())
}

/// A bool; or what Go's `ParseBool` reads as one when it is printed, such as 1 or "T".
fn truth(value: &Value) -> Option<bool> {
    match (value.as_bool(), value.as_f64(), value.as_str()) {
        (Some(truth), _, _) => Some(truth),
        (_, Some(number), _) if number == 0.0 || number == 1.0 => Some(number == 1.0),
        (_, _, Some(text)) => parse_bool(text),
        _ => None,
    }
}

/// A host without functions, at a time.
struct At(Timestamp);

impl Host for At {
    fn call(&self, function: &str, args: &[Value]) -> Result<Answer, CallError> {
        NoHost.call(function, args)
    }

    fn now(&self) -> Timestamp {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> Commit {
        Commit {
            id: "abc".to_owned(),
            subject: "feat: more".to_owned(),
            author: "Ann <ann@example.com>".to_owned(),
            committer: "bot <bot@example.com>".to_owned(),
            date: Timestamp::from_second(1_700_000_000).unwrap(),
        }
    }

    fn tag() -> Tag {
        Tag {
            name: "v1.2.3".to_owned(),
            commit: commit(),
            date: Timestamp::from_second(1_700_000_100).unwrap(),
            tagger: "Ann <ann@example.com>".to_owned(),
            annotation: "release".to_owned(),
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_700_003_600).unwrap()
    }

    #[test]
    fn commits_and_tags_are_seen_by_their_names() {
        for (expression, passes) in [
            ("subject startsWith 'feat'", true),
            ("!(author contains 'ann@')", false),
            ("commitDate.Year() == 2023", true),
            ("now() - commitDate > duration('59m')", true),
            ("now() - commitDate > duration('61m')", false),
            ("id == 'abc' && committer contains 'bot'", true),
            ("tag", false),
        ] {
            let filter = ExpressionFilter::new(expression).unwrap();
            match filter.admits_commit(&commit(), now()) {
                Ok(admitted) => assert_eq!(admitted, passes, "{expression}"),
                // A commit has no tag, so that nothing comes out.
                Err(error) => assert_eq!((expression, error.code()), ("tag", EXPRESSION_FAILED)),
            }
        }
        for (expression, passes) in [
            ("tag matches '^v1' && annotation == 'release'", true),
            ("tagger == ''", false),
            ("creatorDate.Unix() == 1700000100", true),
            ("subject == 'feat: more' && id == 'abc'", true),
        ] {
            let filter = ExpressionFilter::new(expression).unwrap();
            assert_eq!(filter.admits_tag(&tag(), now()).unwrap(), passes, "{expression}");
        }
    }

    #[test]
    fn what_is_no_bool_is_read_as_one_or_fails() {
        for (expression, passes) in [
            ("1", Some(true)),
            ("0.0", Some(false)),
            ("'T'", Some(true)),
            ("'False'", Some(false)),
            ("'yes'", None),
            ("2", None),
            ("nil", None),
            ("unknown.field", None),
            ("[true]", None),
        ] {
            let answer = ExpressionFilter::new(expression).unwrap().admits_commit(&commit(), now());
            assert_eq!(answer.ok(), passes, "{expression}");
        }
        assert_eq!(ExpressionFilter::new("1 +").unwrap_err().code(), BAD_EXPRESSION);
    }
}
