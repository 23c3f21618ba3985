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
    /// What `$env` is where that is not the map of all names.
    document: Option<Value>,
}

impl Scope {
    /// Without any names.
    #[must_use]
    pub fn new() -> Self {
        Self { values: Map::new::<&str, Value>([]), document: None }
    }

    /// The names of a document: the keys of a map. A list or a scalar has none and is reached as `$env`.
    ///
    /// ```
    /// use kargo_expr::{Scope, Value, eval};
    /// let scope = Scope::of(Value::from("text"));
    /// assert_eq!(eval("upper($env)", &scope)?.as_str(), Some("TEXT"));
    /// # Ok::<(), kargo_expr::Error>(())
    /// ```
    #[must_use]
    pub fn of(document: Value) -> Self {
        match document.as_map() {
            Some(values) => values.clone().into(),
            None => Self { document: Some(document), ..Self::new() },
        }
    }

    /// With one more name; hides an earlier one.
    #[must_use]
    pub fn with(&self, name: &str, value: impl Into<Value>) -> Self {
        Self { values: self.values.with(name, value), document: self.document.clone() }
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// The document, where it is no map.
    pub(crate) fn document(&self) -> Option<&Value> {
        self.document.as_ref()
    }

    /// All names and values.
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
        Self { values, document: None }
    }
}
