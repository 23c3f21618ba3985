//! Fields, elements, methods, slices and membership.

use std::sync::Arc;

use super::number::to_int;
use crate::functions::methods;
use crate::limits::Budget;
use crate::value::{Array, Bound, Elem, Key, Map, Repr, Text, equal};
use crate::{CallError, Code, Value};

/// `from[index]`
pub(crate) fn fetch(from: &Value, index: &Value) -> Result<Value, CallError> {
    let found = if let Repr::Text(name) = &index.repr {
        field(from, name)?
    } else {
        element(from, index)?.ok_or_else(|| out_of_range(from, index))?
    };
    Ok(found.marked_if(index.is_marked()))
}

/// `from.name`
pub(crate) fn field(from: &Value, name: &Text) -> Result<Value, CallError> {
    let found = match &from.repr {
        Repr::Map(map) => entry(map, name.as_bytes()),
        Repr::AnyMap(_) => element(from, &name.clone().into())?.unwrap_or(Value::nil()),
        Repr::Array(_) | Repr::Text(_) | Repr::Bytes(_) => {
            to_int(&name.clone().into())?;
            Value::nil()
        }
        _ => match method(from, name) {
            Some(method) => method,
            None => object_field(from, name).ok_or_else(|| cannot_fetch(from, &name.to_str()))?,
        },
    };
    Ok(found.marked_if(from.is_marked()))
}

fn entry(map: &Map, name: &[u8]) -> Value {
    match map.get_bytes(name) {
        Some(value) => value.clone(),
        None if map.is_of_strings() => "".into(),
        None => Value::nil(),
    }
}

fn object_field(from: &Value, name: &Text) -> Option<Value> {
    let object = from.as_object().filter(|object| !object.is_nil())?;
    object.field(name.as_str()?)
}

/// A method that is read without being called.
fn method(from: &Value, name: &Text) -> Option<Value> {
    let known = match &from.repr {
        Repr::Object(object) => name.as_str().is_some_and(|name| object.has_method(name)),
        _ => methods::of_value(from).iter().any(|method| Some(method.name) == name.as_str()),
    };
    let bound = || Bound { receiver: from.clone(), method: name.clone() };
    known.then(|| Value::new(Repr::Method(Arc::new(bound()))))
}

fn cannot_fetch(from: &Value, what: &str) -> CallError {
    let from = if matches!(from.repr, Repr::Nil) { "<nil>" } else { from.type_name() };
    CallError::coded(Code::Fetch, format!("cannot fetch {what} from {from}"))
}

/// The element, nil for a map without it, `None` for a list without it.
fn element(from: &Value, index: &Value) -> Result<Option<Value>, CallError> {
    let found = match &from.repr {
        Repr::Array(array) => position(index, array.len())?.map(|at| array[at].clone()),
        Repr::Text(text) => byte(text.as_bytes(), index)?,
        Repr::Bytes(bytes) => byte(bytes, index)?,
        Repr::Map(map) => match &index.repr {
            Repr::Text(name) => Some(entry(map, name.as_bytes())),
            // Go looks for the zero value of the key's type.
            Repr::Nil => Some(entry(map, b"")),
            _ => return Err(not_a_key(index)),
        },
        Repr::AnyMap(map) => Some(match map.get(&Key::of(index)?) {
            Some(value) => value.clone(),
            None if map.is_groups() => Array::nil().into(),
            None => Value::nil(),
        }),
        Repr::Object(object) if !object.is_nil() && index.as_text().is_none() => {
            return Err(crate::functions::not_a(index, "string"));
        }
        _ => return Err(cannot_fetch(from, index.type_name())),
    };
    Ok(found.map(|value| value.marked_if(from.is_marked())))
}

fn not_a_key(index: &Value) -> CallError {
    let message = format!(
        "reflect.Value.MapIndex: value of type {} is not assignable to type string",
        index.type_name()
    );
    CallError::coded(Code::Type, message)
}

fn position(index: &Value, length: usize) -> Result<Option<usize>, CallError> {
    let at = normalize(to_int(index)?, length);
    Ok(usize::try_from(at).ok().filter(|at| *at < length))
}

/// A negative index counts from the end.
fn normalize(index: i64, length: usize) -> i64 {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    if index < 0 { index.wrapping_add(length) } else { index }
}

fn byte(bytes: &[u8], index: &Value) -> Result<Option<Value>, CallError> {
    Ok(position(index, bytes.len())?.map(|at| Value::byte(bytes[at])))
}

fn out_of_range(from: &Value, index: &Value) -> CallError {
    let length = length(from).unwrap_or(0);
    let at = normalize(to_int(index).unwrap_or(0), length);
    let message = format!("index out of range: {at} (array length is {length})");
    CallError::coded(Code::IndexOutOfRange, message)
}

/// `get(from, index)`: nil where there is nothing.
pub(crate) fn get(from: &Value, index: &Value) -> Result<Value, CallError> {
    if let Some(found) = index.as_text().and_then(|name| method(from, name)) {
        return Ok(found);
    }
    let found = match &from.repr {
        Repr::Array(_) | Repr::Text(_) | Repr::Bytes(_) | Repr::AnyMap(_) => element(from, index)?,
        Repr::Map(map) => {
            let found = element(from, index)?;
            let name = index.as_text().map_or(&b""[..], Text::as_bytes);
            found.filter(|_| map.get_bytes(name).is_some())
        }
        Repr::Object(_) => index.as_text().and_then(|name| object_field(from, name)),
        _ => None,
    };
    Ok(found.unwrap_or(Value::nil()))
}

/// Bytes of a string; elements of a list or a map.
pub(crate) fn length(value: &Value) -> Result<usize, CallError> {
    Ok(match &value.repr {
        Repr::Text(text) => text.as_bytes().len(),
        Repr::Bytes(bytes) => bytes.len(),
        Repr::Array(array) => array.len(),
        Repr::Map(map) => map.len(),
        Repr::AnyMap(map) => map.len(),
        _ => {
            let name = if matches!(value.repr, Repr::Nil) { "<nil>" } else { value.type_name() };
            return Err(CallError::coded(Code::Type, format!("invalid argument for len (type {name})")));
        }
    })
}

/// `value[from:to]`; bounds outside are moved to the ends.
pub(crate) fn slice(
    value: &Value,
    from: &Value,
    to: &Value,
    budget: &mut Budget,
) -> Result<Value, CallError> {
    let length = match &value.repr {
        Repr::Text(_) | Repr::Bytes(_) | Repr::Array(_) => length(value)?,
        _ => return Err(CallError::coded(Code::Type, format!("cannot slice {}", value.type_name()))),
    };
    let (from, to) = (to_int(from)?, to_int(to)?);
    let bound = |index| usize::try_from(normalize(index, length)).unwrap_or(0);
    let to = bound(to).min(length);
    let range = bound(from).min(to)..to;
    budget.step(range.len() as u64)?;
    Ok(match &value.repr {
        Repr::Text(text) => {
            budget.write(range.len())?;
            Value::text(&text.as_bytes()[range])
        }
        Repr::Bytes(bytes) => Value::bytes(&bytes[range]),
        Repr::Array(array) => Array::typed(array[range].to_vec(), array.elem()).into(),
        _ => Value::nil(),
    })
}

/// `needle in haystack`
pub(crate) fn contains(haystack: &Value, needle: &Value, budget: &mut Budget) -> Result<bool, CallError> {
    Ok(match &haystack.repr {
        Repr::Nil => false,
        Repr::Array(array) => {
            for item in array.iter() {
                // Pairs are Go arrays, which equal no slice.
                if array.elem() != Elem::Pair && equal(item, needle, budget)? {
                    return Ok(true);
                }
            }
            false
        }
        Repr::Bytes(bytes) => {
            needle.as_f64().is_some_and(|wanted| bytes.iter().any(|b| f64::from(*b) == wanted))
        }
        Repr::Map(map) => match &needle.repr {
            Repr::Text(name) => map.get_bytes(name.as_bytes()).is_some(),
            Repr::Nil => map.get_bytes(b"").is_some(),
            _ => return Err(not_a_key(needle)),
        },
        Repr::AnyMap(map) => map.get(&Key::of(needle)?).is_some(),
        Repr::Object(object) if object.is_nil() => false,
        Repr::Object(object) => match &needle.repr {
            Repr::Text(name) => name.as_str().is_some_and(|name| object.field(name).is_some()),
            _ => return Err(crate::functions::not_a(needle, "string")),
        },
        _ => {
            let message = format!("operator \"in\" not defined on {}", haystack.type_name());
            return Err(CallError::coded(Code::Type, message));
        }
    })
}

/// `needle in` a set that the compiler made of integers.
pub(crate) fn contains_int(set: &Value, needle: &Value) -> Result<bool, CallError> {
    let key = match needle.repr {
        Repr::Int(i) => Key::Int(i),
        Repr::Nil => Key::Int(0),
        _ => return Err(not_a_key(needle)),
    };
    Ok(set.as_any_map().is_some_and(|set| set.get(&key).is_some()))
}
