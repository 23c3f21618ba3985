//! Runs Kargo's and expr-lang's own answers against this workspace.
//!
//! Each subcommand prints every case that differs, then `N passed, N failed` as its last line, and fails
//! where a case does. Cases that `docs/divergences.md` gives a reason for stand in `divergences.txt` beside the
//! corpus, a line each (`id: reason`); they are printed, and counted neither way. A corpus that is not there is said to be skipped, which is no failure.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod crds;
mod expr;
mod promote;
mod step;
mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Runs Kargo's and expr-lang's own answers against this workspace")]
struct Arguments {
    #[command(subcommand)]
    corpus: Corpus,
}

#[derive(Subcommand)]
enum Corpus {
    /// Compares the model with Kargo's CustomResourceDefinitions, field by field.
    Crds {
        /// The folder with the definitions.
        folder: PathBuf,
    },
    /// Runs expressions and compares kind, value and the place of errors.
    Expr {
        /// A file of JSON lines, with `envs.json` beside it.
        file: PathBuf,
    },
    /// Runs single steps and compares status, output and files.
    Step {
        /// A file of JSON lines.
        file: PathBuf,
    },
    /// Renders templates and JSON templates.
    Template {
        /// A file of JSON lines.
        file: PathBuf,
    },
    /// Runs whole Promotions.
    Promote {
        /// A file of JSON lines.
        file: PathBuf,
    },
}

/// How many cases went well, and the text of each that did not.
#[derive(Default)]
struct Tally {
    passed: usize,
    failures: Vec<String>,
}

impl Tally {
    /// Counts a case: `None` where it went well, else what differs.
    fn count(&mut self, failure: Option<String>) {
        match failure {
            None => self.passed += 1,
            Some(failure) => self.failures.push(failure),
        }
    }

    /// Prints what differs; `known` are the cases that may.
    fn report(&self, known: &BTreeMap<String, String>) -> ExitCode {
        let reason = |failure: &str| known.get(failure.split(':').next().unwrap_or_default());
        let (expected, failures): (Vec<_>, Vec<_>) =
            self.failures.iter().partition(|failure| reason(failure).is_some());
        for failure in &expected {
            let id = failure.split(':').next().unwrap_or_default();
            println!("differs as documented: {id}: {}", reason(failure).map_or("", String::as_str));
        }
        for failure in &failures {
            println!("{failure}");
        }
        let stale = known.len() - expected.len();
        if stale > 0 {
            println!("{stale} case(s) of divergences.txt do not differ any more: take them out");
        }
        println!("{} passed, {} failed", self.passed, failures.len() + stale);
        if failures.is_empty() && stale == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// The cases of a corpus, one for each line.
fn cases(file: &Path) -> Result<Vec<serde_json::Value>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
}

/// The cases beside a corpus that may differ, and why.
fn divergences(corpus: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(corpus.with_file_name("divergences.txt")).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    lines.map(|(id, reason)| (id.to_owned(), reason.to_owned())).collect()
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let known = match &arguments.corpus {
        Corpus::Crds { .. } => BTreeMap::new(),
        Corpus::Expr { file }
        | Corpus::Step { file }
        | Corpus::Template { file }
        | Corpus::Promote { file } => divergences(file),
    };
    let tally = match arguments.corpus {
        Corpus::Crds { folder } if !folder.is_dir() => return skipped(&folder),
        Corpus::Crds { folder } => crds::run(&folder),
        Corpus::Expr { file } => expr::run(&file),
        Corpus::Step { file } => step::run(&file),
        Corpus::Template { file } => template::run(&file),
        Corpus::Promote { file } if !file.is_file() => return skipped(&file),
        Corpus::Promote { file } => promote::run(&file),
    };
    match tally {
        Ok(tally) => tally.report(&known),
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn skipped(folder: &std::path::Path) -> ExitCode {
    println!("skipped: {} is not there", folder.display());
    ExitCode::SUCCESS
}
