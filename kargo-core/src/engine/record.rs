//! The engine's own words in the journal: what happened to one Promotion, exactly enough to go on.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use super::BAD_JOURNAL;
use crate::error::Error;
use crate::model::{HealthCheck, PromotionPhase, StepExecutionMetadata};

/// The version of the records' form that this code writes; it reads no other.
const FORMAT: u32 = 1;

/// One record of a Promotion's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    format: u32,
    /// When it happened.
    pub(super) at: Timestamp,
    #[serde(flatten)]
    pub(super) what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum What {
    /// The Promotion began.
    Begun {
        /// The key of its Plan: the records that follow belong to these steps.
        plan: String,
    },
    /// An attempt of a step is about to run.
    Attempt {
        /// The step's index.
        step: usize,
        /// From 1.
        attempt: u32,
    },
    /// A step was passed over, or an attempt of it has ended.
    Outcome {
        /// The step's index.
        step: usize,
        /// What is now known of it.
        meta: StepExecutionMetadata,
        /// Its outputs, encoded: absent where it did not run, null where it ran and has none.
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
        outputs: Option<Json>,
        /// What the Stage's health depends on from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        health_check: Option<HealthCheck>,
        /// Set where the step is to run again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<Again>,
    },
    /// The Promotion ended.
    Ended {
        /// How.
        phase: PromotionPhase,
        /// Why, where it did not succeed.
        message: String,
    },
}

/// That a step is to run again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Again {
    /// The Promotion's message meanwhile.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) message: String,
}

impl Record {
    pub(super) fn new(at: Timestamp, what: What) -> Self {
        Self { format: FORMAT, at, what }
    }

    pub(super) fn to_json(&self) -> Result<Json, Error> {
        serde_json::to_value(self)
            .map_err(|error| unreadable("a record cannot be written").with_source(error))
    }

    pub(super) fn from_json(json: &Json) -> Result<Self, Error> {
        match json.get("format").and_then(Json::as_u64) {
            Some(format) if format == u64::from(FORMAT) => Self::deserialize(json)
                .map_err(|error| unreadable("a record of the journal is damaged").with_source(error)),
            _ => Err(unreadable("the journal was written by another version")),
        }
    }
}

pub(super) fn unreadable(what: &str) -> Error {
    Error::new(BAD_JOURNAL, what.to_owned())
}

/// Tells a null that is there from a field that is not.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(from).map(Some)
}
