//! Whether an answer is as the case wants it.

use std::collections::BTreeMap;
use std::time::Duration;

use kargo_yaml::{Limits, Schema, Stream};
use serde_json::Value as Json;

use super::{Answer, documents};

/// Compares an answer with what a case expects, as its `judge` says.
pub(super) fn judge(case: &Json, answer: &Answer) -> Result<(), String> {
    let expected = &case["expected"];
    match case["judge"].as_str().unwrap_or_default() {
        "status" => status(expected, answer),
        "error" if !answer.is_error => Err(format!("an error is wanted, this is {}", answer.status)),
        "error" => files(&BTreeMap::new(), answer, |_, _, _| false),
        "exact" => exact(expected, answer, |_, wanted, found| same(wanted, found)),
        "json-equal" => exact(expected, answer, |path, wanted, found| {
            same(wanted, found) || path.ends_with(".json") && same_texts(wanted, found, json_document)
        }),
        "yaml-equal" => exact(expected, answer, |path, wanted, found| {
            let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml") || path == "Kustomization";
            same(wanted, found) || is_yaml && same_texts(wanted, found, yaml_documents)
        }),
        judge @ ("documents" | "documents-better") => {
            status(expected, answer)?;
            if judge == "documents" {
                output(expected, answer)?;
            }
            documents::compare(case, answer)
        }
        other => Err(format!("the judge {other} is not known")),
    }
}

fn exact(expected: &Json, answer: &Answer, alike: impl Fn(&str, &Json, &Json) -> bool) -> Result<(), String> {
    status(expected, answer)?;
    output(expected, answer)?;
    let retry = expected["retry_after"].as_str().map(parse_duration);
    if retry.is_some_and(|retry| retry != answer.retry_after) {
        return Err(format!("to be tried again after {:?}", answer.retry_after));
    }
    let wanted = expected["files_after"].as_object().cloned().unwrap_or_default();
    files(&wanted.into_iter().collect(), answer, alike)?;
    for (path, mode) in expected["modes_after"].as_object().into_iter().flatten() {
        let found = answer.after.mode(path);
        if found.as_deref() != mode.as_str() {
            return Err(format!("{path} has the mode {found:?} and not {mode}"));
        }
    }
    Ok(())
}

fn status(expected: &Json, answer: &Answer) -> Result<(), String> {
    let wanted = (expected["status"].as_str().unwrap_or_default(), expected["terminal"] == Json::Bool(true));
    let found = (answer.status, answer.terminal);
    if wanted == found {
        return Ok(());
    }
    let terminal = |terminal| if terminal { ", terminal" } else { "" };
    Err(format!(
        "{}{} and not {}{}: {}",
        found.0,
        terminal(found.1),
        wanted.0,
        terminal(wanted.1),
        answer.message
    ))
}

fn output(expected: &Json, answer: &Answer) -> Result<(), String> {
    let (wanted, found) = (without_noise(&expected["output"]), without_noise(&answer.output));
    if same(&wanted, &found) { Ok(()) } else { Err(format!("the output is {found} and not {wanted}")) }
}

/// Headers that depend on the client are not compared.
fn without_noise(json: &Json) -> Json {
    const NOISE: [&str; 5] = ["User-Agent", "Accept-Encoding", "Connection", "Referer", "Content-Length"];
    match json {
        Json::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !NOISE.contains(&name.as_str()));
            Json::Object(kept.map(|(name, value)| (name.clone(), without_noise(value))).collect())
        }
        Json::Array(items) => items.iter().map(without_noise).collect(),
        other => other.clone(),
    }
}

fn files(
    wanted: &BTreeMap<String, Json>,
    answer: &Answer,
    alike: impl Fn(&str, &Json, &Json) -> bool,
) -> Result<(), String> {
    let found = answer.after.changed_since(&answer.before);
    for (path, now) in &found {
        match wanted.get(path) {
            None => return Err(format!("{path} was changed to {now}")),
            Some(wanted) if !alike(path, wanted, now) => {
                return Err(format!("{path} is {now} and not {wanted}"));
            }
            Some(_) => {}
        }
    }
    match wanted.keys().find(|path| !found.contains_key(*path)) {
        Some(path) => Err(format!("{path} was not changed to {}", wanted[path])),
        None => Ok(()),
    }
}

/// Equality, where a number's kind does not count.
pub(super) fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}

fn same_texts(wanted: &Json, found: &Json, read: impl Fn(&str) -> Option<Json>) -> bool {
    let read = |json: &Json| json.as_str().and_then(&read);
    matches!((read(wanted), read(found)), (Some(wanted), Some(found)) if same(&wanted, &found))
}

fn json_document(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok()
}

fn yaml_documents(text: &str) -> Option<Json> {
    let stream = Stream::parse(text, &Limits::default()).ok()?;
    stream
        .documents()
        .filter_map(|document| document.root())
        .map(|root| root.to_json(Schema::Kubernetes11).ok())
        .collect()
}

/// Go's `1m30s`, of whole units.
fn parse_duration(text: &str) -> Option<Duration> {
    text.parse::<kargo_core::model::Duration>().ok().map(|duration| duration.as_std())
}
