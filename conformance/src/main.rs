//! Runs Kargo's and expr-lang's own answers against this workspace.

fn main() {}
