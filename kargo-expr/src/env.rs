//! What an expression may name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::functions::kargo;
use crate::types::{FunctionType, Signature, Type};
use crate::{CallError, Limits, Value};

/// The functions and variables that expressions are compiled against.
///
/// ```
/// use kargo_expr::{Env, Program, Scope, Value};
/// let env = Env::new().with_function("greet", |args: &[Value]| {
///     Ok(Value::from(format!("hello {}", args[0].as_str().unwrap_or("you"))))
/// });
/// let program = Program::compile("greet('world')", &env)?;
/// assert_eq!(program.run(&Scope::new())?.as_str(), Some("hello world"));
/// # Ok::<(), kargo_expr::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Env {
    functions: BTreeMap<Arc<str>, Function>,
    variables: Vec<(Arc<str>, Type)>,
    strict: bool,
    limits: Limits,
    reserved: &'static [&'static str],
}

/// A function that is not one of the language's own.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) ty: Arc<FunctionType>,
    pub(crate) body: Body,
}

/// How a function gets its answer.
#[derive(Clone)]
pub(crate) enum Body {
    Pure(Arc<PureFunction>),
    /// By asking the host.
    Host,
}

pub(crate) type PureFunction = dyn Fn(&[Value]) -> Result<Value, CallError> + Send + Sync;

impl Env {
    /// Only the language's own functions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The language's functions and Kargo's pure ones: `quote`, `unsafeQuote`, `asYAML`, `asJSON`,
    /// `semverParse`, `semverDiff`.
    #[must_use]
    pub fn kargo() -> Self {
        let mut env = kargo::register(Self::new());
        env.reserved = kargo::RESERVED;
        env
    }

    /// Adds a pure function that takes any arguments. It hides a function of the language of the same name.
    #[must_use]
    pub fn with_function(
        self,
        name: impl Into<Arc<str>>,
        function: impl Fn(&[Value]) -> Result<Value, CallError> + Send + Sync + 'static,
    ) -> Self {
        self.with_typed_function(name, [], function)
    }

    /// Adds a pure function with the overloads that the checker admits.
    #[must_use]
    pub fn with_typed_function(
        self,
        name: impl Into<Arc<str>>,
        signatures: impl IntoIterator<Item = Signature>,
        function: impl Fn(&[Value]) -> Result<Value, CallError> + Send + Sync + 'static,
    ) -> Self {
        self.insert(name.into(), signatures, Body::Pure(Arc::new(function)))
    }

    /// Adds a function that the [`crate::Host`] answers when the program runs.
    #[must_use]
    pub fn with_host_function(self, name: impl Into<Arc<str>>, signature: Signature) -> Self {
        self.insert(name.into(), [signature], Body::Host)
    }

    /// Adds a host function with several overloads.
    #[must_use]
    pub fn with_host_overloads(
        self,
        name: impl Into<Arc<str>>,
        signatures: impl IntoIterator<Item = Signature>,
    ) -> Self {
        self.insert(name.into(), signatures, Body::Host)
    }

    fn insert(mut self, name: Arc<str>, signatures: impl IntoIterator<Item = Signature>, body: Body) -> Self {
        let signatures = signatures.into_iter().collect();
        let ty = Arc::new(FunctionType { name: Arc::clone(&name), signatures });
        self.functions.insert(name, Function { ty, body });
        self
    }

    /// Declares a variable's type, so that the checker knows its fields.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<Arc<str>>, ty: Type) -> Self {
        self.variables.push((name.into(), ty));
        self
    }

    /// Makes names that are not declared an error; in Kargo they are nil.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Sets what an expression may cost.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The limits of expressions compiled with this.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&Type> {
        self.variables.iter().rev().find(|(known, _)| &**known == name).map(|(_, ty)| ty)
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    /// Names that no variable may have when a template is rendered.
    pub(crate) fn reserved(&self) -> &'static [&'static str] {
        self.reserved
    }

    /// Every name that an expression may use on its own, for suggestions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let variables = self.variables.iter().map(|(name, _)| &**name);
        variables.chain(self.functions.keys().map(|name| &**name))
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("functions", &self.functions.keys())
            .field("variables", &self.variables)
            .field("strict", &self.strict)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
