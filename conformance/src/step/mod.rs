//! Kargo's answers to single steps.

mod documents;
mod files;
mod judge;
mod server;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use kargo_core::clock::SystemClock;
use kargo_core::expr::Value;
use kargo_core::model::{FreightCollection, FreightReference};
use kargo_core::step::{DynStep, Outcome, Outputs, Programs, Registry, StepContext, StepError, StepReport};
use kargo_core::workdir::WorkDir;
use kargo_steps::Services;
use serde_json::{Map, Value as Json, json};
use tokio_util::sync::CancellationToken;

use crate::{Tally, cases};
use files::{Entry, Tree};

/// What running a case can fail with before it is compared.
type Error = Box<dyn std::error::Error>;

/// Runs every case whose step is registered; those of other steps are printed as skipped.
pub(crate) fn run(file: &Path) -> Result<Tally, Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run_all(file))
}

async fn run_all(file: &Path) -> Result<Tally, Error> {
    let runner = Runner::start().await?;
    let mut tally = Tally::default();
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases(file)? {
        let uses = case["input"]["uses"].as_str().unwrap_or_default();
        let Some(step) = runner.steps.get(uses) else {
            *skipped.entry(uses.to_owned()).or_default() += 1;
            continue;
        };
        if case["judge"] == "quirk" {
            continue;
        }
        let difference = runner.case(&**step, &case).await.err();
        let id = case["input"]["id"].as_str().unwrap_or_default();
        tally.count(difference.map(|difference| format!("{id}: {difference}")));
    }
    for (uses, count) in skipped {
        println!("skipped: {uses} {count}");
    }
    Ok(tally)
}

/// What a step came to.
struct Answer {
    status: &'static str,
    terminal: bool,
    is_error: bool,
    output: Json,
    retry_after: Option<Duration>,
    /// What it says went wrong; empty where nothing did.
    message: String,
    before: Tree,
    after: Tree,
}

struct Runner {
    steps: Registry,
    server: server::Server,
    _cache: tempfile::TempDir,
}

impl Runner {
    async fn start() -> Result<Self, Error> {
        let cache = tempfile::tempdir()?;
        let steps = kargo_steps::builtin(&Services::new(cache.path()));
        Ok(Self { steps, server: server::Server::start().await?, _cache: cache })
    }

    async fn case(&self, step: &dyn DynStep, case: &Json) -> Result<(), Error> {
        let root = tempfile::tempdir()?;
        let work_dir = WorkDir::create(root.path().join("work"))?;
        let real = work_dir.real_path().to_string_lossy().into_owned();
        let places = [("<WORKDIR>", real.as_str()), ("<SERVER>", self.server.address())];
        let input = replaced(&case["input"], |text| {
            places.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
        });
        let entries = input["files"].as_object().cloned().unwrap_or_default();
        for (path, content) in &entries {
            Entry::from_input(content)?.create(&work_dir.real_path().join(path))?;
        }
        let before = Tree::read(work_dir.real_path())?;
        let outcome = attempt(step, &work_dir, input["config"].clone()).await;
        let after = Tree::read(work_dir.real_path())?;
        let mut answer = answer(outcome, before, after)?;
        answer.output = replaced(&answer.output, |text| {
            places.iter().fold(text.to_owned(), |text, (name, value)| text.replace(value, name))
        });
        Ok(judge::judge(case, &answer)?)
    }
}

async fn attempt(step: &dyn DynStep, work_dir: &WorkDir, config: Json) -> Result<StepReport, StepError> {
    let cx = StepContext {
        project: "proj",
        stage: "stage",
        promotion: "promo",
        alias: "step-1",
        actor: "",
        freight: &FreightReference::default(),
        freight_alias: "",
        collection: &FreightCollection::default(),
        requests: &[],
        outputs: &Value::nil(),
        prior_outputs: None,
        work_dir,
        clock: &SystemClock,
        cancel: &CancellationToken::new(),
        attempt: 1,
        interrupted: false,
        started_at: jiff::Timestamp::now(),
        programs: &Programs::new(),
    };
    step.run(&cx, config).await
}

fn answer(outcome: Result<StepReport, StepError>, before: Tree, after: Tree) -> Result<Answer, Error> {
    let mut answer = Answer {
        status: "Succeeded",
        terminal: false,
        is_error: false,
        output: Json::Null,
        retry_after: None,
        message: String::new(),
        before,
        after,
    };
    match outcome {
        Ok(report) => {
            (answer.status, answer.retry_after) = match report.outcome {
                Outcome::Succeeded => ("Succeeded", None),
                Outcome::Skipped => ("Skipped", None),
                Outcome::Running { retry_after } => ("Running", retry_after),
                Outcome::Unmet { retry_after } => ("Failed", retry_after),
                other => return Err(format!("an outcome that has no name here: {other:?}").into()),
            };
            answer.output = output(report.outputs.as_ref())?;
        }
        Err(error) => {
            answer.status = if error.is_failed() { "Failed" } else { "Errored" };
            answer.terminal = error.is_terminal();
            answer.is_error = true;
            answer.output = output(error.outputs())?;
            answer.message = error.to_string();
        }
    }
    Ok(answer)
}

fn output(outputs: Option<&Outputs>) -> Result<Json, Error> {
    let Some(outputs) = outputs else { return Ok(Json::Null) };
    let fields: Result<Map<String, Json>, _> =
        outputs.iter().map(|(name, value)| Ok((name.to_owned(), json_of(value)?))).collect();
    fields.map(Json::Object)
}

/// A value as the cases write it: what JSON has no number for is `{"$float": …}`.
fn json_of(value: &Value) -> Result<Json, Error> {
    match value.as_f64().filter(|number| !number.is_finite()) {
        Some(number) if number.is_nan() => Ok(json!({ "$float": "NaN" })),
        Some(number) => Ok(json!({ "$float": if number > 0.0 { "+Inf" } else { "-Inf" } })),
        None => Ok(value.to_json()?),
    }
}

/// A document with every text in it replaced, keys as well.
fn replaced(json: &Json, replace: impl Fn(&str) -> String + Copy) -> Json {
    match json {
        Json::String(text) => Json::String(replace(text)),
        Json::Array(items) => items.iter().map(|item| replaced(item, replace)).collect(),
        Json::Object(fields) => {
            Json::Object(fields.iter().map(|(key, value)| (replace(key), replaced(value, replace))).collect())
        }
        other => other.clone(),
    }
}
