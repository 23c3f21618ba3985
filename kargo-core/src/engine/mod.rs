//! The promotion engine: builds a Promotion from a Stage, compiles its steps once, and runs them, durably.
//!
//! [`promotion::build`] makes the Promotion, [`Plan`] holds its compiled templates, [`Engine::advance`] runs it until
//! it is done or has to wait. All that happens goes through the [`Journal`]; a later pass, also of another
//! process, reads it and goes on at the first step without an outcome.

mod config;
mod eval;
mod fetch;
mod files;
mod freight;
mod host;
mod inflate;
mod marks;
mod object;
mod outputs;
mod plan;
mod progress;
pub mod promotion;
mod rebuild;
mod record;
mod retry;
mod run;
mod seal;
mod tell;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kargo_expr::Value;
use tokio_util::sync::CancellationToken;

pub use self::inflate::{
    DUPLICATE_ALIAS, FindTask, Inflated, MISSING_VARIABLE, NESTED_TASK, RESERVED_ALIAS, TaskSetting,
    TaskSettings, UNKNOWN_TASK, USES_OR_TASK, inflate,
};
use self::plan::PlanCache;
pub use self::plan::{Plan, PlanKey, Problem};
use self::run::Run;
pub use self::seal::{KEY, SEALED, Sealer};
use crate::clock::{Clock, SystemClock};
use crate::credentials::{Credentials, NoCredentials, SHARED_NAMESPACE};
use crate::error::{Code, Error};
use crate::event::{Listener, Listeners};
use crate::journal::Journal;
use crate::model::{FreightCollection, FreightReference, Promotion, PromotionStatus, Stage, Target};
use crate::redact::Redactor;
use crate::step::Registry;
use crate::store::Store;

/// The work directory of a Promotion could not be made, marked or removed.
pub const WORK_DIR: Code =
    Code::new("engine/work-dir", "The work directory of a Promotion could not be made, marked or removed.");
/// The journal of a Promotion does not fit the Promotion.
pub const BAD_JOURNAL: Code = Code::new(
    "engine/bad-journal",
    "The journal of this Promotion cannot be read by this version, or belongs to other steps.",
);
/// A step could not be repeated to make the work directory again.
pub const REBUILD: Code = Code::new(
    "engine/rebuild",
    "The work directory was lost, and a step that filled it could not be repeated.",
);
/// A config map, Freight or Stage that an expression asks for could not be read.
pub const LOOK_UP: Code =
    Code::new("engine/look-up", "Something that an expression asks for could not be read from the store.");

/// A template does not compile.
pub const BAD_TEMPLATE: Code =
    Code::new("engine/bad-template", "A template or expression of a Promotion does not compile.");

/// An output cannot be kept.
pub const TOO_DEEP: Code =
    Code::new("engine/too-deep", "An output of a step nests deeper than 100 levels, which cannot be stored.");

/// The codes of this room.
pub const CODES: &[Code] = &[
    BAD_TEMPLATE,
    TOO_DEEP,
    WORK_DIR,
    BAD_JOURNAL,
    REBUILD,
    LOOK_UP,
    KEY,
    SEALED,
    DUPLICATE_ALIAS,
    RESERVED_ALIAS,
    USES_OR_TASK,
    UNKNOWN_TASK,
    NESTED_TASK,
    MISSING_VARIABLE,
    promotion::NO_STEPS,
    promotion::BAD_TASK_SETTINGS,
];

/// What the engine allows itself.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// When a step that is not done and does not say is looked at again; Kargo's 5 minutes.
    pub poll: Duration,
    /// How many Plans are kept for later Promotions with the same steps and variables.
    pub plans: usize,
    /// How many different objects (secrets, config maps …) the expressions of one step may ask for.
    pub look_ups: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { poll: Duration::from_secs(300), plans: 256, look_ups: 256 }
    }
}

/// One Promotion to run, with what it needs to know of the world.
#[derive(Clone, Debug)]
pub struct Job {
    /// The Promotion; its spec has its tasks put in ([`promotion::build`]).
    pub promotion: Promotion,
    /// The Stage to promote to.
    pub stage: Stage,
    /// The Freight that is promoted.
    pub freight: FreightReference,
    /// That Freight's alias.
    pub freight_alias: String,
    /// All Freight that the Stage will run after this Promotion.
    pub collection: FreightCollection,
    /// The Target, where the Stage has several.
    pub target: Option<Target>,
    /// Where the work directories are; the engine uses `<work_root>/<uid of the Promotion>`.
    pub work_root: PathBuf,
}

impl Job {
    /// The Freight and its alias, promoted to a Stage that runs nothing else.
    pub fn new(
        promotion: Promotion,
        stage: Stage,
        freight: FreightReference,
        work_root: impl Into<PathBuf>,
    ) -> Self {
        Self {
            promotion,
            stage,
            collection: FreightCollection::of([freight.clone()]),
            freight,
            freight_alias: String::new(),
            target: None,
            work_root: work_root.into(),
        }
    }

    fn project(&self) -> &str {
        self.promotion.metadata.project()
    }
}

/// What one pass over a Promotion came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pass {
    /// The status as Kargo shows it; what came from a secret is masked.
    pub status: PromotionStatus,
    /// When to advance again; `None` once the Promotion has ended.
    pub wait: Option<Duration>,
    /// The outputs by alias as the expressions see them, secrets included: not for showing.
    pub outputs: Value,
}

/// Runs Promotions. Cloning shares it; many Promotions can be advanced at the same time, each by one caller.
///
/// Dropping the future of [`advance`](Self::advance) is as a kill is: the next call goes on.
///
/// ```
/// use std::sync::Arc;
///
/// use kargo_core::engine::{Engine, Job};
/// use kargo_core::model::{FreightReference, Promotion, PromotionPhase, PromotionStep, Stage};
/// use kargo_core::step::Registry;
/// use kargo_core::store::MemoryStore;
/// use tokio_util::sync::CancellationToken;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let store = Arc::new(MemoryStore::new());
/// let engine = Engine::builder(Registry::new(), store.clone(), store).build();
/// let promotion = Promotion::new("demo", "p1", "test", "f1").with_step(PromotionStep::new("nobody-has-this"));
/// # let dir = tempfile::tempdir()?;
/// # let work_root = dir.path().join("work");
/// let job = Job::new(promotion, Stage::new("demo", "test"), FreightReference::default(), work_root);
/// let pass = engine.advance(&job, &CancellationToken::new()).await?;
/// assert_eq!(pass.status.phase, Some(PromotionPhase::Errored));
/// assert_eq!(pass.status.message.as_deref(), Some("step kind \"nobody-has-this\" is not registered"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).map_err(|error| error.to_string())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

/// What the engine is made of.
struct Parts {
    registry: Registry,
    store: Arc<dyn Store>,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    credentials: Arc<dyn Credentials>,
    redactor: Redactor,
    sealer: Sealer,
    listeners: Listeners,
    plans: PlanCache,
    limits: Limits,
    shared_project: String,
    ui_base_url: String,
    keep_work_dirs: bool,
}

impl Engine {
    /// An engine with these steps, on this store and journal.
    pub fn builder(registry: Registry, store: Arc<dyn Store>, journal: Arc<dyn Journal>) -> EngineBuilder {
        EngineBuilder {
            registry,
            store,
            journal,
            clock: Arc::new(SystemClock),
            credentials: Arc::new(NoCredentials),
            redactor: Redactor::default(),
            sealer: None,
            listeners: Listeners::default(),
            limits: Limits::default(),
            shared_project: SHARED_NAMESPACE.to_owned(),
            ui_base_url: String::new(),
            keep_work_dirs: false,
        }
    }

    /// Runs steps of the Promotion until it is done or one of them has to wait; one pass of Kargo's controller.
    ///
    /// Every transition is in the journal before the next one begins. Where the journal already knows the
    /// Promotion, it goes on: at the first step without an outcome, with the work directory made again where its
    /// files cannot be trusted. A Promotion whose `kargo.akuity.io/abort` annotation asks for it ends Aborted;
    /// where `cancel` is set while a step runs, the step is told, and the Promotion ends Aborted if by then the
    /// store's Promotion has that annotation, Errored if not.
    ///
    /// # Errors
    /// Where the store, the journal or the work directory could not be read or written, and `engine/rebuild`: the
    /// Promotion stays as it was, and the call can be repeated. What goes wrong in a step is in the [`Pass`].
    #[tracing::instrument(
        name = "promotion",
        skip_all,
        fields(project = job.project(), stage = job.promotion.spec.stage, name = job.promotion.metadata.name)
    )]
    pub async fn advance(&self, job: &Job, cancel: &CancellationToken) -> Result<Pass, Error> {
        Run::open(&self.0, job, cancel).await?.advance().await
    }

    /// The compiled steps of a Promotion; compiled at most once for the same steps and variables.
    ///
    /// # Errors
    /// `promotion/bad-task-settings`. What does not compile is in [`Plan::problems`].
    pub fn plan(&self, promotion: &Promotion) -> Result<Arc<Plan>, Error> {
        self.0.plans.get(promotion, &self.0.registry)
    }

    /// What replaces secrets in texts. Give it to whatever else shows text, and pass
    /// [`watch`](Redactor::watch)ed credentials to steps that have their own.
    pub fn redactor(&self) -> &Redactor {
        &self.0.redactor
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("registry", &self.0.registry).finish_non_exhaustive()
    }
}

/// Builds an [`Engine`].
pub struct EngineBuilder {
    registry: Registry,
    store: Arc<dyn Store>,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    credentials: Arc<dyn Credentials>,
    redactor: Redactor,
    sealer: Option<Sealer>,
    listeners: Listeners,
    limits: Limits,
    shared_project: String,
    ui_base_url: String,
    keep_work_dirs: bool,
}

impl EngineBuilder {
    /// The clock; the machine's where none is set.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where `secret()` and `sharedSecret()` look; there are none where this is not set.
    #[must_use]
    pub fn credentials(mut self, credentials: Arc<dyn Credentials>) -> Self {
        self.credentials = credentials;
        self
    }

    /// The redactor of the run; a new one where none is set.
    #[must_use]
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// What seals secret outputs in the journal. Where none is set the key lives as long as the engine, which fits a
    /// journal in memory alone.
    #[must_use]
    pub fn sealer(mut self, sealer: Sealer) -> Self {
        self.sealer = Some(sealer);
        self
    }

    /// Adds a listener.
    #[must_use]
    pub fn listener(mut self, listener: Arc<dyn Listener>) -> Self {
        self.listeners.add(listener);
        self
    }

    /// The limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The namespace in which `sharedConfigMap()` looks; Kargo's `kargo-shared-resources` where none is set.
    #[must_use]
    pub fn shared_project(mut self, namespace: impl Into<String>) -> Self {
        self.shared_project = namespace.into();
        self
    }

    /// `ctx.uiBaseUrl`; empty where none is set.
    #[must_use]
    pub fn ui_base_url(mut self, url: impl Into<String>) -> Self {
        self.ui_base_url = url.into();
        self
    }

    /// Leaves work directories where they are once their Promotion has ended.
    #[must_use]
    pub fn keep_work_dirs(mut self, keep: bool) -> Self {
        self.keep_work_dirs = keep;
        self
    }

    /// The engine.
    pub fn build(self) -> Engine {
        Engine(Arc::new(Parts {
            registry: self.registry,
            store: self.store,
            journal: self.journal,
            clock: self.clock,
            credentials: self.redactor.watch(self.credentials),
            redactor: self.redactor,
            sealer: self.sealer.unwrap_or_else(Sealer::ephemeral),
            listeners: self.listeners,
            plans: PlanCache::new(self.limits.plans),
            limits: self.limits,
            shared_project: self.shared_project,
            ui_base_url: self.ui_base_url,
            keep_work_dirs: self.keep_work_dirs,
        }))
    }
}
