//! Whether a step is done after an attempt, and what to say of it: Kargo's completion table, without I/O.

use std::time::Duration as Wait;

use crate::error::chain;
use crate::model::{Duration, PromotionStepRetry, StepStatus};
use crate::step::{DynStep, Outcome, StepError, StepReport};

/// How long to wait before an error is retried the first time; it doubles with each further error.
const FIRST_BACKOFF: Wait = Wait::from_secs(1);
/// The longest wait before an error is retried.
const LONGEST_BACKOFF: Wait = Wait::from_secs(300);
/// The shortest wait at all, so that a step that asks for none does not keep a processor busy.
const SHORTEST_WAIT: Wait = Wait::from_millis(100);

/// How often and how long one step may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RetryPolicy {
    /// Errors that end the step; at least 1.
    pub(super) threshold: u32,
    /// The soft limit, counted from the step's first start; `None` is without.
    pub(super) timeout: Option<Duration>,
}

impl RetryPolicy {
    /// The step's `retry`, completed by the defaults of its kind.
    pub(super) fn of(retry: Option<&PromotionStepRetry>, step: &dyn DynStep) -> Self {
        let threshold = retry.and_then(PromotionStepRetry::error_threshold);
        let timeout = match retry.and_then(|retry| retry.timeout) {
            Some(timeout) => Some(timeout),
            None => step.default_timeout().map(Duration::from),
        };
        Self {
            threshold: threshold.unwrap_or(step.default_error_threshold()).max(1),
            timeout: timeout.filter(|timeout| *timeout > Duration::ZERO),
        }
    }
}

/// Where a step stands after an attempt.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    /// Its status.
    pub(super) status: StepStatus,
    /// Its message.
    pub(super) message: String,
    /// How many errors there were, with this one.
    pub(super) errors: u32,
    /// `None` where the step is done.
    pub(super) again: Option<Again>,
}

/// When and why a step is to be run again.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Again {
    /// What the Promotion's own message is meanwhile.
    pub(super) promotion_message: String,
    /// When.
    pub(super) after: Wait,
}

/// One attempt, as the table looks at it.
pub(super) struct Attempt<'a> {
    pub(super) alias: &'a str,
    pub(super) result: &'a Result<StepReport, StepError>,
    /// Errors before this attempt.
    pub(super) errors: u32,
    /// Since the step's first start.
    pub(super) elapsed: Wait,
    /// When a step that does not say is looked at again.
    pub(super) default_poll: Wait,
}

impl RetryPolicy {
    /// Decides what an attempt means. The first line of Kargo's table that fits holds.
    pub(super) fn judge(&self, attempt: &Attempt<'_>) -> Verdict {
        match attempt.result {
            Ok(report) => self.judge_report(attempt, report),
            Err(error) => self.judge_error(attempt, error),
        }
    }

    fn judge_report(&self, attempt: &Attempt<'_>, report: &StepReport) -> Verdict {
        let message = report.message.clone().unwrap_or_default();
        let errors = attempt.errors;
        let (status, retry_after) = match report.outcome {
            Outcome::Succeeded => return done(StepStatus::Succeeded, message, errors),
            Outcome::Skipped => return done(StepStatus::Skipped, message, errors),
            Outcome::Running { retry_after } => (StepStatus::Running, retry_after),
            Outcome::Unmet { retry_after } => (StepStatus::Failed, retry_after),
        };
        if let Some(timed_out) = self.timed_out(attempt, errors) {
            return timed_out;
        }
        let after = self.wait(attempt, retry_after.unwrap_or(attempt.default_poll));
        Verdict { status, message, errors, again: Some(Again { promotion_message: String::new(), after }) }
    }

    fn judge_error(&self, attempt: &Attempt<'_>, error: &StepError) -> Verdict {
        let alias = attempt.alias;
        let (status, text) = if error.is_failed() {
            (StepStatus::Failed, format!("step {alias:?}: {}", with_hint(error)))
        } else {
            (StepStatus::Errored, format!("error running step {alias:?}: {}", with_hint(error)))
        };
        match (error.is_terminal(), error.is_failed()) {
            (true, true) => return done(status, text, attempt.errors),
            (true, false) => {
                return done(status, format!("an unrecoverable error occurred: {text}"), attempt.errors);
            }
            (false, _) => {}
        }
        let errors = attempt.errors.saturating_add(1);
        if errors >= self.threshold {
            let message = format!("step {alias:?} met error threshold of {}: {text}", self.threshold);
            return done(status, message, errors);
        }
        if let Some(timed_out) = self.timed_out(attempt, errors) {
            return timed_out;
        }
        let backoff = FIRST_BACKOFF.saturating_mul(1 << (errors - 1).min(16)).min(LONGEST_BACKOFF);
        let message = format!("{text}; step will be retried");
        let again = Again { promotion_message: text, after: self.wait(attempt, backoff) };
        Verdict { status, message, errors, again: Some(again) }
    }

    /// A step that is not done and has run for longer than it may.
    fn timed_out(&self, attempt: &Attempt<'_>, errors: u32) -> Option<Verdict> {
        let timeout = self.timeout.filter(|timeout| attempt.elapsed > timeout.as_std())?;
        let message = format!("step {:?} timed out after {timeout}", attempt.alias);
        Some(done(StepStatus::Errored, message, errors))
    }

    /// The wait that was asked for, cut where the step's time is over sooner.
    fn wait(&self, attempt: &Attempt<'_>, asked: Wait) -> Wait {
        let left = self.timeout.map(|timeout| timeout.as_std().saturating_sub(attempt.elapsed));
        asked.min(left.unwrap_or(Wait::MAX)).max(SHORTEST_WAIT)
    }
}

fn done(status: StepStatus, message: String, errors: u32) -> Verdict {
    Verdict { status, message, errors, again: None }
}

/// The error with its causes, and what can be done about it: a status has no other place for that.
fn with_hint(error: &StepError) -> String {
    match error.hint() {
        Some(hint) => format!("{} ({hint})", chain(error)),
        None => chain(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    const BROKEN: Code = Code::new("test/broken", "For tests.");

    fn verdict(
        policy: RetryPolicy,
        result: Result<StepReport, StepError>,
        errors: u32,
        elapsed: u64,
    ) -> (StepStatus, u32, Option<u64>) {
        let verdict = policy.judge(&Attempt {
            alias: "a",
            result: &result,
            errors,
            elapsed: Wait::from_secs(elapsed),
            default_poll: Wait::from_secs(300),
        });
        (verdict.status, verdict.errors, verdict.again.map(|again| again.after.as_secs()))
    }

    #[test]
    fn the_completion_table() {
        use StepStatus::{Errored, Failed, Running, Skipped, Succeeded};
        let policy = |threshold, timeout: Option<i64>| RetryPolicy {
            threshold,
            timeout: timeout.map(Duration::from_secs),
        };
        let (once, thrice, timed) = (policy(1, None), policy(3, None), policy(3, Some(20)));
        let failed = || StepError::failed(BROKEN, "no");
        let errored = || StepError::errored(BROKEN, "no");
        let asks = |seconds| Some(Wait::from_secs(seconds));
        for (what, policy, result, errors, elapsed, expected) in [
            ("done", once, Ok(StepReport::succeeded()), 0, 0, (Succeeded, 0, None)),
            ("late, but done", timed, Ok(StepReport::succeeded()), 1, 99, (Succeeded, 1, None)),
            ("nothing to do", once, Ok(StepReport::skipped()), 0, 0, (Skipped, 0, None)),
            ("polls", once, Ok(StepReport::running(None)), 0, 0, (Running, 0, Some(300))),
            ("polls as asked", once, Ok(StepReport::running(asks(5))), 0, 0, (Running, 0, Some(5))),
            ("never threshold", once, Ok(StepReport::unmet(asks(5))), 0, 0, (Failed, 0, Some(5))),
            ("errors are kept", thrice, Ok(StepReport::running(None)), 2, 0, (Running, 2, Some(300))),
            ("cut by timeout", timed, Ok(StepReport::running(None)), 0, 15, (Running, 0, Some(5))),
            ("at the timeout", timed, Ok(StepReport::running(None)), 0, 20, (Running, 0, Some(0))),
            ("timed out", timed, Ok(StepReport::unmet(None)), 0, 21, (Errored, 0, None)),
            ("failed for good", thrice, Err(failed().terminal()), 0, 0, (Failed, 0, None)),
            ("errored for good", thrice, Err(errored().terminal()), 0, 0, (Errored, 0, None)),
            ("threshold, failed", once, Err(failed()), 0, 0, (Failed, 1, None)),
            ("threshold, errored", thrice, Err(errored()), 2, 0, (Errored, 3, None)),
            ("threshold before timeout", timed, Err(failed()), 2, 99, (Failed, 3, None)),
            ("retried", thrice, Err(errored()), 0, 0, (Errored, 1, Some(1))),
            ("retried slower", thrice, Err(failed()), 1, 0, (Failed, 2, Some(2))),
            ("timed out as errored", timed, Err(failed()), 0, 21, (Errored, 1, None)),
        ] {
            assert_eq!(verdict(policy, result, errors, elapsed), expected, "{what}");
        }
    }
}
