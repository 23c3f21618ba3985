//! The world of one case: a store with its objects, repositories, a work directory.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use kargo_core::credentials::{SHARED_NAMESPACE, SecretDocuments};
use kargo_core::engine::{Engine, Job, promotion};
use kargo_core::model::{
    FreightCollection, FreightReference, FreightRequest, Kind, ObjectMeta, Promotion, PromotionTaskSpec,
    Resource, Secret, Stage, TargetSpec, annotations,
};
use kargo_core::step::Registry;
use kargo_core::store::{Key, MemoryStore, Store, Write};
use kargo_git::UrlPolicy;
use kargo_steps::Services;
use serde::Deserialize;
use serde_json::{Value, json};

use super::repos::Repos;
use super::{Context, Input};

/// The shared namespace as the corpus names it.
const CORPUS_SHARED: &str = "kargo-shared";
/// The uid of the only Promotion, which names its work directory.
const UID: &str = "promotion";

/// The built-in steps, which may clone from plain paths; mirrors are kept in `cache`.
pub(super) fn registry(cache: &Path) -> Registry {
    let urls = UrlPolicy { allow_file: true, allow_http: true };
    kargo_steps::builtin(&Services::new(cache).with_urls(urls))
}

/// A Target as the corpus writes it.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Target {
    params: BTreeMap<String, Value>,
    labels: BTreeMap<String, String>,
}

/// An object that a case looks at afterwards.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) kind: String,
    pub(super) name: String,
}

/// The world of one case.
pub(super) struct World {
    pub(super) repos: Repos,
    store: MemoryStore,
    secrets: SecretDocuments,
    tasks: Vec<(Kind, String, PromotionTaskSpec)>,
    server: String,
    dir: tempfile::TempDir,
}

impl World {
    pub(super) async fn new(input: &Input, server: &str) -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let repos = Repos::make(&dir.path().join("repos"), &input.repos)?;
        let mut world = Self {
            repos,
            store: MemoryStore::new(),
            secrets: SecretDocuments::new(),
            tasks: Vec::new(),
            server: server.to_owned(),
            dir,
        };
        world.add_objects(input).await?;
        world.add_files(input)?;
        Ok(world)
    }

    async fn add_objects(&mut self, input: &Input) -> Result<(), String> {
        let mut writes = Vec::new();
        for object in &input.objects {
            let mut object = object.clone();
            if object["metadata"]["namespace"] == CORPUS_SHARED {
                object["metadata"]["namespace"] = SHARED_NAMESPACE.into();
            }
            if object["kind"] == "Secret" {
                let secret: Secret = serde_json::from_value(object).map_err(|error| error.to_string())?;
                self.secrets = std::mem::take(&mut self.secrets).with(secret);
                continue;
            }
            // The corpus leaves out what its case does not need.
            if object["kind"] == "Stage" && object["spec"].is_null() {
                object["spec"] = json!({});
            }
            let resource = Resource::from_json(object).map_err(|error| error.to_string())?;
            let Some(resource) = resource else { continue };
            match &resource {
                Resource::PromotionTask(task) => {
                    self.tasks.push((Kind::PromotionTask, task.metadata.name.clone(), task.spec.clone()));
                }
                Resource::ClusterPromotionTask(task) => {
                    self.tasks.push((
                        Kind::ClusterPromotionTask,
                        task.metadata.name.clone(),
                        task.spec.clone(),
                    ));
                }
                _ => {}
            }
            writes.push(Write::Put(resource.into()));
        }
        self.store.commit(&[], writes).await.map(|_| ()).map_err(|error| error.to_string())
    }

    fn add_files(&self, input: &Input) -> Result<(), String> {
        for (path, content) in &input.files {
            let target = self.work_dir().join(path);
            put(&target, content).map_err(|error| format!("{path}: {error}"))?;
        }
        Ok(())
    }

    /// The work directory of the Promotion.
    pub(super) fn work_dir(&self) -> PathBuf {
        self.dir.path().join("work").join(UID)
    }

    /// The Promotion and what it is about; an error where it is refused.
    pub(super) fn job(&self, input: &Input) -> Result<Job, String> {
        let ctx = &input.ctx;
        let stage = self.stage(input)?;
        let freight: Vec<FreightReference> = from_all(&input.freight)?;
        let promoted = freight.first().cloned().unwrap_or_default();
        let find = |kind, name: &str| {
            let wanted = match kind {
                kargo_core::model::TaskKind::PromotionTask => Kind::PromotionTask,
                kargo_core::model::TaskKind::ClusterPromotionTask => Kind::ClusterPromotionTask,
            };
            self.tasks.iter().find(|(kind, known, _)| *kind == wanted && known == name).map(|(.., spec)| spec)
        };
        let build = promotion::PromotionInput {
            stage: &stage,
            freight: &promoted.name,
            tasks: &find,
            actor: &format!("kubernetes:{}", ctx.actor),
            now: jiff::Timestamp::now(),
            random: 1,
        };
        let mut promotion = if input.steps.is_empty() {
            // A Stage without steps is refused; the corpus hands the engine none all the same.
            Promotion::new(&ctx.project, "", &ctx.stage, &promoted.name)
        } else {
            promotion::build(&build).map_err(|error| error.to_string())?
        };
        promotion.metadata.name.clone_from(&ctx.promotion);
        promotion.metadata.uid = Some(UID.to_owned());
        if ctx.rollback {
            promotion.metadata = promotion.metadata.with_annotation(annotations::ROLLBACK, "true");
        }
        let mut job = Job::new(promotion, stage, promoted, self.dir.path().join("work"));
        job.freight_alias.clone_from(&ctx.target_freight_alias);
        job.collection = FreightCollection::of(freight);
        job.target = ctx.target.clone().map(|target| kargo_core::model::Target {
            metadata: ObjectMeta { labels: target.labels, ..ObjectMeta::default() },
            spec: Some(TargetSpec { params: target.params }),
            status: None,
        });
        Ok(job)
    }

    fn stage(&self, input: &Input) -> Result<Stage, String> {
        let Context { project, stage, .. } = &input.ctx;
        let mut made = Stage::new(project, stage);
        made.spec.requested_freight = from_all::<FreightRequest>(&input.requests)?;
        made.spec.vars = from_all(&input.vars)?;
        for step in &input.steps {
            let step = self.with_places(&step.to_string());
            made = made.with_step(serde_json::from_str(&step).map_err(|error| error.to_string())?);
        }
        Ok(made)
    }

    /// Puts this world's places where the corpus has placeholders.
    fn with_places(&self, text: &str) -> String {
        text.replace("<REPOS>", &self.repos.root().display().to_string())
            .replace("<SERVER>", &self.server)
            .replace("<WORKDIR>", &self.work_dir().display().to_string())
    }

    /// The other way round; what ids are new, the repositories know.
    pub(super) fn with_placeholders(&self, text: &str) -> String {
        let text = text
            .replace(&self.work_dir().display().to_string(), "<WORKDIR>")
            .replace(&self.repos.root().display().to_string(), "<REPOS>")
            .replace(&self.server, "<SERVER>");
        self.repos.hide_new_commits(&text)
    }

    /// An engine on this world.
    pub(super) fn engine(&self, registry: &Registry, input: &Input) -> Engine {
        let store = Arc::new(self.store.clone());
        Engine::builder(registry.clone(), Arc::clone(&store) as _, store)
            .credentials(Arc::new(self.secrets.clone()))
            .ui_base_url(&input.ctx.ui_base_url)
            .keep_work_dirs(true)
            .build()
    }

    /// An object as it is now.
    pub(super) async fn object(&self, project: &str, named: &Named) -> Option<Value> {
        let kind = Kind::of("kargo.akuity.io/v1alpha1", &named.kind)?;
        let stored = self.store.get(&Key::new(kind, project, &named.name)).await.ok()??;
        stored.resource.to_json().ok()
    }
}

fn from_all<T: serde::de::DeserializeOwned>(values: &[Value]) -> Result<Vec<T>, String> {
    values.iter().map(|value| T::deserialize(value).map_err(|error| error.to_string())).collect()
}

/// Writes a file of a case: text, `{content, mode}`, `{b64}`, `{symlink}` or `{dir}`.
fn put(target: &Path, content: &Value) -> Result<(), String> {
    let io = |error: std::io::Error| error.to_string();
    if content["dir"] == true {
        return fs::create_dir_all(target).map_err(io);
    }
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(io)?;
    }
    if let Some(link) = content["symlink"].as_str() {
        return symlink(link, target).map_err(io);
    }
    let bytes = match (content.as_str().or(content["content"].as_str()), content["b64"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (_, Some(encoded)) => {
            base64::prelude::BASE64_STANDARD.decode(encoded).map_err(|error| error.to_string())?
        }
        _ => return Err("a kind of file that this runner does not know".to_owned()),
    };
    fs::write(target, bytes).map_err(io)?;
    let mode =
        content["mode"].as_str().and_then(|mode| u32::from_str_radix(mode.trim_start_matches("0o"), 8).ok());
    let mode = mode.or(content["mode"].as_u64().and_then(|mode| u32::try_from(mode).ok()));
    mode.map_or(Ok(()), |mode| fs::set_permissions(target, fs::Permissions::from_mode(mode)).map_err(io))
}
