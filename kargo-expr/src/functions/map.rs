//! Functions of maps. Go leaves their order open; here it is the order of the keys.

use std::collections::BTreeMap;

use super::{Builtin, Check, Context, arg, elements, only};
use crate::types::Type;
use crate::value::{AnyMap, Array, Elem, Key, Repr};
use crate::vm::fetch;
use crate::{CallError, Code, Value};

pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin { name: "get", check: Check::Get, run: get, carries: true },
    Builtin::checked("keys", |args| map("get keys from", args), keys),
    Builtin::checked("values", |args| map("get values from", args), values).carrying(),
    Builtin::checked("toPairs", check_to_pairs, to_pairs).carrying(),
    Builtin::checked("fromPairs", check_from_pairs, from_pairs).carrying(),
];

fn map(verb: &str, args: &[Type]) -> Result<Type, String> {
    match only(args)? {
        ty if ty.is_map() || ty.is_unknown() => Ok(Type::any_list()),
        ty => Err(format!("cannot {verb} {ty}")),
    }
}

fn check_to_pairs(args: &[Type]) -> Result<Type, String> {
    match only(args)? {
        ty if ty.is_map() || ty.is_unknown() => Ok(Type::any_list()),
        ty => Err(format!("cannot transform {ty} to pairs")),
    }
}

fn check_from_pairs(args: &[Type]) -> Result<Type, String> {
    match only(args)? {
        ty if ty.is_list() || ty.is_unknown() => Ok(Type::AnyMap { groups: false }),
        ty => Err(format!("cannot transform {ty} from pairs")),
    }
}

fn get(_: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    fetch::get(arg(args, 0)?, arg(args, 1)?)
}

/// Keys and values of a map of any kind.
fn entries(value: &Value, verb: &str) -> Result<Vec<(Value, Value)>, CallError> {
    match &value.repr {
        Repr::Map(map) => Ok(map.iter().map(|(key, value)| (key.clone().into(), value.clone())).collect()),
        Repr::AnyMap(map) => Ok(map.iter().map(|(key, value)| (key, value.clone())).collect()),
        _ => Err(CallError::coded(Code::Type, format!("cannot {verb} {}", value.type_name()))),
    }
}

fn keys(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let entries = entries(arg(args, 0)?, "get keys from")?;
    cx.budget.step(entries.len() as u64)?;
    Ok(entries.into_iter().map(|(key, _)| key).collect::<Vec<_>>().into())
}

fn values(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let entries = entries(arg(args, 0)?, "get values from")?;
    cx.budget.step(entries.len() as u64)?;
    Ok(entries.into_iter().map(|(_, value)| value).collect::<Vec<_>>().into())
}

fn to_pairs(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let entries = entries(arg(args, 0)?, "transform to pairs")?;
    cx.budget.step(entries.len() as u64)?;
    let pairs = entries.into_iter().map(|(key, value)| Value::from(vec![key, value])).collect();
    Ok(Array::typed(pairs, Elem::Pair).into())
}

fn from_pairs(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let value = arg(args, 0)?;
    let error = |message: &str| CallError::coded(Code::Type, message);
    let pairs = elements(value).ok_or_else(|| error("cannot transform from pairs"))?;
    cx.budget.step(pairs.len() as u64)?;
    let mut entries = BTreeMap::new();
    for pair in pairs.iter() {
        let pair = elements(pair).ok_or_else(|| error("invalid pair"))?;
        let [key, value] = &*pair else { return Err(error("invalid pair length")) };
        entries.insert(Key::of(key)?, value.clone());
    }
    Ok(AnyMap::new(entries, false).into())
}
