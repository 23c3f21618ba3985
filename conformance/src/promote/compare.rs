//! What a case expects, against what came out.

use std::fs;

use kargo_core::engine::{Job, Pass};
use serde_json::{Map, Value, json};

use super::world::World;
use super::{Case, Input};

/// Everything in which the passes differ from what the case expects.
pub(super) async fn differences(case: &Case, world: &World, job: &Job, passes: &[Pass]) -> Vec<String> {
    let mut found = Differences { lenient: case.judge == "yaml-equal", all: Vec::new() };
    let expected = &case.expected;
    if expected["inflated_steps"].is_array() {
        let steps = serde_json::to_value(&job.promotion.spec.steps).unwrap_or_default();
        found.compare("inflated steps", &expected["inflated_steps"], &steps);
    }
    let Some(last) = passes.last() else { return found.all };
    let status = serde_json::to_value(&last.status).unwrap_or_default();
    found.compare("phase", &expected["phase"], &status["phase"]);
    let steps = status["stepExecutionMetadata"].as_array().map(|steps| steps.iter().map(step).collect());
    let wanted = expected["steps"].as_array().map(|steps| steps.iter().map(without_message).collect());
    found.compare("steps", &wanted.unwrap_or(json!([])), &steps.unwrap_or(json!([])));
    if let Some(state) = expected.get("state") {
        let outputs = last.outputs.to_json().unwrap_or_default();
        let outputs = world.with_placeholders(&outputs.to_string());
        let outputs = serde_json::from_str(&outputs).unwrap_or_default();
        found.compare(
            "state",
            &without_volatile(state, &case.input),
            &without_volatile(&outputs, &case.input),
        );
    }
    for name in &case.input.inspect_repos {
        match world.repos.after(name) {
            Ok(after) => found.compare(name, &expected["repos_after"][name], &after),
            Err(error) => found.all.push(error),
        }
    }
    for (path, content) in expected["files_after"].as_object().into_iter().flatten() {
        let now = fs::read_to_string(world.work_dir().join(path)).map_or(Value::Null, Value::from);
        found.compare(path, content, &now);
    }
    for (named, expected) in
        case.input.inspect_objects.iter().zip(expected["objects_after"].as_array().into_iter().flatten())
    {
        let now = world.object(&case.input.ctx.project, named).await.unwrap_or_default();
        let now = json!({
            "alias": now["alias"], "labels": now["metadata"]["labels"], "name": now["metadata"]["name"],
            "status": now["status"],
        });
        found.compare(&named.name, expected, &now);
    }
    found.all
}

struct Differences {
    /// YAML files need only parse to the same.
    lenient: bool,
    all: Vec<String>,
}

impl Differences {
    fn compare(&mut self, what: &str, expected: &Value, got: &Value) {
        if !self.equal(what, expected, got) {
            self.all.push(format!("{what}: expected {expected}, got {got}"));
        }
    }

    fn equal(&self, place: &str, expected: &Value, got: &Value) -> bool {
        match (expected, got) {
            (Value::Object(expected), Value::Object(got)) => {
                expected.len() == got.len()
                    && expected
                        .iter()
                        .all(|(key, value)| got.get(key).is_some_and(|got| self.equal(key, value, got)))
            }
            (Value::Array(expected), Value::Array(got)) => {
                expected.len() == got.len()
                    && expected.iter().zip(got).all(|(one, other)| self.equal(place, one, other))
            }
            (Value::Number(expected), Value::Number(got)) => {
                expected == got || expected.as_f64() == got.as_f64()
            }
            (Value::String(expected), Value::String(got)) if self.lenient && is_yaml(place) => {
                expected == got || same_yaml(expected, got)
            }
            _ => expected == got,
        }
    }
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

fn same_yaml(expected: &str, got: &str) -> bool {
    let parse = |text: &str| kargo_yaml::from_str::<Value>(text, kargo_yaml::Schema::Kubernetes11).ok();
    matches!((parse(expected), parse(got)), (Some(expected), Some(got)) if expected == got)
}

/// A step as the corpus tells of it, without its message, which is not compared.
fn step(meta: &Value) -> Value {
    json!({
        "alias": meta["alias"],
        "status": meta["status"],
        "errorCount": meta["errorCount"].as_u64().unwrap_or(0),
        "continueOnError": meta["continueOnError"] == true,
        "started": meta["startedAt"].is_string(),
        "finished": meta["finishedAt"].is_string(),
    })
}

fn without_message(step: &Value) -> Value {
    let fields = step.as_object().into_iter().flatten().filter(|(key, _)| *key != "message");
    fields.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>().into()
}

/// The outputs without those that differ from run to run.
fn without_volatile(state: &Value, input: &Input) -> Value {
    let outputs = state.as_object().into_iter().flatten();
    outputs
        .map(|(alias, outputs)| {
            let stays = |name: &String| !input.volatile.contains(name);
            let outputs = outputs.as_object().map_or(outputs.clone(), |outputs| {
                outputs
                    .iter()
                    .filter(|(name, _)| stays(name))
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect::<Map<_, _>>()
                    .into()
            });
            (alias.clone(), outputs)
        })
        .filter(|(alias, _)| !input.volatile.contains(alias))
        .collect::<Map<_, _>>()
        .into()
}
