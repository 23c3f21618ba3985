//! Tests of the crate as its users see it.
#![allow(clippy::unwrap_used, reason = "a test may panic; clippy looks only into test functions")]

mod realworld;
