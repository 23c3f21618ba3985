//! Functions of lists.

use super::{Builtin, Context, P, Sig, arg, count_error, list, only, text};
use crate::deep::with_stack;
use crate::go::sort::sort_by;
use crate::limits::Budget;
use crate::types::Type;
use crate::value::{Array, Elem, Repr, equal};
use crate::vm::fetch::fetch;
use crate::vm::number::{Order, compare};
use crate::{CallError, Code, Value};

pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::checked("first", |args| end("first", args), |_, args| at_end(args, 0)).carrying(),
    Builtin::checked("last", |args| end("last", args), |_, args| at_end(args, -1)).carrying(),
    Builtin::checked("take", check_take, take).carrying(),
    Builtin::checked("reverse", |args| lists("reverse", only(args).map(|_| args)?), reverse).carrying(),
    Builtin::checked("uniq", |args| lists("uniq", only(args).map(|_| args)?), uniq).carrying(),
    Builtin::checked("concat", check_concat, concat).carrying(),
    Builtin::checked("flatten", |args| lists("flatten", only(args).map(|_| args)?), flatten).carrying(),
    Builtin::new(
        "sort",
        &[
            Sig(&[P::AnyList, P::Text], P::AnyList),
            Sig(&[P::IntList, P::Text], P::AnyList),
            Sig(&[P::TextList, P::Text], P::AnyList),
            Sig(&[P::AnyList], P::AnyList),
            Sig(&[P::TextList], P::AnyList),
            Sig(&[P::IntList], P::AnyList),
        ],
        sort,
    )
    .carrying(),
];

fn end(name: &str, args: &[Type]) -> Result<Type, String> {
    match only(args)? {
        ty if ty.is_unknown() => Ok(Type::Any),
        // The list's element type is Go's, not what is known of its elements.
        Type::Array(array) => Ok(match array.go {
            Elem::Int => Type::Int,
            Elem::String => Type::String,
            Elem::Any | Elem::Pair => Type::Any,
        }),
        ty if ty.is_list() => Ok(ty.element()),
        ty => Err(format!("cannot get {name} element from {ty}")),
    }
}

fn lists(verb: &str, args: &[Type]) -> Result<Type, String> {
    match args.iter().find(|arg| !arg.is_list() && !arg.is_unknown()) {
        Some(arg) => Err(format!("cannot {verb} {arg}")),
        None => Ok(Type::any_list()),
    }
}

fn check_concat(args: &[Type]) -> Result<Type, String> {
    if args.is_empty() {
        return Err(count_error("at least 1", 0));
    }
    lists("concat", args)
}

fn check_take(args: &[Type]) -> Result<Type, String> {
    let [from, count] = args else { return Err(count_error("2", args.len())) };
    lists("take from", std::slice::from_ref(from))?;
    let is_signed = matches!(count, Type::Int | Type::Duration | Type::Named(_))
        || matches!(count, Type::Sized(sized) if sized.0 == crate::value::IntKind::Int64);
    if !is_signed && !count.is_unknown() {
        return Err(format!("cannot take {count} elements"));
    }
    Ok(from.clone())
}

/// Never fails: what has no such element gives nil.
fn at_end(args: &[Value], index: i64) -> Result<Value, CallError> {
    let from = arg(args, 0)?;
    Ok(fetch(from, &index.into()).unwrap_or(Value::nil()))
}

fn take(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let from = arg(args, 0)?;
    let items = list(from, "take from")?;
    let count = match arg(args, 1)?.repr {
        Repr::Int(i) | Repr::Duration(i) | Repr::Named(_, i) => i,
        Repr::Sized(crate::value::IntKind::Int64, i) => i,
        _ => {
            let message = format!("cannot take {} elements", args[1].type_name());
            return Err(CallError::coded(Code::Type, message));
        }
    };
    let Ok(count) = usize::try_from(count) else {
        return Err(CallError::coded(
            Code::IndexOutOfRange,
            "reflect.Value.Slice: slice index out of bounds",
        ));
    };
    let count = count.min(items.len());
    cx.budget.step(count as u64)?;
    if let Repr::Bytes(bytes) = &from.repr {
        return Ok(Value::bytes(&bytes[..count]));
    }
    Ok(Array::typed(items[..count].to_vec(), items.elem()).into())
}

fn reverse(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let items = list(arg(args, 0)?, "reverse")?;
    cx.budget.create(items.len())?;
    Ok(items.iter().rev().cloned().collect::<Vec<_>>().into())
}

fn uniq(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let items = list(arg(args, 0)?, "uniq")?;
    let mut kept: Vec<Value> = Vec::new();
    for item in items.iter() {
        if !contains(&kept, item, cx.budget)? {
            kept.push(item.clone());
        }
    }
    Ok(kept.into())
}

fn contains(items: &[Value], wanted: &Value, budget: &mut Budget) -> Result<bool, CallError> {
    for item in items {
        if equal(wanted, item, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn concat(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let mut joined = Vec::new();
    for arg in args {
        let items = list(arg, "concat")?;
        cx.budget.step(items.len() as u64)?;
        joined.extend(items.iter().cloned());
    }
    cx.budget.create(joined.len())?;
    // Go appends to a nil slice, which stays one if there is nothing to append.
    Ok(if joined.is_empty() { Array::nil() } else { joined.into() }.into())
}

fn flatten(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let items = list(arg(args, 0)?, "flatten")?;
    let mut flat = Vec::new();
    let budget = &mut *cx.budget;
    with_stack(args[0].levels(), || flatten_into(&items, &mut flat, budget))??;
    cx.budget.create(flat.len())?;
    Ok(flat.into())
}

fn flatten_into(items: &Array, flat: &mut Vec<Value>, budget: &mut Budget) -> Result<(), CallError> {
    for item in items.iter() {
        budget.step(1)?;
        match super::elements(item) {
            Some(inner) => flatten_into(&inner, flat, budget)?,
            None => flat.push(item.clone()),
        }
    }
    Ok(())
}

fn sort(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let mut items = match arg(args, 0)?.as_array() {
        Some(array) if array.elem() != Elem::Pair => array.to_vec(),
        // Anything else is no list to Go's sort.
        _ => return Ok(Array::nil().into()),
    };
    let order = order(args)?;
    sort_by(&mut items, |a, b| {
        cx.budget.step(1)?;
        if order { compare(Order::Less, b, a) } else { compare(Order::Less, a, b) }
    })?;
    cx.budget.create(items.len())?;
    Ok(items.into())
}

/// Whether to sort downwards.
fn order(args: &[Value]) -> Result<bool, CallError> {
    if args.len() < 2 {
        return Ok(false);
    }
    if args[1].as_text().is_none() {
        let message = format!("sort order argument must be a string (got {})", args[1].type_name());
        return Err(CallError::coded(Code::Arguments, message));
    }
    match text(args, 1)?.as_str() {
        Some("asc") => Ok(false),
        Some("desc") => Ok(true),
        _ => {
            let message = format!("invalid order {}, expected asc or desc", text(args, 1)?);
            Err(CallError::coded(Code::Arguments, message))
        }
    }
}
