//! The manifests into the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Installation, names};
use crate::error::Error;
use crate::event::What;
use crate::model::{Freight, Kind, Resource, annotations};
use crate::store::{CONFLICT, CORRUPT, Key, Precondition, Stored, Write};
use jiff::Timestamp;

/// The kinds that come from manifests alone: what the manifests no longer have goes.
const FROM_MANIFESTS: [Kind; 9] = [
    Kind::Project,
    Kind::ProjectConfig,
    Kind::ClusterConfig,
    Kind::Warehouse,
    Kind::Stage,
    Kind::PromotionTask,
    Kind::ClusterPromotionTask,
    Kind::ConfigMap,
    Kind::Target,
];

/// Annotations by which something is asked of a stored resource: they are not the manifest's to take away.
const REQUESTS: [&str; 4] =
    [annotations::REFRESH, annotations::REVERIFY, annotations::ABORT, annotations::ARGOCD_CONTEXT];

impl Installation {
    /// Brings the store to what the manifests of the whole installation say: creates what is new, changes what
    /// they changed (its status is kept, its generation counts the changes of its spec), removes what they no
    /// longer have. Secrets are not stored: they come through [`Credentials`](crate::credentials::Credentials).
    /// Freight and Promotions are made here: those in the store stay, those in manifests are left out with a
    /// warning.
    ///
    /// # Errors
    /// `store/io`.
    pub async fn apply(&self, resources: impl IntoIterator<Item = Resource>) -> Result<(), Error> {
        let mut wanted = BTreeMap::new();
        for resource in resources {
            let kind = resource.kind();
            if FROM_MANIFESTS.contains(&kind) {
                wanted.insert(Key::of(&resource), resource);
            } else if kind != Kind::Secret {
                let about = format!("{kind}/{}", resource.name());
                let message = "left out: it is made by the installation, and does not come from a manifest";
                self.emit(resource.project(), What::Warning { about, message: message.to_owned() });
            }
        }
        loop {
            match self.apply_once(&wanted).await {
                Err(error) if error.code() == CONFLICT => {}
                done => return done,
            }
        }
    }

    async fn apply_once(&self, wanted: &BTreeMap<Key, Resource>) -> Result<(), Error> {
        let mut stored = BTreeMap::new();
        for kind in FROM_MANIFESTS {
            let all = self.store().list(kind, None).await?;
            stored.extend(all.into_iter().map(|one| (Key::of(&one.resource), one)));
        }
        let mut preconditions = Vec::new();
        let mut writes = Vec::new();
        for (key, resource) in wanted {
            let write = match stored.remove(key) {
                None => {
                    preconditions.push(Precondition::Absent(key.clone()));
                    Some(created(resource.clone(), self.clock().now()))
                }
                Some(Stored { resource: known, version }) => {
                    preconditions.push(Precondition::Version(key.clone(), version));
                    changed(&known, resource)?
                }
            };
            writes.extend(write.map(Write::put));
        }
        let gone: Vec<&Key> = stored.keys().filter(|key| key.kind == Kind::Stage).collect();
        if !gone.is_empty() {
            for freight in self.store().list(Kind::Freight, None).await? {
                if let Some(left) = without_stages(&freight.resource, &gone) {
                    preconditions.push(Precondition::Version(Key::of(&freight.resource), freight.version));
                    writes.push(Write::put(left));
                }
            }
        }
        for (key, gone) in stored {
            preconditions.push(Precondition::Version(key.clone(), gone.version));
            writes.push(Write::Delete(key));
        }
        if !writes.is_empty() {
            self.store().commit(&preconditions, writes).await?;
        }
        Ok(())
    }
}

/// As in Kargo, Freight is no longer verified in a Stage that is gone, nor approved for it. `None` where it was not.
fn without_stages(freight: &Resource, gone: &[&Key]) -> Option<Freight> {
    let known = freight.get::<Freight>()?;
    let mut left = known.clone();
    for stage in gone.iter().filter(|stage| stage.project == known.metadata.project()) {
        left.status.currently_in.remove(&stage.name);
        left.status.verified_in.remove(&stage.name);
        left.status.approved_for.remove(&stage.name);
    }
    (left != *known).then_some(left)
}

fn created(mut resource: Resource, now: Timestamp) -> Resource {
    let uid = names::uid(&format!("{} {now}", Key::of(&resource)));
    let metadata = resource.metadata_mut();
    metadata.uid = Some(uid);
    metadata.creation_timestamp = Some(now);
    metadata.generation = Some(1);
    resource
}

/// The stored resource as the manifest now wants it; `None` where that is the same.
fn changed(stored: &Arc<Resource>, manifest: &Resource) -> Result<Option<Resource>, Error> {
    let json = |resource: &Resource| resource.to_json().map_err(not_json);
    let (old, mut new) = (json(stored)?, json(manifest)?);
    if let (Some(status), Some(new)) = (old.get("status"), new.as_object_mut()) {
        new.insert("status".to_owned(), status.clone());
    }
    let mut new = Resource::from_json(new).map_err(not_json)?.unwrap_or_else(|| manifest.clone());
    let known = stored.metadata();
    let metadata = new.metadata_mut();
    metadata.uid.clone_from(&known.uid);
    metadata.creation_timestamp = known.creation_timestamp;
    metadata.generation = known.generation;
    let requests = known.annotations.iter().filter(|(key, _)| REQUESTS.contains(&key.as_str()));
    metadata.annotations.extend(requests.map(|(key, value)| (key.clone(), value.clone())));
    if json(&new)?.get("spec") != old.get("spec") {
        new.metadata_mut().generation = Some(known.generation.unwrap_or_default() + 1);
    }
    Ok((new != **stored).then_some(new))
}

fn not_json(error: serde_json::Error) -> Error {
    Error::new(CORRUPT, "a resource could not be compared").with_source(error)
}
