//! Equality: expr-lang's `==`, and Go's `reflect.DeepEqual` where that falls back on it.

use std::sync::Arc;

use super::{AnyMap, Elem, Map, Repr, Value};
use crate::CallError;
use crate::deep::with_stack;
use crate::limits::Budget;

/// `a == b`: numbers of different types compare by value, also inside lists, but not inside maps.
pub(crate) fn equal(a: &Value, b: &Value, budget: &mut Budget) -> Result<bool, CallError> {
    with_stack(a.levels().min(b.levels()), || compare(a, b, budget))?
}

fn compare(a: &Value, b: &Value, budget: &mut Budget) -> Result<bool, CallError> {
    budget.step(1)?;
    Ok(match (&a.repr, &b.repr) {
        (Repr::Int(x), Repr::Int(y)) => x == y,
        (Repr::Int(_) | Repr::Sized(..), Repr::Int(_) | Repr::Sized(..)) => a.as_i64() == b.as_i64(),
        (
            Repr::Int(_) | Repr::Sized(..) | Repr::Float(_),
            Repr::Int(_) | Repr::Sized(..) | Repr::Float(_),
        ) => a.as_f64() == b.as_f64(),
        (Repr::Array(x), Repr::Array(y)) if x.elem() == y.elem() || any(x.elem()) || any(y.elem()) => {
            if x.elem() == Elem::Pair || y.elem() == Elem::Pair {
                return deep_equal(a, b, budget);
            }
            if x.len() != y.len() {
                return Ok(false);
            }
            for (x, y) in x.iter().zip(y.iter()) {
                if !compare(x, y, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Repr::Time(x), Repr::Time(y)) => x == y,
        _ if a.is_nil() && b.is_nil() => true,
        _ => return deep_equal(a, b, budget),
    })
}

fn any(elem: Elem) -> bool {
    elem == Elem::Any
}

/// Go's `reflect.DeepEqual`: types must be the same everywhere.
fn deep_equal(a: &Value, b: &Value, budget: &mut Budget) -> Result<bool, CallError> {
    budget.step(1)?;
    Ok(match (&a.repr, &b.repr) {
        (Repr::Nil, Repr::Nil) => true,
        (Repr::Bool(x), Repr::Bool(y)) => x == y,
        (Repr::Int(x), Repr::Int(y)) | (Repr::Duration(x), Repr::Duration(y)) => x == y,
        (Repr::Sized(k, x), Repr::Sized(l, y)) => k == l && x == y,
        (Repr::Named(k, x), Repr::Named(l, y)) => k == l && x == y,
        (Repr::Float(x), Repr::Float(y)) => x == y,
        (Repr::Text(x), Repr::Text(y)) => {
            budget.scan(x.as_bytes().len())?;
            x == y
        }
        (Repr::Bytes(x), Repr::Bytes(y)) => x == y,
        (Repr::Time(x), Repr::Time(y)) => x == y,
        (Repr::Zone(x), Repr::Zone(y)) => x == y,
        (Repr::Array(x), Repr::Array(y)) => {
            if x.elem() != y.elem() || x.len() != y.len() || x.is_nil() != y.is_nil() {
                return Ok(false);
            }
            if x.same(y) {
                return Ok(true);
            }
            for (x, y) in x.iter().zip(y.iter()) {
                if !deep_equal(x, y, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Repr::Map(x), Repr::Map(y)) => return maps_equal(x, y, budget),
        (Repr::AnyMap(x), Repr::AnyMap(y)) => return any_maps_equal(x, y, budget),
        (Repr::Object(x), Repr::Object(y)) => {
            Arc::ptr_eq(x, y) || x.type_name() == y.type_name() && x.to_json() == y.to_json()
        }
        _ => false,
    })
}

fn maps_equal(a: &Map, b: &Map, budget: &mut Budget) -> Result<bool, CallError> {
    if a.len() != b.len() || a.is_of_strings() != b.is_of_strings() {
        return Ok(false);
    }
    if a.same(b) {
        return Ok(true);
    }
    for ((k, x), (l, y)) in a.iter().zip(b.iter()) {
        if k != l || !deep_equal(x, y, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any_maps_equal(a: &AnyMap, b: &AnyMap, budget: &mut Budget) -> Result<bool, CallError> {
    if a.len() != b.len() || a.is_groups() != b.is_groups() {
        return Ok(false);
    }
    if a.same(b) {
        return Ok(true);
    }
    for key in a.keys() {
        let (Some(x), Some(y)) = (a.get(key), b.get(key)) else { return Ok(false) };
        if !deep_equal(x, y, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}
