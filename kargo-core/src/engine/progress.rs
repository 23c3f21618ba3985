//! How far one Promotion is: what its journal says, and nothing else. A pass applies each record right after it
//! appended it; a restart applies all of them again and comes to the same.

use jiff::Timestamp;
use kargo_expr::Value;

use super::outputs::OutputMap;
use super::plan::Plan;
use super::record::{Record, What, unreadable};
use crate::error::Error;
use crate::model::{HealthCheck, PromotionPhase, PromotionStatus, StepExecutionMetadata, StepStatus};
use crate::step::Effect;

/// What the journal of a Promotion comes to.
pub(super) struct Progress {
    pub(super) phase: PromotionPhase,
    pub(super) message: String,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    /// The step to go on with; the number of steps once all are done.
    pub(super) current: usize,
    /// What is known of the steps so far; the current one may be missing.
    pub(super) metas: Vec<StepExecutionMetadata>,
    pub(super) outputs: OutputMap,
    pub(super) health_checks: Vec<HealthCheck>,
    /// Attempts of the current step that were begun.
    pub(super) attempts: u32,
    /// Whether the last of them has no outcome.
    pub(super) open: bool,
    /// The last outcome of a step that may have written files.
    pub(super) last_write: Option<u64>,
}

impl Progress {
    /// Nothing has happened yet.
    pub(super) fn new() -> Self {
        Self {
            phase: PromotionPhase::Pending,
            message: String::new(),
            started_at: None,
            finished_at: None,
            current: 0,
            metas: Vec::new(),
            outputs: OutputMap::default(),
            health_checks: Vec::new(),
            attempts: 0,
            open: false,
            last_write: None,
        }
    }

    /// What is known of the current step, if anything.
    pub(super) fn current_meta(&self) -> Option<&StepExecutionMetadata> {
        self.metas.get(self.current)
    }

    /// When the first attempt of the current step began.
    pub(super) fn step_started_at(&self) -> Option<Timestamp> {
        self.current_meta().and_then(|meta| meta.started_at)
    }

    /// Takes a record in. `outputs` are those of an [`What::Outcome`], decoded.
    pub(super) fn apply(
        &mut self,
        plan: &Plan,
        sequence: u64,
        record: Record,
        outputs: Option<Value>,
    ) -> Result<(), Error> {
        let at = record.at;
        match record.what {
            What::Begun { plan: key } => {
                if key != plan.key().as_str() {
                    return Err(unreadable("the journal belongs to other steps than the Promotion has"));
                }
                self.phase = PromotionPhase::Running;
                self.started_at = Some(at);
            }
            What::Attempt { step, attempt } => {
                self.expect(step)?;
                let meta = self.meta_mut(plan);
                meta.started_at.get_or_insert(at);
                meta.status = Some(StepStatus::Running);
                self.attempts = attempt;
                self.open = true;
            }
            What::Outcome { step, meta, health_check, again, .. } => {
                self.expect(step)?;
                let planned = plan.steps.get(step).ok_or_else(|| unreadable("the journal has more steps"))?;
                if let Some(outputs) = outputs {
                    self.outputs.store(planned, outputs);
                    if planned.effect > Effect::Pure {
                        self.last_write = Some(sequence);
                    }
                }
                *self.meta_mut(plan) = meta;
                self.health_checks.extend(health_check);
                self.open = false;
                match again {
                    Some(again) => self.message = again.message,
                    None => {
                        self.message.clear();
                        self.current += 1;
                        self.attempts = 0;
                    }
                }
            }
            What::Ended { phase, message } => {
                self.phase = phase;
                self.message = message;
                self.finished_at = Some(at);
            }
        }
        Ok(())
    }

    fn expect(&self, step: usize) -> Result<(), Error> {
        if step == self.current { Ok(()) } else { Err(unreadable("the journal's steps are not in order")) }
    }

    /// The metadata of the current step, made where there is none yet.
    fn meta_mut(&mut self, plan: &Plan) -> &mut StepExecutionMetadata {
        if self.metas.len() == self.current {
            self.metas.push(plan.blank_meta(self.current));
        }
        let last = self.current;
        &mut self.metas[last]
    }

    /// The last phase and message that the steps come to: those of the first step with the worst status, of the
    /// steps whose failure counts.
    pub(super) fn verdict(&self) -> (PromotionPhase, String) {
        let counting = self.metas.iter().filter(|meta| !meta.continue_on_error);
        let worst = counting.rev().max_by_key(|meta| meta.status);
        let status = worst.and_then(|meta| meta.status).unwrap_or(StepStatus::Succeeded);
        match PromotionPhase::from(status) {
            PromotionPhase::Succeeded => (PromotionPhase::Succeeded, String::new()),
            // A step that is still running when all are done: nobody knows what became of it.
            PromotionPhase::Running | PromotionPhase::Pending => {
                (PromotionPhase::Errored, self.message_of(worst))
            }
            phase => (phase, self.message_of(worst)),
        }
    }

    fn message_of(&self, meta: Option<&StepExecutionMetadata>) -> String {
        meta.map(|meta| meta.message.clone()).unwrap_or_default()
    }

    /// The status as Kargo shows it. `mask` replaces what came from a secret.
    pub(super) fn status(&self, mut status: PromotionStatus, mask: &str) -> PromotionStatus {
        status.phase = Some(self.phase);
        status.message = Some(self.message.clone()).filter(|message| !message.is_empty());
        status.started_at = self.started_at;
        status.finished_at = self.finished_at;
        status.health_checks.clone_from(&self.health_checks);
        status.step_execution_metadata.clone_from(&self.metas);
        let last = self.metas.len().saturating_sub(1);
        status.current_step = i64::try_from(self.current.min(last)).ok();
        status.state = self.outputs.shown(mask);
        status
    }
}
