//! Typed values that the host brings in: a commit, an image, a version.

use std::fmt::Debug;

use crate::{CallError, Value};

/// A host value with named fields and methods, such as what `commitFrom()` gives.
///
/// Fields have the names of Kargo's Go structs (`ID`, `RepoURL`), while the JSON form has those of its API.
pub trait Object: Send + Sync + Debug {
    /// The Go type, for messages: `v1alpha1.GitCommit`.
    fn type_name(&self) -> &str;

    /// What `type()` gives: the type with its whole package path, where that differs.
    fn type_path(&self) -> &str {
        self.type_name().trim_start_matches('*')
    }

    /// The field of this name.
    fn field(&self, name: &str) -> Option<Value>;

    /// Calls a method; `None` if there is none of this name.
    fn call(&self, method: &str, args: &[Value]) -> Option<Result<Value, CallError>> {
        let _ = (method, args);
        None
    }

    /// Whether `call` knows the method.
    fn has_method(&self, method: &str) -> bool {
        let _ = method;
        false
    }

    /// What `json.Marshal` makes of it.
    fn to_json(&self) -> serde_json::Value;

    /// What `fmt`'s `%v` makes of it; the JSON form unless told otherwise.
    fn to_text(&self) -> String {
        crate::go::json::to_string(&self.to_json())
    }

    /// A nil pointer of this type: it shows as null, `?.` stops at it, and reading a field is an error.
    fn is_nil(&self) -> bool {
        false
    }
}
