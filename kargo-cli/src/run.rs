//! `kargo-flow run`: discover, make Freight, promote, until nothing is left to do.

use std::process::ExitCode;
use std::sync::Arc;

use kargo_core::clock::{Clock, SystemClock};
use kargo_core::control::{Installation, RunOptions, Summary};
use kargo_core::credentials::Credentials;
use kargo_core::manifest::Manifests;
use kargo_core::model::PromotionPhase;
use kargo_core::store::Lease;
use tokio_util::sync::CancellationToken;

use crate::args::{Format, RunArgs};
use crate::failure::Failure;
use crate::installation;
use crate::render::{self, diagnostics};

/// Still polling at the timeout.
const POLLING: u8 = 3;

/// Runs, and says by its exit code how that went.
pub(crate) async fn run(args: RunArgs) -> Result<ExitCode, Failure> {
    let inputs = installation::inputs(std::slice::from_ref(&args.folder))?;
    let manifests = Manifests::load(&inputs, args.data.project.as_deref())?;
    if manifests.has_errors() {
        let said = diagnostics::text(manifests.diagnostics(), false);
        return Err(Failure::unusable(format!("the manifests cannot be used\n\n{}", said.trim_end())));
    }
    let data = args.data.folder(installation::beside(&args.folder));
    let secrets: Arc<dyn Credentials> = Arc::new(installation::secrets(&manifests, &args)?);
    let services = installation::services(&data, &args.rewrite, Arc::clone(&secrets))?;
    let mut builder = installation::open(&data, kargo_steps::builtin(&services))?
        .credentials(secrets)
        .listener(render::listener(args.data.format));
    for source in kargo_steps::sources(&services) {
        builder = builder.source(source);
    }
    let installation = builder.build();
    let _lease = Lease::acquire(&data, SystemClock.now())?;
    installation.apply(manifests.resources().cloned()).await?;

    let stop = CancellationToken::new();
    stop_on_signal(stop.clone());
    let summary = work(&installation, &args, stop).await?;
    match args.data.format {
        Format::Json => render::json_line(&summary),
        Format::Text => tell(&summary),
    }
    Ok(exit_code(&summary))
}

async fn work(
    installation: &Installation,
    args: &RunArgs,
    stop: CancellationToken,
) -> Result<Summary, Failure> {
    if args.watch {
        return Ok(installation.watch(stop).await?);
    }
    Ok(installation.run(RunOptions::default().with_timeout(args.timeout).with_stop(stop)).await?)
}

/// Ctrl-C and SIGTERM stop between two passes; what is under way goes on with the next run.
fn stop_on_signal(stop: CancellationToken) {
    tokio::spawn(async move {
        let interrupt = tokio::signal::ctrl_c();
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => drop(interrupt.await),
        }
        stop.cancel();
    });
}

/// The last words of a run: what waits for whom.
fn tell(summary: &Summary) {
    for waiting in &summary.waiting {
        render::line(&render::words::waiting(waiting));
    }
    for promotion in &summary.polling {
        render::line(&format!(
            "stage {}: promotion {} is still waiting",
            promotion.stage, promotion.promotion
        ));
    }
    for problem in &summary.problems {
        render::line(&format!("error[{}]: {}: {}", problem.code, problem.about, problem.message));
        if let Some(hint) = &problem.hint {
            render::line(&format!("  hint: {hint}"));
        }
    }
    if summary.promotions.is_empty() && summary.waiting.is_empty() && summary.problems.is_empty() {
        render::line("nothing to do");
    }
}

fn exit_code(summary: &Summary) -> ExitCode {
    let failed = summary
        .promotions
        .iter()
        .any(|promotion| matches!(promotion.phase, PromotionPhase::Failed | PromotionPhase::Errored));
    if failed || !summary.problems.is_empty() {
        ExitCode::FAILURE
    } else if !summary.polling.is_empty() {
        ExitCode::from(POLLING)
    } else {
        ExitCode::SUCCESS
    }
}
