//! Expressions and templates by themselves: `cargo run --example evaluate`.
#![allow(clippy::print_stdout, reason = "the example shows its results")]

use kargo_core::expr::{Env, NoHost, Numbers, Program, Scope, Template, Value, eval};
use serde_json::json;

fn main() -> kargo_examples::Result<()> {
    let vars = Value::from_json(
        &json!({ "app": "web", "replicas": 3, "tags": ["v1.9.0", "v1.18.1"] }),
        Numbers::Natural,
    );
    let scope = Scope::new().with("vars", vars);

    // In one line.
    println!("{}", eval("vars.app | upper()", &scope)?.to_json()?);

    // Compiled once, run often.
    let env = Env::kargo();
    let program = Program::compile("filter(vars.tags, semverParse(#).Minor() > 9)[0]", &env)?;
    println!("{}", program.run(&scope)?.to_json()?);

    // Templates retype what they render, as Kargo's do.
    for text in
        ["${{ vars.app }}-${{ vars.replicas }}", "${{ vars.replicas }}", "$<< quote(vars.replicas) >>"]
    {
        if let kargo_core::expr::Answer::Ready(value) =
            Template::parse(text, &env)?.render(&scope, &NoHost)?
        {
            println!("{text} is {}", value.to_json()?);
        }
    }

    // An error points into its text.
    if let Err(error) = Program::compile("vars.replicas + 'x' * 2", &env) {
        println!("{error}, at {:?}", error.span());
    }
    Ok(())
}
