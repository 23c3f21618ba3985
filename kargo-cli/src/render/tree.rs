//! The live view on a terminal: a tree of Promotions and their steps, with spinners and durations.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use kargo_core::event::{Event, Listener, StepRef, What};

use super::words;

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(120);

/// Shows events as a tree that lives while a run does.
#[derive(Default)]
pub(crate) struct Tree {
    screen: MultiProgress,
    promotions: Mutex<HashMap<String, Branch>>,
}

/// One Promotion on the screen: its own line, and those of its steps below it.
struct Branch {
    head: ProgressBar,
    title: String,
    steps: HashMap<usize, ProgressBar>,
    last: ProgressBar,
}

impl Listener for Tree {
    fn on_event(&self, event: &Event) {
        let mut promotions = self.promotions.lock().unwrap_or_else(PoisonError::into_inner);
        match &event.what {
            What::PromotionStarted { promotion, .. } | What::PromotionResumed { promotion, .. } => {
                let head = self.spinner(self.screen.add(ProgressBar::new_spinner()), "{spinner} {msg}");
                let title = words::line(event);
                head.set_message(title.clone());
                let last = head.clone();
                promotions.insert(promotion.clone(), Branch { head, title, steps: HashMap::new(), last });
            }
            What::PromotionFinished { promotion, phase, message, duration, .. } => {
                if let Some(branch) = promotions.remove(promotion) {
                    let end = if message.is_empty() { String::new() } else { format!(": {message}") };
                    finish(
                        &branch.head,
                        format!(
                            "{} {} {phase} ({}){end}",
                            words::phase_mark(*phase),
                            branch.title,
                            words::short(*duration)
                        ),
                    );
                }
            }
            What::StepStarted { step, attempt } => {
                let again = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
                self.step(&mut promotions, step).set_message(format!("{}{again}", title(step)));
            }
            What::StepWaiting { step, status, message, retry_after } => {
                let wait = words::short(*retry_after);
                self.step(&mut promotions, step)
                    .set_message(format!("{} {status}, again in {wait} {message}", title(step)));
            }
            What::StepFinished { step, status, message, duration } => {
                let end = if message.is_empty() { String::new() } else { format!(": {message}") };
                let took = words::short(*duration);
                finish(
                    &self.step(&mut promotions, step),
                    format!("  {} {} {took}{end}", words::mark(*status), title(step)),
                );
            }
            // A screen that is gone takes no more lines; the run goes on.
            _ => drop(self.screen.println(words::line(event))),
        }
    }
}

impl Tree {
    /// The line of `step`, below those of its Promotion that are there already.
    fn step(&self, promotions: &mut HashMap<String, Branch>, step: &StepRef) -> ProgressBar {
        let Some(branch) = promotions.get_mut(&step.promotion) else {
            return ProgressBar::hidden();
        };
        if let Some(bar) = branch.steps.get(&step.index) {
            return bar.clone();
        }
        let bar = self.screen.insert_after(&branch.last, ProgressBar::new_spinner());
        let bar = self.spinner(bar, "  {spinner} {msg} {elapsed}");
        branch.last = bar.clone();
        branch.steps.insert(step.index, bar.clone());
        bar
    }

    fn spinner(&self, bar: ProgressBar, template: &str) -> ProgressBar {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        bar
    }
}

/// Leaves `line` on the screen in place of the spinner.
fn finish(bar: &ProgressBar, line: String) {
    if let Ok(style) = ProgressStyle::with_template("{msg}") {
        bar.set_style(style);
    }
    bar.finish_with_message(line);
}

fn title(step: &StepRef) -> String {
    format!("{} ({})", step.alias, step.uses)
}
