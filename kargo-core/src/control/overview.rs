//! How things stand, for `status`.

use jiff::Timestamp;
use serde::Serialize;

use super::policy::Policy;
use super::project::{Project, Versioned, list};
use super::stage::decide;
use super::{Installation, Problem, PromotionResult, Waiting};
use crate::error::Error;
use crate::model::{
    Condition, ConditionStatus, FreightCollection, HealthState, PromotionPhase, Stage, Warehouse, condition,
};

/// How an installation stands.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Overview {
    /// The Warehouses, by project and name.
    pub warehouses: Vec<WarehouseOverview>,
    /// The Stages, by project and name.
    pub stages: Vec<StageOverview>,
    /// The Freight that waits, most often for a person.
    pub waiting: Vec<Waiting>,
    /// What is wrong with Stages.
    pub problems: Vec<Problem>,
}

/// How a Warehouse stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WarehouseOverview {
    /// The project.
    pub project: String,
    /// The name.
    pub name: String,
    /// Whether the last discovery went well; `None` before the first.
    pub ready: Option<bool>,
    /// Why not.
    pub message: String,
    /// When it was last looked at with success.
    pub discovered_at: Option<Timestamp>,
    /// The Freight of what was newest then.
    pub freight: Option<FreightOverview>,
}

/// A piece of Freight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FreightOverview {
    /// Its name.
    pub name: String,
    /// Its alias; empty where the Freight is gone.
    pub alias: String,
}

/// How a Stage stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StageOverview {
    /// The project.
    pub project: String,
    /// The name.
    pub name: String,
    /// Who decides that Freight goes there; `None` for a control-flow Stage.
    pub policy: Option<Policy>,
    /// The Freight that it runs, by origin.
    pub freight: Vec<FreightOverview>,
    /// Its health; `None` where it runs nothing.
    pub health: Option<HealthState>,
    /// Whether it is promoted, healthy and verified.
    pub ready: bool,
    /// Why not.
    pub message: String,
    /// The origins whose automatic promotion is on hold.
    pub holds: Vec<String>,
    /// The Promotion that runs.
    pub current: Option<PromotionOverview>,
    /// Those that come after it, in order.
    pub queue: Vec<PromotionOverview>,
    /// The last Promotion that ended.
    pub last: Option<PromotionOverview>,
}

/// How a Promotion stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PromotionOverview {
    /// How far it got.
    #[serde(flatten)]
    pub result: PromotionResult,
    /// The Freight's alias; empty where the Freight is gone.
    pub alias: String,
    /// Who asked for it; empty where it was made automatically.
    pub actor: String,
    /// The alias of the step that it is at, or was last.
    pub step: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl Installation {
    /// How things stand, from the store alone; nothing is discovered or promoted.
    ///
    /// # Errors
    /// `store/io`, `store/corrupt`.
    pub async fn status(&self) -> Result<Overview, Error> {
        let mut overview = Overview::default();
        let projects = Project::read(self.store(), None).await?;
        for warehouse in list::<Warehouse>(self.store(), None).await? {
            overview.warehouses.push(of_warehouse(&warehouse, projects.get(warehouse.project())));
        }
        for project in projects.values() {
            for stage in &project.stages {
                match decide(stage, project, self.clock().now()) {
                    Ok(decision) => overview.waiting.extend(Waiting::of(stage, &decision, project)),
                    Err(error) => overview.problems.push(self.problem(&stage.key(), &error)),
                }
                overview.stages.push(of_stage(stage, project));
            }
        }
        Ok(overview)
    }
}

fn of_warehouse(warehouse: &Versioned<Warehouse>, project: Option<&Project>) -> WarehouseOverview {
    let status = &warehouse.status;
    let (ready, message) = ready(&status.conditions);
    WarehouseOverview {
        project: warehouse.project().to_owned(),
        name: warehouse.name().to_owned(),
        ready,
        message,
        discovered_at: status.discovered_artifacts.as_ref().and_then(|found| found.discovered_at),
        freight: status
            .last_freight_id
            .as_deref()
            .zip(project)
            .map(|(name, project)| of_freight(name, project)),
    }
}

fn of_stage(stage: &Versioned<Stage>, project: &Project) -> StageOverview {
    let status = &stage.status;
    let pieces = status.freight_history.current().into_iter().flat_map(FreightCollection::pieces);
    let (ready, message) = ready(&status.conditions);
    let promotions = || project.promotions_to(stage.name());
    let overview = |promotion: &_| of_promotion(promotion, project);
    StageOverview {
        project: stage.project().to_owned(),
        name: stage.name().to_owned(),
        // A pattern that cannot be read is among the problems.
        policy: Policy::of(stage, project.config.as_deref()).ok().filter(|_| !stage.is_control_flow()),
        freight: pieces.map(|piece| of_freight(&piece.name, project)).collect(),
        health: status.health.as_ref().and_then(|health| health.status),
        ready: ready.unwrap_or(false),
        message,
        holds: status.effective_auto_promotion_holds.keys().cloned().collect(),
        current: promotions().find(|one| one.phase() == PromotionPhase::Running).map(overview),
        queue: promotions().filter(|one| one.phase() == PromotionPhase::Pending).map(overview).collect(),
        last: promotions().rfind(|one| one.is_terminal()).map(overview),
    }
}

fn of_freight(name: &str, project: &Project) -> FreightOverview {
    FreightOverview { name: name.to_owned(), alias: project.alias(name).to_owned() }
}

fn of_promotion(promotion: &crate::model::Promotion, project: &Project) -> PromotionOverview {
    let status = &promotion.status;
    let at = status.current_step.and_then(|step| usize::try_from(step).ok());
    PromotionOverview {
        result: PromotionResult::of(promotion),
        alias: project.alias(promotion.freight()).to_owned(),
        actor: promotion.actor().unwrap_or_default().to_owned(),
        step: at.and_then(|at| Some(status.step_execution_metadata.get(at)?.alias.clone())),
        started_at: status.started_at,
        finished_at: status.finished_at,
    }
}

/// Whether the Ready condition holds, and the message where it does not.
fn ready(conditions: &[Condition]) -> (Option<bool>, String) {
    let ready = conditions.iter().find(|one| one.condition_type == condition::READY);
    let holds = ready.map(|ready| ready.status == ConditionStatus::True);
    let message = ready.filter(|_| holds == Some(false)).map(|ready| ready.message.clone());
    (holds, message.unwrap_or_default())
}
