//! expr-lang's answers to single expressions.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kargo_expr::{Answer, CallError, Env, Error, Host, Kind, Map, Numbers, Phase, Program, Scope, Value};
use serde_json::Value as Json;

use crate::{Tally, cases};

/// The time at which the cases are evaluated; they only ask whether it is after 2020.
struct Clock;

impl Host for Clock {
    fn call(&self, function: &str, _: &[Value]) -> Result<Answer, CallError> {
        Err(CallError::new(format!("unknown function {function}")))
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(1_750_000_000).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

pub(crate) fn run(file: &Path) -> Result<Tally, Box<dyn std::error::Error>> {
    let scopes = scopes(&file.with_file_name("envs.json"))?;
    let env = Env::kargo();
    let mut tally = Tally::default();
    let (mut placed, mut places) = (0, 0);
    for case in cases(file)? {
        let id = case["id"].as_str().unwrap_or_default();
        let source = case["expr"].as_str().unwrap_or_default();
        let scope = scopes.get(case["env"].as_str().unwrap_or_default()).cloned().unwrap_or_default();
        let outcome = evaluate(source, &env, &scope);
        if let (Err(error), Some(line)) = (&outcome, case["line"].as_u64()) {
            places += 1;
            let expected = (line, case["col"].as_u64().unwrap_or_default() + 1);
            let actual = error.line_col(source).map(|(line, column)| (line.into(), column.into()));
            if actual == Some(expected) {
                placed += 1;
            } else {
                println!("{id}: {source}: error at {actual:?}, expected {expected:?}: {error}");
            }
        }
        tally.count(compare(&case, outcome).err().map(|difference| format!("{id}: {source}: {difference}")));
    }
    println!("{placed} of {places} error positions agree");
    Ok(tally)
}

fn scopes(file: &Path) -> Result<HashMap<String, Scope>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let json: HashMap<String, Json> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let scope = |json: &Json| {
        let value = Value::from_json(json, Numbers::Natural);
        value.as_map().map_or_else(Scope::new, |values: &Map| Scope::from(values.clone()))
    };
    Ok(json.iter().map(|(name, json)| (name.clone(), scope(json))).collect())
}

fn evaluate(source: &str, env: &Env, scope: &Scope) -> Result<Value, Error> {
    match Program::compile(source, env)?.run_with(scope, &Clock)? {
        Answer::Ready(value) => Ok(value),
        Answer::Need(_) => Ok(Value::nil()),
    }
}

fn compare(case: &Json, outcome: Result<Value, Error>) -> Result<(), String> {
    let is_expected = case["ok"].as_bool().unwrap_or_default();
    match outcome {
        Ok(value) if !is_expected => {
            Err(format!("gives {value:?}, expected {} error {}", case["phase"], case["msg"]))
        }
        Ok(value) => {
            let kind = kind(&value);
            if case["kind"].as_str() != Some(kind) {
                return Err(format!("gives {kind} {value:?}, expected {} {}", case["kind"], case["value"]));
            }
            if matches(&value, &case["value"]) {
                return Ok(());
            }
            Err(format!("gives {value:?}, expected {}", case["value"]))
        }
        Err(error) if is_expected => {
            Err(format!("fails ({:?}) with {error}, expected {}", error.phase(), case["value"]))
        }
        Err(error) => {
            let phase = if error.phase() == Phase::Compile { "compile" } else { "run" };
            if case["phase"].as_str() == Some(phase) {
                return Ok(());
            }
            Err(format!("fails at {phase} with {error}, expected at {}: {}", case["phase"], case["msg"]))
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value.kind() {
        Kind::Nil => "nil",
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::Array => "array",
        Kind::Map => "map",
        Kind::Duration => "duration",
        Kind::Time => "time",
        _ => "other",
    }
}

/// Whether a value is the one that a case describes.
fn matches(value: &Value, expected: &Json) -> bool {
    if let Some(tagged) = expected.as_object().and_then(|object| {
        let (tag, content) = object.iter().find(|(tag, _)| tag.starts_with('$'))?;
        Some(matches_tagged(value, tag, content, expected))
    }) {
        return tagged;
    }
    match (value.kind(), expected) {
        (Kind::Nil, Json::Null) => true,
        (Kind::Bool, Json::Bool(b)) => value.as_bool() == Some(*b),
        (Kind::Int, Json::Number(number)) => {
            value.as_i64() == number.as_i64().or_else(|| number.as_u64().map(|n| n as i64))
        }
        (Kind::Float, Json::Number(number)) if number.is_f64() => {
            value.as_f64().map(f64::to_bits) == number.as_f64().map(f64::to_bits)
        }
        (Kind::String, Json::String(text)) => value.as_str() == Some(text),
        (Kind::Array, Json::Array(expected)) => {
            let items = value.as_array().map_or(&[][..], |array| array);
            items.len() == expected.len()
                && items.iter().zip(expected).all(|(item, json)| matches(item, json))
        }
        (Kind::Map, Json::Object(expected)) => value.as_map().is_some_and(|map| {
            map.len() == expected.len()
                && expected.iter().all(|(key, json)| map.get(key).is_some_and(|value| matches(value, json)))
        }),
        _ => false,
    }
}

fn matches_tagged(value: &Value, tag: &str, content: &Json, expected: &Json) -> bool {
    let decoded = || STANDARD.decode(content.as_str().unwrap_or_default()).unwrap_or_default();
    match tag {
        "$float" => {
            let wanted = match content.as_str() {
                Some("+Inf") => f64::INFINITY,
                Some("-Inf") => f64::NEG_INFINITY,
                _ => f64::NAN,
            };
            let actual = value.as_f64().unwrap_or_default();
            value.kind() == Kind::Float && (actual == wanted || actual.is_nan() && wanted.is_nan())
        }
        "$str" => value.as_text().is_some_and(|text| text.as_bytes() == decoded()),
        "$bytes" => value.as_bytes().is_some_and(|bytes| bytes == decoded()),
        "$duration" => value.as_duration() == content.as_i64(),
        "$time" => value.to_json().is_ok_and(|json| json == *content),
        "$other" => {
            Some(value.type_name()) == content.as_str() && expected["s"].as_str() == Some(&shown(value))
        }
        "$map" => value.as_any_map().is_some_and(|map| {
            let pairs = content.as_array().map_or(&[][..], Vec::as_slice);
            map.len() == pairs.len()
                && map.iter().all(|(key, value)| {
                    pairs.iter().any(|pair| matches(&key, &pair[0]) && matches(value, &pair[1]))
                })
        }),
        "$deep" => Some(depth(value)) == content.as_u64(),
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    let scope = Scope::new().with("value", value.clone());
    kargo_expr::eval("string(value)", &scope)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// How many lists or maps are inside one another.
fn depth(value: &Value) -> u64 {
    let mut depth = 0;
    let mut value = value.clone();
    loop {
        let inner = match (value.as_array(), value.as_map()) {
            (Some(array), _) => array.first().cloned(),
            (_, Some(map)) => map.iter().next().map(|(_, value)| value.clone()),
            _ => return depth,
        };
        depth += 1;
        match inner {
            Some(inner) => value = inner,
            None => return depth,
        }
    }
}
