//! Config fields that the engine treats in a way of their own, and compiled expressions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kargo_expr::{Env, Program};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// A bare expression in a step's config (`fromExpression`, `successExpression`), without `${{ }}`.
///
/// Its schema carries `"format": "expr"`, by which planning and lint find such fields and compile them before
/// anything runs; the step gets the compiled program from [`StepContext::program`](super::StepContext::program).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct Expr(String);

impl Expr {
    /// The `format` of its schema.
    pub const FORMAT: &'static str = "expr";

    /// The expression `source`.
    pub fn new(source: impl Into<String>) -> Self {
        Self(source.into())
    }

    /// The text of the expression.
    pub fn source(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for Expr {
    fn schema_name() -> Cow<'static, str> {
        "Expr".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": Self::FORMAT })
    }
}

/// A key that says which value of a YAML file to change: Kargo's dot path, or a yq-style path that begins with `.`.
///
/// Its schema carries `"format": "yaml-key"`, by which the engine knows such a field: what a template puts between
/// double quotes of a yq-style path is escaped, so that a name cannot become part of the path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct YamlKey(String);

impl YamlKey {
    /// The `format` of its schema.
    pub const FORMAT: &'static str = "yaml-key";

    /// The key `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for YamlKey {
    fn schema_name() -> Cow<'static, str> {
        "YamlKey".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": Self::FORMAT })
    }
}

/// A text that stays text where a template renders it to a JSON object or list, such as the body of a request.
///
/// Its schema carries `"format": "verbatim"`, by which the engine knows such a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct Verbatim(String);

impl Verbatim {
    /// The `format` of its schema.
    pub const FORMAT: &'static str = "verbatim";

    /// The text `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for Verbatim {
    fn schema_name() -> Cow<'static, str> {
        "Verbatim".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": Self::FORMAT })
    }
}

/// How many programs a [`Programs`] keeps; a run whose expressions are all computed must not grow it further.
const CAPACITY: usize = 1024;

/// Compiled expressions by their text, in an environment without Kargo's functions.
///
/// Bounded: when it is full it starts afresh, so text that a template computes costs time and not memory.
#[derive(Debug)]
pub struct Programs {
    env: Env,
    compiled: Mutex<HashMap<String, Program>>,
}

impl Programs {
    /// An empty cache.
    pub fn new() -> Self {
        Self { env: Env::new(), compiled: Mutex::default() }
    }

    /// The program of `source`, compiled at most once.
    ///
    /// # Errors
    /// Where `source` does not compile.
    pub fn get(&self, source: &str) -> Result<Program, kargo_expr::Error> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = compiled.get(source) {
            return Ok(program.clone());
        }
        let program = Program::compile(source, &self.env)?;
        if compiled.len() >= CAPACITY {
            compiled.clear();
        }
        compiled.insert(source.to_owned(), program.clone());
        Ok(program)
    }
}

impl Default for Programs {
    fn default() -> Self {
        Self::new()
    }
}
