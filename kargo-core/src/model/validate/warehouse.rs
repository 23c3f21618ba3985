//! Warehouses and what they make.

use kargo_expr::semver::Constraint;

use super::{BAD_REPO_URL, BAD_VALUE, NOT_ALLOWED, Problems, REQUIRED, Rule, is_dns_label, rule};
use crate::model::{
    ChartSubscription, Duration, Freight, GitSubscription, ImageSelectionStrategy, ImageSubscription,
    RepoSubscription, SubscriptionSource, Warehouse, url,
};

// Kargo's own patterns.
static GIT_URL: Rule = Rule::new(|| {
    rule(concat!(
        r"(?:^(ssh|https?)://(?:([\w-]+)(:(.+))?@)?([\w-]+(?:\.[\w-]+)*)(?::(\d{1,5}))?(/.*)$)",
        r"|(?:^([\w-]+)@([\w+]+(?:\.[\w-]+)*):(/?.*))"
    ))
});
static IMAGE_URL: Rule =
    Rule::new(|| rule(r"^(\w+([\.-]\w+)*(:[\d]+)?/)?(\w+([\.-]\w+)*)(/\w+([\.-]\w+)*)*$"));
static CHART_URL: Rule = Rule::new(|| rule(r"^(((https?)|(oci))://)([\w\d\.\-]+)(:[\d]+)?(/.*)*$"));
static BRANCH: Rule = Rule::new(|| rule(r"^[a-zA-Z0-9]([a-zA-Z0-9._\/-]*[a-zA-Z0-9_-])?$"));

pub(super) fn warehouse(found: &mut Problems, warehouse: &Warehouse) {
    let spec = &warehouse.spec;
    if spec.interval.is_some_and(|interval| interval < Duration::ZERO) {
        found.add(BAD_VALUE, "/spec/interval", "an interval cannot be negative");
    }
    if spec.subscriptions.is_empty() {
        found.add(REQUIRED, "/spec/subscriptions", "a Warehouse needs at least one subscription");
    }
    for (index, one) in spec.subscriptions.iter().enumerate() {
        subscription(found, &format!("/spec/subscriptions/{index}"), one);
    }
    let numbered = || spec.subscriptions.iter().enumerate();
    let names =
        numbered().map(|(index, one)| (format!("/spec/subscriptions/{index}/name"), one.name.clone()));
    found.duplicates(names, |name| format!("two subscriptions are named {name:?}"));
    let places =
        numbered().map(|(index, one)| (format!("/spec/subscriptions/{index}/{}", one.kind()), place(one)));
    found.duplicates(places, |(kind, url)| format!("two {kind} subscriptions are to {url}"));
}

/// What two subscriptions must not share: the type and the normalised repository. Subscriptions of types
/// that Kargo does not know are told apart by name alone.
fn place(subscription: &RepoSubscription) -> Option<(&'static str, String)> {
    match &subscription.source {
        SubscriptionSource::Git(git) => Some(("git", url::normalize_git(&git.repo_url))),
        SubscriptionSource::Image(image) => Some(("image", url::normalize_image(&image.repo_url))),
        SubscriptionSource::Chart(chart) => {
            let name = chart.name.as_deref().filter(|_| is_http(&chart.repo_url)).unwrap_or_default();
            Some(("chart", format!("{} {name}", url::normalize_chart(&chart.repo_url)).trim_end().to_owned()))
        }
        SubscriptionSource::Other(_) => None,
    }
}

fn is_http(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

fn subscription(found: &mut Problems, base: &str, subscription: &RepoSubscription) {
    let name = subscription.name();
    if !name.is_empty() && !is_dns_label(name) {
        found.add(BAD_VALUE, format!("{base}/name"), format!("{name:?} is not a name for a subscription"));
    }
    let inner = format!("{base}/{}", pointer_part(subscription.kind()));
    if !(1..=100).contains(&subscription.discovery_limit()) {
        found.add(
            BAD_VALUE,
            format!("{inner}/discoveryLimit"),
            "a discovery limit is a number from 1 to 100",
        );
    }
    match &subscription.source {
        SubscriptionSource::Git(one) => git(found, &inner, one),
        SubscriptionSource::Image(one) => image(found, &inner, one),
        SubscriptionSource::Chart(one) => chart(found, &inner, one),
        SubscriptionSource::Other(_) if name.is_empty() => {
            found.add(REQUIRED, format!("{base}/name"), "a subscription of this type needs a name");
        }
        SubscriptionSource::Other(_) => {}
    }
}

fn pointer_part(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn git(found: &mut Problems, base: &str, git: &GitSubscription) {
    repo_url(found, base, &git.repo_url, &GIT_URL, "git");
    let branch = git.branch.as_deref().unwrap_or_default();
    if !branch.is_empty() && (branch.len() > 255 || !BRANCH.is_match(branch)) {
        found.add(BAD_VALUE, format!("{base}/branch"), format!("{branch:?} is not a name for a branch"));
    }
    constraint(found, format!("{base}/semverConstraint"), git.semver_constraint.as_deref());
}

fn image(found: &mut Problems, base: &str, image: &ImageSubscription) {
    repo_url(found, base, &image.repo_url, &IMAGE_URL, "image");
    let pointer = format!("{base}/constraint");
    let wanted = image.constraint.as_deref().filter(|constraint| !constraint.is_empty());
    match image.strategy() {
        ImageSelectionStrategy::SemVer => constraint(found, pointer, wanted),
        ImageSelectionStrategy::Digest if wanted.is_none() => {
            found.add(REQUIRED, pointer, "the strategy Digest needs the tag as its constraint");
        }
        _ => {}
    }
    if image.platform.as_deref().is_some_and(|platform| !platform.is_empty() && !platform.contains('/')) {
        found.add(BAD_VALUE, format!("{base}/platform"), "a platform is written <os>/<arch>");
    }
}

fn chart(found: &mut Problems, base: &str, chart: &ChartSubscription) {
    repo_url(found, base, &chart.repo_url, &CHART_URL, "chart");
    let named = chart.name.as_deref().is_some_and(|name| !name.is_empty());
    let pointer = format!("{base}/name");
    if chart.repo_url.starts_with("oci://") && named {
        found.add(NOT_ALLOWED, pointer, "an oci:// repository is the chart, and takes no name");
    } else if is_http(&chart.repo_url) && !named {
        found.add(REQUIRED, pointer, "a repository of several charts needs the name of one");
    }
    constraint(found, format!("{base}/semverConstraint"), chart.semver_constraint.as_deref());
}

/// The address is not repeated: it may hold a password.
fn repo_url(found: &mut Problems, base: &str, url: &str, rule: &Rule, kind: &str) {
    if !rule.is_match(url) {
        found.add(
            BAD_REPO_URL,
            format!("{base}/repoURL"),
            format!("this is not the address of a {kind} repository"),
        );
    }
}

fn constraint(found: &mut Problems, pointer: String, constraint: Option<&str>) {
    let Some(text) = constraint.filter(|text| !text.is_empty()) else { return };
    if let Err(cause) = Constraint::parse(text) {
        found.add(BAD_VALUE, pointer, format!("{text:?} is not a constraint of versions: {cause}"));
    }
}

pub(super) fn freight(found: &mut Problems, freight: &Freight) {
    if freight.is_empty() {
        found.add(REQUIRED, "", "Freight must hold at least one artifact");
    }
    if freight.origin.is_unset() {
        found.add(REQUIRED, "/origin/name", "an origin needs the name of a Warehouse");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::told;
    use crate::model::Kind;

    fn subscriptions(list: Value) -> Vec<String> {
        told(Kind::Warehouse, "w", json!({ "spec": { "subscriptions": list } }))
    }

    #[test]
    fn subscriptions_one_by_one() {
        for (one, problems) in [
            (json!({ "git": { "repoURL": "https://github.com/a/b.git", "branch": "release/1.x" } }), vec![]),
            (json!({ "git": { "repoURL": "git@github.com:a/b.git" } }), vec![]),
            (
                json!({ "git": { "repoURL": "ssh://git@host:2222/a/b.git", "semverConstraint": "^1.2" } }),
                vec![],
            ),
            (json!({ "git": { "repoURL": "github.com/a" } }), vec!["bad-repo-url git/repoURL"]),
            (json!({ "git": { "repoURL": "https://h/x", "branch": "-x" } }), vec!["bad-value git/branch"]),
            (
                json!({ "git": { "repoURL": "https://h/x", "semverConstraint": "^^1" } }),
                vec!["bad-value git/semverConstraint"],
            ),
            (
                json!({ "git": { "repoURL": "https://h/x", "discoveryLimit": 0 } }),
                vec!["bad-value git/discoveryLimit"],
            ),
            (
                json!({ "image": { "repoURL": "ghcr.io/a/b", "discoveryLimit": 101 } }),
                vec!["bad-value image/discoveryLimit"],
            ),
            (json!({ "image": { "repoURL": "ghcr.io/a/b:v1" } }), vec!["bad-repo-url image/repoURL"]),
            (
                json!({ "image": { "repoURL": "nginx", "imageSelectionStrategy": "Digest" } }),
                vec!["required image/constraint"],
            ),
            (
                json!({ "image": { "repoURL": "nginx", "imageSelectionStrategy": "Lexical", "constraint": "^^" } }),
                vec![],
            ),
            (
                json!({ "image": { "repoURL": "nginx", "platform": "linux" } }),
                vec!["bad-value image/platform"],
            ),
            (json!({ "chart": { "repoURL": "https://charts.x", "name": "c" } }), vec![]),
            (json!({ "chart": { "repoURL": "https://charts.x" } }), vec!["required chart/name"]),
            (
                json!({ "chart": { "repoURL": "oci://ghcr.io/a/c", "name": "c" } }),
                vec!["not-allowed chart/name"],
            ),
            (json!({ "s3": { "config": {} }, "name": "n" }), vec![]),
            (json!({ "s3": { "config": {} } }), vec!["required name"]),
            (json!({ "name": "N!", "image": { "repoURL": "nginx" } }), vec!["bad-value name"]),
        ] {
            let wanted: Vec<String> = problems
                .iter()
                .filter_map(|problem| problem.split_once(' '))
                .map(|(code, place)| format!("model/{code} /spec/subscriptions/0/{place}"))
                .collect();
            assert_eq!(subscriptions(json!([one])), wanted, "{one}");
        }
        assert_eq!(subscriptions(json!([])), ["model/required /spec/subscriptions"]);
    }

    #[test]
    fn no_repository_and_no_name_twice() {
        let git = |url: &str| json!({ "git": { "repoURL": url } });
        let chart = |name: &str| json!({ "chart": { "repoURL": "https://charts.x", "name": name } });
        let image = |name: &str, url: &str| json!({ "name": name, "image": { "repoURL": url } });
        for (list, problems) in [
            (json!([git("https://h/a/b"), git("https://h/a/c")]), vec![]),
            (
                json!([git("https://h/a/b"), git("https://u@H/a/b.git")]),
                vec!["model/duplicate /spec/subscriptions/1/git"],
            ),
            (json!([chart("a"), chart("b")]), vec![]),
            (json!([chart("a"), chart("a")]), vec!["model/duplicate /spec/subscriptions/1/chart"]),
            (
                json!([image("n", "nginx"), image("n", "docker.io/library/nginx")]),
                vec![
                    "model/duplicate /spec/subscriptions/1/name",
                    "model/duplicate /spec/subscriptions/1/image",
                ],
            ),
        ] {
            assert_eq!(subscriptions(list.clone()), problems, "{list}");
        }
    }

    #[test]
    fn freight_holds_something() {
        let empty = json!({ "origin": { "kind": "Warehouse", "name": "" } });
        assert_eq!(told(Kind::Freight, "f", empty), ["model/required ", "model/required /origin/name"]);
    }
}
