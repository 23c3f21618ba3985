//! Kargo's models, promotion engine, store, discovery rules and control loop, without a cluster.
pub use kargo_expr as expr;
