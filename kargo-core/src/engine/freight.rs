//! Which piece of Freight an expression means, and the artifact in it: Kargo's rules for `commitFrom` and the like.

use crate::model::{
    ArtifactReference, Chart, FreightOrigin, FreightReference, FreightRequest, GitCommit, Image,
    RepoSubscription, SubscriptionSource, Warehouse, url,
};

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) enum Sought {
    /// A commit of this repository, normalised.
    Commit(String),
    /// An image of this repository, literally.
    Image(String),
    /// A chart of this repository and name, literally.
    Chart(String, String),
    /// Another artifact, by its subscription's name.
    Artifact(String),
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Artifact<'a> {
    Commit(&'a GitCommit),
    Image(&'a Image),
    Chart(&'a Chart),
    Other(&'a ArtifactReference),
}

impl Sought {
    /// A commit of the repository, however it is spelled.
    pub(super) fn commit(repo_url: &str) -> Self {
        Self::Commit(url::normalize_git(repo_url))
    }

    /// What is looked for, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Commit(repo) => format!("commit from repo {repo}"),
            Self::Image(repo) => format!("image from repo {repo}"),
            Self::Chart(repo, name) if name.is_empty() => format!("chart from repo {repo}"),
            Self::Chart(repo, name) => format!("chart {name:?} from repo {repo}"),
            Self::Artifact(name) => format!("artifact of subscription {name:?}"),
        }
    }

    /// Whether the subscription can give it.
    fn is_given_by(&self, subscription: &RepoSubscription) -> bool {
        match (self, &subscription.source) {
            (Self::Commit(repo), SubscriptionSource::Git(git)) => url::normalize_git(&git.repo_url) == *repo,
            (Self::Image(repo), SubscriptionSource::Image(image)) => image.repo_url == *repo,
            (Self::Chart(repo, name), SubscriptionSource::Chart(chart)) => {
                chart.repo_url == *repo && chart.name.as_deref().unwrap_or_default() == name
            }
            (Self::Artifact(name), _) => subscription.name() == name,
            _ => false,
        }
    }

    /// The only requested origin that can give it; `None` where there is none.
    ///
    /// The error says that there is more than one, or passes on that of `warehouse`.
    pub(super) fn origin<'w, E: From<String>>(
        &self,
        requests: &[FreightRequest],
        mut warehouse: impl FnMut(&str) -> Result<&'w Warehouse, E>,
    ) -> Result<Option<FreightOrigin>, E> {
        let mut found = None;
        for request in requests {
            let subscriptions = &warehouse(&request.origin.name)?.spec.subscriptions;
            for _ in subscriptions.iter().filter(|subscription| self.is_given_by(subscription)) {
                if found.is_some() {
                    return Err(E::from(format!(
                        "multiple requested Freight could potentially provide a {}; name the origin: \
                         warehouse(\"…\") as the last argument",
                        self.describe()
                    )));
                }
                found = Some(request.origin.clone());
            }
        }
        Ok(found)
    }

    /// The artifact in the piece of Freight of `origin`.
    pub(super) fn find<'f>(
        &self,
        freight: impl IntoIterator<Item = &'f FreightReference>,
        origin: &FreightOrigin,
    ) -> Option<Artifact<'f>> {
        let mut pieces = freight.into_iter().filter(|piece| piece.origin == *origin);
        pieces.find_map(|piece| match self {
            Self::Commit(repo) => {
                let mut commits = piece.commits.iter();
                commits.find(|commit| url::normalize_git(&commit.repo_url) == *repo).map(Artifact::Commit)
            }
            Self::Image(repo) => {
                piece.images.iter().find(|image| image.repo_url == *repo).map(Artifact::Image)
            }
            Self::Chart(repo, name) => {
                let mut charts = piece.charts.iter();
                charts.find(|chart| chart.repo_url == *repo && chart.name == *name).map(Artifact::Chart)
            }
            Self::Artifact(name) => {
                let mut artifacts = piece.artifacts.iter();
                artifacts.find(|artifact| artifact.subscription_name == *name).map(Artifact::Other)
            }
        })
    }
}
