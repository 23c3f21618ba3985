//! The templates of one step, evaluated where it stands: its variables, its `if`, its config.

use std::fmt;

use kargo_expr::{Answer, JsonAnswer, Map, Scope, Value};
use serde_json::{Value as Json, json};

use super::config::handed_over;
use super::fetch::Data;
use super::host::{Functions, View};
use super::object::{go_json, step_meta, strings};
use super::plan::{Compiled, PlannedStep, Task, Var};
use super::value::{MAX_DEPTH, json_is_too_deep, learn_text};
use super::{Job, Parts};
use crate::error::chain;
use crate::model::{StepExecutionMetadata, annotations};

/// Why a template has no value: where it stands in the step, and the reason.
#[derive(Debug)]
pub(super) struct EvalError(String);

impl EvalError {
    fn new(place: impl fmt::Display, error: &(dyn std::error::Error + 'static)) -> Self {
        Self(format!("{place}: {}", chain(error)))
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The evaluation of one step. What it has to fetch is fetched once; its variables are evaluated when the first
/// template needs them, and once.
pub(super) struct Evaluation<'a> {
    parts: &'a Parts,
    view: View<'a>,
    data: Data,
    scope: Option<Scope>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(parts: &'a Parts, view: View<'a>) -> Self {
        Self { parts, view, data: Data::default(), scope: None }
    }

    /// Whether the `if` of the reference to a task lets the task run. The view ends where the task begins.
    pub(super) async fn task_condition(
        &mut self,
        task: &Task,
        condition: &Compiled,
    ) -> Result<bool, EvalError> {
        let base = self.base(&task.alias).with("outputs", self.view.progress.outputs.value());
        let base = base.with("stepMetas", self.step_metas(None));
        let vars = self.vars(&base, &task.vars).await?;
        self.condition(&base.with("vars", vars), condition).await
    }

    /// Whether the step's own `if` lets it run.
    pub(super) async fn step_condition(
        &mut self,
        step: &PlannedStep,
        condition: &Compiled,
    ) -> Result<bool, EvalError> {
        let scope = self.step_scope(step).await?;
        self.condition(&scope, condition).await
    }

    /// The step's config as the step gets it.
    pub(super) async fn config(&mut self, step: &PlannedStep) -> Result<Json, EvalError> {
        let Some(config) = &step.config else { return Ok(json!({})) };
        let scope = self.step_scope(step).await?;
        loop {
            let functions = Functions { view: self.view, data: &self.data };
            let answer = config
                .render(&scope, &functions)
                .map_err(|leaf| EvalError::new(format_args!("config{}", leaf.pointer()), leaf.error()))?;
            match answer {
                JsonAnswer::Need(need) => self.fetch(need).await?,
                JsonAnswer::Ready { json, .. } if json_is_too_deep(&json) => {
                    return Err(EvalError(format!("config: it nests deeper than {MAX_DEPTH} levels")));
                }
                JsonAnswer::Ready { json, tainted } => {
                    let leaves = tainted.iter().filter_map(|pointer| json.pointer(pointer)?.as_str());
                    leaves.for_each(|leaf| learn_text(leaf, &self.parts.redactor));
                    return Ok(handed_over(json));
                }
            }
        }
    }

    async fn condition(&mut self, scope: &Scope, condition: &Compiled) -> Result<bool, EvalError> {
        let value = self.value("if", scope, condition).await?;
        value.as_bool().ok_or_else(|| {
            EvalError(format!("if: the expression must evaluate to a boolean, got {}", value.type_name()))
        })
    }

    /// What the step's templates see, its variables evaluated.
    async fn step_scope(&mut self, step: &PlannedStep) -> Result<Scope, EvalError> {
        if let Some(scope) = &self.scope {
            return Ok(scope.clone());
        }
        let mut base = self.base(&step.alias).with("outputs", self.view.progress.outputs.value());
        if step.reads.step_metas {
            base = base.with("stepMetas", self.step_metas(Some(step)));
        }
        if let (true, Some(task)) = (step.reads.task, &step.task) {
            let outputs = self.view.progress.outputs.of_task(&task.alias);
            base = base.with("task", [("outputs", outputs)].into_iter().collect::<Value>());
        }
        let vars = self.vars(&base, &step.vars).await?;
        let scope = base.with("vars", vars);
        self.scope = Some(scope.clone());
        Ok(scope)
    }

    /// The Promotion's variables, which see no step, then `own`, which see what is in `base`.
    async fn vars(&mut self, base: &Scope, own: &[Var]) -> Result<Map, EvalError> {
        let plain = self.base(self.view.alias);
        let mut vars = Map::new::<&str, Value>([]);
        let promotion = self.view.plan.vars.iter().map(|var| (var, &plain));
        for (var, scope) in promotion.chain(own.iter().map(|var| (var, base))) {
            let place = format_args!("variable {:?}", var.name).to_string();
            let value = self.value(&place, &scope.with("vars", vars.clone()), &var.value).await?;
            vars.insert(var.name.clone(), value);
        }
        Ok(vars)
    }

    async fn value(&mut self, place: &str, scope: &Scope, template: &Compiled) -> Result<Value, EvalError> {
        let template = template.as_ref().map_err(|error| EvalError::new(place, error))?;
        loop {
            let functions = Functions { view: self.view, data: &self.data };
            match template.render(scope, &functions).map_err(|error| EvalError::new(place, &error))? {
                Answer::Ready(value) => return Ok(value),
                Answer::Need(need) => self.fetch(need).await?,
            }
        }
    }

    async fn fetch(&mut self, need: kargo_expr::Need) -> Result<(), EvalError> {
        let place = format!("{}({:?})", need.kind, need.key);
        let project = self.view.job.project();
        self.data.fetch(self.parts, project, need).await.map_err(|error| EvalError::new(place, &error))
    }

    /// `ctx` and `target`.
    fn base(&self, alias: &str) -> Scope {
        let job = self.view.job;
        let scope = Scope::new().with("ctx", context(self.parts, job, alias));
        let Some(target) = &job.target else { return scope };
        let params = target.spec.iter().flat_map(|spec| &spec.params);
        let params: Value = params.map(|(name, value)| (name.as_str(), go_json(value))).collect();
        let target = [("params", params), ("labels", strings(&target.metadata.labels))];
        scope.with("target", target.into_iter().collect::<Value>())
    }

    /// `stepMetas`: the visible steps, and the current one, of which its start is known.
    fn step_metas(&self, current: Option<&PlannedStep>) -> Value {
        let progress = self.view.progress;
        let current = current.map(|step| StepExecutionMetadata {
            alias: step.alias.to_string(),
            started_at: progress.step_started_at().or(Some(self.view.now)),
            continue_on_error: step.continues_on_error(),
            ..progress.current_meta().cloned().unwrap_or_default()
        });
        let visible = progress.metas.iter().take(self.view.steps).chain(&current);
        visible.map(|meta| (meta.alias.as_str(), step_meta(meta))).collect()
    }
}

/// `ctx`.
fn context(parts: &Parts, job: &Job, alias: &str) -> Value {
    let promotion = &job.promotion;
    let rollback = promotion.metadata.annotation(annotations::ROLLBACK) == Some("true");
    let origin: Value = [("name", job.freight.origin.name.as_str())].into_iter().collect();
    let freight: Value = [
        ("name", Value::from(job.freight.name.as_str())),
        ("alias", job.freight_alias.as_str().into()),
        ("origin", origin),
    ]
    .into_iter()
    .collect();
    let actor = promotion.actor().unwrap_or_default();
    let about: Value = [("actor", Value::from(actor)), ("rollback", rollback.into())].into_iter().collect();
    let step: Value = [("alias", alias)].into_iter().collect();
    let meta: Value = [("promotion", about), ("step", step)].into_iter().collect();
    [
        ("uiBaseUrl", Value::from(parts.ui_base_url.as_str())),
        ("project", job.project().into()),
        ("stage", promotion.spec.stage.as_str().into()),
        ("promotion", promotion.metadata.name.as_str().into()),
        ("targetFreight", freight),
        ("meta", meta),
    ]
    .into_iter()
    .collect()
}
