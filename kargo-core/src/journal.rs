//! The journal: what happened to one Promotion, in order, so that a killed run can go on.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::store::Key;

/// When an appended record must be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// With the next barrier, or when the store gets to it: losing it costs a repeated pure step.
    Lazy,
    /// Before `append` returns, with everything appended earlier.
    Barrier,
}

/// One entry, in the engine's own words (`engine::record`), as JSON with a format version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Position in the Promotion's journal, from 0, without gaps.
    pub sequence: u64,
    /// The record.
    pub record: serde_json::Value,
}

/// An append-only list of records per Promotion.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Appends a record to the journal of `promotion` and says its sequence number.
    ///
    /// # Errors
    /// `store/io`.
    async fn append(
        &self,
        promotion: &Key,
        record: serde_json::Value,
        durability: Durability,
    ) -> Result<u64, Error>;

    /// All records of `promotion`, in order; empty when there are none.
    ///
    /// # Errors
    /// `store/io`, `store/corrupt`.
    async fn read(&self, promotion: &Key) -> Result<Vec<Entry>, Error>;
}
