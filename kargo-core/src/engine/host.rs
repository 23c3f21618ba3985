//! The functions that expressions of a Promotion can call beyond the language's own, and what they read.

use std::sync::Arc;

use jiff::Timestamp;
use kargo_expr::{Answer, CallError, Env, Host, Need, Signature, Type, Value};

use super::Job;
use super::fetch::Data;
use super::freight::{Artifact, Sought};
use super::object::{self, artifact, nil_chart, nil_commit, nil_image, origin};
use super::plan::{Plan, Task};
use super::progress::Progress;
use crate::model::{FreightOrigin, StepStatus, Warehouse};

/// The [`Need`] of a Warehouse, for the lookup rules of the Freight functions.
pub(super) const WAREHOUSE: &str = "warehouse";

/// The environment of templates; only `if` and config have the functions of the steps so far.
pub(super) fn env(with_status: bool) -> Env {
    let name = || [Type::String];
    let strings = || Type::map_of(Type::String);
    let mut env = Env::kargo();
    for look_up in ["secret", "sharedSecret", "configMap", "sharedConfigMap"] {
        env = env.with_host_function(look_up, Signature::new(name(), strings()));
    }
    for look_up in ["freightMetadata", "freightStatus", "stageMetadata"] {
        env = env.with_host_function(look_up, Signature::new(name(), Type::Any));
    }
    for (function, out) in [
        ("commitFrom", object::commit_type()),
        ("imageFrom", object::image_type()),
        ("artifactFrom", Type::Any),
    ] {
        env = env.with_host_overloads(function, with_origin(&name(), &out));
    }
    let chart = object::chart_type();
    let named = with_origin(&[Type::String, Type::String], &chart);
    env = env.with_host_overloads("chartFrom", with_origin(&name(), &chart).into_iter().chain(named));
    env = env.with_host_function("warehouse", Signature::new(name(), object::origin_type()));
    if !with_status {
        return env;
    }
    for outcome in ["always", "failure", "success"] {
        env = env.with_host_function(outcome, Signature::new([], Type::Bool));
    }
    env.with_host_function("status", Signature::new(name(), Type::String))
}

/// The overloads with these parameters, without and with an origin after them.
fn with_origin(params: &[Type], out: &Type) -> [Signature; 2] {
    let plain = Signature::new(params.iter().cloned(), out.clone());
    let origin = params.iter().cloned().chain([object::origin_type()]);
    [plain, Signature::new(origin, out.clone())]
}

/// From where expressions look at a Promotion.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) job: &'a Job,
    pub(super) plan: &'a Plan,
    pub(super) progress: &'a Progress,
    /// How many steps are visible: those before the current one, or before the task that is being decided on.
    pub(super) steps: usize,
    /// The task inside of which the expression stands.
    pub(super) task: Option<&'a Arc<Task>>,
    /// What `ctx.meta.step.alias` is.
    pub(super) alias: &'a str,
    pub(super) now: Timestamp,
}

impl<'a> View<'a> {
    /// The view from where a task begins, outside of it.
    pub(super) fn before(self, task: &'a Task) -> Self {
        Self { steps: task.first, task: None, alias: &task.alias, ..self }
    }

    /// Whether a visible step from `first` on has failed, as far as that counts here.
    pub(super) fn has_failure(&self, first: usize) -> bool {
        let visible = self.progress.metas.iter().zip(&self.plan.steps).take(self.steps).skip(first);
        visible.into_iter().any(|(meta, step)| {
            matches!(meta.status, Some(StepStatus::Failed | StepStatus::Errored))
                && step.failure_counts_for(self.task)
        })
    }

    /// The status of a step by its alias, inside of the same task; empty where there is none yet.
    fn status_of(&self, alias: &str) -> &'static str {
        let full = match self.task {
            Some(task) => format!("{}::{alias}", task.alias),
            None => alias.to_owned(),
        };
        // Kargo's aliases of a template know no task steps, even when they are written out.
        if self.task.is_none() && alias.contains("::") {
            return "";
        }
        let mut visible = self.progress.metas.iter().take(self.steps);
        visible.find(|meta| meta.alias == full).and_then(|meta| meta.status).map_or("", StepStatus::as_str)
    }
}

/// Answers the functions.
pub(super) struct Functions<'a> {
    pub(super) view: View<'a>,
    pub(super) data: &'a Data,
}

impl Host for Functions<'_> {
    fn call(&self, function: &str, args: &[Value]) -> Result<Answer, CallError> {
        let value = match function {
            "always" => none(function, args).map(|()| true.into())?,
            "failure" => none(function, args).map(|()| self.view.has_failure(0).into())?,
            "success" => none(function, args).map(|()| (!self.view.has_failure(0)).into())?,
            "status" => self.view.status_of(only(function, args)?).into(),
            "warehouse" => origin(&FreightOrigin::warehouse(named(function, args)?)),
            "commitFrom" => return self.find(function, args, Sought::commit, nil_commit),
            "imageFrom" => {
                return self.find(function, args, |repo| Sought::Image(repo.to_owned()), nil_image);
            }
            "artifactFrom" => {
                return self.find(function, args, |name| Sought::Artifact(name.to_owned()), Value::nil);
            }
            "chartFrom" => return self.chart(args),
            "freightMetadata" | "freightStatus" | "stageMetadata" => {
                return Ok(self.look_up(function, named(function, args)?));
            }
            // Kargo finds nothing under an empty name, which is no error here.
            _ => return Ok(self.look_up(function, only(function, args)?)),
        };
        Ok(Answer::Ready(value))
    }

    fn now(&self) -> Timestamp {
        self.view.now
    }
}

impl Functions<'_> {
    /// What was fetched, else that it has to be.
    fn look_up(&self, kind: &str, name: &str) -> Answer {
        match self.data.value(kind, name) {
            Some(value) => Answer::Ready(value.clone()),
            None => Answer::Need(Need { kind: kind.into(), key: name.into() }),
        }
    }

    /// `(what[, origin])`.
    fn find(
        &self,
        function: &str,
        args: &[Value],
        sought: impl Fn(&str) -> Sought,
        missing: impl Fn() -> Value,
    ) -> Result<Answer, CallError> {
        let (what, origin) = match args {
            [what] => (what, None),
            [what, origin] => (what, Some(origin_of(function, origin)?)),
            _ => return Err(count(function, args, "1 or 2")),
        };
        let sought = sought(text(function, what)?);
        let found = match self.found(&sought, origin) {
            Ok(found) => found,
            Err(stop) => return stop.into_answer(),
        };
        Ok(Answer::Ready(found.map_or_else(missing, artifact)))
    }

    /// `(url[, name][, origin])`. Unlike the others it fails where nothing is found, unless an origin is given.
    fn chart(&self, args: &[Value]) -> Result<Answer, CallError> {
        let function = "chartFrom";
        let (url, name, origin) = match args {
            [url] => (url, None, None),
            [url, second] if second.as_object().is_some() => (url, None, Some(second)),
            [url, name] => (url, Some(name), None),
            [url, name, origin] => (url, Some(name), Some(origin)),
            _ => return Err(count(function, args, "1 to 3")),
        };
        let name = name.map(|name| text(function, name)).transpose()?.unwrap_or_default();
        let sought = Sought::Chart(text(function, url)?.to_owned(), name.to_owned());
        let origin = origin.map(|origin| origin_of(function, origin)).transpose()?;
        let given = origin.is_some();
        match self.found(&sought, origin) {
            Ok(Some(found)) => Ok(Answer::Ready(artifact(found))),
            Ok(None) if given => Ok(Answer::Ready(nil_chart())),
            Ok(None) => {
                Err(CallError::new(format!("{} not found in the promoted Freight", sought.describe())))
            }
            Err(stop) => stop.into_answer(),
        }
    }

    fn found(&self, sought: &Sought, origin: Option<FreightOrigin>) -> Result<Option<Artifact<'_>>, Stop> {
        let job = self.view.job;
        let origin = match origin {
            Some(origin) => Some(origin),
            None => sought.origin(&job.stage.spec.requests(), |name| self.warehouse(name))?,
        };
        Ok(origin.and_then(|origin| sought.find(job.collection.pieces(), &origin)))
    }

    fn warehouse(&self, name: &str) -> Result<&Warehouse, Stop> {
        match self.data.warehouse(name) {
            None => Err(Stop::Need(Need { kind: WAREHOUSE.into(), key: name.into() })),
            Some(Some(warehouse)) => Ok(warehouse),
            Some(None) => Err(Stop::Error(CallError::new(format!("Warehouse {name:?} not found")))),
        }
    }
}

/// Why a lookup ended early.
enum Stop {
    Need(Need),
    Error(CallError),
}

impl Stop {
    fn into_answer(self) -> Result<Answer, CallError> {
        match self {
            Self::Need(need) => Ok(Answer::Need(need)),
            Self::Error(error) => Err(error),
        }
    }
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Error(CallError::new(message))
    }
}

fn origin_of(function: &str, value: &Value) -> Result<FreightOrigin, CallError> {
    object::as_origin(value).ok_or_else(|| {
        let given = value.type_name();
        CallError::new(format!("the origin given to {function} must be warehouse(\"…\"), not {given}"))
    })
}

fn none(function: &str, args: &[Value]) -> Result<(), CallError> {
    if args.is_empty() { Ok(()) } else { Err(count(function, args, "no")) }
}

/// The only argument, a string.
fn only<'a>(function: &str, args: &'a [Value]) -> Result<&'a str, CallError> {
    match args {
        [arg] => text(function, arg),
        _ => Err(count(function, args, "1")),
    }
}

/// The only argument, a name that is not empty.
fn named<'a>(function: &str, args: &'a [Value]) -> Result<&'a str, CallError> {
    match only(function, args)? {
        "" => Err(CallError::new(format!("the name given to {function} must not be empty"))),
        name => Ok(name),
    }
}

fn text<'a>(function: &str, value: &'a Value) -> Result<&'a str, CallError> {
    value.as_str().ok_or_else(|| {
        CallError::new(format!(
            "cannot use {} as argument (type string) to call {function}",
            value.type_name()
        ))
    })
}

fn count(function: &str, args: &[Value], wanted: &str) -> CallError {
    CallError::new(format!("{function} takes {wanted} arguments, not {}", args.len()))
}
