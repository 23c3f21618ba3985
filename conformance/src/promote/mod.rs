//! `promote`: whole Promotions, compared with what Kargo's engine made of them.

mod compare;
mod repos;
mod server;
mod world;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use kargo_core::engine::Pass;
use kargo_core::step::Registry;
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::server::Server;
use self::world::World;
use crate::Tally;

/// One line of the corpus.
#[derive(Deserialize)]
struct Case {
    input: Input,
    expected: Value,
    judge: String,
}

/// What Kargo was given.
#[derive(Deserialize)]
#[serde(default)]
struct Input {
    id: String,
    steps: Vec<Value>,
    vars: Vec<Value>,
    objects: Vec<Value>,
    requests: Vec<Value>,
    freight: Vec<Value>,
    ctx: Context,
    files: BTreeMap<String, Value>,
    repos: BTreeMap<String, Vec<repos::Commit>>,
    inspect_repos: Vec<String>,
    inspect_objects: Vec<world::Named>,
    volatile: Vec<String>,
    reconciles: usize,
    canceled: bool,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            id: String::new(),
            steps: Vec::new(),
            vars: Vec::new(),
            objects: Vec::new(),
            requests: Vec::new(),
            freight: Vec::new(),
            ctx: Context::default(),
            files: BTreeMap::new(),
            repos: BTreeMap::new(),
            inspect_repos: Vec::new(),
            inspect_objects: Vec::new(),
            volatile: Vec::new(),
            reconciles: 1,
            canceled: false,
        }
    }
}

/// What the Promotion is about.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Context {
    #[serde(rename = "uiBaseURL")]
    ui_base_url: String,
    project: String,
    stage: String,
    promotion: String,
    actor: String,
    rollback: bool,
    target_freight_alias: String,
    target: Option<world::Target>,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            ui_base_url: String::new(),
            project: "proj".to_owned(),
            stage: "stage".to_owned(),
            promotion: "promo".to_owned(),
            actor: String::new(),
            rollback: false,
            target_freight_alias: String::new(),
            target: None,
        }
    }
}

/// Why a case was not run.
enum Skipped {
    /// Its answer is a defect of Kargo's that nobody should have.
    Quirk,
    /// It needs a kind of step that is not there.
    Step(String),
}

/// Runs the corpus.
pub(crate) fn run(file: &Path) -> Result<Tally, Box<dyn Error>> {
    let cases = crate::cases(file)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let server = Server::start()?;
    let cache = tempfile::tempdir()?;
    let registry = world::registry(cache.path());
    let mut tally = Tally::default();
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases {
        let case: Case = serde_json::from_value(case)?;
        if let Some(reason) = skip(&case, &registry) {
            let reason = match reason {
                Skipped::Quirk => "a quirk of Kargo's".to_owned(),
                Skipped::Step(kind) => format!("there is no step {kind:?}"),
            };
            *skipped.entry(reason).or_default() += 1;
            continue;
        }
        let differences = runtime.block_on(differences(&case, &registry, server.address()));
        let differs = !differences.is_empty();
        tally.count(differs.then(|| format!("{}:\n  {}", case.input.id, differences.join("\n  "))));
    }
    for (reason, count) in skipped {
        println!("skipped {count}: {reason}");
    }
    Ok(tally)
}

fn skip(case: &Case, registry: &Registry) -> Option<Skipped> {
    if case.judge == "quirk" {
        return Some(Skipped::Quirk);
    }
    let tasks = case.input.objects.iter().filter_map(|object| object["spec"]["steps"].as_array()).flatten();
    let mut kinds = case.input.steps.iter().chain(tasks).filter_map(|step| step["uses"].as_str());
    // `nope` is what the corpus calls a step that nobody has.
    kinds
        .find(|kind| *kind != "nope" && registry.get(kind).is_none())
        .map(|kind| Skipped::Step(kind.to_owned()))
}

/// Everything in which the case differs.
async fn differences(case: &Case, registry: &Registry, server: &str) -> Vec<String> {
    let world = match World::new(&case.input, server).await {
        Ok(world) => world,
        Err(error) => return vec![format!("the case could not be set up: {error}")],
    };
    let refused = case.judge == "refused";
    let job = match world.job(&case.input) {
        Err(_) if refused || case.expected["inflate_error"].is_string() => return Vec::new(),
        Err(error) => return vec![format!("refused: {error}")],
        Ok(_) if refused => return vec!["taken, though Kargo's admission refuses it".to_owned()],
        Ok(_) if case.expected["inflate_error"].is_string() => {
            return vec!["taken, though its tasks cannot be put in".to_owned()];
        }
        Ok(job) => job,
    };
    let cancel = CancellationToken::new();
    if case.input.canceled {
        cancel.cancel();
    }
    let mut passes: Vec<Pass> = Vec::new();
    while passes.len() < case.input.reconciles.max(1) && passes.last().is_none_or(|pass| pass.wait.is_some())
    {
        // An engine of its own for each pass: what is known comes from the journal.
        match world.engine(registry, &case.input).advance(&job, &cancel).await {
            Ok(pass) => passes.push(pass),
            Err(error) => return vec![format!("engine: {}", kargo_core::error::chain(&error))],
        }
    }
    compare::differences(case, &world, &job, &passes).await
}
