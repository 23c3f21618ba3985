//! `kargo-flow`: runs, checks and tries Kargo projects without a cluster.
//!
//! One file for a verb; the crates below hold the logic.

mod args;
mod decide;
mod eval;
mod failure;
mod get;
mod installation;
mod lint;
mod render;
mod run;
mod status;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Verb};

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failure::Failure::from(error).print(),
    };
    let done = runtime.block_on(async {
        match args.verb {
            Verb::Run(run) => run::run(run).await,
            Verb::Lint(lint) => lint::lint(&lint),
            Verb::Status(status) => status::status(&status).await,
            Verb::Get(get) => get::get(&get).await,
            Verb::Approve(approve) => decide::approve(&approve).await,
            Verb::Promote(promote) => decide::promote(&promote).await,
            Verb::Eval(eval) => eval::eval(&eval),
        }
    });
    match done {
        Ok(code) => code,
        Err(failure) => failure.print(),
    }
}
