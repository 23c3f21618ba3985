//! Deciding about all Stages, and writing what was decided.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::project::{Project, Versioned};
use super::stage::{Decision, decide};
use super::{Installation, Waiting, names};
use crate::engine::promotion::{PromotionInput, build};
use crate::error::Error;
use crate::event::What;
use crate::model::{Kind, Promotion, Stage};
use crate::store::{CONFLICT, Key, Write};

/// How the Stages stand once nothing more can be decided.
#[derive(Default)]
pub(super) struct Standing {
    /// The Promotions that are running.
    pub(super) running: Vec<Key>,
    /// What waits.
    pub(super) waiting: BTreeSet<Waiting>,
    /// What is wrong with a Stage.
    pub(super) wrong: BTreeMap<Key, Error>,
    /// When to decide again though nothing changes.
    pub(super) next: Option<Timestamp>,
    /// The Promotions that ended here, since they could not begin.
    pub(super) ended: Vec<Promotion>,
}

impl Installation {
    /// Decides about all Stages, again and again until nothing changes any more.
    pub(super) async fn reconcile(&self) -> Result<Standing, Error> {
        let mut ended = Vec::new();
        loop {
            let mut standing = Standing { ended, ..Standing::default() };
            let mut changed = false;
            for project in Project::read(self.store(), None).await?.into_values() {
                for stage in &project.stages {
                    match decide(stage, &project, self.clock().now()) {
                        Ok(decision) => {
                            standing.note(stage, &decision, &project);
                            changed |= self.carry_out(stage, decision, &project, &mut standing).await?;
                        }
                        Err(error) => {
                            standing.wrong.insert(stage.key(), error);
                        }
                    }
                }
            }
            if !changed {
                return Ok(standing);
            }
            ended = standing.ended;
        }
    }

    /// Writes a decision, with the Promotions that it asks for; says whether there was something to write. Where
    /// another writer was first, it is decided anew.
    async fn carry_out(
        &self,
        stage: &Versioned<Stage>,
        decision: Decision,
        project: &Project,
        standing: &mut Standing,
    ) -> Result<bool, Error> {
        let mut preconditions = vec![stage.unchanged()];
        let mut created = Vec::new();
        for freight in &decision.promote {
            match self.new_promotion(stage, freight, "", project) {
                Ok(promotion) => created.push(promotion),
                Err(error) => {
                    standing.wrong.insert(stage.key(), error);
                }
            }
        }
        let mut writes = created.iter().cloned().map(Write::put).collect::<Vec<_>>();
        // A new Promotion always comes with a write of its Stage: so two writers cannot both make one.
        if decision.status != stage.status || !created.is_empty() {
            writes.push(Write::put(Stage { status: decision.status, ..stage.cloned() }));
        }
        for freight in decision.freight {
            preconditions.extend(project.freight(&freight.metadata.name).map(Versioned::unchanged));
            writes.push(Write::put(freight));
        }
        if let Some(begun) = &decision.begin {
            let known = project.promotions.iter().find(|known| known.name() == begun.metadata.name);
            preconditions.extend(known.map(Versioned::unchanged));
            writes.push(Write::put(begun.clone()));
        }
        if writes.is_empty() {
            return Ok(false);
        }
        match self.store().commit(&preconditions, writes).await {
            Ok(_) => {
                created.iter().for_each(|promotion| self.tell_created(promotion));
                if let Some(ended) = decision.begin.filter(Promotion::is_terminal) {
                    self.tell_ended(&ended);
                    standing.ended.push(ended);
                }
            }
            Err(error) if error.code() == CONFLICT => {}
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// A Promotion of that Freight, asked for by `actor` (empty: by nobody).
    pub(super) fn new_promotion(
        &self,
        stage: &Stage,
        freight: &str,
        actor: &str,
        project: &Project,
    ) -> Result<Promotion, Error> {
        let name = stage.metadata.name.as_str();
        let newest = project.promotions_to(name).next_back().map(|newest| newest.metadata.name.as_str());
        let now = self.clock().now();
        let text = format!("{}/{name} {freight} {now}", stage.metadata.project());
        let (now, random) = names::next_ulid(now, &text, newest);
        build(&PromotionInput {
            stage,
            freight,
            tasks: &|kind, name| project.task(kind, name),
            actor,
            now,
            random,
        })
    }

    /// Tells of a Promotion that ended before the engine saw it.
    fn tell_ended(&self, promotion: &Promotion) {
        self.emit(
            promotion.metadata.project(),
            What::PromotionFinished {
                stage: promotion.spec.stage.clone(),
                promotion: promotion.metadata.name.clone(),
                phase: promotion.phase(),
                message: promotion.status.message.clone().unwrap_or_default(),
                duration: Duration::ZERO,
            },
        );
    }

    /// Tells of a new Promotion.
    pub(super) fn tell_created(&self, promotion: &Promotion) {
        self.emit(
            promotion.metadata.project(),
            What::PromotionCreated {
                stage: promotion.spec.stage.clone(),
                promotion: promotion.metadata.name.clone(),
                freight: promotion.freight().to_owned(),
                actor: promotion.actor().unwrap_or_default().to_owned(),
            },
        );
    }
}

impl Standing {
    /// Takes in a decision.
    fn note(&mut self, stage: &Versioned<Stage>, decision: &Decision, project: &Project) {
        if let Some(current) = &decision.status.current_promotion {
            self.running.push(Key::new(Kind::Promotion, stage.project(), &current.name));
        }
        self.waiting.extend(Waiting::of(stage, decision, project));
        self.next = [self.next, decision.next].into_iter().flatten().min();
    }
}

impl Waiting {
    /// What waits for a Stage, as a decision about it says.
    pub(super) fn of(stage: &Versioned<Stage>, decision: &Decision, project: &Project) -> Vec<Self> {
        let waiting = decision.waiting.iter().map(|(freight, waits_for)| Self {
            project: stage.project().to_owned(),
            stage: stage.name().to_owned(),
            alias: project.alias(freight).to_owned(),
            freight: freight.clone(),
            waits_for: *waits_for,
        });
        waiting.collect()
    }
}
