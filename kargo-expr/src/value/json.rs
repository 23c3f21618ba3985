//! Between values and JSON, as `encoding/json` goes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map as JsonMap, Number, Value as Json};

use super::{Array, IntKind, Map, Repr, Text, Value};
use crate::deep::with_stack;
use crate::go::json::Writer;
use crate::limits::Budget;
use crate::{CallError, Code, Error};

/// How numbers of JSON become values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// Every number a float, as `encoding/json` reads them: what Kargo has after storing and loading.
    GoFloat,
    /// `5` is an int, `5.0` a float.
    Natural,
}

impl Value {
    /// The value of a JSON document.
    ///
    /// ```
    /// use kargo_expr::{Numbers, Value};
    /// let five = serde_json::json!(5);
    /// assert_eq!(Value::from_json(&five, Numbers::GoFloat).type_name(), "float64");
    /// assert_eq!(Value::from_json(&five, Numbers::Natural).type_name(), "int");
    /// ```
    #[must_use]
    pub fn from_json(json: &Json, numbers: Numbers) -> Self {
        match json {
            Json::Null => Self::nil(),
            Json::Bool(b) => (*b).into(),
            Json::Number(number) => from_number(number, numbers),
            Json::String(text) => text.as_str().into(),
            Json::Array(items) => {
                Array::from(items.iter().map(|item| Self::from_json(item, numbers)).collect::<Vec<_>>())
                    .into()
            }
            Json::Object(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| (key.as_str(), Self::from_json(value, numbers)));
                Map::new(entries).into()
            }
        }
    }

    /// The JSON form, as `json.Marshal` has it: a float without a fraction becomes an integer.
    ///
    /// # Errors
    /// NaN and the infinities, maps whose keys are not strings, methods, and what nests more than 512 levels
    /// deep have none.
    pub fn to_json(&self) -> Result<Json, Error> {
        convert(self, Floats::Shortest)
            .map_err(|error| Error::new(error.code, crate::Phase::Run, error.message, None))
    }
}

impl Value {
    /// The JSON form with floats that stay floats, for YAML, which shows them apart from integers.
    pub(crate) fn to_yaml_json(&self) -> Result<Json, CallError> {
        convert(self, Floats::Kept)
    }
}

/// What becomes of a float without a fraction.
#[derive(Clone, Copy, PartialEq)]
enum Floats {
    /// An integer, as JSON text has it.
    Shortest,
    /// A float.
    Kept,
}

fn from_number(number: &Number, numbers: Numbers) -> Value {
    match (number.as_i64(), numbers) {
        (Some(i), Numbers::Natural) => i.into(),
        // A JSON number always has a float form; arbitrary precision is not switched on.
        _ => number.as_f64().unwrap_or(f64::NAN).into(),
    }
}

/// How deep a document may nest: as deep as [`crate::go::json::parse`] reads.
const MAX_DEPTH: usize = 512;

fn convert(value: &Value, floats: Floats) -> Result<Json, CallError> {
    if value.levels() > MAX_DEPTH {
        return Err(CallError::coded(Code::Limit, "recursion depth exceeded"));
    }
    to_json(value, floats)
}

fn to_json(value: &Value, floats: Floats) -> Result<Json, CallError> {
    Ok(match &value.repr {
        Repr::Array(array) if !array.is_nil() => {
            Json::Array(array.iter().map(|item| to_json(item, floats)).collect::<Result<_, _>>()?)
        }
        Repr::Map(map) => {
            let mut entries = JsonMap::new();
            for (key, value) in map.iter() {
                entries.insert(key.to_str().into_owned(), to_json(value, floats)?);
            }
            Json::Object(entries)
        }
        Repr::Float(f) => float(*f, floats)?,
        Repr::Int(i) => Json::from(*i),
        Repr::Sized(IntKind::Uint64, i) => Json::from(*i as u64),
        Repr::Duration(d) if floats == Floats::Kept => {
            Json::from(crate::time::Duration::from_nanoseconds(*d).to_string())
        }
        Repr::Sized(_, i) | Repr::Duration(i) | Repr::Named(_, i) => Json::from(*i),
        Repr::Text(text) => Json::from(text.to_str()),
        Repr::Object(object) if !object.is_nil() => object.to_json(),
        Repr::Bytes(bytes) => Json::from(STANDARD.encode(bytes)),
        Repr::Time(time) => Json::from(time.to_json_text()?),
        Repr::Bool(b) => Json::from(*b),
        Repr::Zone(_) => Json::Object(JsonMap::new()),
        Repr::AnyMap(_) | Repr::Method(_) => return Err(unsupported(value)),
        Repr::Nil | Repr::Array(_) | Repr::Object(_) => Json::Null,
    })
}

fn float(f: f64, floats: Floats) -> Result<Json, CallError> {
    if floats == Floats::Shortest && f.fract() == 0.0 && f.abs() < 9e15 {
        return Ok(Json::from(f as i64));
    }
    let number = Number::from_f64(f).ok_or_else(|| {
        CallError::coded(Code::NotJson, format!("json: unsupported value: {}", crate::go::float::format(f)))
    })?;
    Ok(Json::Number(number))
}

fn unsupported(value: &Value) -> CallError {
    CallError::coded(Code::NotJson, format!("json: unsupported type: {}", value.type_name()))
}

/// Writes the value as `json.Marshal` does.
pub(crate) fn write_json(value: &Value, json: &mut Writer, budget: &mut Budget) -> Result<(), CallError> {
    with_stack(value.levels(), || write(value, json, 0, budget))?
}

/// Writes a value that stands `depth` levels deep; what is indented is counted as text.
fn write(value: &Value, json: &mut Writer, depth: usize, budget: &mut Budget) -> Result<(), CallError> {
    budget.step(1)?;
    budget.write(8 + 2 * depth)?;
    match &value.repr {
        Repr::Nil => json.null(),
        Repr::Bool(b) => json.bool(*b),
        Repr::Int(i) => json.int(*i),
        Repr::Sized(IntKind::Uint64, _) => json.value(&to_json(value, Floats::Shortest)?),
        Repr::Sized(_, i) | Repr::Duration(i) | Repr::Named(_, i) => json.int(*i),
        Repr::Float(f) => {
            json.float(*f).map_err(|error| CallError::coded(Code::NotJson, error.message()))?;
        }
        Repr::Text(text) => write_text(text, json, budget)?,
        Repr::Array(array) if array.is_nil() => json.null(),
        Repr::Array(array) => {
            json.begin_array();
            for item in array.iter() {
                write(item, json, depth + 1, budget)?;
            }
            json.end_array();
        }
        Repr::Map(map) => {
            json.begin_object();
            for (key, value) in map.iter() {
                budget.write(key.as_bytes().len())?;
                json.key(key.as_bytes());
                write(value, json, depth + 1, budget)?;
            }
            json.end_object();
        }
        Repr::AnyMap(_) | Repr::Method(_) => return Err(unsupported(value)),
        Repr::Bytes(_) | Repr::Time(_) | Repr::Zone(_) | Repr::Object(_) => {
            json.value(&to_json(value, Floats::Shortest)?)
        }
    }
    Ok(())
}

fn write_text(text: &Text, json: &mut Writer, budget: &mut Budget) -> Result<(), CallError> {
    budget.write(text.as_bytes().len())?;
    json.string(text.as_bytes());
    Ok(())
}
