//! The outputs of the steps so far: Kargo's state, shared with every evaluation and never copied.

use kargo_expr::{Map, Value};
use serde_json::Value as Json;

use super::plan::PlannedStep;
use super::value::shown;

/// Outputs by alias.
#[derive(Clone)]
pub(super) struct OutputMap(Map);

impl Default for OutputMap {
    fn default() -> Self {
        Self(Map::new::<&str, Value>([]))
    }
}

impl OutputMap {
    /// Sets the outputs of a step. Those of a step that composes its task's outputs are also merged into the task's,
    /// key by key.
    pub(super) fn store(&mut self, step: &PlannedStep, outputs: Value) {
        if let (true, Some(task), Some(own)) = (step.shares_outputs, &step.task, outputs.as_map()) {
            let known = self.0.get(&task.alias).and_then(Value::as_map).cloned();
            let mut merged = known.unwrap_or_else(|| Map::new::<&str, Value>([]));
            for (key, value) in own.iter() {
                merged.insert(key.clone(), value.clone());
            }
            self.0.insert(&*task.alias, merged);
        }
        self.0.insert(&*step.alias, outputs);
    }

    /// What a step put out; `None` where it never ran.
    pub(super) fn get(&self, alias: &str) -> Option<&Value> {
        self.0.get(alias)
    }

    /// All of them, as expressions read `outputs`.
    pub(super) fn value(&self) -> Value {
        self.0.clone().into()
    }

    /// Those of one task's steps by their short alias, as expressions read `task.outputs`.
    pub(super) fn of_task(&self, task: &str) -> Value {
        let own = |alias: &str| alias.strip_prefix(task)?.strip_prefix("::").map(str::to_owned);
        self.0.iter().filter_map(|(alias, outputs)| Some((own(alias.as_str()?)?, outputs.clone()))).collect()
    }

    /// As Kargo stores it: null where there are none.
    pub(super) fn shown(&self, mask: &str) -> Option<Json> {
        (!self.0.is_empty()).then(|| shown(&self.value(), mask))
    }
}
