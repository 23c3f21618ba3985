//! One pass over a Promotion: Kargo's step loop, each transition in the journal before the next one begins.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use kargo_expr::Value;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::eval::{EvalError, Evaluation};
use super::files::Files;
use super::host::View;
use super::plan::{Plan, PlannedStep, Runner, unknown_kind};
use super::progress::Progress;
use super::record::{Again, Record, What};
use super::retry::{Attempt, Verdict};
use super::value::{decode, encode, is_too_deep, kept, learn};
use super::{Job, Parts, Pass, TOO_DEEP};
use crate::error::Error;
use crate::event::What as Happened;
use crate::journal::Durability;
use crate::model::{
    Kind, Promotion, PromotionPhase, PromotionStatus, StepExecutionMetadata, StepStatus, annotations,
};
use crate::redact::MASK;
use crate::step::{self, Effect, Outputs, StepContext, StepError, StepReport};
use crate::store::Key;
use crate::workdir::WorkDir;

/// A Promotion that is being advanced.
pub(super) struct Run<'a> {
    pub(super) parts: &'a Parts,
    pub(super) job: &'a Job,
    cancel: &'a CancellationToken,
    pub(super) plan: Arc<Plan>,
    pub(super) key: Key,
    pub(super) progress: Progress,
    pub(super) files: Files,
}

/// What to do with a step.
enum Decision<'s> {
    Run {
        runner: &'s Runner,
        config: Json,
    },
    /// It does not run: skipped, of an unknown kind, or with a template that has no value.
    PassOver {
        status: StepStatus,
        message: String,
        started_at: Option<Timestamp>,
    },
}

/// Whether the loop goes on after a step.
pub(super) enum Then {
    Next,
    Wait(Duration),
}

impl<'a> Run<'a> {
    /// Reads the journal.
    pub(super) async fn open(
        parts: &'a Parts,
        job: &'a Job,
        cancel: &'a CancellationToken,
    ) -> Result<Self, Error> {
        let metadata = &job.promotion.metadata;
        let key = Key::new(Kind::Promotion, metadata.project(), &metadata.name);
        let uid = metadata.uid.as_deref().unwrap_or(&metadata.name);
        let plan = parts.plans.get(&job.promotion, &parts.registry)?;
        let mut run = Self {
            parts,
            job,
            cancel,
            plan,
            progress: Progress::new(),
            files: Files::new(&job.work_root, uid),
            key,
        };
        for entry in parts.journal.read(&run.key).await? {
            let record = Record::from_json(&entry.record)?;
            let outputs = run.recorded_outputs(&record)?;
            run.progress.apply(&run.plan, entry.sequence, record, outputs)?;
        }
        Ok(run)
    }

    pub(super) fn recorded_outputs(&self, record: &Record) -> Result<Option<Value>, Error> {
        match &record.what {
            What::Outcome { outputs: Some(outputs), .. } => {
                let outputs = decode(outputs, &self.parts.sealer)?;
                learn(&outputs, &self.parts.redactor);
                Ok(Some(outputs))
            }
            _ => Ok(None),
        }
    }

    /// Runs steps until the Promotion is done or one of them has to wait.
    pub(super) async fn advance(mut self) -> Result<Pass, Error> {
        if self.progress.phase.is_terminal() {
            return self.ended();
        }
        if let Some(actor) = abort_request(&self.job.promotion) {
            return self.abort(&actor).await;
        }
        if self.progress.started_at.is_none() {
            self.append(What::Begun { plan: self.plan.key().to_string() }, None, Durability::Lazy).await?;
            self.tell_started();
        }
        let work_dir = self.open_files().await?;
        while self.progress.current < self.plan.steps.len() {
            if self.cancel.is_cancelled() {
                return self.cancelled().await;
            }
            match self.step(&work_dir).await? {
                Then::Next => {}
                Then::Wait(_) if self.cancel.is_cancelled() => return self.cancelled().await,
                Then::Wait(wait) => return Ok(self.pass(Some(wait))),
            }
        }
        let (phase, message) = self.progress.verdict();
        self.end(phase, message).await
    }

    /// One step of Kargo's step loop.
    async fn step(&mut self, work_dir: &WorkDir) -> Result<Then, Error> {
        let plan = Arc::clone(&self.plan);
        let step = &plan.steps[self.progress.current];
        match self.decide(step).await {
            Decision::Run { runner, config } => self.attempt(step, runner, work_dir, config).await,
            Decision::PassOver { status, message, started_at } => {
                self.pass_over(step, status, message, started_at).await
            }
        }
    }

    /// What to do with the current step. An error of an expression ends the step, and the loop goes on.
    async fn decide<'s>(&self, step: &'s PlannedStep) -> Decision<'s> {
        let errored =
            |message, started_at| Decision::PassOver { status: StepStatus::Errored, message, started_at };
        let alias = &step.alias;
        let now = self.now();
        let mut evaluation = Evaluation::new(self.parts, self.view(step, now));
        let started_at = self.progress.step_started_at();
        if started_at.is_none() {
            match self.should_run(&mut evaluation, step).await {
                Ok(true) => {}
                Ok(false) => {
                    let (status, message) = (StepStatus::Skipped, String::new());
                    return Decision::PassOver { status, message, started_at };
                }
                Err(error) => {
                    return errored(
                        format!("error checking if step {alias:?} should be skipped: {error}"),
                        None,
                    );
                }
            }
        }
        let Some(runner) = &step.runner else {
            return errored(unknown_kind(&step.uses).to_string(), started_at);
        };
        match evaluation.config(step).await {
            Ok(config) => Decision::Run { runner, config },
            Err(error) => errored(format!("step {alias:?}: {error}"), started_at.or(Some(now))),
        }
    }

    /// Whether the step is to be run: the `if` of its task, as things stood where the task began, and its own.
    /// Without an `if`, a step is skipped where an earlier one failed; one of a task whose reference has an `if`
    /// is skipped only where an earlier step of that task failed.
    async fn should_run(
        &self,
        evaluation: &mut Evaluation<'_>,
        step: &PlannedStep,
    ) -> Result<bool, EvalError> {
        let view = self.view(step, self.now());
        let mut first = 0;
        if let Some((task, condition)) =
            step.task.as_ref().and_then(|task| Some((task, task.condition.as_ref()?)))
        {
            let mut before = Evaluation::new(self.parts, view.before(task));
            if !before.task_condition(task, condition).await? {
                return Ok(false);
            }
            first = task.first;
        }
        match &step.condition {
            Some(condition) => evaluation.step_condition(step, condition).await,
            None => Ok(!view.has_failure(first)),
        }
    }

    /// Runs one attempt between its two records.
    async fn attempt(
        &mut self,
        step: &PlannedStep,
        runner: &Runner,
        work_dir: &WorkDir,
        config: Json,
    ) -> Result<Then, Error> {
        let durability = durability(step.effect);
        let interrupted = self.progress.open;
        // An attempt without an outcome is the same one, taken up again.
        let attempt = if interrupted { self.progress.attempts } else { self.progress.attempts + 1 };
        if step.effect > Effect::Pure {
            self.files.mark_dirty()?;
        }
        self.append(What::Attempt { step: self.progress.current, attempt }, None, durability).await?;
        self.tell(Happened::StepStarted { step: self.step_ref(step), attempt });
        let prior = self.progress.outputs.get(&step.alias).cloned();
        let result = self.run_step(step, runner, work_dir, config, prior.as_ref(), interrupted).await;

        let now = self.now();
        let verdict = runner.retry.judge(&Attempt {
            alias: &step.alias,
            result: &result,
            errors: self.progress.current_meta().map_or(0, |meta| meta.error_count),
            elapsed: since(self.progress.step_started_at(), now),
            default_poll: self.parts.limits.poll,
        });
        self.record_outcome(step, verdict, result, now).await
    }

    /// Appends what an attempt came to.
    async fn record_outcome(
        &mut self,
        step: &PlannedStep,
        verdict: Verdict,
        result: Result<StepReport, StepError>,
        now: Timestamp,
    ) -> Result<Then, Error> {
        let Verdict { status, errors, again, .. } = verdict;
        let redact = |text: &str| self.parts.redactor.redact(text).into_owned();
        let meta = StepExecutionMetadata {
            started_at: self.progress.step_started_at(),
            finished_at: again.is_none().then_some(now),
            error_count: errors,
            status: Some(status),
            message: redact(&verdict.message),
            ..self.plan.blank_meta(self.progress.current)
        };
        let (outputs, health_check) = match result {
            Ok(report) => {
                (report.outputs, report.health_check.filter(|_| keeps_health_check(status, &again)))
            }
            Err(error) => (error.outputs().cloned(), None),
        };
        let outputs = kept(&outputs.map_or(Value::nil(), outputs_value), &self.parts.redactor);
        let wait = again.as_ref().map(|again| again.after);
        let again = again.map(|again| Again { message: redact(&again.promotion_message) });
        let what = What::Outcome {
            step: self.progress.current,
            meta: meta.clone(),
            outputs: Some(encode(&outputs, &self.parts.sealer)?),
            health_check,
            again,
        };
        let sequence = self.append(what, Some(outputs), durability(step.effect)).await?;
        if step.effect > Effect::Pure {
            self.files.mark_current(sequence)?;
        }
        Ok(self.tell_outcome(step, meta, wait))
    }

    /// Records a step that did not run: skipped, of an unknown kind, or with a template that has no value.
    async fn pass_over(
        &mut self,
        step: &PlannedStep,
        status: StepStatus,
        message: String,
        started_at: Option<Timestamp>,
    ) -> Result<Then, Error> {
        let known = self.progress.current_meta().cloned();
        let meta = StepExecutionMetadata {
            started_at,
            status: Some(status),
            message: self.parts.redactor.redact(&message).into_owned(),
            ..known.unwrap_or_else(|| self.plan.blank_meta(self.progress.current))
        };
        let what = What::Outcome {
            step: self.progress.current,
            meta: meta.clone(),
            outputs: None,
            health_check: None,
            again: None,
        };
        self.append(what, None, Durability::Lazy).await?;
        Ok(self.tell_outcome(step, meta, None))
    }

    /// Runs the step's own code; a panic in it is its terminal error.
    #[tracing::instrument(name = "step", skip_all, fields(alias = &*step.alias, uses = &*step.uses))]
    pub(super) async fn run_step(
        &self,
        step: &PlannedStep,
        runner: &Runner,
        work_dir: &WorkDir,
        config: Json,
        prior_outputs: Option<&Value>,
        interrupted: bool,
    ) -> Result<StepReport, StepError> {
        let outputs = self.progress.outputs.value();
        let requests = self.job.stage.spec.requests();
        let cx = StepContext {
            project: self.job.project(),
            stage: &self.job.promotion.spec.stage,
            promotion: &self.job.promotion.metadata.name,
            alias: &step.alias,
            actor: self.job.promotion.actor().unwrap_or_default(),
            freight: &self.job.freight,
            freight_alias: &self.job.freight_alias,
            collection: &self.job.collection,
            requests: &requests,
            outputs: &outputs,
            prior_outputs: prior_outputs.filter(|outputs| !outputs.is_nil()),
            work_dir,
            clock: &*self.parts.clock,
            cancel: self.cancel,
            attempt: self.progress.attempts,
            interrupted,
            started_at: self.progress.step_started_at().unwrap_or_else(|| self.now()),
            programs: &self.plan.programs,
        };
        // In a block of its own, so that a panic before the first await is caught as well.
        let mut running = Box::pin(async { runner.step.run(&cx, config).await });
        let ended = poll_fn(|task| match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(task))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        });
        let result = ended.await.unwrap_or_else(|panic| {
            let message = format!("step panicked: {}", panic_text(&*panic));
            Err(StepError::errored(step::PANICKED, message).terminal())
        });
        let outputs = match &result {
            Ok(report) => report.outputs.as_ref(),
            Err(error) => error.outputs(),
        };
        if outputs.is_some_and(|outputs| outputs.iter().any(|(_, value)| is_too_deep(value))) {
            return Err(StepError::errored(TOO_DEEP, "an output nests too deeply to be kept").terminal());
        }
        result
    }

    /// The step was told to stop, and the Promotion ends: aborted where somebody asked for that.
    async fn cancelled(mut self) -> Result<Pass, Error> {
        let stored = self.parts.store.get(&self.key).await?;
        let stored = stored.as_ref().and_then(|stored| stored.resource.get::<Promotion>());
        if let Some(actor) = stored.and_then(abort_request) {
            return self.abort(&actor).await;
        }
        let message = "execution canceled: the run was cancelled".to_owned();
        self.close_current(StepStatus::Errored, &message).await?;
        self.end(PromotionPhase::Errored, message).await
    }

    async fn abort(mut self, actor: &str) -> Result<Pass, Error> {
        let message = match actor {
            "" => "Promotion terminated".to_owned(),
            actor => format!("Promotion terminated by {actor}"),
        };
        self.close_current(StepStatus::Aborted, &message).await?;
        self.end(PromotionPhase::Aborted, message).await
    }

    /// Ends the step that was begun and is not done, if there is one.
    async fn close_current(&mut self, status: StepStatus, message: &str) -> Result<(), Error> {
        let plan = Arc::clone(&self.plan);
        let Some(meta) = self.progress.current_meta().filter(|meta| meta.started_at.is_some()).cloned()
        else {
            return Ok(());
        };
        let step = &plan.steps[self.progress.current];
        let meta = StepExecutionMetadata {
            finished_at: Some(self.now()),
            status: Some(status),
            message: message.to_owned(),
            ..meta
        };
        let what = What::Outcome {
            step: self.progress.current,
            meta: meta.clone(),
            outputs: None,
            health_check: None,
            again: None,
        };
        self.append(what, None, Durability::Lazy).await?;
        self.tell_outcome(step, meta, None);
        Ok(())
    }

    async fn end(mut self, phase: PromotionPhase, message: String) -> Result<Pass, Error> {
        self.append(What::Ended { phase, message: message.clone() }, None, Durability::Barrier).await?;
        self.tell_finished(phase, message);
        self.ended()
    }

    /// The pass over a Promotion that has ended, which needs no files any more.
    fn ended(self) -> Result<Pass, Error> {
        if !self.parts.keep_work_dirs {
            self.files.remove()?;
        }
        Ok(self.pass(None))
    }

    fn pass(&self, wait: Option<Duration>) -> Pass {
        let status = PromotionStatus {
            freight: Some(self.job.freight.clone()),
            freight_collection: Some(self.job.collection.clone()),
            last_handled_refresh: self.job.promotion.status.last_handled_refresh.clone(),
            ..PromotionStatus::default()
        };
        Pass { status: self.progress.status(status, MASK), wait, outputs: self.progress.outputs.value() }
    }

    /// Appends a record and takes it in.
    async fn append(
        &mut self,
        what: What,
        outputs: Option<Value>,
        durability: Durability,
    ) -> Result<u64, Error> {
        let record = Record::new(self.now(), what);
        let sequence = self.parts.journal.append(&self.key, record.to_json()?, durability).await?;
        self.progress.apply(&self.plan, sequence, record, outputs)?;
        Ok(sequence)
    }

    pub(super) fn view<'v>(&'v self, step: &'v PlannedStep, now: Timestamp) -> View<'v> {
        View {
            job: self.job,
            plan: &self.plan,
            progress: &self.progress,
            steps: self.progress.current,
            task: step.task.as_ref(),
            alias: &step.alias,
            now,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }
}

/// Kargo keeps the health check of a step that succeeded, and no other.
fn keeps_health_check(status: StepStatus, again: &Option<super::retry::Again>) -> bool {
    again.is_none() && status == StepStatus::Succeeded
}

/// Who asks for the Promotion to be aborted; empty where that is not said. `None` where nobody does.
fn abort_request(promotion: &Promotion) -> Option<String> {
    let text = promotion.metadata.annotation(annotations::ABORT)?;
    if text == "terminate" {
        return Some(String::new());
    }
    let request: Json = serde_json::from_str(text).ok()?;
    let actor = request["actor"].as_str().unwrap_or_default();
    (request["action"] == "terminate")
        .then(|| actor.split_once(':').map_or(actor, |(_, actor)| actor).to_owned())
}

fn durability(effect: Effect) -> Durability {
    if effect == Effect::Outside { Durability::Barrier } else { Durability::Lazy }
}

fn outputs_value(outputs: Outputs) -> Value {
    outputs.iter().map(|(name, value)| (name, value.clone())).collect()
}

/// The time between two instants; none where the clock went back.
pub(super) fn since(start: Option<Timestamp>, now: Timestamp) -> Duration {
    start.and_then(|start| Duration::try_from(now.duration_since(start)).ok()).unwrap_or_default()
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
