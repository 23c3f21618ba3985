//! What a person decides: to approve Freight, to promote it. Works beside a run, through the store alone.

use jiff::Timestamp;
use serde::Serialize;

use super::Installation;
use super::availability::{age, candidate, is_available};
use super::policy::Policy;
use super::project::{Project, Versioned};
use crate::diagnostic::did_you_mean;
use crate::error::{Code, Error};
use crate::event::What;
use crate::model::{Freight, Promotion, PromotionPhase, Stage, annotations};
use crate::store::{CONFLICT, Write};

/// There is no such Stage or Freight.
pub const NOT_FOUND: Code = Code::new("control/not-found", "There is no Stage or Freight of this name.");
/// The Stage does not take Freight of that Warehouse.
pub const NOT_REQUESTED: Code = Code::new(
    "control/not-requested",
    "The Stage does not request Freight of the Warehouse that this comes from.",
);
/// The Freight may not go to the Stage.
pub const NOT_AVAILABLE: Code = Code::new(
    "control/not-available",
    "The Freight may not go to this Stage: it is neither direct, nor verified upstream, nor approved.",
);
/// The Stage's Freight is promoted by approving it.
pub const NOT_APPROVED: Code = Code::new(
    "control/not-approved",
    "The Stage says `autoPromotionEnabled: false`: its Freight is promoted once a person has approved it.",
);

/// Which Freight a person means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FreightSelector {
    /// The newest that the Stage takes.
    Latest,
    /// That of this alias or name, or the only one whose name begins so (7 digits or more).
    Named(String),
}

impl From<&str> for FreightSelector {
    /// `latest`, an alias or a name.
    fn from(text: &str) -> Self {
        if text == "latest" { Self::Latest } else { Self::Named(text.to_owned()) }
    }
}

/// What came of a person's decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Decided {
    /// The project.
    pub project: String,
    /// The Stage.
    pub stage: String,
    /// The Freight's name.
    pub freight: String,
    /// Its alias.
    pub alias: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a person's decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Outcome {
    /// A Promotion was made, and has its place in the queue.
    Promoting {
        /// Its name.
        promotion: String,
    },
    /// The Freight may go to the Stage from now on; that it does is another decision.
    Approved,
    /// Nothing changed: a Promotion of that Freight is in the queue or running.
    UnderWay {
        /// Its name.
        promotion: String,
    },
    /// Nothing changed: the Stage runs that Freight.
    Current,
    /// Nothing changed: the Freight was approved before. A Promotion of it that has ended is tried again by
    /// promoting it, and not by approving it again.
    ApprovedBefore {
        /// How the last Promotion of it ended, if there was one.
        ended: Option<PromotionPhase>,
    },
}

/// What a person wants.
#[derive(Clone, Copy, PartialEq)]
enum Wish {
    Approve,
    Promote,
}

impl Installation {
    /// Approves Freight for a Stage, in the name of `by`. Where the Stage says `autoPromotionEnabled: false` that
    /// queues its Promotion, with `by` as its actor; elsewhere it makes the Freight available. Doing it again
    /// changes nothing.
    ///
    /// # Errors
    /// `control/not-found`, `control/not-requested`, `store/io`; what keeps a Promotion from being built.
    pub async fn approve(
        &self,
        project: &str,
        stage: &str,
        freight: &FreightSelector,
        by: &str,
    ) -> Result<Decided, Error> {
        self.decide(Wish::Approve, project, stage, freight, by).await
    }

    /// Queues a Promotion of Freight to a Stage, in the name of `by`. In a Stage that promotes by itself, choosing
    /// other Freight than it would holds automatic promotion until its own choice is promoted by a person.
    ///
    /// # Errors
    /// As [`approve`](Self::approve), and `control/not-available`, `control/not-approved`.
    pub async fn promote(
        &self,
        project: &str,
        stage: &str,
        freight: &FreightSelector,
        by: &str,
    ) -> Result<Decided, Error> {
        self.decide(Wish::Promote, project, stage, freight, by).await
    }

    async fn decide(
        &self,
        wish: Wish,
        project: &str,
        stage: &str,
        freight: &FreightSelector,
        by: &str,
    ) -> Result<Decided, Error> {
        loop {
            let view = Project::read(self.store(), Some(project)).await?.remove(project).unwrap_or_default();
            let stage = find_stage(&view, stage)?;
            let now = self.clock().now();
            let freight = find_freight(&view, stage, freight, wish, now)?;
            let policy = Policy::of(stage, view.config.as_deref())?;
            let asked = Asked { wish, view: &view, policy, stage, freight, now };
            match self.answer(&asked, stage, freight, by).await {
                Err(error) if error.code() == CONFLICT => {}
                answer => return answer,
            }
        }
    }

    /// One attempt to write what a person decided.
    async fn answer(
        &self,
        asked: &Asked<'_>,
        stage: &Versioned<Stage>,
        freight: &Versioned<Freight>,
        by: &str,
    ) -> Result<Decided, Error> {
        let mut writes = Vec::new();
        let approve = asked.wish == Wish::Approve && !asked.is_approved();
        if approve {
            let mut approved = freight.cloned();
            approved.status.approve(stage.name(), asked.now);
            writes.push(Write::put(approved));
        }
        let mut created = None;
        let outcome = match asked.outcome()? {
            Some(outcome) => outcome,
            None => {
                let actor = if by.contains(':') { by.to_owned() } else { format!("user:{by}") };
                let mut promotion = self.new_promotion(stage, freight.name(), &actor, asked.view)?;
                promotion.metadata.annotations.extend(asked.intent());
                // The Stage is written too, so that nobody else makes a Promotion at the same time.
                writes.extend([Write::put(promotion.clone()), stage.again()]);
                let promotion = created.insert(promotion).metadata.name.clone();
                Outcome::Promoting { promotion }
            }
        };
        if !writes.is_empty() {
            self.store().commit(&[stage.unchanged(), freight.unchanged()], writes).await?;
        }
        if approve {
            let (stage, freight) = (stage.name().to_owned(), freight.name().to_owned());
            self.emit(asked.project(), What::FreightApproved { stage, freight, by: by.to_owned() });
        }
        if let Some(promotion) = created {
            self.tell_created(&promotion);
        }
        Ok(Decided {
            project: asked.project().to_owned(),
            stage: stage.name().to_owned(),
            freight: freight.name().to_owned(),
            alias: freight.alias.clone(),
            outcome,
        })
    }
}

/// What a person asks for, and how things stand.
struct Asked<'a> {
    wish: Wish,
    view: &'a Project,
    policy: Policy,
    stage: &'a Stage,
    freight: &'a Freight,
    now: Timestamp,
}

impl<'a> Asked<'a> {
    fn project(&self) -> &'a str {
        self.stage.metadata.project()
    }

    fn is_approved(&self) -> bool {
        self.freight.status.is_approved_for(&self.stage.metadata.name)
    }

    /// What comes of it; `None` where that is a Promotion.
    fn outcome(&self) -> Result<Option<Outcome>, Error> {
        if self.wish == Wish::Promote {
            self.check_promotable()?;
        }
        let same = |promotion: &&Promotion| promotion.freight() == self.freight.metadata.name;
        let last = self.view.promotions_to(&self.stage.metadata.name).rfind(same);
        if let Some(open) = last.filter(|last| !last.is_terminal()) {
            return Ok(Some(Outcome::UnderWay { promotion: open.metadata.name.clone() }));
        }
        if self.wish == Wish::Promote {
            return Ok(None);
        }
        let current = self.stage.status.freight_history.current();
        if current.is_some_and(|current| current.contains(&self.freight.metadata.name)) {
            return Ok(Some(Outcome::Current));
        }
        Ok(match (self.is_approved(), self.policy) {
            (false, Policy::Approval) => None,
            (false, _) => Some(Outcome::Approved),
            // Approved while approving was not promoting yet.
            (true, Policy::Approval) if last.is_none() => None,
            (true, _) => Some(Outcome::ApprovedBefore { ended: last.map(Promotion::phase) }),
        })
    }

    fn check_promotable(&self) -> Result<(), Error> {
        let (stage, freight) = (&self.stage.metadata.name, &self.freight.metadata.name);
        if !is_available(self.freight, self.stage, self.now) {
            let message = format!("Freight {freight} may not go to Stage {stage} yet");
            return Err(Error::new(NOT_AVAILABLE, message).with_hint(
                "it has to be verified (and to soak) upstream first, or to be approved for this Stage",
            ));
        }
        if self.policy == Policy::Approval && !self.is_approved() {
            let message = format!("Freight {freight} is not approved for Stage {stage}");
            return Err(Error::new(NOT_APPROVED, message).with_hint(
                "approve it, which also promotes it: the Stage says autoPromotionEnabled: false",
            ));
        }
        Ok(())
    }

    /// The annotation that says what a person's Promotion means for automatic promotion: to promote what it would
    /// choose resumes it, anything else holds it.
    fn intent(&self) -> Option<(String, String)> {
        if self.policy != Policy::Automatic {
            return None;
        }
        let requests = self.stage.spec.requests();
        let request = requests.iter().find(|request| request.origin == self.freight.origin)?;
        let own = candidate(self.view.pieces(), self.stage, request, self.now);
        let is_own = own.is_some_and(|own| own.metadata.name == self.freight.metadata.name);
        let key = if is_own { annotations::AUTO_PROMOTION_RESUME } else { annotations::AUTO_PROMOTION_HOLD };
        Some((key.to_owned(), self.freight.origin.to_string()))
    }
}

fn find_stage<'p>(view: &'p Project, name: &str) -> Result<&'p Versioned<Stage>, Error> {
    view.stages.iter().find(|stage| stage.name() == name).ok_or_else(|| {
        let error = Error::new(NOT_FOUND, format!("there is no Stage {name:?}"));
        match did_you_mean(name, view.stages.iter().map(Versioned::name)) {
            Some(hint) => error.with_hint(hint),
            None => error.with_hint("run the installation first: it takes its Stages from the manifests"),
        }
    })
}

fn find_freight<'p>(
    view: &'p Project,
    stage: &Stage,
    selector: &FreightSelector,
    wish: Wish,
    now: Timestamp,
) -> Result<&'p Versioned<Freight>, Error> {
    let requests = stage.spec.requests();
    let requested = |piece: &Freight| requests.iter().any(|request| request.origin == piece.origin);
    let stage_name = &stage.metadata.name;
    let FreightSelector::Named(name) = selector else {
        let taken = view.freight.iter().filter(|piece| requested(piece));
        let taken = taken.filter(|piece| wish == Wish::Approve || is_available(piece, stage, now));
        return taken.max_by_key(|piece| age(piece)).ok_or_else(|| {
            Error::new(NOT_FOUND, format!("there is no Freight for Stage {stage_name}"))
                .with_hint("run the installation first: it discovers artifacts and makes Freight")
        });
    };
    let Some(found) = by_name(view, name) else {
        let known = view.pieces().filter(|piece| requested(piece));
        let error = Error::new(NOT_FOUND, format!("there is no Freight {name:?}"));
        return Err(match did_you_mean(name, known.map(|piece| piece.alias.as_str())) {
            Some(hint) => error.with_hint(hint),
            None => error,
        });
    };
    if requested(found) {
        Ok(found)
    } else {
        let message = format!("Stage {stage_name} takes no Freight of {}", found.origin);
        Err(Error::new(NOT_REQUESTED, message))
    }
}

/// By name, by alias, or by the unique begin of a name.
fn by_name<'p>(view: &'p Project, name: &str) -> Option<&'p Versioned<Freight>> {
    /// A shorter begin is rather a mistake.
    const SHORTEST: usize = 7;
    let exact = |piece: &&Versioned<Freight>| piece.name() == name || piece.alias == name;
    view.freight.iter().find(exact).or_else(|| {
        let mut begins = view.freight.iter().filter(|piece| piece.name().starts_with(name));
        let first = begins.next().filter(|_| name.len() >= SHORTEST)?;
        begins.next().is_none().then_some(first)
    })
}
