//! `kargo-flow approve` and `promote`: what a person decides, also while a `run --watch` works on the same data.

use std::process::ExitCode;

use kargo_core::control::{Decided, FreightSelector, Outcome};

use crate::args::{DecideArgs, Format};
use crate::failure::Failure;
use crate::installation;
use crate::render::{self, words};

/// Approves Freight for a Stage.
pub(crate) async fn approve(args: &DecideArgs) -> Result<ExitCode, Failure> {
    let installation = installation::attach(&args.data)?;
    let project = project(args).await?;
    let freight = FreightSelector::from(args.freight.as_str());
    tell(args, &installation.approve(&project, &args.stage, &freight, &args.by).await?);
    Ok(ExitCode::SUCCESS)
}

/// Queues a Promotion.
pub(crate) async fn promote(args: &DecideArgs) -> Result<ExitCode, Failure> {
    let installation = installation::attach(&args.data)?;
    let project = project(args).await?;
    let freight = FreightSelector::from(args.freight.as_str());
    tell(args, &installation.promote(&project, &args.stage, &freight, &args.by).await?);
    Ok(ExitCode::SUCCESS)
}

/// The project of the Stage: the one that is said, else the only one that has such a Stage.
async fn project(args: &DecideArgs) -> Result<String, Failure> {
    if let Some(project) = &args.data.project {
        return Ok(project.clone());
    }
    let overview = installation::attach(&args.data)?.status().await?;
    let mut projects: Vec<&str> = overview
        .stages
        .iter()
        .filter(|stage| stage.name == args.stage)
        .map(|stage| stage.project.as_str())
        .collect();
    projects.dedup();
    match (projects.as_slice(), overview.stages.first()) {
        ([one], _) => Ok((*one).to_owned()),
        // The installation knows what to say of a Stage that is not there.
        ([], Some(any)) => Ok(any.project.clone()),
        ([], None) => Ok(String::new()),
        (several, _) => Err(Failure::unusable(format!("several projects have a Stage {:?}", args.stage))
            .with_hint(format!("say --project, one of {}", several.join(", ")))),
    }
}

fn tell(args: &DecideArgs, decided: &Decided) {
    if args.data.format == Format::Json {
        return render::json_line(decided);
    }
    let (alias, id, stage) = (&decided.alias, words::id(&decided.freight), &decided.stage);
    let freight = format!("freight {alias} ({id})");
    render::line(&match &decided.outcome {
        Outcome::Promoting { promotion } => {
            format!("stage {stage}: {freight}: promotion {promotion} is queued, by {}", args.by)
        }
        Outcome::Approved => format!("stage {stage}: {freight} is approved, by {}", args.by),
        Outcome::UnderWay { promotion } => {
            format!("stage {stage}: nothing changed: promotion {promotion} of {freight} is under way")
        }
        Outcome::Current => format!("stage {stage}: nothing changed: it runs {freight}"),
        Outcome::ApprovedBefore { ended } => match ended {
            None => format!("stage {stage}: nothing changed: {freight} was approved before"),
            Some(phase) => format!(
                "stage {stage}: nothing changed: {freight} was approved before, and its promotion ended {phase}; \
                 `promote` tries it again"
            ),
        },
        other => format!("stage {stage}: {freight}: {other:?}"),
    });
}
