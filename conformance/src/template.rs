//! Kargo's answers to templates.

use std::path::Path;

use kargo_expr::{
    Answer, CallError, Env, Host, JsonAnswer, JsonTemplate, Map, Numbers, Object, Scope, Signature, Template,
    Type, Value,
};
use serde_json::Value as Json;

use crate::{Tally, cases};

pub(crate) fn run(file: &Path) -> Result<Tally, Box<dyn std::error::Error>> {
    let env = environment();
    let mut tally = Tally::default();
    for case in cases(file)? {
        let id = case["input"]["id"].as_str().unwrap_or_default();
        let outcome = render(&case["input"], &env);
        let difference = compare(&case, outcome).err();
        tally
            .count(difference.map(|difference| format!("{id}: {}: {difference}", case["input"]["template"])));
    }
    Ok(tally)
}

/// Kargo's functions that need a promotion are answered from the case.
fn environment() -> Env {
    let text = || Type::String;
    let bool_of_nothing = || Signature::new([], Type::Bool);
    Env::kargo()
        .with_host_function("always", bool_of_nothing())
        .with_host_function("success", bool_of_nothing())
        .with_host_function("failure", bool_of_nothing())
        .with_host_function("status", Signature::new([text()], text()))
        .with_host_function("warehouse", Signature::new([text()], Type::Any))
}

/// The steps that ran before, and the alias of the one whose template it is.
struct Steps<'c> {
    alias: &'c str,
    metas: &'c [Json],
}

impl Host for Steps<'_> {
    fn call(&self, function: &str, args: &[Value]) -> Result<Answer, CallError> {
        let failed = self.metas.iter().any(|meta| {
            matches!(field(meta, "status"), "Failed" | "Errored")
                && meta["continueOnError"] != Json::Bool(true)
        });
        let value = match function {
            "always" => true.into(),
            "success" => (!failed).into(),
            "failure" => failed.into(),
            "status" => self.status(name(args)?).into(),
            _ => Value::object(Origin(name(args)?.to_owned())),
        };
        Ok(Answer::Ready(value))
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

impl Steps<'_> {
    /// An alias is looked up among the steps of the same task.
    fn status(&self, alias: &str) -> String {
        let (task, _) = split(self.alias);
        let found = self.metas.iter().find(|meta| split(field(meta, "alias")) == (task, alias));
        found.map(|meta| field(meta, "status").to_owned()).unwrap_or_default()
    }
}

/// The task and the step of an alias; with more than one `::` it is no task's.
fn split(alias: &str) -> (&str, &str) {
    match alias.split_once("::") {
        Some((task, step)) if !step.contains("::") => (task, step),
        _ => ("", alias),
    }
}

fn field<'c>(meta: &'c Json, name: &str) -> &'c str {
    meta[name].as_str().unwrap_or_default()
}

/// The only argument, which must not be empty.
fn name(args: &[Value]) -> Result<&str, CallError> {
    let name = args[0].as_str().filter(|name| !name.is_empty());
    name.ok_or_else(|| CallError::new("argument must not be empty"))
}

/// What `warehouse(name)` gives.
#[derive(Debug)]
struct Origin(String);

impl Object for Origin {
    fn type_name(&self) -> &str {
        "v1alpha1.FreightOrigin"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Kind" => Some("Warehouse".into()),
            "Name" => Some(self.0.as_str().into()),
            _ => None,
        }
    }

    fn to_json(&self) -> Json {
        serde_json::json!({"kind": "Warehouse", "name": self.0})
    }
}

fn render(input: &Json, env: &Env) -> Result<Json, String> {
    let metas = input["stepMetas"].as_array().map_or(&[][..], Vec::as_slice);
    let host = Steps { alias: input["stepAlias"].as_str().unwrap_or_default(), metas };
    let scope = value(&input["env"]).as_map().map_or_else(Scope::new, |map: &Map| map.clone().into());
    match &input["template"] {
        Json::String(text) => {
            let template = Template::parse(text, env).map_err(|error| error.to_string())?;
            match template.render(&scope, &host).map_err(|error| error.to_string())? {
                Answer::Ready(value) => Ok(tagged(&value)),
                Answer::Need(_) => Err("waits".into()),
            }
        }
        document => {
            let template = JsonTemplate::parse(document, env);
            match template.render(&scope, &host).map_err(|error| error.to_string())? {
                JsonAnswer::Ready { json, .. } => Ok(json),
                JsonAnswer::Need(_) => Err("waits".into()),
            }
        }
    }
}

/// A case's value: numbers are floats unless tagged.
fn value(json: &Json) -> Value {
    match json {
        Json::Object(object) => match object.iter().next() {
            Some((tag, number)) if matches!(tag.as_str(), "$int64" | "$int") => {
                Value::from_json(number, Numbers::Natural)
            }
            _ => object.iter().map(|(key, json)| (key.as_str(), value(json))).collect(),
        },
        Json::Array(items) => items.iter().map(value).collect::<Vec<_>>().into(),
        json => Value::from_json(json, Numbers::GoFloat),
    }
}

/// The JSON form, where numbers that have none are tagged as in the corpus.
fn tagged(value: &Value) -> Json {
    value.to_json().unwrap_or_else(|_| {
        let f = value.as_f64().unwrap_or(f64::NAN);
        let name = if f.is_nan() {
            "NaN"
        } else if f > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        serde_json::json!({"$float": name})
    })
}

fn compare(case: &Json, outcome: Result<Json, String>) -> Result<(), String> {
    let expected = &case["expected"];
    match outcome {
        Ok(json) if expected["ok"] == Json::Bool(true) => {
            if same(&json, &expected["value"]) {
                return Ok(());
            }
            Err(format!("gives {json}, expected {}", expected["value"]))
        }
        Ok(json) => Err(format!("gives {json}, expected error {}", expected["error"])),
        Err(error) if expected["ok"] == Json::Bool(true) => {
            Err(format!("fails with {error}, expected {}", expected["value"]))
        }
        Err(_) => Ok(()),
    }
}

/// Numbers are the same by value, whatever they are written as.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
