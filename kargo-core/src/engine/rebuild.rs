//! The work directory of a run that goes on: as it was, or made again.

use std::fmt::Display;
use std::sync::Arc;

use kargo_expr::Value;

use super::REBUILD;
use super::eval::Evaluation;
use super::plan::PlannedStep;
use super::progress::Progress;
use super::record::{Record, What};
use super::run::Run;
use crate::error::Error;
use crate::model::{StepExecutionMetadata, StepStatus};
use crate::step::Effect;
use crate::workdir::WorkDir;

impl Run<'_> {
    /// The work directory, with its files as the journal says.
    pub(super) async fn open_files(&mut self) -> Result<WorkDir, Error> {
        let current = self.files.are_current(self.progress.last_write);
        if !current || self.progress.open {
            self.tell_resumed();
        }
        if current {
            return self.files.open();
        }
        self.files.mark_dirty()?;
        self.files.clear()?;
        let work_dir = self.files.open()?;
        self.rebuild(&work_dir).await?;
        match self.progress.last_write {
            Some(sequence) => self.files.mark_current(sequence)?,
            None => self.files.unmark()?,
        }
        Ok(work_dir)
    }

    /// Runs the steps that filled the work directory again, each pinned to what it put out then, and each seeing
    /// what it saw then. Steps with an outside effect are not repeated.
    async fn rebuild(&mut self, work_dir: &WorkDir) -> Result<(), Error> {
        let plan = Arc::clone(&self.plan);
        let reached = std::mem::replace(&mut self.progress, Progress::new());
        for entry in self.parts.journal.read(&self.key).await? {
            let record = Record::from_json(&entry.record)?;
            let outputs = self.recorded_outputs(&record)?;
            if let (What::Outcome { step, meta, again: None, .. }, Some(then)) = (&record.what, &outputs) {
                let planned = plan.steps.get(*step);
                if let Some(planned) = planned.filter(|planned| planned.effect == Effect::WorkDir) {
                    self.repeat(planned, meta, then, work_dir).await?;
                }
            }
            self.progress.apply(&plan, entry.sequence, record, outputs)?;
        }
        self.progress = reached;
        Ok(())
    }

    /// Repeats one step for its files.
    async fn repeat(
        &self,
        step: &PlannedStep,
        meta: &StepExecutionMetadata,
        then: &Value,
        work_dir: &WorkDir,
    ) -> Result<(), Error> {
        let Some(runner) = &step.runner else { return Ok(()) };
        let failed = |why: &dyn Display| {
            let why = self.parts.redactor.redact(&why.to_string()).into_owned();
            Error::new(REBUILD, format!("step {:?} could not be repeated: {why}", step.alias))
        };
        let at = meta.started_at.unwrap_or_else(|| self.now());
        let mut evaluation = Evaluation::new(self.parts, self.view(step, at));
        let config = evaluation.config(step).await.map_err(|error| failed(&error))?;
        match self.run_step(step, runner, work_dir, config, Some(then), false).await {
            // One that failed then may fail now: its files are what it leaves behind.
            Err(error) if matches!(meta.status, Some(StepStatus::Succeeded | StepStatus::Skipped)) => {
                Err(failed(&error).with_source(error))
            }
            _ => Ok(()),
        }
    }
}
