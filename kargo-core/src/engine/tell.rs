//! What a run tells its listeners. All of it was redacted before it was recorded.

use std::time::Duration;

use super::plan::PlannedStep;
use super::run::{Run, Then, since};
use crate::event::{Event, StepRef, What as Happened};
use crate::model::{PromotionPhase, StepExecutionMetadata, StepStatus};

impl Run<'_> {
    pub(super) fn tell(&self, what: Happened) {
        self.parts.listeners.emit(&Event::new(self.now(), self.job.project(), what));
    }

    pub(super) fn tell_started(&self) {
        self.tell(Happened::PromotionStarted {
            stage: self.job.promotion.spec.stage.clone(),
            promotion: self.job.promotion.metadata.name.clone(),
            freight: self.job.freight.name.clone(),
            alias: self.job.freight_alias.clone(),
            steps: self.plan.steps.len(),
        });
    }

    pub(super) fn tell_resumed(&self) {
        self.tell(Happened::PromotionResumed {
            stage: self.job.promotion.spec.stage.clone(),
            promotion: self.job.promotion.metadata.name.clone(),
            step: self.progress.current,
        });
    }

    pub(super) fn tell_finished(&self, phase: PromotionPhase, message: String) {
        self.tell(Happened::PromotionFinished {
            stage: self.job.promotion.spec.stage.clone(),
            promotion: self.job.promotion.metadata.name.clone(),
            phase,
            message,
            duration: since(self.progress.started_at, self.now()),
        });
    }

    /// Tells how a step came out, and says whether the loop goes on.
    pub(super) fn tell_outcome(
        &self,
        step: &PlannedStep,
        meta: StepExecutionMetadata,
        wait: Option<Duration>,
    ) -> Then {
        let (status, message) = (meta.status.unwrap_or(StepStatus::Errored), meta.message);
        let mut step = self.step_ref(step);
        if let Some(retry_after) = wait {
            self.tell(Happened::StepWaiting { step, status, message, retry_after });
            return Then::Wait(retry_after);
        }
        // The outcome is applied already: the step is the one before the current one.
        step.index = self.progress.current.saturating_sub(1);
        let duration = since(meta.started_at, meta.finished_at.unwrap_or_else(|| self.now()));
        self.tell(Happened::StepFinished { step, status, message, duration });
        Then::Next
    }

    pub(super) fn step_ref(&self, step: &PlannedStep) -> StepRef {
        StepRef {
            stage: self.job.promotion.spec.stage.clone(),
            promotion: self.job.promotion.metadata.name.clone(),
            index: self.progress.current,
            alias: step.alias.to_string(),
            uses: step.uses.to_string(),
        }
    }
}
