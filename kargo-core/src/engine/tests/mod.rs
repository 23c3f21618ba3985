//! The engine on fake steps, a store and a journal in memory, and a clock that stands still.

mod building;
mod control;
mod evaluation;
mod resume;
mod secrets;
mod steps;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::{Schema, json_schema};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::{Engine, EngineBuilder, Job, Pass, promotion};
use crate::clock::Clock;
use crate::credentials::{Credential, CredentialKind, Credentials, SecretData};
use crate::error::Error;
use crate::event::{Event, Listener};
use crate::journal::{Durability, Entry, Journal};
use crate::model::{FreightReference, Kind, PromotionTaskSpec, Resource, Stage, StageSpec};
use crate::step::{DynStep, Effect, Registry, StepContext, StepError, StepReport};
use crate::store::{IO, Key, Precondition, Revision, Store, Stored, Write};

/// What a fake step does.
type Behaviour = dyn Fn(&StepContext<'_>, Json) -> Result<StepReport, StepError> + Send + Sync;

/// A step whose kind, effect and behaviour a test chooses.
pub(super) struct Fake {
    uses: &'static str,
    effect: Effect,
    shares: bool,
    schema: Schema,
    behaviour: Box<Behaviour>,
}

impl Fake {
    pub(super) fn new(
        uses: &'static str,
        effect: Effect,
        behaviour: impl Fn(&StepContext<'_>, Json) -> Result<StepReport, StepError> + Send + Sync + 'static,
    ) -> Self {
        Self { uses, effect, shares: false, schema: json_schema!(true), behaviour: Box::new(behaviour) }
    }

    /// Puts its config out, as `compose-output` does.
    pub(super) fn compose() -> Self {
        let compose = |_: &StepContext<'_>, config: Json| {
            let entries = config.as_object().cloned().unwrap_or_default();
            Ok(entries.iter().fold(StepReport::succeeded(), |report, (key, value)| {
                report.with_output(key, kargo_expr::Value::from_json(value, kargo_expr::Numbers::Natural))
            }))
        };
        Self { shares: true, ..Self::new("compose", Effect::Pure, compose) }
    }

    pub(super) fn with_schema(self, schema: Schema) -> Self {
        Self { schema, ..self }
    }
}

#[async_trait]
impl DynStep for Fake {
    fn uses(&self) -> &str {
        self.uses
    }

    fn effect(&self) -> Effect {
        self.effect
    }

    fn config_schema(&self) -> &Schema {
        &self.schema
    }

    fn outputs_schema(&self) -> &Schema {
        &self.schema
    }

    fn shares_outputs_with_task(&self) -> bool {
        self.shares
    }

    async fn run(&self, cx: &StepContext<'_>, config: Json) -> Result<StepReport, StepError> {
        tokio::task::yield_now().await;
        (self.behaviour)(cx, config)
    }
}

/// A journal that dies at a chosen append.
#[derive(Default)]
pub(super) struct TestJournal {
    pub(super) entries: Mutex<BTreeMap<Key, Vec<Entry>>>,
    pub(super) barriers: AtomicUsize,
    /// Appends until the kill; `usize::MAX` is never.
    pub(super) kill: Mutex<Option<Kill>>,
}

/// When the process is killed.
#[derive(Clone, Copy)]
pub(super) struct Kill {
    /// In this append, from 0.
    pub(super) append: usize,
    /// Whether that record still becomes durable.
    pub(super) durable: bool,
}

impl TestJournal {
    pub(super) fn all(&self) -> Vec<Entry> {
        self.entries.lock().unwrap().values().flatten().cloned().collect()
    }
}

#[async_trait]
impl Journal for TestJournal {
    async fn append(&self, promotion: &Key, record: Json, durability: Durability) -> Result<u64, Error> {
        let killed = || Error::new(IO, "killed");
        let mut kill = self.kill.lock().unwrap();
        let now = match &mut *kill {
            Some(kill) if kill.append == 0 && !kill.durable => return Err(killed()),
            Some(kill) if kill.append == 0 => true,
            Some(kill) => {
                kill.append -= 1;
                false
            }
            None => false,
        };
        if now {
            // Whatever comes later is no longer alive.
            *kill = Some(Kill { append: 0, durable: false });
        }
        if durability == Durability::Barrier {
            self.barriers.fetch_add(1, Ordering::Relaxed);
        }
        let mut entries = self.entries.lock().unwrap();
        let entries = entries.entry(promotion.clone()).or_default();
        let sequence = entries.len() as u64;
        // Through text, as a durable journal would.
        let record = serde_json::from_str(&record.to_string()).unwrap();
        entries.push(Entry { sequence, record });
        if now { Err(killed()) } else { Ok(sequence) }
    }

    async fn read(&self, promotion: &Key) -> Result<Vec<Entry>, Error> {
        Ok(self.entries.lock().unwrap().get(promotion).cloned().unwrap_or_default())
    }
}

/// Resources by key.
#[derive(Default)]
pub(super) struct TestStore(pub(super) Mutex<BTreeMap<Key, Arc<Resource>>>);

impl TestStore {
    pub(super) fn put(&self, resource: impl Into<Resource>) {
        let resource = resource.into();
        let key = Key::new(resource.kind(), resource.project(), resource.name());
        self.0.lock().unwrap().insert(key, Arc::new(resource));
    }
}

#[async_trait]
impl Store for TestStore {
    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error> {
        let found = self.0.lock().unwrap().get(key).cloned();
        Ok(found.map(|resource| Stored { resource, version: 1 }))
    }

    async fn list(&self, _: Kind, _: Option<&str>) -> Result<Vec<Stored>, Error> {
        Ok(Vec::new())
    }

    async fn commit(&self, _: &[Precondition], _: Vec<Write>) -> Result<Revision, Error> {
        Ok(1)
    }

    async fn changed(&self, since: Revision) -> Result<Revision, Error> {
        Ok(since + 1)
    }
}

/// A clock that a test moves.
#[derive(Default)]
pub(super) struct TestClock(AtomicU64);

impl TestClock {
    pub(super) fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let seconds = i64::try_from(self.0.load(Ordering::Relaxed)).unwrap();
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    async fn sleep(&self, _: Duration) {}
}

/// One Secret, `creds`.
pub(super) struct TestCredentials(pub(super) &'static [(&'static str, &'static str)]);

#[async_trait]
impl Credentials for TestCredentials {
    async fn find(&self, _: &str, _: CredentialKind, _: &str) -> Result<Option<Credential>, Error> {
        Ok(None)
    }

    async fn secret(&self, _: &str, name: &str) -> Result<Option<SecretData>, Error> {
        let data = || self.0.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        Ok((name == "creds").then(data))
    }

    async fn shared_secret(&self, _: &str) -> Result<Option<SecretData>, Error> {
        Ok(None)
    }
}

/// Keeps the events.
#[derive(Default)]
pub(super) struct Heard(pub(super) Mutex<Vec<Event>>);

impl Listener for Heard {
    fn on_event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Heard {
    /// Names of events, with the alias and status of steps.
    pub(super) fn names(&self) -> Vec<String> {
        let named = |event: &Event| {
            let json = serde_json::to_value(event).unwrap();
            let parts = ["event", "alias", "status", "phase"]
                .map(|part| json[part].as_str().unwrap_or("").to_owned());
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        };
        self.0.lock().unwrap().iter().map(named).collect()
    }
}

/// A world in which one Promotion runs.
pub(super) struct World {
    pub(super) registry: Registry,
    pub(super) journal: Arc<TestJournal>,
    pub(super) store: Arc<TestStore>,
    pub(super) clock: Arc<TestClock>,
    pub(super) heard: Arc<Heard>,
    pub(super) secrets: &'static [(&'static str, &'static str)],
    pub(super) sealer: super::Sealer,
    pub(super) cancel: CancellationToken,
    /// Kept so that it is removed with the world.
    _dir: tempfile::TempDir,
    pub(super) job: Job,
}

impl World {
    /// A Stage with this spec (JSON), which may refer to these tasks, on these steps and `compose`.
    pub(super) fn new(spec: Json, tasks: &[(&str, Json)], steps: Vec<Fake>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let spec: StageSpec = serde_json::from_value(spec).unwrap();
        let mut stage = Stage::new("demo", "test");
        stage.spec = spec;
        let tasks: Vec<(String, PromotionTaskSpec)> = tasks
            .iter()
            .map(|(name, spec)| ((*name).to_owned(), serde_json::from_value(spec.clone()).unwrap()))
            .collect();
        let find = |_, name: &str| tasks.iter().find(|(known, _)| known == name).map(|(_, spec)| spec);
        let promotion = promotion::build(&promotion::PromotionInput {
            stage: &stage,
            freight: "f1",
            tasks: &find,
            actor: "kubernetes:jane",
            now: Timestamp::UNIX_EPOCH,
            random: 7,
        })
        .unwrap();
        let freight = FreightReference { name: "f1".into(), ..FreightReference::default() };
        let registry =
            steps.into_iter().fold(Registry::new().with_dyn(Arc::new(Fake::compose())), |all, step| {
                all.with_dyn(Arc::new(step))
            });
        Self {
            registry,
            journal: Arc::default(),
            store: Arc::default(),
            clock: Arc::default(),
            heard: Arc::default(),
            secrets: &[],
            sealer: super::Sealer::ephemeral(),
            cancel: CancellationToken::new(),
            job: Job::new(promotion, stage, freight, dir.path().join("work")),
            _dir: dir,
        }
    }

    /// A Stage with these steps (JSON).
    pub(super) fn with_steps(steps: Json, fakes: Vec<Fake>) -> Self {
        Self::new(json!({ "promotionTemplate": { "spec": { "steps": steps } } }), &[], fakes)
    }

    pub(super) fn builder(&self) -> EngineBuilder {
        let (store, journal) = (Arc::clone(&self.store) as _, Arc::clone(&self.journal) as _);
        Engine::builder(self.registry.clone(), store, journal)
            .clock(Arc::clone(&self.clock) as _)
            .credentials(Arc::new(TestCredentials(self.secrets)))
            .sealer(self.sealer.clone())
            .listener(Arc::clone(&self.heard) as _)
    }

    /// One pass of an engine of its own, as after a restart.
    pub(super) async fn pass(&self) -> Result<Pass, Error> {
        self.builder().build().advance(&self.job, &self.cancel).await
    }

    /// Passes until the Promotion has ended.
    pub(super) async fn run(&self) -> Pass {
        loop {
            let pass = self.pass().await.unwrap();
            match pass.wait {
                None => return pass,
                Some(wait) => self.clock.pass(wait.as_secs().max(1)),
            }
        }
    }
}

/// `alias:status`, with `/s` where it started, `/f` where it finished and its error count, as Kargo tells.
pub(super) fn shown(pass: &Pass) -> String {
    let steps = pass.status.step_execution_metadata.iter().map(|meta| {
        let flag = |on: bool, flag: &'static str| if on { flag } else { "" };
        let errors = if meta.error_count > 0 { format!("/{}", meta.error_count) } else { String::new() };
        let status = meta.status.map_or("", |status| status.as_str());
        let (started, finished) =
            (flag(meta.started_at.is_some(), "/s"), flag(meta.finished_at.is_some(), "/f"));
        format!("{}:{status}{started}{finished}{errors}", meta.alias)
    });
    let phase = pass.status.phase.map_or("", |phase| phase.as_str());
    steps.chain([phase.to_owned()]).collect::<Vec<_>>().join(" ")
}

/// The outputs as JSON, secrets included.
pub(super) fn outputs(pass: &Pass) -> Json {
    pass.outputs.to_json().unwrap()
}
