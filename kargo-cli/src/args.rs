//! The command line.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Runs Kargo promotions from a folder of YAML, without a cluster.
#[derive(Debug, Parser)]
#[command(name = "kargo-flow", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done (waiting for a person counts as done), 1 something failed, 2 the command line or the input \
cannot be used, 3 still polling at the timeout.";

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Discover artifacts, make Freight and promote it, until nothing is left to do
    Run(RunArgs),
    /// Check manifests and templates; nothing is run
    Lint(LintArgs),
    /// Show Warehouses, Stages, what waits for whom
    Status(StatusArgs),
    /// Show stored resources of one kind
    Get(GetArgs),
    /// Approve Freight for a Stage
    Approve(DecideArgs),
    /// Promote Freight to a Stage
    Promote(DecideArgs),
    /// Evaluate an expression, or a template that holds some
    Eval(EvalArgs),
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: JSON, one object a line where there are many
    Json,
}

/// Where an installation's state is.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct DataArgs {
    /// The data folder [default: .kargo-flow beside the manifests, or in this folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The project of what names none [default: the folder's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

impl DataArgs {
    /// The data folder; `beside` is the folder of manifests, where there is one.
    pub(crate) fn folder(&self, beside: Option<&Path>) -> PathBuf {
        self.data.clone().unwrap_or_else(|| beside.unwrap_or(Path::new(".")).join(".kargo-flow"))
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RunArgs {
    /// The folder of manifests (or one file; `-` is standard input)
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// A file of Secret documents, kept outside the folder
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets: Option<PathBuf>,
    /// Reach addresses that begin with FROM at TO instead (as git's insteadOf); may be given several times
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) rewrite: Vec<String>,
    /// Stop waiting for polling steps after this long, e.g. 30s, 10m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Stay, and go on discovering and promoting
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct LintArgs {
    /// Folders and files of manifests (`-` is standard input)
    #[arg(required = true)]
    pub(crate) inputs: Vec<PathBuf>,
    /// The project of what names none [default: the folder's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct GetArgs {
    /// The kind: warehouses, stages, freight, promotions, promotiontasks …
    pub(crate) kind: String,
    /// One of them; all, where absent
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

/// A person's decision about Freight and a Stage.
#[derive(Debug, ClapArgs)]
pub(crate) struct DecideArgs {
    /// The Stage
    #[arg(long, value_name = "NAME")]
    pub(crate) stage: String,
    /// The Freight's name, its alias, or `latest`
    #[arg(long, value_name = "NAME|ALIAS|latest", alias = "freight-alias")]
    pub(crate) freight: String,
    /// Who decides
    #[arg(long, value_name = "PERSON")]
    pub(crate) by: String,
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EvalArgs {
    /// A bare expression, or a template with ${{ }}
    pub(crate) expression: String,
    /// A YAML or JSON file whose top-level names the expression sees
    #[arg(long, value_name = "FILE")]
    pub(crate) env: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// A duration as Go writes it: `90s`, `1h30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let duration: kargo_core::model::Duration =
        text.parse().map_err(|error: kargo_core::Error| error.to_string())?;
    Ok(duration.as_std())
}
