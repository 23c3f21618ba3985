//! A step of one's own, run by the engine beside Kargo's: `cargo run --example custom_step`.
#![allow(clippy::print_stdout, reason = "the example shows its result")]

use std::sync::Arc;

use kargo_core::engine::{Engine, Job, promotion};
use kargo_core::model::{Freight, FreightOrigin, FreightRequest, PromotionStep, Stage};
use kargo_core::step::{Effect, Registry, Step, StepContext, StepError, StepReport};
use kargo_core::store::MemoryStore;
use schemars::JsonSchema;
use serde::Deserialize;

/// `announce`: says who promotes what.
struct Announce;

/// Its `config:` block.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The channel to say it in.
    channel: String,
}

/// Its outputs.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read as a schema alone")]
struct Announced {
    /// What was said.
    text: String,
}

impl Step for Announce {
    type Config = Config;
    type Outputs = Announced;
    const USES: &'static str = "announce";
    const EFFECT: Effect = Effect::Pure;

    async fn run(&self, cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        let text = format!("#{}: {} goes to {}", config.channel, cx.freight.name, cx.stage);
        Ok(StepReport::succeeded().with_output("text", text))
    }
}

#[tokio::main]
async fn main() -> kargo_examples::Result<()> {
    let origin = FreightOrigin::warehouse("apps");
    let stage = Stage::new("demo", "test").with_request(FreightRequest::direct(origin.clone())).with_step(
        PromotionStep::new("announce")
            .with_config(serde_json::json!({ "channel": "${{ ctx.project }}-news" })),
    );
    let freight = Freight::new("demo", origin).named_by_content();
    let input = promotion::PromotionInput {
        stage: &stage,
        freight: &freight.metadata.name,
        tasks: &|_, _| None,
        actor: "user:jane",
        now: "2026-01-02T03:04:05Z".parse()?,
        random: 7,
    };
    let work = tempfile::tempdir()?;
    let job = Job::new(promotion::build(&input)?, stage.clone(), freight.reference(), work.path());
    let store = Arc::new(MemoryStore::new());
    let engine = Engine::builder(Registry::new().with(Announce), store.clone(), store).build();
    let pass = engine.advance(&job, &Default::default()).await?;
    println!("{}", pass.outputs.to_json()?);
    Ok(())
}
