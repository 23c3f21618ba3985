//! The loop: discover, decide, run what may run, until nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::project::{Versioned, get};
use super::promotion::Driven;
use super::reconcile::Standing;
use super::{Installation, Problem, PromotionResult, Waiting, WaitsFor};
use crate::error::Error;
use crate::event::What;
use crate::model::{Kind, Promotion, Warehouse};
use crate::store::Key;

/// How long a run that is told to stop waits for steps that are in the middle of something. What is cut off then
/// goes on with the next run, as after a kill.
const GRACE: Duration = Duration::from_secs(10);

/// When something that failed is tried again: after this, then after twice that …
const FIRST_RETRY: Duration = Duration::from_secs(5);

/// … and never later than this.
const LAST_RETRY: Duration = Duration::from_secs(300);

/// How far a run goes.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// When to stop waiting for steps that are polling; `None` waits as long as they do.
    pub timeout: Option<Duration>,
    /// Ends the run when it is cancelled.
    pub stop: CancellationToken,
}

impl RunOptions {
    /// Stops waiting for steps that poll after this long.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Stops when `stop` is cancelled.
    #[must_use]
    pub fn with_stop(mut self, stop: CancellationToken) -> Self {
        self.stop = stop;
        self
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Summary {
    /// The Promotions that ended during the run, in that order; none after a [`watch`](Installation::watch),
    /// which may be long.
    pub promotions: Vec<PromotionResult>,
    /// The Freight that waits, most often for a person.
    pub waiting: Vec<Waiting>,
    /// The Promotions that had not ended when the run stopped.
    pub polling: Vec<PromotionResult>,
    /// What went wrong outside Promotions and still is.
    pub problems: Vec<Problem>,
}

/// What a task of the run has done.
enum Done {
    Discovered(Vec<(Key, Result<(), Error>)>),
    Drove(Key, Result<Driven, Error>),
}

/// Something that failed, and when it is tried again.
struct Retry {
    after: Duration,
    at: Timestamp,
}

struct Run<'a> {
    installation: &'a Installation,
    /// Whether it stays though there is nothing to do.
    watch: bool,
    stop: CancellationToken,
    tasks: JoinSet<Done>,
    discovering: bool,
    driving: BTreeSet<Key>,
    retries: BTreeMap<Key, Retry>,
    problems: BTreeMap<Key, Problem>,
    waiting: BTreeSet<Waiting>,
    summary: Summary,
}

impl Installation {
    /// Discovers all Warehouses, makes Freight, and promotes, until nothing is left to do: what is left then waits
    /// for a person or for its soak time, or (at the timeout) is still polling.
    ///
    /// # Errors
    /// Where the store cannot be used. What goes wrong elsewhere is in the [`Summary`].
    pub async fn run(&self, options: RunOptions) -> Result<Summary, Error> {
        let stop = options.stop.child_token();
        let run = Run::new(self, false, stop.clone());
        let Some(timeout) = options.timeout else { return run.work().await };
        let timer = async {
            self.clock().sleep(timeout).await;
            stop.cancel();
            std::future::pending().await
        };
        tokio::select! {
            biased;
            done = run.work() => done,
            never = timer => never,
        }
    }

    /// Runs until `stop` is cancelled: Warehouses are looked at when their interval has passed, and what another
    /// process writes (an approval) is seen at once.
    ///
    /// # Errors
    /// Where the store cannot be used.
    pub async fn watch(&self, stop: CancellationToken) -> Result<Summary, Error> {
        Run::new(self, true, stop).work().await
    }

    async fn sleep_until(&self, time: Option<Timestamp>) {
        match time {
            Some(time) => {
                let left = time.duration_since(self.clock().now());
                self.clock().sleep(left.try_into().unwrap_or_default()).await;
            }
            None => std::future::pending().await,
        }
    }
}

impl<'a> Run<'a> {
    fn new(installation: &'a Installation, watch: bool, stop: CancellationToken) -> Self {
        Self {
            installation,
            watch,
            stop,
            tasks: JoinSet::new(),
            discovering: false,
            driving: BTreeSet::new(),
            retries: BTreeMap::new(),
            problems: BTreeMap::new(),
            waiting: BTreeSet::new(),
            summary: Summary::default(),
        }
    }

    async fn work(mut self) -> Result<Summary, Error> {
        let installation = self.installation;
        let mut revision = 0;
        // Who starts a run looks for news, also where the interval has not passed.
        let all = installation.warehouses().await?;
        self.discover(all.into_iter().map(|(warehouse, _)| warehouse).collect());
        loop {
            let standing = installation.reconcile().await?;
            let next =
                [standing.next, self.discover_due().await?, self.next_retry()].into_iter().flatten().min();
            self.take(standing);
            if self.tasks.is_empty() && !self.watch {
                break;
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                Some(done) = self.tasks.join_next() => self.done(done),
                changed = installation.store().changed(revision) => revision = changed?,
                () = installation.sleep_until(next) => {}
            }
        }
        self.finish().await
    }

    /// Takes in how the Stages stand: runs what may run, tells what waits and what is wrong.
    fn take(&mut self, standing: Standing) {
        let now = self.installation.clock().now();
        for key in standing.running {
            let rests = self.retries.get(&key).is_some_and(|retry| retry.at > now || !self.watch);
            if !rests && self.driving.insert(key.clone()) {
                let drive = self.installation.clone().drive(key.clone(), self.stop.clone());
                self.tasks.spawn(async move { Done::Drove(key, drive.await) });
            }
        }
        for one in
            standing.waiting.difference(&self.waiting).filter(|one| one.waits_for == WaitsFor::Approval)
        {
            let (stage, freight, alias) = (one.stage.clone(), one.freight.clone(), one.alias.clone());
            self.installation.emit(&one.project, What::FreightWaiting { stage, freight, alias });
        }
        self.waiting = standing.waiting;
        self.problems.retain(|key, _| key.kind != Kind::Stage || standing.wrong.contains_key(key));
        for (key, error) in standing.wrong {
            self.went_wrong(key, &error);
        }
        standing.ended.iter().for_each(|promotion| self.has_ended(promotion));
    }

    /// Keeps what ended for the summary; a run that stays would grow by it, and its events have told it.
    fn has_ended(&mut self, promotion: &Promotion) {
        if !self.watch {
            self.summary.promotions.push(PromotionResult::of(promotion));
        }
    }

    /// Begins the discovery of the Warehouses that are due, unless one is going on, and says when the next is.
    async fn discover_due(&mut self) -> Result<Option<Timestamp>, Error> {
        if self.discovering {
            return Ok(None);
        }
        let now = self.installation.clock().now();
        let mut due = Vec::new();
        let mut next = None;
        for (warehouse, at) in self.installation.warehouses().await? {
            match self.retries.get(&warehouse.key()).map_or(at, |retry| retry.at.max(at)) {
                at if at <= now => due.push(warehouse),
                at => next = Some(next.map_or(at, |next: Timestamp| next.min(at))),
            }
        }
        self.discover(due);
        Ok(next)
    }

    fn discover(&mut self, warehouses: Vec<Versioned<Warehouse>>) {
        if !warehouses.is_empty() {
            self.discovering = true;
            let discover = self.installation.clone().discover(warehouses);
            self.tasks.spawn(async move { Done::Discovered(discover.await) });
        }
    }

    /// When a Promotion that could not be driven is tried again; in a run that ends, never.
    fn next_retry(&self) -> Option<Timestamp> {
        let now = self.installation.clock().now();
        let promotions = self.retries.iter().filter(|(key, _)| self.watch && key.kind == Kind::Promotion);
        promotions.map(|(_, retry)| retry.at).filter(|at| *at > now).min()
    }

    fn done(&mut self, done: Result<Done, JoinError>) {
        match done {
            Ok(Done::Discovered(outcomes)) => {
                self.discovering = false;
                for (key, outcome) in outcomes {
                    self.ended(key, outcome);
                }
            }
            Ok(Done::Drove(key, driven)) => {
                self.driving.remove(&key);
                let outcome = driven.map(|driven| match driven {
                    Driven::Ended(promotion) => self.has_ended(&promotion),
                    Driven::Waiting(promotion) => self.summary.polling.push(PromotionResult::of(&promotion)),
                    Driven::Gone => {}
                });
                self.ended(key, outcome);
            }
            // The engine turns a step's panic into an error: this is a defect, and not to be hidden.
            Err(error) => {
                if let Ok(panic) = error.try_into_panic() {
                    resume_unwind(panic);
                }
            }
        }
    }

    /// Notes how something ended that is tried again where it failed.
    fn ended(&mut self, key: Key, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) => {
                self.retries.remove(&key);
                self.problems.remove(&key);
            }
            Err(error) => {
                let after =
                    self.retries.get(&key).map_or(FIRST_RETRY, |retry| (retry.after * 2).min(LAST_RETRY));
                let now = self.installation.clock().now();
                let at = SignedDuration::try_from(after).ok().and_then(|after| now.checked_add(after).ok());
                self.retries.insert(key.clone(), Retry { after, at: at.unwrap_or(Timestamp::MAX) });
                self.went_wrong(key, &error);
            }
        }
    }

    /// Tells of an error that was not there before, and keeps it for the summary.
    fn went_wrong(&mut self, key: Key, error: &Error) {
        let problem = self.installation.problem(&key, error);
        if self.problems.get(&key) != Some(&problem) {
            let (about, code, message) =
                (problem.about.clone(), problem.code.to_owned(), problem.message.clone());
            self.installation.emit(&key.project, What::Problem { about, code, message });
            self.problems.insert(key, problem);
        }
    }

    /// Waits a little for what is in the middle of something, and sums up.
    async fn finish(mut self) -> Result<Summary, Error> {
        let clock = self.installation.clock();
        let drain = async {
            while let Some(done) = self.tasks.join_next().await {
                self.done(done);
            }
        };
        tokio::select! {
            biased;
            () = drain => {}
            () = clock.sleep(GRACE) => {}
        }
        for key in std::mem::take(&mut self.driving) {
            let cut_off = get::<Promotion>(self.installation.store(), &key.project, &key.name).await?;
            self.summary.polling.extend(cut_off.map(|promotion| PromotionResult::of(&promotion)));
        }
        self.summary.waiting = self.waiting.into_iter().collect();
        self.summary.problems = self.problems.into_values().collect();
        Ok(self.summary)
    }
}
