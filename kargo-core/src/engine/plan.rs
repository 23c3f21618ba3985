//! The Plan: everything that can be compiled of a Promotion's steps, compiled once.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kargo_expr::{Env, JsonTemplate, Template};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::host;
use super::inflate::{TaskSetting, TaskSettings};
use super::marks::{Marked, escaped, marked};
use super::promotion::task_settings;
use super::retry::RetryPolicy;
use crate::error::Error;
use crate::model::{ExpressionVariable, Promotion, PromotionStep, StepExecutionMetadata};
use crate::step::{self, DynStep, Effect, Expr, Programs, Registry, Verbatim, YamlKey};

/// The hash of what a Plan was made from: the same for the same steps and variables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlanKey(String);

impl PlanKey {
    fn of(promotion: &Promotion, tasks: &TaskSettings) -> Self {
        let spec = &promotion.spec;
        // Strings, numbers and lists of them: there is nothing in it that JSON could refuse.
        let text = serde_json::to_vec(&(&spec.vars, &spec.steps, tasks)).unwrap_or_default();
        Self(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The hash as 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The compiled steps and variables of a Promotion.
///
/// What does not compile stays with its step, where the run meets it as Kargo would; [`problems`](Self::problems)
/// tells all of it before anything runs.
pub struct Plan {
    key: PlanKey,
    pub(super) vars: Vec<Var>,
    pub(super) steps: Vec<PlannedStep>,
    /// The expressions that steps compile themselves.
    pub(super) programs: Programs,
}

/// A template, or why it is none.
pub(super) type Compiled = Result<Template, kargo_expr::Error>;

/// A variable and its template.
pub(super) struct Var {
    pub(super) name: Arc<str>,
    pub(super) value: Compiled,
}

/// One step, compiled.
pub(super) struct PlannedStep {
    pub(super) alias: Arc<str>,
    pub(super) uses: Arc<str>,
    /// The task that the step belongs to.
    pub(super) task: Option<Arc<Task>>,
    pub(super) condition: Option<Compiled>,
    pub(super) vars: Vec<Var>,
    /// `None` where there is no config, which means an empty one.
    pub(super) config: Option<JsonTemplate>,
    /// The same as it is written.
    written: Json,
    /// Of the step alone; [`PlannedStep::continues_on_error`] also knows its task.
    own_continue_on_error: bool,
    /// `None` where the step's kind is not registered.
    pub(super) runner: Option<Runner>,
    pub(super) effect: Effect,
    pub(super) shares_outputs: bool,
    pub(super) reads: Reads,
}

/// Which of the names that are dear to make the templates of a step read.
pub(super) struct Reads {
    pub(super) step_metas: bool,
    pub(super) task: bool,
}

impl Reads {
    /// By the text: to find a name where it is none costs time and nothing else.
    fn of(step: &PromotionStep) -> Self {
        let text = serde_json::to_string(step).unwrap_or_default();
        let all = text.contains("$env");
        Self { step_metas: all || text.contains("stepMetas"), task: all || text.contains("task") }
    }
}

/// What runs a step.
pub(super) struct Runner {
    pub(super) step: Arc<dyn DynStep>,
    pub(super) retry: RetryPolicy,
}

/// A task among the steps.
pub(super) struct Task {
    pub(super) alias: Arc<str>,
    /// The index of its first step.
    pub(super) first: usize,
    /// The `if` of the reference.
    pub(super) condition: Option<Compiled>,
    /// The variables of the reference, which that `if` reads.
    pub(super) vars: Vec<Var>,
    continue_on_error: bool,
}

impl PlannedStep {
    /// Whether a failure of the step leaves the Promotion's result alone.
    pub(super) fn continues_on_error(&self) -> bool {
        self.own_continue_on_error || self.task.as_ref().is_some_and(|task| task.continue_on_error)
    }

    /// Whether a failure of `self` counts for `viewer`, a later step or the task that begins there: inside one task
    /// the task's own `continueOnError` hides nothing.
    pub(super) fn failure_counts_for(&self, viewer: Option<&Arc<Task>>) -> bool {
        let same_task = match (&self.task, viewer) {
            (Some(own), Some(viewer)) => Arc::ptr_eq(own, viewer),
            _ => false,
        };
        if same_task { !self.own_continue_on_error } else { !self.continues_on_error() }
    }
}

/// Something in a Promotion that cannot work, found before anything runs.
#[derive(Debug)]
#[non_exhaustive]
pub struct Problem {
    /// The step's index; `None` for the Promotion's own variables.
    pub step: Option<usize>,
    /// The step's alias; empty for the Promotion's own variables.
    pub alias: String,
    /// Where, as a JSON pointer into the Promotion's `spec`, such as `/steps/0/config/url`. For the `if` and the
    /// variables of a task reference it is `/tasks/<alias>/if` and `/tasks/<alias>/vars/…`.
    pub pointer: String,
    /// What is wrong; the cause is the expression's error, with its span.
    pub error: Error,
}

impl Plan {
    /// Compiles the Promotion's steps for the steps of `registry`.
    ///
    /// # Errors
    /// `promotion/bad-task-settings`. What does not compile is in [`problems`](Self::problems).
    pub fn compile(promotion: &Promotion, registry: &Registry) -> Result<Self, Error> {
        let settings = task_settings(promotion)?;
        let key = PlanKey::of(promotion, &settings);
        let mut compiler = Compiler::new(registry, &settings);
        let vars = compiler.vars(&promotion.spec.vars, false);
        let steps =
            promotion.spec.steps.iter().enumerate().map(|(index, step)| compiler.step(index, step)).collect();
        let plan = Self { key, vars, steps, programs: Programs::new() };
        Ok(plan)
    }

    /// The hash of the steps and variables.
    pub fn key(&self) -> &PlanKey {
        &self.key
    }

    /// Everything that cannot work: templates and expressions that do not compile, kinds of steps that nobody
    /// registered. In the order of the steps.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        problems_of_vars(&self.vars, "/vars", &mut |pointer, error| {
            found.push(Problem { step: None, alias: String::new(), pointer, error });
        });
        for (index, step) in self.steps.iter().enumerate() {
            let mut push = |pointer, error| {
                found.push(Problem { step: Some(index), alias: step.alias.to_string(), pointer, error });
            };
            self.problems_of_step(index, step, &mut push);
        }
        found
    }

    fn problems_of_step(&self, index: usize, step: &PlannedStep, found: &mut dyn FnMut(String, Error)) {
        let at = format!("/steps/{index}");
        if let Some(task) = step.task.as_ref().filter(|task| task.first == index) {
            let at = format!("/tasks/{}", escaped(&task.alias));
            problem_of(task.condition.as_ref(), format!("{at}/if"), found);
            problems_of_vars(&task.vars, &format!("{at}/vars"), found);
        }
        if step.runner.is_none() {
            found(format!("{at}/uses"), unknown_kind(&step.uses));
        }
        problem_of(step.condition.as_ref(), format!("{at}/if"), found);
        problems_of_vars(&step.vars, &format!("{at}/vars"), found);
        let Some(config) = &step.config else { return };
        for (pointer, error) in config.errors() {
            found(format!("{at}/config{pointer}"), bad_template(error));
        }
        let Some(runner) = &step.runner else { return };
        for Marked { format, pointer, text } in marked(runner.step.config_schema(), &step.written) {
            // What a template makes is only known when it has run.
            let literal = Template::parse(text, &Env::new()).is_ok_and(|template| template.is_literal());
            if let (Expr::FORMAT, true, Err(error)) = (format.as_str(), literal, self.programs.get(text)) {
                found(format!("{at}/config{pointer}"), bad_template(&error));
            }
        }
    }

    /// What is known of a step before it was looked at.
    pub(super) fn blank_meta(&self, index: usize) -> StepExecutionMetadata {
        let step = &self.steps[index];
        StepExecutionMetadata {
            alias: step.alias.to_string(),
            continue_on_error: step.continues_on_error(),
            ..StepExecutionMetadata::default()
        }
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("key", &self.key)
            .field("steps", &self.steps.len())
            .finish_non_exhaustive()
    }
}

/// Says that no step of that kind is registered.
pub(super) fn unknown_kind(uses: &str) -> Error {
    Error::new(step::UNKNOWN, format!("step kind {uses:?} is not registered"))
}

fn bad_template(error: &kargo_expr::Error) -> Error {
    Error::new(super::BAD_TEMPLATE, error.to_string()).with_source(error.clone())
}

fn problem_of(template: Option<&Compiled>, pointer: String, found: &mut dyn FnMut(String, Error)) {
    if let Some(Err(error)) = template {
        found(pointer, bad_template(error));
    }
}

fn problems_of_vars(vars: &[Var], at: &str, found: &mut dyn FnMut(String, Error)) {
    for (index, var) in vars.iter().enumerate() {
        problem_of(Some(&var.value), format!("{at}/{index}/value"), found);
    }
}

/// Compiles steps; the same text is compiled once.
struct Compiler<'a> {
    registry: &'a Registry,
    settings: &'a TaskSettings,
    /// With the status functions, for `if` and config.
    full: Env,
    /// Without, for variables.
    data: Env,
    known: HashMap<(String, bool), Compiled>,
    task: Option<Arc<Task>>,
}

impl<'a> Compiler<'a> {
    fn new(registry: &'a Registry, settings: &'a TaskSettings) -> Self {
        let (full, data) = (host::env(true), host::env(false));
        Self { registry, settings, full, data, known: HashMap::new(), task: None }
    }

    fn template(&mut self, text: &str, with_status: bool) -> Compiled {
        let env = if with_status { &self.full } else { &self.data };
        let known = self.known.entry((text.to_owned(), with_status));
        known.or_insert_with(|| Template::parse(text, env)).clone()
    }

    fn vars(&mut self, vars: &[ExpressionVariable], with_status: bool) -> Vec<Var> {
        let compile = |var: &ExpressionVariable| Var {
            name: var.name.as_str().into(),
            value: self.template(var.value(), with_status),
        };
        vars.iter().map(compile).collect()
    }

    fn condition(&mut self, condition: Option<&str>) -> Option<Compiled> {
        condition.filter(|condition| !condition.is_empty()).map(|condition| self.template(condition, true))
    }

    fn step(&mut self, index: usize, step: &PromotionStep) -> PlannedStep {
        let alias: Arc<str> = step.alias_or_default(index).into();
        let task = self.task_of(index, &alias);
        let runner = self.registry.get(step.uses()).map(|registered| Runner {
            step: Arc::clone(registered),
            retry: RetryPolicy::of(step.retry.as_ref(), &**registered),
        });
        let config = step.config.as_ref().filter(|config| !config.is_null());
        let registered = runner.as_ref().map(|runner| &runner.step);
        PlannedStep {
            uses: step.uses().into(),
            task,
            condition: self.condition(step.condition.as_deref()),
            vars: self.vars(&step.vars, false),
            config: config.map(|config| self.config(config, registered)),
            written: config.cloned().unwrap_or_default(),
            own_continue_on_error: step.continues_on_error(),
            effect: registered.map_or(Effect::Pure, |step| step.effect()),
            shares_outputs: registered.is_some_and(|step| step.shares_outputs_with_task()),
            reads: Reads::of(step),
            runner,
            alias,
        }
    }

    /// The config's templates. In a yq-style path, what they put between double quotes is escaped there; a verbatim
    /// text stays text.
    fn config(&self, config: &Json, step: Option<&Arc<dyn DynStep>>) -> JsonTemplate {
        let marks = step.map(|step| marked(step.config_schema(), config)).unwrap_or_default();
        JsonTemplate::parse(config, &self.full).map(|pointer, template| {
            marks.iter().filter(|mark| mark.pointer == pointer).fold(template, |template, mark| {
                match mark.format.as_str() {
                    YamlKey::FORMAT if mark.text.trim_start().starts_with('.') => {
                        template.escape_quoted(kargo_yaml::Path::escape)
                    }
                    Verbatim::FORMAT => template.verbatim_json(),
                    _ => template,
                }
            })
        })
    }

    /// The task of a step whose alias is `task::step`; shared by all its steps, which follow one another.
    fn task_of(&mut self, index: usize, alias: &str) -> Option<Arc<Task>> {
        let task = alias.split_once("::").filter(|(_, step)| !step.contains("::")).map(|(task, _)| task);
        if self.task.as_deref().map(|task| &*task.alias) != task {
            self.task = task.map(|task| Arc::new(self.compile_task(index, task)));
        }
        self.task.clone()
    }

    fn compile_task(&mut self, first: usize, alias: &str) -> Task {
        let none = TaskSetting::default();
        let setting = self.settings.get(alias).unwrap_or(&none);
        Task {
            alias: alias.into(),
            first,
            condition: self.condition(setting.condition.as_deref()),
            vars: self.vars(&setting.vars, false),
            continue_on_error: setting.continue_on_error,
        }
    }
}

/// The Plans of an engine: a bounded number, the oldest go first.
pub(super) struct PlanCache {
    capacity: usize,
    plans: Mutex<Plans>,
}

#[derive(Default)]
struct Plans {
    by_key: HashMap<PlanKey, Arc<Plan>>,
    oldest_first: VecDeque<PlanKey>,
}

impl PlanCache {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, plans: Mutex::default() }
    }

    pub(super) fn get(&self, promotion: &Promotion, registry: &Registry) -> Result<Arc<Plan>, Error> {
        let key = PlanKey::of(promotion, &task_settings(promotion)?);
        if let Some(plan) = self.lock().by_key.get(&key) {
            return Ok(Arc::clone(plan));
        }
        // Not under the lock: others need not wait. Two who compile the same at once do it twice.
        let plan = Arc::new(Plan::compile(promotion, registry)?);
        let mut plans = self.lock();
        if plans.by_key.insert(key.clone(), Arc::clone(&plan)).is_none() {
            plans.oldest_first.push_back(key);
        }
        while plans.by_key.len() > self.capacity {
            let Some(oldest) = plans.oldest_first.pop_front() else { break };
            plans.by_key.remove(&oldest);
        }
        Ok(plan)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Plans> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
