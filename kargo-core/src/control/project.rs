//! One project as the rules see it: everything at one moment, typed.

use std::sync::Arc;

use crate::error::Error;
use crate::model::{
    ClusterPromotionTask, Freight, Kind, Object, ProjectConfig, Promotion, PromotionTask, PromotionTaskSpec,
    Stage, TaskKind,
};
use crate::store::{Key, Precondition, Store, Stored, Version};

/// A stored object of one kind.
#[derive(Clone, Debug)]
pub(super) struct Versioned<T> {
    pub(super) object: T,
    version: Version,
}

impl<T: Object> Versioned<T> {
    fn of(stored: &Stored) -> Option<Self> {
        Some(Self { object: stored.resource.get::<T>()?.clone(), version: stored.version })
    }

    pub(super) fn name(&self) -> &str {
        &self.object.metadata().name
    }

    pub(super) fn project(&self) -> &str {
        self.object.metadata().project()
    }

    pub(super) fn key(&self) -> Key {
        Key::new(T::KIND, self.project(), self.name())
    }

    /// That nobody wrote it since it was read.
    pub(super) fn unchanged(&self) -> Precondition {
        Precondition::Version(self.key(), self.version)
    }
}

/// All objects of one kind, of one project or of all.
pub(super) async fn list<T: Object>(
    store: &Arc<dyn Store>,
    project: Option<&str>,
) -> Result<Vec<Versioned<T>>, Error> {
    Ok(store.list(T::KIND, project).await?.iter().filter_map(Versioned::of).collect())
}

/// One object.
pub(super) async fn get<T: Object>(
    store: &Arc<dyn Store>,
    project: &str,
    name: &str,
) -> Result<Option<Versioned<T>>, Error> {
    let stored = store.get(&Key::new(T::KIND, project, name)).await?;
    Ok(stored.as_ref().and_then(Versioned::of))
}

/// What the rules of a project's Stages look at. All lists are ordered by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Project {
    pub(super) config: Option<ProjectConfig>,
    pub(super) stages: Vec<Versioned<Stage>>,
    pub(super) freight: Vec<Versioned<Freight>>,
    pub(super) promotions: Vec<Versioned<Promotion>>,
    tasks: Vec<Versioned<PromotionTask>>,
    cluster_tasks: Vec<Versioned<ClusterPromotionTask>>,
}

impl Project {
    /// Reads the project.
    pub(super) async fn read(store: &Arc<dyn Store>, name: &str) -> Result<Self, Error> {
        Ok(Self {
            config: list(store, Some(name)).await?.pop().map(|config| config.object),
            stages: list(store, Some(name)).await?,
            freight: list(store, Some(name)).await?,
            promotions: list(store, Some(name)).await?,
            tasks: list(store, Some(name)).await?,
            cluster_tasks: list(store, None).await?,
        })
    }

    /// The names of all projects that have Warehouses or Stages.
    pub(super) async fn names(store: &Arc<dyn Store>) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        for kind in [Kind::Warehouse, Kind::Stage] {
            names.extend(
                store.list(kind, None).await?.iter().map(|stored| stored.resource.project().to_owned()),
            );
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The Promotions to a Stage, oldest first: their names begin alike and go on with the time.
    pub(super) fn promotions_to<'a>(
        &'a self,
        stage: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a Promotion> {
        self.promotions.iter().map(|promotion| &promotion.object).filter(move |one| one.spec.stage == stage)
    }

    /// All Freight.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Freight> {
        self.freight.iter().map(|freight| &freight.object)
    }

    /// The Freight of that name.
    pub(super) fn freight(&self, name: &str) -> Option<&Versioned<Freight>> {
        self.freight.iter().find(|freight| freight.name() == name)
    }

    /// The alias of the Freight of that name; empty where there is none.
    pub(super) fn alias(&self, freight: &str) -> &str {
        self.freight(freight).map(|freight| freight.object.alias.as_str()).unwrap_or_default()
    }

    /// The task that a step refers to.
    pub(super) fn task(&self, kind: TaskKind, name: &str) -> Option<&PromotionTaskSpec> {
        match kind {
            TaskKind::PromotionTask => {
                self.tasks.iter().find(|task| task.name() == name).map(|task| &task.object.spec)
            }
            TaskKind::ClusterPromotionTask => {
                self.cluster_tasks.iter().find(|task| task.name() == name).map(|task| &task.object.spec)
            }
        }
    }
}
