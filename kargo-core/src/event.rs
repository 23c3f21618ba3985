//! What happens, as one typed stream: progress bars, logs, reports and webhooks are [`Listener`]s.
//!
//! The JSON form is stable: one object with `at`, `project`, `event` (the name of the variant) and the fields of
//! that variant in camel case; fields are added, never renamed. Durations are whole milliseconds. No event holds
//! a secret.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{PromotionPhase, StepStatus};

/// One thing that happened.
///
/// ```
/// use kargo_core::event::{Event, What};
///
/// let event = Event::new(
///     "2026-01-02T03:04:05Z".parse()?,
///     "demo",
///     What::FreightApproved { stage: "prod".into(), freight: "f1".into(), by: "jane".into() },
/// );
/// assert_eq!(
///     serde_json::to_string(&event)?,
///     r#"{"at":"2026-01-02T03:04:05Z","project":"demo","event":"freightApproved","stage":"prod","freight":"f1","by":"jane"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// When it happened, on the run's clock.
    pub at: Timestamp,
    /// The project (namespace) that it belongs to.
    pub project: String,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

impl Event {
    /// An event of `project`.
    pub fn new(at: Timestamp, project: impl Into<String>, what: What) -> Self {
        Self { at, project: project.into(), what }
    }
}

/// The kinds of event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum What {
    /// A Warehouse was looked at.
    WarehouseDiscovered {
        /// The Warehouse.
        warehouse: String,
        /// How many artifacts its subscriptions select now.
        artifacts: usize,
        /// How long it took.
        #[serde(rename = "durationMs", with = "millis")]
        duration: Duration,
    },
    /// New Freight was made.
    FreightCreated {
        /// The Warehouse that it comes from.
        warehouse: String,
        /// Its name.
        freight: String,
        /// Its alias.
        alias: String,
    },
    /// Freight waits for a person to approve it for a Stage.
    FreightWaiting {
        /// The Stage.
        stage: String,
        /// The Freight's name.
        freight: String,
        /// Its alias.
        alias: String,
    },
    /// A person approved Freight for a Stage.
    FreightApproved {
        /// The Stage.
        stage: String,
        /// The Freight's name.
        freight: String,
        /// Who approved.
        by: String,
    },
    /// A Promotion was made and waits for its turn.
    PromotionCreated {
        /// The Stage.
        stage: String,
        /// The Promotion's name.
        promotion: String,
        /// The Freight's name.
        freight: String,
        /// Who made it; empty when the control loop did.
        actor: String,
    },
    /// A Promotion's first step is about to run.
    PromotionStarted {
        /// The Stage.
        stage: String,
        /// The Promotion's name.
        promotion: String,
        /// The Freight's name.
        freight: String,
        /// The Freight's alias.
        alias: String,
        /// How many steps it has, with those of its tasks.
        steps: usize,
    },
    /// A Promotion that an earlier process left goes on.
    PromotionResumed {
        /// The Stage.
        stage: String,
        /// The Promotion's name.
        promotion: String,
        /// The step that it goes on with, from 0.
        step: usize,
    },
    /// A Promotion reached its last phase.
    PromotionFinished {
        /// The Stage.
        stage: String,
        /// The Promotion's name.
        promotion: String,
        /// How it ended.
        phase: PromotionPhase,
        /// Why, where it did not succeed.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
        /// How long it took.
        #[serde(rename = "durationMs", with = "millis")]
        duration: Duration,
    },
    /// An attempt of a step begins.
    StepStarted {
        /// Which step.
        #[serde(flatten)]
        step: StepRef,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// A step is not done and will be run again.
    StepWaiting {
        /// Which step.
        #[serde(flatten)]
        step: StepRef,
        /// `Running`, or `Failed` / `Errored` where it will be retried.
        status: StepStatus,
        /// What the step says, or the error that will be retried.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
        /// When it runs again.
        #[serde(rename = "retryAfterMs", with = "millis")]
        retry_after: Duration,
    },
    /// A step is done, or was passed over.
    StepFinished {
        /// Which step.
        #[serde(flatten)]
        step: StepRef,
        /// How it ended.
        status: StepStatus,
        /// What the step says, or its error.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
        /// How long it took, all attempts and waiting included.
        #[serde(rename = "durationMs", with = "millis")]
        duration: Duration,
    },
    /// Something went wrong outside a Promotion, such as a repository that could not be reached.
    Problem {
        /// The Stage, Warehouse or other thing that it is about, such as `Warehouse/cert-manager`.
        about: String,
        /// The error's code.
        code: String,
        /// The error and its causes.
        message: String,
    },
    /// Something a person should know though nothing failed.
    Warning {
        /// The Stage, Warehouse or other thing that it is about, such as `Warehouse/cert-manager`.
        about: String,
        /// The text.
        message: String,
    },
}

/// Which step of which Promotion an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRef {
    /// The Stage.
    pub stage: String,
    /// The Promotion's name.
    pub promotion: String,
    /// The step's position among all steps of the Promotion, from 0.
    pub index: usize,
    /// The step's alias, with its task's (`task::step`).
    pub alias: String,
    /// The step's kind.
    pub uses: String,
}

/// Somebody who wants to know what happens.
///
/// A listener is called in the order of events of one Promotion, from the task that runs it, and must be quick:
/// one that is slow sends the event on to a channel.
pub trait Listener: Send + Sync + 'static {
    /// Called for each event.
    fn on_event(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync + 'static> Listener for F {
    fn on_event(&self, event: &Event) {
        self(event);
    }
}

/// All listeners of an engine or an installation. Cloning shares them.
#[derive(Clone, Default)]
pub struct Listeners(Vec<Arc<dyn Listener>>);

impl Listeners {
    /// Adds one.
    pub fn add(&mut self, listener: Arc<dyn Listener>) {
        self.0.push(listener);
    }

    /// Tells all of them.
    pub fn emit(&self, event: &Event) {
        for listener in &self.0 {
            listener.on_event(event);
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listeners").field(&self.0.len()).finish()
    }
}

/// Durations as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_form_is_flat_and_reads_back() {
        let event = Event::new(
            Timestamp::UNIX_EPOCH,
            "demo",
            What::StepFinished {
                step: StepRef {
                    stage: "prod".into(),
                    promotion: "prod.1.f".into(),
                    index: 2,
                    alias: "tag::push".into(),
                    uses: "http".into(),
                },
                status: StepStatus::Succeeded,
                message: String::new(),
                duration: Duration::from_millis(1500),
            },
        );
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "at": "1970-01-01T00:00:00Z", "project": "demo", "event": "stepFinished", "stage": "prod",
                "promotion": "prod.1.f", "index": 2, "alias": "tag::push", "uses": "http",
                "status": "Succeeded", "durationMs": 1500
            })
        );
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
}
