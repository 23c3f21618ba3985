//! A world in which a promotion template is tried out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kargo_core::clock::Clock as _;
use kargo_core::credentials::SecretDocuments;
use kargo_core::engine::promotion::{PromotionInput, build};
use kargo_core::engine::{Engine, Job};
use kargo_core::journal::Journal;
use kargo_core::manifest::{Input, Manifests};
use kargo_core::model::{
    Freight, FreightOrigin, FreightRequest, GitCommit, Image, PromotionStep, PromotionTaskSpec, Resource,
    Secret, Stage, TaskKind,
};
use kargo_core::step::{Registry, Step};
use kargo_core::store::{MemoryStore, Store, Write};
use kargo_core::transport::Rewrites;
use kargo_git::UrlPolicy;
use kargo_steps::{Services, builtin};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::report::Report;
use crate::stub::{Route, Stub};
use crate::{BareRepository, FakeClock};

/// The project of a world, and the name of what it makes itself.
const PROJECT: &str = "world";
/// How long, by the world's clock, a promotion that polls is run.
const DEFAULT_PATIENCE: Duration = Duration::from_secs(3600);

/// What a promotion template is tried out in: Freight, variables, secrets, git repositories, HTTP answers, a clock.
///
/// The template runs in the real engine, with the real steps, over real repositories on this machine. Nothing else
/// is reached: a request or repository that the world does not have fails the test. What cannot be set up panics,
/// as a failed assertion does.
///
/// ```
/// use kargo_test::World;
/// use serde_json::json;
///
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
/// let task = r#"
/// apiVersion: kargo.akuity.io/v1alpha1
/// kind: PromotionTask
/// metadata: {name: announce}
/// spec:
///   vars: [{name: channel}]
///   steps:
///   - uses: http
///     as: post
///     config:
///       method: POST
///       url: https://chat.example/${{ vars.channel }}
///       headers: {Authorization: "Bearer ${{ secret('chat').token }}"}
///       body: |
///         {"image": "${{ imageFrom('ghcr.io/acme/web').Tag }}"}
/// "#;
/// let report = World::new()
///     .manifests(task)
///     .image("ghcr.io/acme/web", "v1.2.3")
///     .secret("chat", "token", "s3cret")
///     .var("channel", "releases")
///     .answer("POST", "https://chat.example/releases", 200, json!({}))
///     .run_task("announce")
///     .await;
/// report.assert_succeeded().assert_hides("s3cret");
/// assert_eq!(report.request("POST", "https://chat.example/releases").json(), json!({"image": "v1.2.3"}));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct World {
    root: Arc<tempfile::TempDir>,
    resources: Vec<Resource>,
    vars: Vec<(String, String)>,
    commits: Vec<GitCommit>,
    images: Vec<Image>,
    repositories: BTreeMap<String, BareRepository>,
    routes: Vec<Route>,
    steps: Vec<Box<dyn Fn(Registry) -> Registry + Send + Sync>>,
    clock: FakeClock,
    patience: Duration,
    runs: AtomicU64,
}

impl World {
    /// An empty world.
    #[allow(clippy::new_without_default, reason = "it makes a folder; a default value should not")]
    pub fn new() -> Self {
        Self {
            root: Arc::new(must(tempfile::tempdir(), "a folder for the world")),
            resources: Vec::new(),
            vars: Vec::new(),
            commits: Vec::new(),
            images: Vec::new(),
            repositories: BTreeMap::new(),
            routes: Vec::new(),
            steps: Vec::new(),
            clock: FakeClock::default(),
            patience: DEFAULT_PATIENCE,
            runs: AtomicU64::new(1),
        }
    }

    /// Adds the documents of a YAML text: tasks, Stages, Warehouses, Secrets, config maps.
    #[must_use]
    pub fn manifests(mut self, yaml: &str) -> Self {
        let loaded =
            must(Manifests::load(&[Input::text("manifests.yaml", yaml)], Some(PROJECT)), "the manifests");
        if loaded.has_errors() {
            let said: Vec<String> = loaded.diagnostics().iter().map(ToString::to_string).collect();
            panic!("the manifests are not sound:\n{}", said.join("\n"));
        }
        self.resources.extend(loaded.resources().cloned());
        self
    }

    /// Adds a git repository that the manifests write `url`, with these files (path and content) on `main`.
    #[must_use]
    pub fn repository(mut self, url: &str, files: &[(&str, &str)]) -> Self {
        let folder = self.root.path().join(format!("repositories/{}.git", self.repositories.len()));
        let repository = must(BareRepository::create(folder), url);
        must(repository.commit("main", files, "first"), url);
        self.repositories.insert(url.to_owned(), repository);
        self
    }

    /// The repository that the manifests write `url`, to be looked at or changed.
    #[track_caller]
    pub fn git(&self, url: &str) -> &BareRepository {
        self.repositories.get(url).unwrap_or_else(|| panic!("the world has no repository {url}"))
    }

    /// Puts the newest commit of a repository's `main` into the Freight.
    #[must_use]
    pub fn commit(self, url: &str) -> Self {
        let commit = GitCommit::new(url, self.newest(url)).with_branch("main");
        self.with_commit(commit)
    }

    /// Tags the newest commit of a repository's `main`, and puts it into the Freight with that tag.
    #[must_use]
    pub fn tag(self, url: &str, tag: &str) -> Self {
        let newest = self.newest(url);
        must(self.git(url).tag(tag, &newest), tag);
        self.with_commit(GitCommit::new(url, newest).with_tag(tag))
    }

    /// Puts a commit into the Freight.
    #[must_use]
    pub fn with_commit(mut self, commit: GitCommit) -> Self {
        self.commits.push(commit);
        self
    }

    /// Puts an image into the Freight.
    #[must_use]
    pub fn image(mut self, repo_url: &str, tag: &str) -> Self {
        self.images.push(Image::new(repo_url, tag));
        self
    }

    /// Sets a variable of the task or Stage; its value may be a template.
    #[must_use]
    pub fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a key to a Secret.
    #[must_use]
    pub fn secret(mut self, name: &str, key: &str, value: &str) -> Self {
        let place = self
            .resources
            .iter()
            .position(|known| matches!(known, Resource::Secret(_)) && known.name() == name);
        let secret = match place.map(|place| self.resources.swap_remove(place)) {
            Some(Resource::Secret(secret)) => secret,
            _ => Secret::new(PROJECT, name),
        };
        self.resources.push(secret.with_value(key, value).into());
        self
    }

    /// Answers a request with a status and a JSON body. Said twice for the same request, the first is answered once,
    /// and the last again and again.
    #[must_use]
    pub fn answer(mut self, method: &str, url: &str, status: u16, body: Value) -> Self {
        match self.routes.iter_mut().find(|route| route.method == method && route.url == url) {
            Some(route) => route.answers.push_back((status, body)),
            None => {
                let answers = [(status, body)].into();
                self.routes.push(Route { method: method.to_owned(), url: url.to_owned(), answers });
            }
        }
        self
    }

    /// Adds a step, or puts it in place of a built-in one.
    #[must_use]
    pub fn step<S: Step + Clone>(mut self, step: S) -> Self {
        self.steps.push(Box::new(move |steps| steps.with(step.clone())));
        self
    }

    /// Sets the clock.
    #[must_use]
    pub fn clock(mut self, clock: FakeClock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets how long, by the world's clock, a promotion that polls is run; an hour where this is not said.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Promotes the Freight by one task alone.
    pub async fn run_task(&self, name: &str) -> Report {
        let add = |step: PromotionStep, (name, value): &(String, String)| step.with_var(name, value);
        let step = self.vars.iter().fold(PromotionStep::task(name), add);
        let origin = FreightOrigin::warehouse(PROJECT);
        let stage =
            Stage::new(PROJECT, PROJECT).with_request(FreightRequest::direct(origin.clone())).with_step(step);
        self.run(stage, origin).await
    }

    /// Promotes the Freight to a Stage of the manifests.
    pub async fn promote(&self, stage: &str) -> Report {
        let found = self
            .resources
            .iter()
            .find_map(|resource| resource.get::<Stage>().filter(|_| resource.name() == stage));
        let Some(found) = found else { panic!("the manifests have no Stage {stage}") };
        let add = |stage: Stage, (name, value): &(String, String)| stage.with_var(name, value);
        let stage = self.vars.iter().fold(found.clone(), add);
        let origin = stage.spec.requests().first().map(|request| request.origin.clone());
        self.run(stage, origin.unwrap_or_else(|| FreightOrigin::warehouse(PROJECT))).await
    }

    async fn run(&self, stage: Stage, origin: FreightOrigin) -> Report {
        let stub = must(Stub::start(self.routes.clone()).await, "a server for HTTP answers");
        let freight = self.freight(origin);
        let (engine, store) = self.engine(&stub);
        let resources = self.resources.iter().cloned().chain(self.own_resources(&stage, &freight));
        let writes: Vec<Write> = resources.map(|resource| Write::Put(Arc::new(resource))).collect();
        must(store.commit(&[], writes).await, "the manifests in the store");

        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let promotion = build(&PromotionInput {
            stage: &stage,
            freight: &freight.metadata.name,
            tasks: &|kind, name| self.task(kind, name),
            actor: "",
            now: self.clock.now(),
            random: run.into(),
        });
        let promotion = must(promotion, "the Promotion");
        let work_dir = self.work_root().join(promotion.metadata.uid.as_deref().unwrap_or_default());
        let job = Job::new(promotion, stage, freight.reference(), self.work_root());
        let pass = self.advance(&engine, &job).await;

        let unknown = stub.unknown();
        assert!(
            unknown.is_empty(),
            "the promotion asked for what the world does not have; add an `.answer(…)` or a `.repository(…)`:\n{}\n{}",
            unknown.join("\n"),
            Report::table(&pass.status),
        );
        Report {
            root: Arc::clone(&self.root),
            status: pass.status,
            outputs: pass.outputs,
            sent: stub.sent(),
            repositories: self.repositories.clone(),
            work_dir,
        }
    }

    /// Runs the promotion until it ends, or has polled for as long as the world's patience lasts.
    async fn advance(&self, engine: &Engine, job: &Job) -> kargo_core::engine::Pass {
        let cancel = CancellationToken::new();
        let mut left = self.patience;
        loop {
            let pass = must(engine.advance(job, &cancel).await, "a pass of the engine");
            match pass.wait.map(|wait| (wait, left.checked_sub(wait))) {
                Some((wait, Some(rest))) => {
                    self.clock.advance(wait);
                    left = rest;
                }
                Some((_, None)) | None => return pass,
            }
        }
    }

    fn engine(&self, stub: &Stub) -> (Engine, Arc<MemoryStore>) {
        let secrets = self.resources.iter().filter_map(|resource| resource.get::<Secret>());
        let credentials =
            Arc::new(secrets.fold(SecretDocuments::new(), |all, secret| all.with(secret.clone())));
        let repositories = self.repositories.iter();
        let rules = repositories.map(|(url, found)| format!("{url}=file://{}", found.path().display()));
        let rewrites =
            rules.chain(stub.rewrites()).fold(Rewrites::default(), |all, rule| must(all.with(&rule), &rule));
        let services = Services::new(self.root.path().join("mirrors"))
            .with_credentials(credentials.clone())
            .with_rewrites(rewrites)
            .with_urls(UrlPolicy { allow_file: true, allow_http: false });
        let steps = self.steps.iter().fold(builtin(&services), |steps, add| add(steps));
        let store = Arc::new(MemoryStore::new());
        let (resources, journal): (Arc<dyn Store>, Arc<dyn Journal>) = (store.clone(), store.clone());
        let engine = Engine::builder(steps, resources, journal)
            .clock(Arc::new(self.clock.clone()))
            .credentials(credentials)
            .keep_work_dirs(true)
            .build();
        (engine, store)
    }

    fn freight(&self, origin: FreightOrigin) -> Freight {
        let freight = Freight::new(PROJECT, origin).with_alias("worldly-otter");
        let freight = self.commits.iter().cloned().fold(freight, Freight::with_commit);
        let freight = self.images.iter().cloned().fold(freight, Freight::with_image);
        freight.with_discovered_at(self.clock.now()).named_by_content()
    }

    /// The Stage, the Freight, and the Warehouse that could have made it, where the manifests have none.
    fn own_resources(&self, stage: &Stage, freight: &Freight) -> Vec<Resource> {
        let mut own: Vec<Resource> = vec![stage.clone().into(), freight.clone().into()];
        let warehouse = &freight.origin.name;
        let is_there =
            |resource: &Resource| matches!(resource, Resource::Warehouse(_)) && resource.name() == warehouse;
        if !self.resources.iter().any(is_there) {
            let git = self.commits.iter().map(|commit| json!({ "git": { "repoURL": commit.repo_url } }));
            let images = self.images.iter().map(|image| json!({ "image": { "repoURL": image.repo_url } }));
            let document = json!({
                "apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Warehouse",
                "metadata": { "name": warehouse, "namespace": PROJECT },
                "spec": { "subscriptions": git.chain(images).collect::<Vec<_>>() },
            });
            own.extend(must(Resource::from_json(document), "the world's Warehouse"));
        }
        own
    }

    fn task(&self, kind: TaskKind, name: &str) -> Option<&PromotionTaskSpec> {
        self.resources.iter().filter(|resource| resource.name() == name).find_map(|resource| {
            match (kind, resource) {
                (TaskKind::PromotionTask, Resource::PromotionTask(task)) => Some(&task.spec),
                (TaskKind::ClusterPromotionTask, Resource::ClusterPromotionTask(task)) => Some(&task.spec),
                _ => None,
            }
        })
    }

    #[track_caller]
    fn newest(&self, url: &str) -> String {
        must(self.git(url).commit_of("refs/heads/main"), url).unwrap_or_else(|| panic!("{url} has no main"))
    }

    fn work_root(&self) -> PathBuf {
        self.root.path().join("work")
    }
}

/// What a test sets up must work, or the test has failed.
#[track_caller]
fn must<T, E: std::error::Error + 'static>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {}", kargo_core::error::chain(&error)))
}
