//! What documents say of each other: names that are taken twice, and names that nobody has.

use std::collections::{BTreeMap, BTreeSet};

use super::{DANGLING, DUPLICATE, Manifest};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::{Kind, ProjectConfig, PromotionStep, Resource, Stage, TaskKind};

/// A name that a field gives, and what it must be the name of.
struct Reference {
    pointer: String,
    kind: Kind,
    name: String,
}

/// Drops later namesakes, and tells of them and of references to nothing.
pub(super) fn check(manifests: &mut Vec<Manifest>, diagnostics: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<(Kind, String, String), String> = BTreeMap::new();
    manifests.retain(|manifest| {
        let resource = &manifest.resource;
        let key = (resource.kind(), resource.project().to_owned(), resource.name().to_owned());
        match first.get(&key) {
            None => {
                first.insert(key, manifest.locate("").to_string());
                true
            }
            Some(there) => {
                let message =
                    format!("{} {:?} is there already, at {there}", resource.kind(), resource.name());
                diagnostics.push(Diagnostic::error(DUPLICATE, message).at(manifest.locate("/metadata/name")));
                false
            }
        }
    });
    let names: BTreeSet<(Kind, String, String)> = first.into_keys().collect();
    for manifest in &*manifests {
        for reference in references(&manifest.resource) {
            if let Some(said) = dangling(manifest, &reference, &names) {
                diagnostics.push(said);
            }
        }
    }
}

fn dangling(
    manifest: &Manifest,
    reference: &Reference,
    names: &BTreeSet<(Kind, String, String)>,
) -> Option<Diagnostic> {
    let kind = reference.kind;
    let project = if kind.is_cluster_wide() { "" } else { manifest.resource.project() };
    let key = (kind, project.to_owned(), reference.name.clone());
    if names.contains(&key) {
        return None;
    }
    let there = names.iter().filter(|(of, within, _)| *of == kind && within == project);
    Some(
        Diagnostic::error(DANGLING, format!("there is no {kind} {:?}", reference.name))
            .at(manifest.locate(&reference.pointer))
            .with_hint(did_you_mean(&reference.name, there.map(|(.., name)| name.as_str()))),
    )
}

fn references(resource: &Resource) -> Vec<Reference> {
    match resource {
        Resource::Stage(stage) => of_stage(stage),
        Resource::ProjectConfig(config) => of_policies(config),
        _ => Vec::new(),
    }
}

fn of_stage(stage: &Stage) -> Vec<Reference> {
    let mut found = Vec::new();
    for (index, request) in stage.spec.requested_freight.iter().enumerate() {
        let pointer = format!("/spec/requestedFreight/{index}");
        found.push(Reference {
            pointer: format!("{pointer}/origin/name"),
            kind: Kind::Warehouse,
            name: request.origin.name.clone(),
        });
        for (at, upstream) in request.sources.stages.iter().enumerate() {
            found.push(Reference {
                pointer: format!("{pointer}/sources/stages/{at}"),
                kind: Kind::Stage,
                name: upstream.clone(),
            });
        }
    }
    if let Some(subscriptions) = &stage.spec.subscriptions {
        found.push(Reference {
            pointer: "/spec/subscriptions/warehouse".to_owned(),
            kind: Kind::Warehouse,
            name: subscriptions.warehouse.clone(),
        });
    }
    found.extend(stage.spec.steps().iter().enumerate().filter_map(of_step));
    found
}

fn of_step((index, step): (usize, &PromotionStep)) -> Option<Reference> {
    let task = step.task.as_ref()?;
    let kind = match task.kind() {
        TaskKind::PromotionTask => Kind::PromotionTask,
        TaskKind::ClusterPromotionTask => Kind::ClusterPromotionTask,
    };
    let pointer = format!("/spec/promotionTemplate/spec/steps/{index}/task/name");
    Some(Reference { pointer, kind, name: task.name.clone() })
}

/// A policy that names a Stage names one that is there; one with a pattern may match none.
fn of_policies(config: &ProjectConfig) -> Vec<Reference> {
    let policies = config.spec.iter().flat_map(|spec| &spec.promotion_policies).enumerate();
    policies
        .filter_map(|(index, policy)| {
            let name = policy.stage.clone().filter(|name| !name.is_empty())?;
            let pointer = format!("/spec/promotionPolicies/{index}/stage");
            Some(Reference { pointer, kind: Kind::Stage, name })
        })
        .collect()
}
