//! Two regions promote cert-manager, and talk only through Git.
//!
//! ```sh
//! cargo run --release --example two_region [-- --no-approve]
//! ```
#![allow(clippy::print_stdout, reason = "the example tells its story on standard output")]

use kargo_core::control::{FreightSelector, Installation, RunOptions, Summary, WaitsFor};
use kargo_core::event::{Event, What};
use kargo_examples::{PROD_FILE, Result, STAGE_FILE, World, applications};

#[tokio::main]
async fn main() -> Result<()> {
    let approve = !std::env::args().any(|argument| argument == "--no-approve");
    let world = World::new().await?;
    println!(
        "A repository, org/kargo-demo, on a Git platform at {}; two installations.\n",
        world.platform.url()
    );

    let stage = installation(&world, "stage").await?;
    let prod = installation(&world, "prod").await?;

    println!("STAGE REGION: watches helm/… on main, promotes by itself");
    run(&stage).await?;
    println!("  tags now: {}\n", world.repository.tags()?.join(", "));

    println!("PROD REGION: watches tags, waits for a person");
    let waiting = run(&prod).await?.waiting;
    for one in waiting.iter().filter(|one| one.waits_for == WaitsFor::Approval) {
        println!("  {} waits for approval for {}", one.alias, one.stage);
    }
    if !approve {
        println!("\nNobody approves (--no-approve): it stays there.");
        return Ok(());
    }
    promote(&world, &prod, "cert-manager-prod").await?;

    println!("\nSTAGE REGION again: the commit to applicationset/ is none of its business");
    run(&stage).await?;

    println!("\nA developer bumps cert-manager to v1.18.2");
    let chart = world.repository.file("main", "helm/cert-manager/Chart.yaml")?.replace("v1.18.1", "v1.18.2");
    let message = "chore(cert-manager): bump version to v1.18.2";
    world.repository.commit("main", &[("helm/cert-manager/Chart.yaml", &chart)], message)?;
    println!("STAGE REGION");
    run(&stage).await?;
    println!("PROD REGION");
    run(&prod).await?;
    promote(&world, &prod, "cert-manager-prod").await?;

    println!("\nBoth regions once more: nothing to do");
    run(&stage).await?;
    run(&prod).await?;

    println!("\nWhat Argo CD would deploy:");
    for file in [STAGE_FILE, PROD_FILE] {
        for application in applications(&world.repository.file("main", file)?)? {
            println!("  {:<22} {}", application.name, application.revision);
        }
    }
    Ok(())
}

async fn installation(world: &World, region: &str) -> Result<Installation> {
    let task = if region == "stage" { "create-git-tag" } else { "update-applicationset" };
    let task = kargo_examples::task(task)?;
    let listener = std::sync::Arc::new(tell);
    world.region_with(region, &task, kargo_examples::TOKEN, |builder| builder.listener(listener)).await
}

async fn run(installation: &Installation) -> Result<Summary> {
    let summary = installation.run(RunOptions::default()).await?;
    for problem in &summary.problems {
        println!("  error: {}: {}", problem.about, problem.message);
    }
    if summary.promotions.is_empty() {
        println!("  nothing promoted");
    }
    Ok(summary)
}

/// A person approves, the region runs, and what changed is shown.
async fn promote(world: &World, prod: &Installation, stage: &str) -> Result<()> {
    let before = world.repository.file("main", PROD_FILE)?;
    let decided = prod.approve("kargo-demo", stage, &FreightSelector::Latest, "Jane Doe").await?;
    println!("\nJane Doe approves {} for {stage}", decided.alias);
    run(prod).await?;
    let after = world.repository.file("main", PROD_FILE)?;
    println!("  {PROD_FILE} on main:");
    for (old, new) in before.lines().zip(after.lines()).filter(|(old, new)| old != new) {
        println!("    - {}\n    + {}", old.trim(), new.trim());
    }
    if let Some(commit) = world.repository.log("main")?.first() {
        println!("  by {}: {}", commit.author, commit.message.trim());
    }
    Ok(())
}

fn tell(event: &Event) {
    match &event.what {
        What::FreightCreated { warehouse, alias, .. } => println!("  {warehouse}: new freight {alias}"),
        What::StepFinished { step, status, message, duration } => {
            println!("    {:<36} {status:<10} {duration:>8.1?}  {message}", step.alias);
        }
        What::PromotionStarted { stage, alias, .. } => println!("  {stage}: promoting {alias}"),
        What::PromotionFinished { stage, phase, .. } => println!("  {stage}: {phase}"),
        What::Warning { about, message } => println!("  warning: {about}: {message}"),
        _ => {}
    }
}
