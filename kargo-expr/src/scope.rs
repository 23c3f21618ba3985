//! The values that a program runs on.

use crate::value::{Map, Value};

/// Names and their values, for one evaluation. Cheap to clone and to extend: values are shared.
///
/// ```
/// use kargo_expr::{Scope, eval};
/// let scope = Scope::new().with("name", "kargo");
/// assert_eq!(eval("name + '-flow'", &scope)?.as_str(), Some("kargo-flow"));
/// # Ok::<(), kargo_expr::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scope {
    values: Map,
}

impl Scope {
    /// Without any names.
    #[must_use]
    pub fn new() -> Self {
        Self { values: Map::new::<&str, Value>([]) }
    }

    /// With one more name; hides an earlier one.
    #[must_use]
    pub fn with(&self, name: &str, value: impl Into<Value>) -> Self {
        Self { values: self.values.with(name, value) }
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// All names and values, which is also what `$env` is.
    #[must_use]
    pub fn values(&self) -> &Map {
        &self.values
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Map> for Scope {
    fn from(values: Map) -> Self {
        Self { values }
    }
}
