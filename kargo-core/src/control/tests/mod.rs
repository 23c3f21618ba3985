//! The control loop on a store in memory, a scripted source of commits, fake steps, and tokio's paused time.

mod approval;
mod automatic;
mod kill;
mod loops;
mod manifests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde_json::{Value as Json, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::*;
use crate::discovery::{Discovered, Discovery, DiscoveryRequest};
use crate::event::StepRef;
use crate::model::{
    DiscoveredCommit, Freight, GitDiscoveryResult, Kind, Object, RepoSubscription, Resource, Stage, Warehouse,
};
use crate::step::{Effect, Step, StepContext, StepError, StepReport};
use crate::store::{IO, MemoryStore, Write};

/// Tokio's time, which stands still while anything can run and jumps to the next timer when nothing can.
struct PausedClock {
    start: Instant,
}

impl Default for PausedClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

const MIDNIGHT: i64 = 1_700_000_000;

#[async_trait]
impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(MIDNIGHT).unwrap() + self.start.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// What each Warehouse finds; asked in batches, which are counted.
#[derive(Default)]
struct Source {
    found: Mutex<BTreeMap<String, Result<Vec<DiscoveredCommit>, &'static str>>>,
    warnings: Mutex<Vec<String>>,
    asked: Mutex<Vec<Vec<String>>>,
}

#[async_trait]
impl ArtifactSource for Source {
    fn takes(&self, subscription: &RepoSubscription) -> bool {
        subscription.as_git().is_some()
    }

    async fn discover(&self, requests: &[DiscoveryRequest<'_>]) -> Vec<Result<Discovery, Error>> {
        self.asked
            .lock()
            .unwrap()
            .push(requests.iter().map(|request| request.warehouse.to_owned()).collect());
        let found = self.found.lock().unwrap();
        let warnings = std::mem::take(&mut *self.warnings.lock().unwrap());
        let answer = |request: &DiscoveryRequest<'_>| match found.get(request.warehouse).cloned() {
            Some(Err(message)) => Err(Error::new(IO, message)),
            commits => Ok(Discovery {
                discovered: Discovered::Git(GitDiscoveryResult {
                    repo_url: request.subscription.as_git().unwrap().repo_url.clone(),
                    commits: commits.and_then(Result::ok).unwrap_or_default(),
                    ..GitDiscoveryResult::default()
                }),
                warnings: warnings.clone(),
            }),
        };
        requests.iter().map(answer).collect()
    }
}

/// What the steps see and do: a list of what ran, and a switch for each way to go on.
#[derive(Default)]
struct Outside {
    ran: Mutex<Vec<String>>,
    failing: Mutex<bool>,
    done: Mutex<bool>,
    met: Notify,
}

#[derive(JsonSchema)]
struct NoOutputs {}

macro_rules! step {
    ($name:ident, $uses:literal, |$outside:ident, $cx:ident| $run:expr) => {
        struct $name(Arc<Outside>);

        impl Step for $name {
            type Config = Json;
            type Outputs = NoOutputs;
            const USES: &'static str = $uses;
            const EFFECT: Effect = Effect::Pure;

            async fn run(&self, $cx: &StepContext<'_>, _: Json) -> Result<StepReport, StepError> {
                let $outside = &self.0;
                $outside.ran.lock().unwrap().push(format!("{} {}", $cx.stage, $cx.freight_alias));
                $run
            }
        }
    };
}

step!(Deploy, "deploy", |outside, cx| {
    let freight: Vec<String> = cx.collection.pieces().map(|piece| piece.commits[0].id.clone()).collect();
    outside.ran.lock().unwrap().push(format!("{} runs {} for {:?}", cx.stage, freight.join("+"), cx.actor));
    if *outside.failing.lock().unwrap() {
        return Err(StepError::failed(IO, "it is broken").terminal());
    }
    Ok(StepReport::succeeded())
});

step!(Poll, "poll", |outside, _cx| {
    let done = *outside.done.lock().unwrap();
    Ok(if done { StepReport::succeeded() } else { StepReport::running(Some(Duration::from_secs(30))) })
});

// Ends once another Stage has come here too.
step!(Meet, "meet", |outside, _cx| {
    outside.met.notify_one();
    tokio::time::sleep(Duration::from_secs(1)).await;
    outside.met.notified().await;
    outside.met.notify_one();
    Ok(StepReport::succeeded())
});

struct World {
    store: Arc<dyn Store>,
    journal: Arc<dyn Journal>,
    source: Arc<Source>,
    outside: Arc<Outside>,
    events: Arc<Mutex<Vec<Event>>>,
    clock: Arc<PausedClock>,
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self::on(MemoryStore::new())
    }

    fn on(store: impl Store + Journal) -> Self {
        let store = Arc::new(store);
        Self {
            store: store.clone(),
            journal: store,
            source: Arc::default(),
            outside: Arc::default(),
            events: Arc::default(),
            clock: Arc::default(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// A world of these manifests.
    async fn of(manifests: impl IntoIterator<Item = Json>) -> Self {
        let world = Self::new();
        world.apply(manifests).await;
        world
    }

    async fn apply(&self, manifests: impl IntoIterator<Item = Json>) {
        let resources = manifests.into_iter().map(|one| Resource::from_json(one).unwrap().unwrap());
        self.installation().apply(resources).await.unwrap();
    }

    /// An installation as another process would open it.
    fn installation(&self) -> Installation {
        self.installation_on(self.store.clone(), self.journal.clone())
    }

    fn installation_on(&self, store: Arc<dyn Store>, journal: Arc<dyn Journal>) -> Installation {
        let outside = || Arc::clone(&self.outside);
        let registry = Registry::new().with(Deploy(outside())).with(Poll(outside())).with(Meet(outside()));
        let events = Arc::clone(&self.events);
        Installation::builder(store, journal, registry, self.dir.path())
            .source(self.source.clone())
            .clock(self.clock.clone())
            .listener(Arc::new(move |event: &Event| events.lock().unwrap().push(event.clone())))
            .build()
    }

    /// Lets a Warehouse find a commit that is newer than those before.
    fn commit(&self, warehouse: &str, id: &str) {
        let mut found = self.source.found.lock().unwrap();
        let mut commits = found.remove(warehouse).and_then(Result::ok).unwrap_or_default();
        commits.insert(0, DiscoveredCommit { id: id.to_owned(), ..DiscoveredCommit::default() });
        found.insert(warehouse.to_owned(), Ok(commits));
    }

    async fn run(&self) -> Summary {
        self.installation().run(RunOptions::default()).await.unwrap()
    }

    /// Runs after new commits, each of which becomes Freight of its own.
    async fn run_with(&self, warehouse: &str, commits: &[&str]) -> Summary {
        let mut summary = Summary::default();
        for id in commits {
            self.commit(warehouse, id);
            tokio::time::sleep(Duration::from_secs(1)).await;
            summary = self.run().await;
        }
        summary
    }

    async fn all<T: Object>(&self) -> Vec<T> {
        let all = self.store.list(T::KIND, None).await.unwrap();
        all.iter().filter_map(|one| one.resource.get::<T>().cloned()).collect()
    }

    async fn stage(&self, name: &str) -> Stage {
        self.all::<Stage>().await.into_iter().find(|stage| stage.metadata.name == name).unwrap()
    }

    async fn freight(&self, commit: &str) -> Freight {
        self.all::<Freight>().await.into_iter().find(|freight| freight.commits[0].id == commit).unwrap()
    }

    /// What the deploy steps did since the last look.
    fn deployed(&self) -> Vec<String> {
        let ran = std::mem::take(&mut *self.outside.ran.lock().unwrap());
        ran.into_iter().filter(|line| line.contains(" runs ")).collect()
    }

    /// The kinds of event since the last look, without those of steps and Warehouses.
    fn told(&self) -> Vec<String> {
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        let told = events.iter().filter_map(|event| match &event.what {
            What::FreightCreated { .. } => Some("created".to_owned()),
            What::FreightWaiting { stage, .. } => Some(format!("waiting for {stage}")),
            What::FreightApproved { stage, by, .. } => Some(format!("approved for {stage} by {by}")),
            What::PromotionCreated { stage, actor, .. } => Some(format!("queued for {stage} by {actor:?}")),
            What::PromotionStarted { stage, .. } => Some(format!("started in {stage}")),
            What::PromotionResumed { stage, .. } => Some(format!("resumed in {stage}")),
            What::PromotionFinished { stage, phase, .. } => Some(format!("{} in {stage}", phase.as_str())),
            What::StepWaiting { step: StepRef { alias, .. }, .. } => Some(format!("{alias} waits")),
            What::Problem { about, message, .. } => Some(format!("{about}: {message}")),
            What::Warning { about, message } => Some(format!("{about}: {message}")),
            _ => None,
        });
        told.collect()
    }
}

fn manifest(kind: &str, name: &str, spec: Json) -> Json {
    json!({
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": kind,
        "metadata": { "name": name, "namespace": "demo" },
        "spec": spec,
    })
}

fn warehouse(name: &str) -> Json {
    let url = format!("https://git.example/{name}.git");
    manifest("Warehouse", name, json!({ "subscriptions": [{ "git": { "repoURL": url } }] }))
}

/// A Stage with one `deploy` step; `spec` says the rest.
fn stage(name: &str, spec: Json) -> Json {
    stage_with_step(name, "deploy", spec)
}

fn stage_with_step(name: &str, uses: &str, mut spec: Json) -> Json {
    spec["promotionTemplate"] = json!({ "spec": { "steps": [{ "uses": uses }] } });
    manifest("Stage", name, spec)
}

/// Straight from the Warehouse, in the second dialect.
fn direct(warehouse: &str, automatic: bool) -> Json {
    json!({ "subscriptions": { "warehouse": warehouse }, "autoPromotionEnabled": automatic })
}

/// Automatically after these Stages, with more to say about the sources.
fn after(warehouse: &str, stages: &[&str], more: Json) -> Json {
    let mut sources = json!({ "stages": stages });
    sources.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    let origin = json!({ "kind": "Warehouse", "name": warehouse });
    json!({ "requestedFreight": [{ "origin": origin, "sources": sources }], "autoPromotionEnabled": true })
}

fn phases(summary: &Summary) -> Vec<(&str, &str)> {
    summary.promotions.iter().map(|one| (one.stage.as_str(), one.phase.as_str())).collect()
}

fn waits(summary: &Summary) -> Vec<(&str, WaitsFor)> {
    summary.waiting.iter().map(|one| (one.stage.as_str(), one.waits_for)).collect()
}

fn latest() -> FreightSelector {
    FreightSelector::Latest
}

fn named(text: &str) -> FreightSelector {
    FreightSelector::from(text)
}
