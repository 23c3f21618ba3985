//! `kargo-flow lint`: what is wrong with manifests, before anything runs.

use std::process::ExitCode;

use kargo_core::diagnostic::Severity;
use kargo_core::manifest::Manifests;
use kargo_steps::Services;

use crate::args::{Format, LintArgs};
use crate::failure::Failure;
use crate::installation;
use crate::render::{self, diagnostics};

/// Loads, checks and prints; exit code 1 where there is an error.
pub(crate) fn lint(args: &LintArgs) -> Result<ExitCode, Failure> {
    let inputs = installation::inputs(&args.inputs)?;
    let manifests = Manifests::load(&inputs, args.project.as_deref())?;
    let mut found = manifests.diagnostics().to_vec();
    found.extend(kargo_core::lint::check(
        &manifests,
        &kargo_steps::builtin(&Services::new(std::env::temp_dir())),
    ));
    match args.format {
        Format::Json => found.iter().for_each(render::json_line),
        Format::Text => {
            render::out(&diagnostics::text(&found, render::colors()));
            let sound = manifests.manifests().len();
            let count = diagnostics::count(&found);
            let verdict = if count.is_empty() { "nothing to complain of".to_owned() } else { count };
            render::line(&format!("{sound} documents: {verdict}"));
        }
    }
    let failed = found.iter().any(|said| said.severity == Severity::Error);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
