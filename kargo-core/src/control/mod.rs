//! The control loop: an installation that discovers, decides and promotes, without a cluster.
//!
//! What is to be done about a Stage or Warehouse is decided by pure functions of what is stored; around them the
//! [`Installation`] reads, writes with preconditions, and runs what may run. So what a person decides in another
//! process ([`approve`](Installation::approve), [`promote`](Installation::promote)) is never lost.

mod apply;
mod availability;
mod conditions;
mod criteria;
mod discover;
mod names;
mod overview;
mod person;
mod policy;
mod project;
mod promotion;
mod reconcile;
mod run;
mod stage;
#[cfg(test)]
mod tests;
mod warehouse;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Semaphore;

pub use self::criteria::BAD_CRITERIA;
pub use self::overview::{FreightOverview, Overview, PromotionOverview, StageOverview, WarehouseOverview};
pub use self::person::{
    Decided, FreightSelector, NOT_APPROVED, NOT_AVAILABLE, NOT_FOUND, NOT_REQUESTED, Outcome,
};
pub use self::policy::Policy;
pub use self::run::{RunOptions, Summary};
use crate::clock::{Clock, SystemClock};
use crate::credentials::Credentials;
use crate::discovery::ArtifactSource;
use crate::engine::{Engine, EngineBuilder};
use crate::error::{Code, Error, chain};
use crate::event::{Event, Listener, Listeners, What};
use crate::journal::Journal;
use crate::model::{Promotion, PromotionPhase};
use crate::step::Registry;
use crate::store::{Key, Store};

/// The codes of this room.
pub const CODES: &[Code] = &[NOT_FOUND, NOT_REQUESTED, NOT_AVAILABLE, NOT_APPROVED, BAD_CRITERIA];

/// How many Promotions run at the same time where nobody says; as many as in Kargo.
const CONCURRENCY: usize = 4;

/// Freight that waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Waiting {
    /// The project.
    pub project: String,
    /// The Stage.
    pub stage: String,
    /// The Freight's name.
    pub freight: String,
    /// Its alias.
    pub alias: String,
    /// What it waits for.
    #[serde(flatten)]
    pub waits_for: WaitsFor,
}

/// What Freight waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "waitsFor", rename_all = "camelCase")]
#[non_exhaustive]
pub enum WaitsFor {
    /// That a person approves it, which also promotes it (`autoPromotionEnabled: false`).
    Approval,
    /// That a person promotes it: the Stage does not by itself, or its automatic promotion is on hold, or the
    /// last Promotion of that Freight did not succeed.
    Promotion,
    /// That it has been upstream for long enough.
    Soak {
        /// When that is so.
        until: Timestamp,
    },
}

/// A Promotion and how far it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PromotionResult {
    /// The project.
    pub project: String,
    /// The Stage.
    pub stage: String,
    /// The Promotion's name.
    pub promotion: String,
    /// The Freight's name.
    pub freight: String,
    /// How far it got.
    pub phase: PromotionPhase,
    /// Why it is there, where it has not succeeded; may be empty.
    pub message: String,
}

impl PromotionResult {
    fn of(promotion: &Promotion) -> Self {
        Self {
            project: promotion.metadata.project().to_owned(),
            stage: promotion.spec.stage.clone(),
            promotion: promotion.metadata.name.clone(),
            freight: promotion.freight().to_owned(),
            phase: promotion.phase(),
            message: promotion.status.message.clone().unwrap_or_default(),
        }
    }
}

/// Something that went wrong outside a Promotion, such as a repository that could not be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Problem {
    /// The project.
    pub project: String,
    /// What it is about, such as `Warehouse/apps`.
    pub about: String,
    /// The error's code.
    pub code: &'static str,
    /// The error and its causes.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// One installation: a store, the steps and sources that it can use, and the loop that runs them.
///
/// Cloning shares it. What a person decides and how things stand needs the store alone: for that, no steps and
/// sources need to be there, and another process may be running at the same time.
///
/// ```
/// use std::sync::Arc;
///
/// use kargo_core::control::{Installation, RunOptions};
/// use kargo_core::model::{Resource, Stage};
/// use kargo_core::step::Registry;
/// use kargo_core::store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), kargo_core::Error> {
/// let store = Arc::new(MemoryStore::new());
/// let work_dirs = std::env::temp_dir();
/// let installation = Installation::builder(store.clone(), store, Registry::new(), work_dirs).build();
/// installation.apply([Resource::from(Stage::new("demo", "prod"))]).await?;
/// let summary = installation.run(RunOptions::default()).await?;
/// assert!(summary.promotions.is_empty() && summary.problems.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Installation(Arc<Parts>);

struct Parts {
    store: Arc<dyn Store>,
    engine: Engine,
    sources: Vec<Arc<dyn ArtifactSource>>,
    clock: Arc<dyn Clock>,
    listeners: Listeners,
    work_root: PathBuf,
    /// A place for each Promotion that may run at the same time.
    places: Arc<Semaphore>,
}

impl Installation {
    /// An installation on that store and journal, with the steps of `registry`; the work directories of
    /// Promotions are made below `work_root`.
    pub fn builder(
        store: Arc<dyn Store>,
        journal: Arc<dyn Journal>,
        registry: Registry,
        work_root: impl Into<PathBuf>,
    ) -> InstallationBuilder {
        InstallationBuilder {
            engine: Engine::builder(registry, Arc::clone(&store), journal),
            store,
            sources: Vec::new(),
            clock: Arc::new(SystemClock),
            listeners: Listeners::default(),
            work_root: work_root.into(),
            concurrency: CONCURRENCY,
        }
    }

    /// The engine, for what it knows of secrets and plans.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    fn emit(&self, project: &str, what: What) {
        self.0.listeners.emit(&Event::new(self.clock().now(), project, what));
    }

    /// An error as a person is told of it.
    fn problem(&self, about: &Key, error: &Error) -> Problem {
        let message = chain(error);
        Problem {
            project: about.project.clone(),
            about: format!("{}/{}", about.kind, about.name),
            code: error.code().as_str(),
            message: self.0.engine.redactor().redact(&message).into_owned(),
            hint: error.hint().map(str::to_owned),
        }
    }
}

impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation").field("work_root", &self.0.work_root).finish_non_exhaustive()
    }
}

/// Builds an [`Installation`].
pub struct InstallationBuilder {
    store: Arc<dyn Store>,
    engine: EngineBuilder,
    sources: Vec<Arc<dyn ArtifactSource>>,
    clock: Arc<dyn Clock>,
    listeners: Listeners,
    work_root: PathBuf,
    concurrency: usize,
}

impl InstallationBuilder {
    /// Adds a source of artifacts. A subscription is asked of the first source that takes it.
    #[must_use]
    pub fn source(mut self, source: Arc<dyn ArtifactSource>) -> Self {
        self.sources.push(source);
        self
    }

    /// The clock; the machine's where none is set.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.engine = self.engine.clock(Arc::clone(&clock));
        self.clock = clock;
        self
    }

    /// Where `secret()` and `sharedSecret()` look.
    #[must_use]
    pub fn credentials(mut self, credentials: Arc<dyn Credentials>) -> Self {
        self.engine = self.engine.credentials(credentials);
        self
    }

    /// Adds a listener for all that happens.
    #[must_use]
    pub fn listener(mut self, listener: Arc<dyn Listener>) -> Self {
        self.engine = self.engine.listener(Arc::clone(&listener));
        self.listeners.add(listener);
        self
    }

    /// How many Promotions run at the same time; 4 where this is not set. Waiting ones do not count.
    #[must_use]
    pub fn concurrency(mut self, promotions: usize) -> Self {
        self.concurrency = promotions.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// Changes how the engine is built: its limits, its sealer, its redactor.
    #[must_use]
    pub fn engine(mut self, change: impl FnOnce(EngineBuilder) -> EngineBuilder) -> Self {
        self.engine = change(self.engine);
        self
    }

    /// The installation.
    pub fn build(self) -> Installation {
        Installation(Arc::new(Parts {
            store: self.store,
            engine: self.engine.build(),
            sources: self.sources,
            clock: self.clock,
            listeners: self.listeners,
            work_root: self.work_root,
            places: Arc::new(Semaphore::new(self.concurrency)),
        }))
    }
}
