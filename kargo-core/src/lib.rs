//! Kargo's models, promotion engine, store, discovery rules and control loop, without a cluster.

pub mod error;
pub mod model;

pub use error::{Code, Error};
pub use kargo_expr as expr;
