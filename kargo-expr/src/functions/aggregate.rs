//! Smallest, largest, mean and median of numbers and lists of numbers.

use super::number::has_number_kind;
use super::{Builtin, Context, elements};
use crate::deep::with_stack;
use crate::limits::Budget;
use crate::types::Type;
use crate::value::{Elem, Repr};
use crate::vm::number::{Order, compare};
use crate::{CallError, Code, Value};

pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::checked("max", |args| check("max", args), |cx, args| extreme("max", Order::Less, cx, args))
        .carrying(),
    Builtin::checked("min", |args| check("min", args), |cx, args| extreme("min", Order::More, cx, args))
        .carrying(),
    Builtin::checked("mean", |args| check("mean", args), mean),
    Builtin::checked("median", |args| check("median", args), median),
];

/// Numbers up to the first list or unknown; what follows is not looked at.
fn check(name: &str, args: &[Type]) -> Result<Type, String> {
    let Some(first) = args.first() else { return Err(format!("not enough arguments to call {name}")) };
    for arg in args {
        if arg.is_unknown() || arg.is_list() {
            return Ok(Type::Any);
        }
        if !has_number_kind(arg) {
            return Err(format!("invalid argument for {name} (type {arg})"));
        }
    }
    Ok(first.clone())
}

fn invalid(name: &str, value: &Value) -> CallError {
    CallError::coded(Code::Type, format!("invalid argument for {name} (type {})", value.type_name()))
}

fn extreme(name: &str, order: Order, cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let budget = &mut *cx.budget;
    let best = with_stack(levels(args), || best(name, order, args, budget))??;
    Ok(best.unwrap_or(Value::nil()))
}

/// The value that no other is better than; of equal ones the first.
fn best(name: &str, order: Order, args: &[Value], budget: &mut Budget) -> Result<Option<Value>, CallError> {
    let mut best: Option<Value> = None;
    let mut offer = |value: Value| {
        if best.as_ref().map_or(Ok(true), |best| compare(order, best, &value))? {
            best = Some(value);
        }
        Ok::<_, CallError>(())
    };
    for arg in args {
        budget.step(1)?;
        if let Some(list) = elements(arg) {
            budget.step(list.len() as u64)?;
            for item in list.iter() {
                if item.as_f64().is_some() {
                    offer(item.clone())?;
                } else if elements(item).is_some() {
                    if let Some(inner) = self::best(name, order, std::slice::from_ref(item), budget)? {
                        offer(inner)?;
                    }
                } else {
                    return Err(invalid(name, item));
                }
            }
        } else if arg.as_f64().is_some() || matches!(arg.repr, Repr::Duration(_) | Repr::Named(..)) {
            offer(arg.clone())?;
        } else if args.len() == 1 {
            return Ok(Some(arg.clone()));
        } else {
            return Err(invalid(name, arg));
        }
    }
    Ok(best)
}

fn mean(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let numbers = numbers("mean", args, cx)?;
    let mut total = 0.0;
    for number in &numbers {
        total += number;
    }
    Ok(if numbers.is_empty() { 0.0 } else { total / numbers.len() as f64 }.into())
}

fn median(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let mut numbers = numbers("median", args, cx)?;
    // Go sorts NaN before everything else.
    numbers.sort_by(|a, b| {
        b.is_nan().cmp(&a.is_nan()).then(a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal))
    });
    let middle = numbers.len() / 2;
    Ok(match numbers.len() {
        0 => 0.0,
        length if length % 2 == 1 => numbers[middle],
        _ => (numbers[middle - 1] + numbers[middle]) / 2.0,
    }
    .into())
}

fn levels(args: &[Value]) -> usize {
    args.iter().map(Value::levels).max().unwrap_or(0)
}

/// All numbers of lists in lists.
fn numbers(name: &str, args: &[Value], cx: &mut Context<'_>) -> Result<Vec<f64>, CallError> {
    let budget = &mut *cx.budget;
    with_stack(levels(args), || {
        let mut numbers = Vec::new();
        collect(name, args, &mut numbers, budget)?;
        Ok(numbers)
    })?
}

fn collect(name: &str, args: &[Value], into: &mut Vec<f64>, budget: &mut Budget) -> Result<(), CallError> {
    for arg in args {
        budget.step(1)?;
        match &arg.repr {
            Repr::Array(array) if array.elem() != Elem::String => collect(name, array, into, budget)?,
            Repr::Bytes(bytes) => into.extend(bytes.iter().map(|b| f64::from(*b))),
            Repr::Duration(i) | Repr::Named(_, i) => into.push(*i as f64),
            _ => into.push(arg.as_f64().ok_or_else(|| invalid(name, arg))?),
        }
    }
    Ok(())
}
