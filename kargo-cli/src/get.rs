//! `kargo-flow get`: the stored resources of one kind.

use std::process::ExitCode;

use kargo_core::diagnostic::did_you_mean;
use kargo_core::model::{Kind, Resource};
use kargo_core::store::{Store, Stored};

use crate::args::{Format, GetArgs};
use crate::failure::Failure;
use crate::installation;
use crate::render;

/// Prints resources: a line each, or one whole as YAML; with `--format json` whole, a line each.
pub(crate) async fn get(args: &GetArgs) -> Result<ExitCode, Failure> {
    let kind = kind(&args.kind)?;
    let store = installation::store(&args.data)?;
    let mut found = store.list(kind, args.data.project.as_deref()).await?;
    if let Some(name) = &args.name {
        let names: Vec<String> = found.iter().map(|one| one.resource.name().to_owned()).collect();
        found.retain(|one| is_called(&one.resource, name));
        if found.is_empty() {
            let failure = Failure::unusable(format!("there is no {kind} {name:?}"));
            return Err(match did_you_mean(name, names.iter().map(String::as_str)) {
                Some(hint) => failure.with_hint(hint),
                None => failure,
            });
        }
    }
    for stored in &found {
        show(stored, args)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(stored: &Stored, args: &GetArgs) -> Result<(), Failure> {
    let unreadable = |error: &dyn std::error::Error| Failure::unusable(error.to_string());
    let json = stored.resource.to_json().map_err(|error| unreadable(&error))?;
    match (args.data.format, &args.name) {
        (Format::Json, _) => render::json_line(&json),
        (Format::Text, Some(_)) => {
            render::out(&format!(
                "---\n{}",
                serde_yaml::to_string(&json).map_err(|error| unreadable(&error))?
            ));
        }
        (Format::Text, None) => render::line(&line(&stored.resource)),
    }
    Ok(())
}

/// Freight is known by its alias too.
fn is_called(resource: &Resource, name: &str) -> bool {
    let has_alias = matches!(resource, Resource::Freight(freight) if freight.alias == name);
    resource.name() == name || has_alias
}

fn line(resource: &Resource) -> String {
    let name = format!("{}/{}", resource.project(), resource.name());
    match resource {
        Resource::Freight(freight) => {
            let commits = freight.commits.iter().map(|commit| {
                let what = [&commit.tag, &commit.branch].into_iter().find(|text| !text.is_empty());
                format!("{} {}", what.map_or("", String::as_str), commit.id.get(..7).unwrap_or(&commit.id))
            });
            let commits: Vec<String> = commits.collect();
            format!("{name}  {}  {}", freight.alias, commits.join(", "))
        }
        Resource::Promotion(promotion) => format!("{name}  {}", promotion.phase()),
        _ => name,
    }
}

/// The kind that a word means: `stages`, `Stage`, `stage`.
fn kind(word: &str) -> Result<Kind, Failure> {
    let plain = |text: &str| text.to_lowercase().trim_end_matches('s').to_owned();
    Kind::ALL.iter().copied().find(|kind| plain(kind.as_str()) == plain(word)).ok_or_else(|| {
        let known = Kind::ALL.iter().map(|kind| kind.as_str());
        let failure = Failure::unusable(format!("there is no kind {word:?}"));
        match did_you_mean(word, known) {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    })
}
