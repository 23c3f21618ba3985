//! `fmt`'s `%v`: what `string()` makes of a value.

use super::{Repr, Value};
use crate::CallError;
use crate::deep::with_stack;
use crate::go;
use crate::limits::Budget;
use crate::time;

/// Writes the value as Go's `fmt.Sprint` would.
pub(crate) fn show(value: &Value, budget: &mut Budget) -> Result<Vec<u8>, CallError> {
    with_stack(value.levels(), || {
        let mut out = Vec::new();
        write(value, &mut out, budget)?;
        Ok(out)
    })?
}

fn write(value: &Value, out: &mut Vec<u8>, budget: &mut Budget) -> Result<(), CallError> {
    let before = out.len();
    budget.step(1)?;
    match &value.repr {
        Repr::Nil => out.extend(b"<nil>"),
        Repr::Bool(b) => out.extend(b.to_string().bytes()),
        Repr::Int(i) => out.extend(i.to_string().bytes()),
        Repr::Sized(super::IntKind::Uint64, i) => out.extend((*i as u64).to_string().bytes()),
        Repr::Sized(_, i) => out.extend(i.to_string().bytes()),
        Repr::Float(f) => out.extend(go::float::format(*f).bytes()),
        Repr::Text(text) => out.extend(text.as_bytes()),
        Repr::Bytes(bytes) => write_list(bytes.iter().map(|b| Value::from(i64::from(*b))), out, budget)?,
        Repr::Array(array) => return write_list(array.iter().cloned(), out, budget),
        Repr::Map(map) => {
            let entries = map.iter().map(|(key, value)| (key.clone().into(), value));
            return write_map(entries, out, budget);
        }
        Repr::AnyMap(map) => return write_map(map.iter(), out, budget),
        Repr::Duration(d) => out.extend(time::Duration::from_nanoseconds(*d).to_string().bytes()),
        Repr::Named(super::Named::Month, i) => out.extend(time::Month(*i).to_string().bytes()),
        Repr::Named(super::Named::Weekday, i) => out.extend(time::Weekday(*i).to_string().bytes()),
        Repr::Time(time) => out.extend(time.to_string().bytes()),
        Repr::Zone(zone) => out.extend(zone.name().bytes()),
        Repr::Object(object) if object.is_nil() => out.extend(b"<nil>"),
        Repr::Object(object) => out.extend(object.to_text().bytes()),
        Repr::Method(bound) => out.extend(bound.method.as_bytes()),
    }
    budget.write(out.len() - before)
}

fn write_list(
    items: impl Iterator<Item = Value>,
    out: &mut Vec<u8>,
    budget: &mut Budget,
) -> Result<(), CallError> {
    out.push(b'[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        write(&item, out, budget)?;
    }
    out.push(b']');
    Ok(())
}

fn write_map<'a>(
    entries: impl Iterator<Item = (Value, &'a Value)>,
    out: &mut Vec<u8>,
    budget: &mut Budget,
) -> Result<(), CallError> {
    out.extend(b"map[");
    for (i, (key, value)) in entries.enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        write(&key, out, budget)?;
        out.push(b':');
        write(value, out, budget)?;
    }
    out.push(b']');
    Ok(())
}
