//! Names that are made from content.

use sha1::{Digest, Sha1};

use super::{ArtifactReference, Chart, Freight, GitCommit, Image, url};

/// The name of Freight: the SHA-1, in hexadecimal, of its origin and artifacts. Artifacts count in any order;
/// branch, author, committer, message, annotations and alias do not count.
pub fn freight_name(freight: &Freight) -> String {
    let commits = freight.commits.iter().map(commit_part);
    let images = freight.images.iter().map(image_part);
    let charts = freight.charts.iter().map(chart_part);
    let artifacts = freight.artifacts.iter().map(artifact_part);
    let mut parts: Vec<String> = commits.chain(images).chain(charts).chain(artifacts).collect();
    parts.sort_unstable();
    hex_sha1(&format!("{}:{}", freight.origin, parts.join("|")))
}

/// The id of a collection: the SHA-1, in hexadecimal, of the names of its Freight in order.
pub fn collection_id<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    hex_sha1(&names.join(","))
}

fn commit_part(commit: &GitCommit) -> String {
    let repo = url::normalize_git(&commit.repo_url);
    let tag = if commit.tag.is_empty() { String::new() } else { format!("{}:", commit.tag) };
    with_subscription(format!("{repo}:{tag}{}", commit.id), &commit.subscription_name)
}

fn image_part(image: &Image) -> String {
    let part = format!("{}:{}@{}", image.repo_url, image.tag, image.digest);
    with_subscription(part, &image.subscription_name)
}

fn chart_part(chart: &Chart) -> String {
    let repo = url::normalize_chart(&chart.repo_url);
    let part = format!("{}:{}", join_path(&repo, &chart.name), chart.version);
    with_subscription(part, &chart.subscription_name)
}

fn artifact_part(artifact: &ArtifactReference) -> String {
    format!("{}:{}:{}", artifact.artifact_type, artifact.subscription_name, artifact.version)
}

fn with_subscription(part: String, subscription: &str) -> String {
    if subscription.is_empty() { part } else { format!("{part}:{subscription}") }
}

/// Go's `path.Join` of two parts: joined with a slash and cleaned, so that `https://host` becomes
/// `https:/host`.
fn join_path(base: &str, name: &str) -> String {
    match (base, name) {
        ("", "") => String::new(),
        ("", path) | (path, "") => url::clean_path(path),
        _ => url::clean_path(&format!("{base}/{name}")),
    }
}

fn hex_sha1(text: &str) -> String {
    Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FreightOrigin;

    fn freight() -> Freight {
        Freight::new("p", FreightOrigin::warehouse("main"))
    }

    #[test]
    fn the_worked_example() {
        let commit = GitCommit::new("https://github.com/example/repo.git", "abc123").with_tag("v1.0.0");
        let image = Image::new("nginx", "1.27").with_digest("sha256:00");
        let freight = freight().with_image(image).with_commit(commit.with_message("does not count"));
        assert_eq!(freight.named_by_content().metadata.name, "796b6af3cbf84645110f7b10b368f00661ab9cda");
    }

    #[test]
    fn order_does_not_count_and_content_does() {
        let commit = |id: &str| GitCommit::new("https://h/r", id);
        let name = |freight: Freight| freight.named_by_content().metadata.name;
        let one = name(freight().with_commit(commit("1")).with_commit(commit("2")));
        assert_eq!(
            one,
            name(freight().with_commit(commit("2")).with_commit(commit("1")).with_alias("calm-otter"))
        );
        assert_ne!(one, name(freight().with_commit(commit("1"))));
        let elsewhere = Freight { origin: FreightOrigin::warehouse("other"), ..freight() };
        assert_ne!(one, name(elsewhere.with_commit(commit("1")).with_commit(commit("2"))));
    }

    #[test]
    fn parts_as_they_are_hashed() {
        let commit = GitCommit::new("git@github.com:Example/Repo.git", "1").with_branch("main");
        assert_eq!(commit_part(&commit), "ssh://git@github.com/example/repo:1");
        let named = GitCommit { subscription_name: "s".into(), ..GitCommit::new("https://h/r", "1") };
        assert_eq!(commit_part(&named), "https://h/r:1:s");
        // Images are not normalised.
        assert_eq!(image_part(&Image::new("docker.io/library/nginx", "1")), "docker.io/library/nginx:1@");
        assert_eq!(chart_part(&Chart::new("https://Charts.x/a/", "c", "1.0.0")), "https:/charts.x/a/c:1.0.0");
        assert_eq!(chart_part(&Chart::new("oci://ghcr.io/a/c", "", "1")), "ghcr.io/a/c:1");
        let artifact = ArtifactReference {
            artifact_type: "t".into(),
            subscription_name: "s".into(),
            version: "1".into(),
            metadata: Some(serde_json::json!({ "not": "counted" })),
        };
        assert_eq!(artifact_part(&artifact), "t:s:1");
    }

    #[test]
    fn paths_are_joined_as_go_does() {
        for (base, name, joined) in [
            ("", "", ""),
            ("a", "", "a"),
            ("", "b", "b"),
            ("a//b/", "./c", "a/b/c"),
            ("a", "../../b", "../b"),
            ("/a", "../../b", "/b"),
            ("a", "..", "."),
        ] {
            assert_eq!(join_path(base, name), joined, "{base} {name}");
        }
    }
}
