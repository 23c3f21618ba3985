//! Settings of projects and of the installation.

use super::{BAD_VALUE, EXACTLY_ONE, Problems, REQUIRED};
use crate::model::{ClusterConfig, Pattern, ProjectConfig, PromotionPolicy, WebhookReceiverConfig};

pub(super) fn project_config(found: &mut Problems, config: &ProjectConfig) {
    let project = config.metadata.project();
    if !project.is_empty() && config.metadata.name != project {
        found.add(
            BAD_VALUE,
            "/metadata/name",
            format!("a ProjectConfig has the name of its project, {project:?}"),
        );
    }
    let Some(spec) = &config.spec else { return };
    for (index, one) in spec.promotion_policies.iter().enumerate() {
        policy(found, &format!("/spec/promotionPolicies/{index}"), one);
    }
    let stages = spec.promotion_policies.iter().enumerate().map(|(index, policy)| {
        (format!("/spec/promotionPolicies/{index}"), stage_name(policy).map(str::to_owned))
    });
    found.duplicates(stages, |stage| format!("an earlier policy is for the Stage {stage:?} already"));
    receivers(found, &spec.webhook_receivers);
}

/// The Stage that a policy is for by its plain name.
fn stage_name(policy: &PromotionPolicy) -> Option<&str> {
    let name = match &policy.stage_selector {
        Some(selector) => selector.name.as_deref(),
        None => policy.stage.as_deref(),
    };
    name.filter(|name| !name.is_empty() && !name.contains(':'))
}

fn policy(found: &mut Problems, base: &str, policy: &PromotionPolicy) {
    if policy.stage.is_some() == policy.stage_selector.is_some() {
        found.add(EXACTLY_ONE, base, "a policy has either stage or stageSelector");
    }
    let name =
        policy.stage_selector.as_ref().and_then(|selector| selector.name.as_deref()).unwrap_or_default();
    let Some((prefix, _)) = name.split_once(':') else { return };
    let pointer = format!("{base}/stageSelector/name");
    if !matches!(prefix, "glob" | "regex" | "regexp") {
        found.add(
            BAD_VALUE,
            pointer,
            format!("a pattern begins with glob:, regex: or regexp:, and not with {prefix}:"),
        );
    } else if let Err(error) = Pattern::name(name) {
        found.add(BAD_VALUE, pointer, crate::error::chain(&error));
    }
}

pub(super) fn cluster_config(found: &mut Problems, config: &ClusterConfig) {
    if config.metadata.name != "cluster" {
        found.add(BAD_VALUE, "/metadata/name", "the ClusterConfig is named cluster");
    }
    if let Some(spec) = &config.spec {
        receivers(found, &spec.webhook_receivers);
    }
}

fn receivers(found: &mut Problems, receivers: &[WebhookReceiverConfig]) {
    let base = "/spec/webhookReceivers";
    let names = receivers
        .iter()
        .enumerate()
        .map(|(index, one)| (format!("{base}/{index}/name"), Some(one.name.clone())));
    found.duplicates(names, |name| format!("two receivers are named {name:?}"));
    for (index, receiver) in receivers.iter().enumerate() {
        match receiver.types().as_slice() {
            [_] => {}
            [] => found.add(REQUIRED, format!("{base}/{index}"), "a receiver needs a type, such as github"),
            several => found.add(
                EXACTLY_ONE,
                format!("{base}/{index}"),
                format!("a receiver has one type, and this one has {}", several.join(", ")),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::told;
    use crate::model::Kind;

    #[test]
    fn policies_of_a_project() {
        let selector =
            |name: &str| json!({ "stageSelector": { "name": name }, "autoPromotionEnabled": true });
        for (policies, problems) in [
            (json!([selector("a"), selector("glob:a*"), selector("glob:a*"), { "stage": "b" }]), vec![]),
            (json!([selector("a"), { "stage": "a" }]), vec!["duplicate 1"]),
            (json!([{ "autoPromotionEnabled": true }]), vec!["exactly-one 0"]),
            (json!([selector("like:a")]), vec!["bad-value 0/stageSelector/name"]),
            (json!([selector("regex:(")]), vec!["bad-value 0/stageSelector/name"]),
        ] {
            let wanted: Vec<String> = problems
                .iter()
                .filter_map(|problem| problem.split_once(' '))
                .map(|(code, place)| format!("model/{code} /spec/promotionPolicies/{place}"))
                .collect();
            let body = json!({ "spec": { "promotionPolicies": policies } });
            assert_eq!(told(Kind::ProjectConfig, "p", body), wanted, "{policies}");
        }
        assert_eq!(told(Kind::ProjectConfig, "other", json!({})), ["model/bad-value /metadata/name"]);
    }

    #[test]
    fn receivers_have_one_name_and_one_type() {
        let secret = json!({ "secretRef": { "name": "s" } });
        let receivers = json!([
            { "name": "a", "github": secret },
            { "name": "a", "harbor": secret, "quay": secret },
            { "name": "b" },
        ]);
        let body = json!({ "spec": { "webhookReceivers": receivers } });
        assert_eq!(
            told(Kind::ClusterConfig, "cluster", body),
            [
                "model/duplicate /spec/webhookReceivers/1/name",
                "model/exactly-one /spec/webhookReceivers/1",
                "model/required /spec/webhookReceivers/2",
            ]
        );
        assert_eq!(told(Kind::ClusterConfig, "x", json!({})), ["model/bad-value /metadata/name"]);
    }
}
