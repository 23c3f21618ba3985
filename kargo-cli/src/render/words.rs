//! What an event is called: one line for people, shared by plain output and the live tree.

use std::time::Duration;

use kargo_core::control::{Waiting, WaitsFor};
use kargo_core::event::{Event, StepRef, What};
use kargo_core::model::{PromotionPhase, StepStatus};

/// One line for `event`.
pub(crate) fn line(event: &Event) -> String {
    match &event.what {
        What::WarehouseDiscovered { warehouse, artifacts, duration } => {
            format!("warehouse {warehouse}: {artifacts} artifacts discovered ({})", short(*duration))
        }
        What::FreightCreated { warehouse, freight, alias } => {
            format!("warehouse {warehouse}: new freight {alias} ({})", id(freight))
        }
        What::FreightWaiting { stage, freight, alias } => {
            format!("stage {stage}: freight {alias} ({}) waits for approval", id(freight))
        }
        What::FreightApproved { stage, freight, by } => {
            format!("stage {stage}: freight {} approved by {by}", id(freight))
        }
        What::PromotionCreated { stage, freight, actor, .. } => {
            let by = if actor.is_empty() { "by itself".to_owned() } else { format!("by {actor}") };
            format!("stage {stage}: promotion of freight {} queued {by}", id(freight))
        }
        What::PromotionStarted { stage, alias, freight, steps, .. } => {
            format!("stage {stage}: promoting {alias} ({}), {steps} steps", id(freight))
        }
        What::PromotionResumed { stage, promotion, step } => {
            format!("stage {stage}: {promotion} goes on at step {}", step + 1)
        }
        What::PromotionFinished { stage, phase, message, duration, .. } => said(
            format!("stage {stage}: {} promotion {phase} ({})", phase_mark(*phase), short(*duration)),
            message,
        ),
        What::StepStarted { step, attempt } => match attempt {
            1 => format!("{} started", name(step)),
            more => format!("{} started, attempt {more}", name(step)),
        },
        What::StepWaiting { step, status, message, retry_after } => {
            said(format!("{} {status}, again in {}", name(step), short(*retry_after)), message)
        }
        What::StepFinished { step, status, message, duration } => {
            said(format!("{} {} {status} ({})", mark(*status), name(step), short(*duration)), message)
        }
        What::Problem { about, code, message } => format!("error[{code}]: {about}: {message}"),
        What::Warning { about, message } => format!("warning: {about}: {message}"),
        other => format!("{other:?}"),
    }
}

/// One line for Freight that waits.
pub(crate) fn waiting(waiting: &Waiting) -> String {
    let (stage, alias, freight) = (&waiting.stage, &waiting.alias, id(&waiting.freight));
    match &waiting.waits_for {
        WaitsFor::Approval => format!(
            "stage {stage}: freight {alias} ({freight}) waits for approval: \
             kargo-flow approve --stage {stage} --freight {alias} --by YOU"
        ),
        WaitsFor::Promotion => format!(
            "stage {stage}: freight {alias} ({freight}) waits for somebody to promote it: \
             kargo-flow promote --stage {stage} --freight {alias} --by YOU"
        ),
        WaitsFor::Soak { until } => {
            format!("stage {stage}: freight {alias} ({freight}) has to stay upstream until {until}")
        }
        other => format!("stage {stage}: freight {alias} ({freight}) waits: {other:?}"),
    }
}

fn said(line: String, message: &str) -> String {
    if message.is_empty() { line } else { format!("{line}: {message}") }
}

fn name(step: &StepRef) -> String {
    format!("stage {}: step {} ({})", step.stage, step.alias, step.uses)
}

/// The sign of a step's end.
pub(crate) fn mark(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Succeeded => "✔",
        StepStatus::Skipped => "–",
        StepStatus::Running => "…",
        _ => "✘",
    }
}

/// The sign of a Promotion's end.
pub(crate) fn phase_mark(phase: PromotionPhase) -> &'static str {
    if phase == PromotionPhase::Succeeded { "✔" } else { "✘" }
}

/// The first seven digits of a Freight's name.
pub(crate) fn id(freight: &str) -> &str {
    freight.get(..7).unwrap_or(freight)
}

/// A duration as people say it: `85ms`, `1.2s`, `4m10s`.
pub(crate) fn short(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1_000 => format!("{millis}ms"),
        millis @ 1_000..60_000 => format!("{}.{}s", millis / 1_000, millis % 1_000 / 100),
        millis => format!("{}m{}s", millis / 60_000, millis % 60_000 / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        for (millis, text) in
            [(0, "0ms"), (999, "999ms"), (1_250, "1.2s"), (59_999, "59.9s"), (250_000, "4m10s")]
        {
            assert_eq!(short(Duration::from_millis(millis)), text);
        }
    }
}
