//! What the status of a Stage or Warehouse says of it in a word: Kargo's conditions.

use jiff::Timestamp;

use crate::model::{
    Condition, ConditionStatus, FreightCollection, HealthState, PromotionPhase, Stage, StageStatus,
    VerificationInfo, VerificationPhase, Warehouse, WarehouseStatus, condition, set_condition,
};

/// One observed aspect: whether it holds, why in a word, why in a sentence.
pub(super) struct Verdict {
    status: ConditionStatus,
    reason: String,
    message: String,
}

impl Verdict {
    fn new(status: ConditionStatus, reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), message: message.into() }
    }

    /// It holds.
    pub(super) fn yes(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ConditionStatus::True, reason, message)
    }

    /// It does not.
    pub(super) fn no(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ConditionStatus::False, reason, message)
    }

    fn holds(&self) -> bool {
        self.status == ConditionStatus::True
    }

    fn condition(&self, kind: &str, generation: Option<i64>, now: Timestamp) -> Condition {
        Condition {
            condition_type: kind.to_owned(),
            status: self.status,
            observed_generation: generation,
            last_transition_time: now,
            reason: self.reason.clone(),
            message: self.message.clone(),
        }
    }
}

/// Records a condition of a Warehouse.
pub(super) fn of_warehouse(
    warehouse: &Warehouse,
    status: &mut WarehouseStatus,
    kind: &str,
    verdict: &Verdict,
    now: Timestamp,
) {
    set_condition(&mut status.conditions, verdict.condition(kind, warehouse.metadata.generation, now));
}

/// The conditions and the summary of a control-flow Stage.
pub(super) fn of_control_flow(stage: &Stage, status: &mut StageStatus, now: Timestamp) {
    let generation = stage.metadata.generation;
    let ready = Verdict::yes("ControlFlowStage", "it directs the flow of Freight");
    status.conditions.retain(|known| known.condition_type == condition::READY);
    set_condition(&mut status.conditions, ready.condition(condition::READY, generation, now));
    status.observed_generation = generation;
}

/// The conditions and the summary of a Stage, from the rest of its status.
pub(super) fn of_stage(stage: &Stage, status: &mut StageStatus, now: Timestamp) {
    let generation = stage.metadata.generation;
    let (promoting, healthy, verified) = (promoting(status), healthy(status), verified(status));
    let ready = ready(status, promoting.as_ref(), &healthy, &verified);
    status.freight_summary = Some(summary(stage, status));
    if ready.holds() {
        status.observed_generation = generation;
    }
    if promoting.is_none() {
        status.conditions.retain(|known| known.condition_type != condition::PROMOTING);
    }
    let verdicts = [
        (condition::PROMOTING, promoting),
        (condition::HEALTHY, Some(healthy)),
        (condition::VERIFIED, Some(verified)),
        (condition::READY, Some(ready)),
    ];
    for (kind, verdict) in verdicts {
        if let Some(verdict) = verdict {
            set_condition(&mut status.conditions, verdict.condition(kind, generation, now));
        }
    }
}

fn promoting(status: &StageStatus) -> Option<Verdict> {
    let current = status.current_promotion.as_ref()?;
    Some(Verdict::yes("ActivePromotion", format!("Promotion {} has not ended", current.name)))
}

fn healthy(status: &StageStatus) -> Verdict {
    let Some(health) = &status.health else {
        return Verdict::new(ConditionStatus::Unknown, "NoFreight", "the Stage runs no Freight");
    };
    let state = health.status.unwrap_or(HealthState::Unknown);
    let holds = match state {
        HealthState::Healthy => ConditionStatus::True,
        HealthState::Unhealthy => ConditionStatus::False,
        _ => ConditionStatus::Unknown,
    };
    Verdict::new(holds, format!("{state:?}"), health.issues.join("; "))
}

fn verified(status: &StageStatus) -> Verdict {
    let current = status.freight_history.current();
    let Some(latest) = current.and_then(FreightCollection::latest_verification) else {
        return Verdict::new(ConditionStatus::Unknown, "VerificationPending", "nothing is verified yet");
    };
    let attempts = current.into_iter().flat_map(|current| &current.verification_history);
    if attempts.into_iter().any(VerificationInfo::is_successful) {
        return Verdict::yes("Verified", "the current Freight is verified");
    }
    let phase = latest.phase.unwrap_or(VerificationPhase::Pending);
    let holds = match phase {
        VerificationPhase::Failed | VerificationPhase::Error | VerificationPhase::Aborted => {
            ConditionStatus::False
        }
        _ => ConditionStatus::Unknown,
    };
    Verdict::new(holds, format!("Verification{phase:?}"), latest.message.clone())
}

/// Ready where nothing else says no; the first that does is the reason.
fn ready(
    status: &StageStatus,
    promoting: Option<&Verdict>,
    healthy: &Verdict,
    verified: &Verdict,
) -> Verdict {
    if let Some(promoting) = promoting {
        return Verdict::no(&promoting.reason, &promoting.message);
    }
    let last = status.last_promotion.as_ref().and_then(|last| last.status.as_deref());
    if let Some(last) = last.filter(|last| last.phase != Some(PromotionPhase::Succeeded)) {
        let phase = last.phase.unwrap_or_default().as_str();
        return Verdict::no(format!("LastPromotion{phase}"), last.message.clone().unwrap_or_default());
    }
    match [healthy, verified].into_iter().find(|verdict| !verdict.holds()) {
        Some(no) => Verdict::no(&no.reason, &no.message),
        None => Verdict::yes("Verified", "the current Freight is healthy and verified"),
    }
}

/// What the Stage runs, in a word.
fn summary(stage: &Stage, status: &StageStatus) -> String {
    let wanted = stage.spec.requests().len();
    let pieces: Vec<_> =
        status.freight_history.current().into_iter().flat_map(FreightCollection::pieces).collect();
    match pieces.as_slice() {
        [only] if wanted == 1 => only.name.clone(),
        pieces => format!("{}/{wanted} Fulfilled", pieces.len()),
    }
}
