//! `in` a list of literals, and `in` a range.

use std::collections::BTreeMap;

use crate::Value;
use crate::ast::{Binary, Kind, Node};
use crate::types::Type;
use crate::value::{AnyMap, Key, Map};

/// A list of string literals becomes a set, which takes nothing but strings; so does one of integers when
/// the left side is known to be one.
pub(super) fn in_array(node: &mut Node) {
    let Kind::Binary(Binary::In, left, right) = &mut node.kind else { return };
    let Kind::Array(items) = &right.kind else { return };
    if items.is_empty() {
        return;
    }
    let set = if left.ty == Type::Int { int_set(items) } else { None };
    if let Some(set) = set.or_else(|| text_set(items)) {
        right.kind = Kind::Constant(set);
    }
}

fn int_set(items: &[Node]) -> Option<Value> {
    let mut keys = BTreeMap::new();
    for item in items {
        let Kind::Int(i) = item.kind else { return None };
        keys.insert(Key::Int(i), Value::nil());
    }
    Some(AnyMap::new(keys, false).into())
}

fn text_set(items: &[Node]) -> Option<Value> {
    let mut keys = Vec::with_capacity(items.len());
    for item in items {
        let Kind::Text(text) = &item.kind else { return None };
        keys.push((text.clone(), Value::nil()));
    }
    Some(Map::new(keys).into())
}

/// `x in 1..3` compares, where `x` is known to be an integer: `1 <= x <= 3`.
pub(super) fn in_range(node: &mut Node) {
    let Kind::Binary(Binary::In, left, right) = &mut node.kind else { return };
    let Kind::Binary(Binary::Range, from, to) = &mut right.kind else { return };
    if left.ty != Type::Int || !matches!((&from.kind, &to.kind), (Kind::Int(_), Kind::Int(_))) {
        return;
    }
    let (span, at_most) = (node.span, Binary::LessOrEqual);
    let operands = vec![(at_most, span, super::take(left)), (at_most, span, super::take(to))];
    node.kind = Kind::Comparison(Box::new(super::take(from)), operands);
}
