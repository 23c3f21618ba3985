//! `kargo-flow status`: how things stand.

use std::process::ExitCode;

use kargo_core::control::{FreightOverview, Overview, Policy, StageOverview, WarehouseOverview};

use crate::args::{Format, StatusArgs};
use crate::failure::Failure;
use crate::installation;
use crate::render::{self, words};

/// Prints the overview of a data folder.
pub(crate) async fn status(args: &StatusArgs) -> Result<ExitCode, Failure> {
    let overview = installation::attach(&args.data)?.status().await?;
    match args.data.format {
        Format::Json => render::json_line(&overview),
        Format::Text => tell(&overview),
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(overview: &Overview) {
    for warehouse in &overview.warehouses {
        render::line(&of_warehouse(warehouse));
    }
    for stage in &overview.stages {
        render::line(&of_stage(stage));
    }
    for waiting in &overview.waiting {
        render::line(&words::waiting(waiting));
    }
    for problem in &overview.problems {
        render::line(&format!("error[{}]: {}: {}", problem.code, problem.about, problem.message));
    }
}

fn of_warehouse(warehouse: &WarehouseOverview) -> String {
    let state = match warehouse.ready {
        None => "not discovered yet".to_owned(),
        Some(false) => warehouse.message.clone(),
        Some(true) => warehouse.freight.as_ref().map_or_else(|| "no freight".to_owned(), of_freight),
    };
    format!("warehouse {}/{}: {state}", warehouse.project, warehouse.name)
}

fn of_stage(stage: &StageOverview) -> String {
    let mut line = format!("stage {}/{}: ", stage.project, stage.name);
    let freight: Vec<String> = stage.freight.iter().map(of_freight).collect();
    line.push_str(if freight.is_empty() { "runs nothing yet" } else { "runs " });
    line.push_str(&freight.join(", "));
    if let Some(health) = stage.health {
        line.push_str(&format!(", {health:?}"));
    }
    if stage.policy == Some(Policy::Automatic) {
        line.push_str(", promotes by itself");
    }
    if let Some(current) = &stage.current {
        line.push_str(&format!("; promoting {}", current.alias));
        if let Some(step) = &current.step {
            line.push_str(&format!(" at step {step}"));
        }
    } else if let Some(last) = &stage.last {
        line.push_str(&format!("; last promotion {}", last.result.phase));
        if !last.result.message.is_empty() {
            line.push_str(&format!(": {}", last.result.message));
        }
    }
    line
}

fn of_freight(freight: &FreightOverview) -> String {
    format!("{} ({})", freight.alias, words::id(&freight.name))
}
