//! kargo-flow: run, lint and try Kargo projects without a cluster.

fn main() {}
