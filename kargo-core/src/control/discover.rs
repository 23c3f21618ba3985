//! Discovery: all Warehouses that are due in one call for each source, and Freight from what is newest.

use std::time::Duration;

use jiff::Timestamp;

use super::conditions::{self, Verdict};
use super::project::{Versioned, get, list};
use super::warehouse::{self, Conclusion};
use super::{Installation, names};
use crate::discovery::{ArtifactSource, Discovered, Discovery, DiscoveryRequest};
use crate::error::Error;
use crate::event::What;
use crate::model::{Freight, Kind, Warehouse, alias, condition};
use crate::store::{CONFLICT, Key, Precondition, Write};

/// What was answered for each subscription of each Warehouse.
type Answers = Vec<Vec<Option<Result<Discovery, Error>>>>;

impl Installation {
    /// All Warehouses, with the time when each is due.
    pub(super) async fn warehouses(&self) -> Result<Vec<(Versioned<Warehouse>, Timestamp)>, Error> {
        let now = self.clock().now();
        let warehouses = list::<Warehouse>(self.store(), None).await?;
        Ok(warehouses
            .into_iter()
            .map(|one| (warehouse::due(&one, now), one))
            .map(|(at, one)| (one, at))
            .collect())
    }

    /// Discovers these Warehouses, makes Freight, and says how it went for each.
    pub(super) async fn discover(
        self,
        warehouses: Vec<Versioned<Warehouse>>,
    ) -> Vec<(Key, Result<(), Error>)> {
        let started = self.clock().now();
        let subscriptions = warehouses.iter().map(|one| one.spec.subscriptions.len());
        let mut answers: Answers = subscriptions.map(|count| (0..count).map(|_| None).collect()).collect();
        for source in &self.0.sources {
            ask(source.as_ref(), &warehouses, &mut answers).await;
        }
        let duration = self.clock().now().duration_since(started).try_into().unwrap_or_default();
        let mut outcomes = Vec::new();
        for (warehouse, answers) in warehouses.iter().zip(answers) {
            let conclusion = warehouse::conclude(warehouse, answers, started);
            outcomes.push((warehouse.key(), self.record_conclusion(warehouse, conclusion, duration).await));
        }
        outcomes
    }

    /// Writes what follows from a discovery, and tells it.
    async fn record_conclusion(
        &self,
        warehouse: &Versioned<Warehouse>,
        conclusion: Conclusion,
        duration: Duration,
    ) -> Result<(), Error> {
        let (project, name) = (warehouse.project(), warehouse.name());
        let created = loop {
            match self.write_conclusion(warehouse, &conclusion).await {
                Err(error) if error.code() == CONFLICT => {}
                written => break written?,
            }
        };
        for message in conclusion.warnings {
            self.emit(project, What::Warning { about: format!("Warehouse/{name}"), message });
        }
        if let Some(error) = conclusion.error {
            return Err(error);
        }
        let artifacts = conclusion.artifacts;
        self.emit(project, What::WarehouseDiscovered { warehouse: name.to_owned(), artifacts, duration });
        if let Some(freight) = created {
            let (freight, alias) = (freight.metadata.name, freight.alias);
            self.emit(project, What::FreightCreated { warehouse: name.to_owned(), freight, alias });
        }
        Ok(())
    }

    /// One attempt to write; gives the Freight that was made.
    async fn write_conclusion(
        &self,
        warehouse: &Versioned<Warehouse>,
        conclusion: &Conclusion,
    ) -> Result<Option<Freight>, Error> {
        let now = get::<Warehouse>(self.store(), warehouse.project(), warehouse.name()).await?;
        let same = |now: &Versioned<Warehouse>| now.metadata.generation == warehouse.metadata.generation;
        // Who changed or removed it meanwhile wants something else discovered.
        let Some(now) = now.filter(same) else { return Ok(None) };
        let mut changed = Warehouse { status: conclusion.status.clone(), ..now.cloned() };
        let mut preconditions = vec![now.unchanged()];
        let mut created = None;
        if let Some(freight) = &conclusion.freight {
            let key = Key::new(Kind::Freight, warehouse.project(), &freight.metadata.name);
            let verdict = if self.store().get(&key).await?.is_some() {
                Verdict::no("AlreadyExists", "there is Freight of this content already")
            } else {
                preconditions.push(Precondition::Absent(key));
                created = Some(self.with_alias(freight.clone()).await?);
                Verdict::yes("NewFreight", "Freight was made")
            };
            changed.status.last_freight_id = Some(freight.metadata.name.clone());
            let at = self.clock().now();
            conditions::of_warehouse(&now, &mut changed.status, condition::FREIGHT_CREATED, &verdict, at);
        }
        let writes = [Write::put(changed)].into_iter().chain(created.clone().map(Write::put));
        self.store().commit(&preconditions, writes.collect()).await?;
        Ok(created)
    }

    /// The Freight with an alias that no other has. It begins at the content, so that the same Freight has the
    /// same alias wherever it is still free.
    async fn with_alias(&self, mut freight: Freight) -> Result<Freight, Error> {
        let others = list::<Freight>(self.store(), None).await?;
        let is_taken = |alias: &str| others.iter().any(|other| other.alias == alias);
        freight.set_alias(alias::generate(names::number(&freight.metadata.name), is_taken));
        Ok(freight)
    }
}

/// Asks a source for all the subscriptions that it takes and that nobody answered yet.
async fn ask(source: &dyn ArtifactSource, warehouses: &[Versioned<Warehouse>], answers: &mut Answers) {
    let previous: Vec<Vec<Option<Discovered>>> =
        warehouses.iter().map(|one| warehouse::previous(one)).collect();
    let mut places = Vec::new();
    let mut requests = Vec::new();
    for (at, warehouse) in warehouses.iter().enumerate() {
        for (index, subscription) in warehouse.spec.subscriptions.iter().enumerate() {
            if answers[at][index].is_none() && source.takes(subscription) {
                places.push((at, index));
                requests.push(DiscoveryRequest {
                    project: warehouse.project(),
                    warehouse: warehouse.name(),
                    subscription,
                    previous: previous[at][index].as_ref(),
                });
            }
        }
    }
    if requests.is_empty() {
        return;
    }
    for ((at, index), answer) in places.into_iter().zip(source.discover(&requests).await) {
        answers[at][index] = Some(answer);
    }
}
