//! Sums of ranges, of written lists and of mapped lists.

use super::{as_builtin, builtin, made, take};
use crate::ast::{Binary, Builtin, Kind, Node, Pointer};
use crate::types::Type;

/// `sum(1..n)` and `reduce(1..n, #acc + #)` by the formula.
pub(super) fn of_range(node: &mut Node) {
    let Kind::Builtin(call) = &node.kind else { return };
    let total = match call.name {
        "sum" => sum_of_range(call),
        "reduce" => reduce_of_range(call),
        _ => None,
    };
    if let Some(total) = total {
        node.kind = Kind::Int(total);
        node.ty = Type::Int;
    }
}

/// How many integers the range has, and their sum.
fn range(call: &Builtin) -> Option<(i64, i64)> {
    let Kind::Binary(Binary::Range, from, to) = &call.args.first()?.kind else { return None };
    let (Kind::Int(m), Kind::Int(n)) = (&from.kind, &to.kind) else { return None };
    (n >= m).then(|| {
        let count = n.wrapping_sub(*m).wrapping_add(1);
        (count, count.wrapping_mul(m.wrapping_add(*n)).wrapping_div(2))
    })
}

fn sum_of_range(call: &Builtin) -> Option<i64> {
    let (count, sum) = range(call)?;
    let Some(predicate) = call.args.get(1) else { return Some(sum) };
    let Kind::Predicate(body) = &predicate.kind else { return None };
    if is_item(body) {
        return Some(sum);
    }
    let Kind::Binary(operator, left, right) = &body.kind else { return None };
    let (constant, item_first) = match (&left.kind, &right.kind) {
        (Kind::Int(k), _) if is_item(right) => (*k, false),
        (_, Kind::Int(k)) if is_item(left) => (*k, true),
        _ => return None,
    };
    let constants = count.wrapping_mul(constant);
    match (operator, item_first) {
        (Binary::Multiply, _) => Some(constant.wrapping_mul(sum)),
        (Binary::Add, _) => Some(sum.wrapping_add(constants)),
        (Binary::Subtract, true) => Some(sum.wrapping_sub(constants)),
        (Binary::Subtract, false) => Some(constants.wrapping_sub(sum)),
        _ => None,
    }
}

fn reduce_of_range(call: &Builtin) -> Option<i64> {
    let (_, sum) = range(call)?;
    let Kind::Predicate(body) = &call.args.get(1)?.kind else { return None };
    let Kind::Binary(Binary::Add, left, right) = &body.kind else { return None };
    if !(is_item(left) && is_acc(right) || is_acc(left) && is_item(right)) {
        return None;
    }
    match call.args.get(2).map(|initial| &initial.kind) {
        None => Some(sum),
        Some(Kind::Int(initial)) => Some(initial.wrapping_add(sum)),
        Some(_) => None,
    }
}

fn is_item(node: &Node) -> bool {
    matches!(node.kind, Kind::Pointer(Pointer::Item))
}

fn is_acc(node: &Node) -> bool {
    matches!(node.kind, Kind::Pointer(Pointer::Acc))
}

/// `sum([a, b, c])` is `a + (b + c)`, without a zero to begin with.
pub(super) fn of_array(node: &mut Node) {
    let Some(call) = as_builtin(node, "sum") else { return };
    let [list] = &mut call.args[..] else { return };
    let Kind::Array(items) = &mut list.kind else { return };
    if items.len() < 2 {
        return;
    }
    let total = std::mem::take(items)
        .into_iter()
        .rev()
        .reduce(|total, item| made(Kind::Binary(Binary::Add, Box::new(item), Box::new(total))));
    if let Some(total) = total {
        node.kind = total.kind;
    }
}

/// `sum(map(a, f))` is `sum(a, f)`.
pub(super) fn of_map(node: &mut Node) {
    let Some(call) = as_builtin(node, "sum") else { return };
    let [list] = &mut call.args[..] else { return };
    let Some(map) = as_builtin(list, "map").filter(|map| map.args.len() == 2) else { return };
    let args = map.args.iter_mut().map(take).collect();
    *call = builtin("sum", args);
}
