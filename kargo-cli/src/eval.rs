//! `kargo-flow eval`: an expression or a template by hand.

use std::fs;
use std::process::ExitCode;

use kargo_core::diagnostic::Location;
use kargo_core::diagnostic::{Diagnostic, SourceFile};
use kargo_core::error::Code;
use kargo_core::expr::{Answer, Env, Error, NoHost, Numbers, Program, Scope, Template, Value};

use crate::args::{EvalArgs, Format};
use crate::failure::Failure;
use crate::render::{self, diagnostics};

/// Evaluates and prints; an error is shown with a caret under its place.
pub(crate) fn eval(args: &EvalArgs) -> Result<ExitCode, Failure> {
    let scope = scope(args)?;
    match evaluate(&args.expression, &scope) {
        Ok(value) => {
            let json = value.to_json().map_err(|error| Failure::unusable(error.to_string()))?;
            match (args.format, &json) {
                (Format::Text, serde_json::Value::String(text)) => render::line(text),
                (Format::Text, other) => render::line(&format!("{other:#}")),
                (Format::Json, other) => render::json_line(other),
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            render::out(&diagnostics::text(&[of_error(&args.expression, &error)], render::colors()));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// A text with delimiters is a template, one without an expression.
fn evaluate(text: &str, scope: &Scope) -> Result<Value, Error> {
    let env = Env::kargo();
    let template = Template::parse(text, &env)?;
    let answer = if template.is_literal() {
        Program::compile(text, &env)?.run_with(scope, &NoHost)?
    } else {
        template.render(scope, &NoHost)?
    };
    Ok(match answer {
        Answer::Ready(value) => value,
        // Without host functions nothing is needed.
        Answer::Need(_) => Value::nil(),
    })
}

fn scope(args: &EvalArgs) -> Result<Scope, Failure> {
    let Some(path) = &args.env else { return Ok(Scope::new()) };
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::unusable(format!("could not read {}: {error}", path.display())))?;
    let names: serde_json::Map<String, serde_json::Value> = serde_yaml::from_str(&text)
        .map_err(|error| Failure::unusable(format!("{} holds no names: {error}", path.display())))?;
    let values = names.iter().map(|(name, value)| (name.as_str(), Value::from_json(value, Numbers::Natural)));
    Ok(values.fold(Scope::new(), |scope, (name, value)| scope.with(name, value)))
}

fn of_error(text: &str, error: &Error) -> Diagnostic {
    let file = SourceFile::new("<expression>", text);
    let code = Code::new(error.code().as_str(), error.code().explain());
    let place = error.span().map(|span| Location::new(file, span.start as usize..span.end as usize));
    Diagnostic::error(code, error.to_string()).at(place).with_hint(error.hint().map(str::to_owned))
}
