//! Kargo's expression language and templates: compiled once, typed, free of I/O.
//!
//! The language is expr-lang v1.17.8 with the functions that Kargo adds to it. An expression is compiled
//! against an [`Env`] into a [`Program`], which runs on the values of a [`Scope`]; a [`Template`] is text
//! with expressions in it, a [`JsonTemplate`] a document of them.
//!
//! ```
//! use kargo_expr::{Scope, Value, eval};
//! let vars = Value::from_iter([("image", "ghcr.io/acme/web"), ("tag", "v1.2.3")]);
//! let scope = Scope::new().with("vars", vars);
//! let image = eval("vars.image + ':' + vars.tag", &scope)?;
//! assert_eq!(image.as_str(), Some("ghcr.io/acme/web:v1.2.3"));
//! # Ok::<(), kargo_expr::Error>(())
//! ```
//!
//! Nothing here does I/O or looks at a clock. What an expression needs from outside, it asks a [`Host`]
//! for, who answers at once or says what has to be fetched first.

pub mod go;
pub mod re2;
pub mod semver;
pub mod time;

mod ast;
mod check;
mod code;
mod compile;
mod deep;
mod env;
mod error;
mod functions;
mod host;
mod lexer;
mod limits;
mod literal;
mod parser;
mod program;
mod rewrite;
mod scope;
mod span;
mod template;
mod types;
mod value;
mod vm;

pub use env::Env;
pub use error::{CallError, Code, Error, Phase};
pub use host::{Answer, Host, Need, NoHost};
pub use limits::Limits;
pub use program::{Program, eval};
pub use scope::Scope;
pub use span::Span;
pub use template::{JsonAnswer, JsonTemplate, LeafError, Template};
pub use types::{FunctionType, ObjectType, Signature, Type};
pub use value::{AnyMap, Array, Kind, Map, Numbers, Object, Text, Value};
