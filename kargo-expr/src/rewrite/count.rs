//! Counting stops when the answer is clear.

use super::builtin;
use crate::ast::{Binary, Builtin, Kind, Node};

/// The operator, the count with a predicate and the literal of `count(a, p) > 1`.
fn compared(node: &mut Node) -> Option<(Binary, &mut Builtin, i64)> {
    let Kind::Binary(operator, left, right) = &mut node.kind else { return None };
    let (Kind::Builtin(count), Kind::Int(n)) = (&mut left.kind, &right.kind) else { return None };
    (count.name == "count" && count.args.len() == 2).then_some((*operator, count, *n))
}

/// `count(a, p) > 0` is `any(a, p)`.
pub(super) fn to_any(node: &mut Node) {
    let Some((Binary::More, count, 0) | (Binary::MoreOrEqual, count, 1)) = compared(node) else { return };
    let args = std::mem::take(&mut count.args);
    node.kind = Kind::Builtin(builtin("any", args));
}

/// No more is counted than decides the comparison.
pub(super) fn with_threshold(node: &mut Node) {
    let Some((operator, count, n)) = compared(node) else { return };
    let threshold = match operator {
        Binary::More | Binary::LessOrEqual => n.wrapping_add(1),
        Binary::MoreOrEqual | Binary::Less => n,
        _ => return,
    };
    if n >= 0 && threshold > 1 {
        count.threshold = Some(threshold);
    }
}
