//! A whole installation inside a program that listens to its events: `cargo run --example embed`.
#![allow(clippy::print_stdout, reason = "the example shows its events")]

use std::sync::Arc;

use kargo_core::control::{Installation, RunOptions};
use kargo_core::event::Event;
use kargo_core::manifest::{Input, Manifests};
use kargo_core::store::MemoryStore;
use kargo_core::transport::Rewrites;
use kargo_git::UrlPolicy;
use kargo_steps::Services;
use kargo_test::BareRepository;

const MANIFESTS: &str = "\
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata: {name: apps}
spec:
  subscriptions:
  - git: {repoURL: 'https://example.com/apps.git'}
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {name: test}
spec:
  autoPromotionEnabled: true
  requestedFreight:
  - origin: {kind: Warehouse, name: apps}
    sources: {direct: true}
  promotionTemplate:
    spec:
      steps:
      - uses: compose-output
        as: seen
        config: {commit: '${{ quote(commitFrom(\"https://example.com/apps.git\").ID) }}'}
";

#[tokio::main]
async fn main() -> kargo_examples::Result<()> {
    let dir = tempfile::tempdir()?;
    let repository = BareRepository::create(dir.path().join("apps.git"))?;
    repository.commit("main", &[("README.md", "hello\n")], "first")?;

    // The manifests' address is reached in a folder of this machine.
    let rewrites =
        Rewrites::default().with(&format!("https://example.com/=file://{}/", dir.path().display()))?;
    let services = Services::new(dir.path().join("mirrors"))
        .with_rewrites(rewrites)
        .with_urls(UrlPolicy { allow_file: true, allow_http: false });
    let store = Arc::new(MemoryStore::new());
    let mut builder =
        Installation::builder(store.clone(), store, kargo_steps::builtin(&services), dir.path().join("work"))
            .listener(Arc::new(|event: &Event| println!("{}", serde_json::json!(event))));
    for source in kargo_steps::sources(&services) {
        builder = builder.source(source);
    }
    let installation = builder.build();
    let manifests = Manifests::load(&[Input::text("manifests.yaml", MANIFESTS)], Some("demo"))?;
    installation.apply(manifests.resources().cloned()).await?;
    let summary = installation.run(RunOptions::default()).await?;
    println!("{} promotion(s): {}", summary.promotions.len(), summary.promotions[0].phase);
    Ok(())
}
