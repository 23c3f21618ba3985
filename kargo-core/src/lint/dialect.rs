//! The second dialect: a note on each place where Kargo itself would refuse what runs here.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::error::Code;
use crate::manifest::Manifest;
use crate::model::{PromotionStep, Resource, Stage, Warehouse};

/// The shorter way of writing, which Kargo does not know.
pub const SECOND_DIALECT: Code = Code::new(
    "dialect/not-kargos",
    "This is written in the second dialect: it runs here, and Kargo itself would refuse or misread it.",
);

pub(super) fn check(manifest: &Manifest, found: &mut Vec<Diagnostic>) {
    let mut notes = Vec::new();
    match &manifest.resource {
        Resource::Stage(stage) => {
            of_stage(stage, &mut notes);
            of_steps(stage.spec.steps(), "/spec/promotionTemplate/spec", &mut notes);
        }
        Resource::Warehouse(warehouse) => of_warehouse(warehouse, &mut notes),
        Resource::PromotionTask(task) => of_steps(&task.spec.steps, "/spec", &mut notes),
        Resource::ClusterPromotionTask(task) => of_steps(&task.spec.steps, "/spec", &mut notes),
        _ => {}
    }
    found.extend(notes.into_iter().map(|Note { pointer, message, instead }| {
        Diagnostic::note(SECOND_DIALECT, message)
            .at(manifest.locate_key(&pointer))
            .with_hint(format!("in Kargo's own words: {instead}"))
    }));
}

struct Note {
    pointer: String,
    message: &'static str,
    instead: &'static str,
}

fn of_stage(stage: &Stage, notes: &mut Vec<Note>) {
    if stage.spec.subscriptions.is_some() {
        notes.push(Note {
            pointer: "/spec/subscriptions".to_owned(),
            message: "a Stage of Kargo has no subscriptions",
            instead: "requestedFreight with the Warehouse as origin and sources.direct: true",
        });
    }
    if stage.spec.auto_promotion_enabled.is_some() {
        notes.push(Note {
            pointer: "/spec/autoPromotionEnabled".to_owned(),
            message: "a Stage of Kargo has no autoPromotionEnabled",
            instead: "a promotion policy of the ProjectConfig",
        });
    }
}

fn of_warehouse(warehouse: &Warehouse, notes: &mut Vec<Note>) {
    for (index, subscription) in warehouse.spec.subscriptions.iter().enumerate() {
        let Some(git) = subscription.as_git().filter(|git| git.is_second_dialect()) else { continue };
        for (field, is_there) in
            [("allowTags", git.allow_tags.is_some()), ("ignoreTags", git.ignore_tags.is_some())]
        {
            if is_there {
                notes.push(Note {
                    pointer: format!("/spec/subscriptions/{index}/git/{field}"),
                    message: "Kargo takes no allowTags and ignoreTags since v1.11",
                    instead: "commitSelectionStrategy with allowTagsRegexes and ignoreTagsRegexes",
                });
            }
        }
    }
}

fn of_steps(steps: &[PromotionStep], at: &str, notes: &mut Vec<Note>) {
    for (index, step) in steps.iter().enumerate() {
        let Some(config) = &step.config else { continue };
        let pointer = format!("{at}/steps/{index}/config");
        match step.uses() {
            "http" => of_http(config, &pointer, notes),
            "yaml-update" => of_yaml_update(config, &pointer, notes),
            _ => {}
        }
        of_texts(config, &pointer, notes);
    }
}

fn of_http(config: &Value, pointer: &str, notes: &mut Vec<Note>) {
    for field in ["headers", "queryParams"] {
        if config.get(field).is_some_and(Value::is_object) {
            notes.push(Note {
                pointer: format!("{pointer}/{field}"),
                message: "headers and queryParams are lists in Kargo",
                instead: "a list of name and value",
            });
        }
    }
}

fn of_yaml_update(config: &Value, pointer: &str, notes: &mut Vec<Note>) {
    let updates = config.get("updates").and_then(Value::as_array);
    for (index, update) in updates.into_iter().flatten().enumerate() {
        if update.get("key").and_then(Value::as_str).is_some_and(|key| key.starts_with('.')) {
            notes.push(Note {
                pointer: format!("{pointer}/updates/{index}/key"),
                message: "Kargo knows no selectors in keys",
                instead: "a key of names and indices joined by dots",
            });
        }
    }
}

fn of_texts(value: &Value, pointer: &str, notes: &mut Vec<Note>) {
    match value {
        Value::String(text) if text.contains("$<<") => notes.push(Note {
            pointer: pointer.to_owned(),
            message: "Kargo knows no $<< >>",
            instead: "${{ }}",
        }),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| of_texts(item, &format!("{pointer}/{index}"), notes));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            of_texts(field, &format!("{pointer}/{name}"), notes);
        }),
        _ => {}
    }
}
