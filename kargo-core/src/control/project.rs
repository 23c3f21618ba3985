//! One project as the rules see it: everything at one moment, typed.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use crate::error::Error;
use crate::model::{
    ClusterPromotionTask, Freight, Object, ProjectConfig, Promotion, PromotionTask, PromotionTaskSpec, Stage,
    TaskKind,
};
use crate::store::{Key, Precondition, Store, Stored, Write};

/// A stored object of one kind, shared with the store.
pub(super) struct Versioned<T> {
    stored: Stored,
    kind: PhantomData<T>,
}

impl<T: Object> Versioned<T> {
    fn of(stored: Stored) -> Option<Self> {
        stored.resource.get::<T>()?;
        Some(Self { stored, kind: PhantomData })
    }

    pub(super) fn name(&self) -> &str {
        self.stored.resource.name()
    }

    pub(super) fn project(&self) -> &str {
        self.stored.resource.project()
    }

    pub(super) fn key(&self) -> Key {
        Key::of(&self.stored.resource)
    }

    /// A copy of its own, to be changed.
    pub(super) fn cloned(&self) -> T {
        T::clone(self)
    }

    /// That nobody wrote it since it was read.
    pub(super) fn unchanged(&self) -> Precondition {
        Precondition::Version(self.key(), self.stored.version)
    }

    /// The same once more, which counts as a write.
    pub(super) fn again(&self) -> Write {
        Write::Put(Arc::clone(&self.stored.resource))
    }
}

impl<T: Object> Deref for Versioned<T> {
    type Target = T;

    #[expect(clippy::expect_used, reason = "`of` makes it only of a resource of this kind")]
    fn deref(&self) -> &T {
        self.stored.resource.get::<T>().expect("a resource of this kind")
    }
}

/// All objects of one kind, of one project or of all.
pub(super) async fn list<T: Object>(
    store: &Arc<dyn Store>,
    project: Option<&str>,
) -> Result<Vec<Versioned<T>>, Error> {
    Ok(store.list(T::KIND, project).await?.into_iter().filter_map(Versioned::of).collect())
}

/// One object.
pub(super) async fn get<T: Object>(
    store: &Arc<dyn Store>,
    project: &str,
    name: &str,
) -> Result<Option<Versioned<T>>, Error> {
    Ok(store.get(&Key::new(T::KIND, project, name)).await?.and_then(Versioned::of))
}

/// What the rules of a project's Stages look at. All lists are ordered by name.
#[derive(Default)]
pub(super) struct Project {
    pub(super) config: Option<Versioned<ProjectConfig>>,
    pub(super) stages: Vec<Versioned<Stage>>,
    pub(super) freight: Vec<Versioned<Freight>>,
    pub(super) promotions: Vec<Versioned<Promotion>>,
    tasks: Vec<Versioned<PromotionTask>>,
    cluster_tasks: Arc<[Versioned<ClusterPromotionTask>]>,
}

impl Project {
    /// Reads a project, or all, by name.
    ///
    /// Stages are read first: who makes a Promotion writes the Stage too, so that what is decided without knowing
    /// of it can no longer be written.
    pub(super) async fn read(
        store: &Arc<dyn Store>,
        project: Option<&str>,
    ) -> Result<BTreeMap<String, Self>, Error> {
        let mut projects: BTreeMap<String, Self> = BTreeMap::new();
        for stage in list::<Stage>(store, project).await? {
            projects.entry(stage.project().to_owned()).or_default().stages.push(stage);
        }
        for freight in list::<Freight>(store, project).await? {
            projects.entry(freight.project().to_owned()).or_default().freight.push(freight);
        }
        for promotion in list::<Promotion>(store, project).await? {
            projects.entry(promotion.project().to_owned()).or_default().promotions.push(promotion);
        }
        for config in list::<ProjectConfig>(store, project).await? {
            let project = config.project().to_owned();
            projects.entry(project).or_default().config = Some(config);
        }
        for task in list::<PromotionTask>(store, project).await? {
            projects.entry(task.project().to_owned()).or_default().tasks.push(task);
        }
        let cluster_tasks: Arc<[_]> = list(store, None).await?.into();
        projects.values_mut().for_each(|project| project.cluster_tasks = Arc::clone(&cluster_tasks));
        Ok(projects)
    }

    /// The Promotions to a Stage, oldest first: their names begin alike and go on with the time.
    pub(super) fn promotions_to<'a>(
        &'a self,
        stage: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a Promotion> {
        self.promotions.iter().map(|promotion| &**promotion).filter(move |one| one.spec.stage == stage)
    }

    /// All Freight.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Freight> {
        self.freight.iter().map(|freight| &**freight)
    }

    /// The Freight of that name.
    pub(super) fn freight(&self, name: &str) -> Option<&Versioned<Freight>> {
        self.freight.iter().find(|freight| freight.name() == name)
    }

    /// The alias of the Freight of that name; empty where there is none.
    pub(super) fn alias(&self, freight: &str) -> &str {
        self.freight(freight).map(|freight| freight.alias.as_str()).unwrap_or_default()
    }

    /// The task that a step refers to.
    pub(super) fn task(&self, kind: TaskKind, name: &str) -> Option<&PromotionTaskSpec> {
        match kind {
            TaskKind::PromotionTask => {
                self.tasks.iter().find(|task| task.name() == name).map(|task| &task.spec)
            }
            TaskKind::ClusterPromotionTask => {
                self.cluster_tasks.iter().find(|task| task.name() == name).map(|task| &task.spec)
            }
        }
    }
}
