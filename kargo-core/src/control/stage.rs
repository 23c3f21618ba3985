//! What is to be done about a Stage: a pure decision from its project as it stands.
//!
//! The order is Kargo's: what ended, health, verification, the next Promotion, holds, automatic promotion. One
//! decision does in one go what Kargo does in several reconciliations, so that Kargo's rule "no Promotion begins
//! while the Freight before it can still be verified" holds by that order.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::availability::{age, candidate, is_available, next_soaked};
use super::policy::Policy;
use super::project::Project;
use super::{WaitsFor, conditions, names};
use crate::error::Error;
use crate::model::{
    AutoPromotionHold, Freight, FreightCollection, FreightOrigin, FreightReference, FreightRequest, Health,
    HealthState, Promotion, PromotionPhase, PromotionReference, Stage, StageStatus, VerificationInfo,
    VerificationPhase, annotations,
};

/// What becomes of a Stage, its Freight and its Promotions.
#[derive(Debug)]
pub(super) struct Decision {
    /// Its new status.
    pub(super) status: StageStatus,
    /// The Freight whose status changes.
    pub(super) freight: Vec<Freight>,
    /// The Promotion that begins now, with its new status; or ends, as it may not begin.
    pub(super) begin: Option<Promotion>,
    /// The names of the Freight to promote automatically, one for each origin at most.
    pub(super) promote: Vec<String>,
    /// The names of the Freight that waits, and for what.
    pub(super) waiting: Vec<(String, WaitsFor)>,
    /// When to decide again though nothing changes: a soak time has passed.
    pub(super) next: Option<Timestamp>,
}

/// Decides. `now` is the time that is recorded.
///
/// # Errors
/// Where a promotion policy's pattern cannot be read.
pub(super) fn decide(stage: &Stage, project: &Project, now: Timestamp) -> Result<Decision, Error> {
    if stage.is_control_flow() {
        return Ok(pass_on(stage, project, now));
    }
    let policy = Policy::of(stage, project.config.as_deref())?;
    let view = View { stage, project, now, policy, requests: stage.spec.requests() };
    let mut status = stage.status.clone();
    view.replay_ended(&mut status);
    let head = view.promotions().find(|promotion| !promotion.is_terminal());
    let running = head.filter(|head| head.phase() == PromotionPhase::Running);
    status.health = health(&status, running);
    view.verify(&mut status);
    let begin =
        head.filter(|head| head.phase() == PromotionPhase::Pending).map(|head| view.begin(head, &status));
    let current = begin.as_ref().or(running).filter(|current| !current.is_terminal());
    status.current_promotion = current.map(|current| PromotionReference {
        name: current.metadata.name.clone(),
        freight: current.status.freight.clone(),
        ..PromotionReference::default()
    });
    if current.is_some() {
        status.health = health(&status, current);
    }
    view.hold(&mut status);
    conditions::of_stage(stage, &mut status, now);
    let (promote, waiting) = view.choose(&status);
    let next = view.requests.iter().flat_map(|request| view.soaking(request)).map(|(_, until)| until).min();
    Ok(Decision { freight: view.freight(&status), status, begin, promote, waiting, next })
}

/// A control-flow Stage verifies whatever is available, at once, and keeps nothing.
fn pass_on(stage: &Stage, project: &Project, now: Timestamp) -> Decision {
    let name = stage.metadata.name.as_str();
    let arrived = project
        .pieces()
        .filter(|piece| !piece.status.is_verified_in(name) && is_available(piece, stage, now));
    let freight = arrived.cloned().map(|mut piece| {
        piece.status.verify(name, now);
        piece
    });
    let mut status = StageStatus {
        conditions: stage.status.conditions.clone(),
        freight_summary: Some("N/A".to_owned()),
        metadata: stage.status.metadata.clone(),
        ..StageStatus::default()
    };
    conditions::of_control_flow(stage, &mut status, now);
    let requests = stage.spec.requests();
    let next = requests.iter().flat_map(|request| {
        let pieces = project.pieces().filter(|piece| piece.origin == request.origin);
        pieces.filter_map(|piece| next_soaked(piece, request, now))
    });
    let next = next.min();
    Decision {
        freight: freight.collect(),
        status,
        begin: None,
        promote: Vec::new(),
        waiting: Vec::new(),
        next,
    }
}

/// How the Stage stands with a piece of Freight.
#[derive(PartialEq)]
enum Standing {
    /// It runs it, or is about to.
    Settled,
    /// Its last Promotion of it did not succeed: it is not tried again without a person.
    Failed,
    /// It could be promoted.
    New,
}

struct View<'a> {
    stage: &'a Stage,
    project: &'a Project,
    now: Timestamp,
    policy: Policy,
    requests: Vec<FreightRequest>,
}

impl<'a> View<'a> {
    fn name(&self) -> &'a str {
        &self.stage.metadata.name
    }

    /// Its Promotions, oldest first.
    fn promotions(&self) -> impl DoubleEndedIterator<Item = &'a Promotion> {
        self.project.promotions_to(self.name())
    }

    /// Takes in what ended since the last look, oldest first. What is younger than one that has not ended waits,
    /// so that the order is never lost.
    fn replay_ended(&self, status: &mut StageStatus) {
        let last = status.last_promotion.as_ref().map(|last| last.name.clone()).unwrap_or_default();
        let news = self.promotions().skip_while(|promotion| promotion.metadata.name <= last);
        for ended in news.take_while(|promotion| promotion.is_terminal()) {
            replay(status, ended);
        }
    }

    /// Verifies what is healthy and not verified yet.
    fn verify(&self, status: &mut StageStatus) {
        let healthy = status.health.as_ref().and_then(|health| health.status) == Some(HealthState::Healthy);
        let promotion = status.last_promotion.as_ref().map(|last| last.name.clone()).unwrap_or_default();
        let Some(current) = status.freight_history.current_mut().filter(|_| healthy) else { return };
        if current.latest_verification().is_none_or(|latest| !latest.is_terminal()) {
            let id = names::uid(&format!("{} {promotion}", current.id));
            current.record_verification(attempt(id, self.stage.spec.verification.is_some(), self.now));
        }
    }

    /// The Promotion at the head of the queue as it begins; or ended, where its Freight may not come here.
    fn begin(&self, promotion: &Promotion, status: &StageStatus) -> Promotion {
        let mut begun = promotion.clone();
        let freight = self.project.freight(promotion.freight()).map(|freight| &**freight);
        match freight.filter(|freight| is_available(freight, self.stage, self.now)) {
            Some(freight) => {
                let promoted = freight.reference();
                begun.status.phase = Some(PromotionPhase::Running);
                begun.status.freight_collection = Some(self.collection(promoted.clone(), status));
                begun.status.freight = Some(promoted);
            }
            None => {
                let wrong = if freight.is_some() { "not available to the Stage" } else { "gone" };
                begun.status.phase = Some(PromotionPhase::Errored);
                begun.status.message = Some(format!("Freight {:?} is {wrong}", promotion.freight()));
                begun.status.finished_at = Some(self.now);
            }
        }
        begun
    }

    /// What the Stage will run once `promoted` is there: that, and of other origins what the last Promotion had.
    fn collection(&self, promoted: FreightReference, status: &StageStatus) -> FreightCollection {
        let last = status.last_promotion.as_ref().and_then(|last| last.status.as_deref());
        let inherited = last.and_then(|last| last.freight_collection.as_ref());
        let kept = inherited.into_iter().flat_map(FreightCollection::pieces).filter(|piece| {
            piece.origin != promoted.origin
                && self.requests.iter().any(|request| request.origin == piece.origin)
        });
        FreightCollection::of(kept.cloned().chain([promoted.clone()]))
    }

    /// Drops holds that have lost their meaning, and adds those of Promotions that have not ended.
    fn hold(&self, status: &mut StageStatus) {
        let automatic = self.policy == Policy::Automatic;
        status.auto_promotion_enabled = automatic.then_some(true);
        let requested =
            |origin: &String| self.requests.iter().any(|request| request.origin.to_string() == *origin);
        status.auto_promotion_holds.retain(|origin, _| automatic && requested(origin));
        let mut effective = status.auto_promotion_holds.clone();
        for promotion in self.promotions().filter(|promotion| automatic && !promotion.is_terminal()) {
            apply_intent(&mut effective, promotion);
        }
        status.effective_auto_promotion_holds = effective;
    }

    /// What to promote, and what waits.
    fn choose(&self, status: &StageStatus) -> (Vec<String>, Vec<(String, WaitsFor)>) {
        let (mut promote, mut waiting) = (Vec::new(), Vec::new());
        for request in &self.requests {
            let held = status.effective_auto_promotion_holds.contains_key(&request.origin.to_string());
            let candidate = candidate(self.project.pieces(), self.stage, request, self.now);
            if let Some(candidate) = candidate {
                let name = candidate.metadata.name.clone();
                let approved = candidate.status.is_approved_for(self.name());
                match self.standing(candidate, status) {
                    Standing::Settled => {}
                    Standing::New if self.policy == Policy::Automatic && !held => promote.push(name),
                    _ if self.policy == Policy::Approval && !approved => {
                        waiting.push((name, WaitsFor::Approval))
                    }
                    _ => waiting.push((name, WaitsFor::Promotion)),
                }
            }
            let newest = self.soaking(request).max_by_key(|(piece, _)| age(piece));
            let newer =
                newest.filter(|(piece, _)| candidate.is_none_or(|candidate| age(piece) > age(candidate)));
            waiting
                .extend(newer.map(|(piece, until)| (piece.metadata.name.clone(), WaitsFor::Soak { until })));
        }
        (promote, waiting)
    }

    fn standing(&self, freight: &Freight, status: &StageStatus) -> Standing {
        let name = freight.metadata.name.as_str();
        if status.freight_history.current().is_some_and(|current| current.contains(name)) {
            return Standing::Settled;
        }
        match self.promotions().rfind(|promotion| promotion.freight() == name).map(Promotion::phase) {
            None | Some(PromotionPhase::Succeeded) => Standing::New,
            Some(phase) if phase.is_terminal() => Standing::Failed,
            Some(_) => Standing::Settled,
        }
    }

    /// The Freight that will be available once it has soaked, and when.
    fn soaking(&self, request: &FreightRequest) -> impl Iterator<Item = (&'a Freight, Timestamp)> {
        let pieces = self.project.pieces().filter(move |piece| {
            piece.origin == request.origin && !is_available(piece, self.stage, self.now)
        });
        pieces.filter_map(move |piece| Some((piece, next_soaked(piece, request, self.now)?)))
    }

    /// The Freight that enters or leaves the Stage, or is verified in it.
    fn freight(&self, status: &StageStatus) -> Vec<Freight> {
        let current = status.freight_history.current();
        let verified =
            current.and_then(FreightCollection::latest_verification).filter(|one| one.is_successful());
        let mut changed = Vec::new();
        for piece in self.project.pieces() {
            let runs = current.is_some_and(|current| current.contains(&piece.metadata.name));
            if !runs && !piece.status.currently_in.contains_key(self.name()) {
                continue;
            }
            let mut now = piece.status.clone();
            if runs {
                now.enter(self.name(), self.now);
                if let Some(verified) = verified {
                    now.verify(self.name(), verified.finish_time.unwrap_or(self.now));
                }
            } else {
                now.leave(self.name(), self.now);
            }
            if now != piece.status {
                changed.push(Freight { status: now, ..piece.clone() });
            }
        }
        changed
    }
}

/// How well the Stage is: unknown while a Promotion runs and where the last one did not succeed.
fn health(status: &StageStatus, current: Option<&Promotion>) -> Option<Health> {
    let unknown = |issue: String| Health {
        status: Some(HealthState::Unknown),
        issues: vec![issue],
        ..Health::default()
    };
    if let Some(current) = current {
        return Some(unknown(format!("Promotion {} has not ended", current.metadata.name)));
    }
    let last = status.last_promotion.as_ref()?.status.as_deref()?;
    Some(match last.phase.unwrap_or_default() {
        PromotionPhase::Succeeded => match last.health_checks.first() {
            None => Health { status: Some(HealthState::Healthy), ..Health::default() },
            // The checkers that Kargo has ask Argo CD.
            Some(check) => unknown(format!("there is no health checker {:?} without a cluster", check.uses)),
        },
        phase => unknown(format!("the last Promotion ended {}", phase.as_str())),
    })
}

/// What a Promotion that ended leaves in its Stage.
fn replay(status: &mut StageStatus, promotion: &Promotion) {
    if promotion.phase() != PromotionPhase::Aborted {
        apply_intent(&mut status.auto_promotion_holds, promotion);
    }
    let mut reference = promotion.reference();
    if !promotion.has_started() {
        // What the Stage runs is still what the one before it left.
        let before = status.last_promotion.take().and_then(|last| last.status);
        let inherited = before.and_then(|before| before.freight_collection);
        reference.status.get_or_insert_default().freight_collection = inherited;
    }
    if promotion.phase() == PromotionPhase::Succeeded
        && let Some(collection) = promotion.status.freight_collection.clone()
    {
        status.freight_history.record(collection);
    }
    status.last_promotion = Some(reference);
}

/// Puts a person's choice of other Freight, or its end, into the holds.
fn apply_intent(holds: &mut BTreeMap<String, AutoPromotionHold>, promotion: &Promotion) {
    if let Some(origin) = promotion.metadata.annotation(annotations::AUTO_PROMOTION_RESUME) {
        holds.remove(origin);
    }
    let Some(key) = promotion.metadata.annotation(annotations::AUTO_PROMOTION_HOLD) else { return };
    let Ok(origin) = key.parse::<FreightOrigin>() else { return };
    let hold = AutoPromotionHold {
        freight_name: promotion.freight().to_owned(),
        origin,
        promotion_name: promotion.metadata.name.clone(),
        actor: promotion.actor().unwrap_or_default().to_owned(),
        created_at: promotion.metadata.creation_timestamp,
    };
    holds.insert(key.to_owned(), hold);
}

/// A verification that is over as it begins: without a block a healthy Stage is enough; with one it needs
/// AnalysisRuns, and ends as in a Kargo without them.
fn attempt(id: String, has_block: bool, now: Timestamp) -> VerificationInfo {
    let (phase, message) = if has_block {
        (VerificationPhase::Error, "verification by AnalysisTemplates needs Argo Rollouts, and so a cluster")
    } else {
        (VerificationPhase::Successful, "")
    };
    VerificationInfo {
        id,
        start_time: Some(now),
        finish_time: Some(now),
        phase: Some(phase),
        message: message.to_owned(),
        ..VerificationInfo::default()
    }
}
