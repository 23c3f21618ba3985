//! What a step knows of the run it belongs to.

use jiff::Timestamp;
use kargo_expr::{Program, Value};
use tokio_util::sync::CancellationToken;

use super::{Expr, Programs};
use crate::clock::Clock;
use crate::model::{FreightCollection, FreightReference, FreightRequest};
use crate::workdir::WorkDir;

/// What belongs to one attempt of one step: filled by the engine, or by hand in a step's own test.
#[derive(Clone, Copy)]
pub struct StepContext<'a> {
    /// The project (namespace).
    pub project: &'a str,
    /// The Stage.
    pub stage: &'a str,
    /// The Promotion's name.
    pub promotion: &'a str,
    /// The step's alias, with its task's (`task::step`).
    pub alias: &'a str,
    /// Who created the Promotion; empty when nobody is known.
    pub actor: &'a str,
    /// The Freight that is promoted.
    pub freight: &'a FreightReference,
    /// That Freight's alias.
    pub freight_alias: &'a str,
    /// All Freight that the Stage will run after this Promotion.
    pub collection: &'a FreightCollection,
    /// What the Stage requests.
    pub requests: &'a [FreightRequest],
    /// The outputs of the steps so far, by alias. Shared, not copied.
    pub outputs: &'a Value,
    /// What this step itself put out in an earlier attempt or run. Where the work directory has to be made again
    /// it is what the step put out then, and the step must come to the same (a clone takes that commit).
    pub prior_outputs: Option<&'a Value>,
    /// The files of this Promotion.
    pub work_dir: &'a WorkDir,
    /// The run's clock.
    pub clock: &'a dyn Clock,
    /// Set when the run is to stop; a step that waits must listen to it.
    pub cancel: &'a CancellationToken,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Whether an attempt was begun whose end nobody knows, because the process was killed in it: its effect may
    /// have happened. A step with an effect outside looks for its own mark; one that cannot tell says so.
    pub interrupted: bool,
    /// When the first attempt of this step began, as journaled: the same after a restart.
    pub started_at: Timestamp,
    /// Compiled expressions, shared by the steps of a plan.
    pub programs: &'a Programs,
}

impl StepContext<'_> {
    /// The compiled form of an expression of the config, in an environment without Kargo's functions.
    ///
    /// # Errors
    /// Where the expression does not compile.
    pub fn program(&self, expr: &Expr) -> Result<Program, kargo_expr::Error> {
        self.programs.get(expr.source())
    }
}
