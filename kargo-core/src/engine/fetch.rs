//! What expressions ask for: fetched once for each step, from the credentials and the store.

use std::collections::HashMap;
use std::sync::Arc;

use kargo_expr::{Map, Need, Value};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::host::WAREHOUSE;
use super::object::{go_json, strings};
use super::{LOOK_UP, Parts};
use crate::credentials::SecretData;
use crate::error::Error;
use crate::model::{ConfigMap, Freight, Kind, Resource, Stage, Warehouse};
use crate::store::Key;

/// What was fetched for one step.
#[derive(Default)]
pub(super) struct Data {
    values: HashMap<Need, Value>,
    warehouses: HashMap<Arc<str>, Option<Arc<Resource>>>,
}

impl Data {
    /// The value of a look-up, if it was fetched.
    pub(super) fn value(&self, kind: &str, key: &str) -> Option<&Value> {
        self.values.get(&Need { kind: kind.into(), key: key.into() })
    }

    /// A Warehouse, if it was fetched; `Some(None)` where there is none of that name.
    pub(super) fn warehouse(&self, name: &str) -> Option<Option<&Warehouse>> {
        self.warehouses.get(name).map(|found| found.as_deref().and_then(Resource::get))
    }

    /// Fetches what is needed.
    pub(super) async fn fetch(&mut self, parts: &Parts, project: &str, need: Need) -> Result<(), Error> {
        if self.values.len() + self.warehouses.len() >= parts.limits.look_ups {
            let limit = parts.limits.look_ups;
            return Err(Error::new(
                LOOK_UP,
                format!("the expressions of one step ask for more than {limit} objects"),
            ));
        }
        if &*need.kind == WAREHOUSE {
            let found = stored(parts, Kind::Warehouse, project, &need.key).await?;
            self.warehouses.insert(need.key, found);
            return Ok(());
        }
        let value = look_up(parts, project, &need.kind, &need.key).await?;
        self.values.insert(need, value);
        Ok(())
    }
}

/// The value of a look-up function. What is missing is an empty map, or nil where it is metadata.
async fn look_up(parts: &Parts, project: &str, kind: &str, name: &str) -> Result<Value, Error> {
    match kind {
        "secret" => Ok(secret(parts.credentials.secret(project, name).await?)),
        "sharedSecret" => Ok(secret(parts.credentials.shared_secret(name).await?)),
        "configMap" => config_map(parts, project, name).await,
        "sharedConfigMap" => config_map(parts, &parts.shared_project, name).await,
        "freightMetadata" => {
            let found = stored(parts, Kind::Freight, project, name).await?;
            Ok(metadata(
                found.as_deref().and_then(Resource::get::<Freight>).map(|freight| &freight.status.metadata),
            ))
        }
        "stageMetadata" => {
            let found = stored(parts, Kind::Stage, project, name).await?;
            Ok(metadata(
                found.as_deref().and_then(Resource::get::<Stage>).map(|stage| &stage.status.metadata),
            ))
        }
        "freightStatus" => {
            let found = stored(parts, Kind::Freight, project, name).await?;
            Ok(json(found.as_deref().and_then(Resource::get::<Freight>).map(|freight| &freight.status)))
        }
        kind => Err(Error::new(LOOK_UP, format!("an expression asks for {kind:?}, which nobody knows"))),
    }
}

async fn stored(
    parts: &Parts,
    kind: Kind,
    project: &str,
    name: &str,
) -> Result<Option<Arc<Resource>>, Error> {
    let key = Key::new(kind, project, name);
    let found = parts
        .store
        .get(&key)
        .await
        .map_err(|error| Error::new(LOOK_UP, format!("could not read {key}")).with_source(error))?;
    Ok(found.map(|stored| stored.resource))
}

async fn config_map(parts: &Parts, project: &str, name: &str) -> Result<Value, Error> {
    let found = stored(parts, Kind::ConfigMap, project, name).await?;
    let config_map = found.as_deref().and_then(Resource::get::<ConfigMap>);
    Ok(strings(config_map.into_iter().flat_map(|config_map| &config_map.data)))
}

fn secret(data: Option<SecretData>) -> Value {
    let data = data.unwrap_or_default();
    let entries = data.iter().map(|(key, value)| (key.as_str(), value.expose_secret()));
    Value::from(Map::of_strings(entries)).tainted()
}

/// Free data; nil where there is none.
fn metadata(data: Option<&std::collections::BTreeMap<String, serde_json::Value>>) -> Value {
    json(data.filter(|data| !data.is_empty()))
}

fn json(data: Option<&impl Serialize>) -> Value {
    // Models are JSON already: there is nothing in them that JSON could refuse.
    data.map_or(Value::nil(), |data| go_json(&serde_json::to_value(data).unwrap_or_default()))
}
