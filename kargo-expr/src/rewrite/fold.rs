//! Operations on literals are done at once.

use super::{as_builtin, builtin, made, take, walk};
use crate::ast::{Binary, Builtin, Kind, Node, Unary};
use crate::go::pow::pow;
use crate::types::Type;
use crate::{Code, Error, Value};

/// How often the tree is gone through; each time may make new literals.
const PASSES: usize = 1000;

pub(super) fn fold(node: &mut Node) -> Result<(), Error> {
    for _ in 0..PASSES {
        let mut changed = false;
        let mut failure = None;
        walk(node, &mut |node| match visit(node) {
            Ok(applied) => changed |= applied,
            Err(error) => {
                failure.get_or_insert(error);
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
        if !changed {
            break;
        }
    }
    Ok(())
}

fn visit(node: &mut Node) -> Result<bool, Error> {
    let folded = match &mut node.kind {
        Kind::Unary(operator, operand) => unary(*operator, &operand.kind),
        Kind::Binary(Binary::And | Binary::Or, ..) => return Ok(logic(node)),
        Kind::Binary(Binary::Modulo, left, right) => match (&left.kind, &right.kind) {
            (Kind::Int(_), Kind::Int(0)) => {
                return Err(Error::compile(Code::DivideByZero, node.span, "integer divide by zero"));
            }
            (Kind::Int(a), Kind::Int(b)) => Some(Kind::Int(a.wrapping_rem(*b))),
            _ => None,
        },
        Kind::Binary(operator, left, right) => binary(*operator, &left.kind, &right.kind),
        Kind::Array(items) => constant_array(items),
        Kind::Builtin(call) => return Ok(filter_of_filter(call)),
        _ => None,
    };
    let Some(kind) = folded else { return Ok(false) };
    node.ty = match &kind {
        Kind::Int(_) => Type::Int,
        Kind::Float(_) => Type::Float,
        Kind::Bool(_) => Type::Bool,
        Kind::Text(_) => Type::String,
        _ => Type::any_list(),
    };
    node.kind = kind;
    Ok(true)
}

fn unary(operator: Unary, operand: &Kind) -> Option<Kind> {
    Some(match (operator, operand) {
        (Unary::Minus, Kind::Int(i)) => Kind::Int(i.wrapping_neg()),
        (Unary::Minus, Kind::Float(f)) => Kind::Float(-f),
        (Unary::Plus, Kind::Int(i)) => Kind::Int(*i),
        (Unary::Plus, Kind::Float(f)) => Kind::Float(*f),
        (Unary::Not, Kind::Bool(b)) => Kind::Bool(!b),
        _ => return None,
    })
}

fn binary(operator: Binary, left: &Kind, right: &Kind) -> Option<Kind> {
    match (left, right) {
        (Kind::Int(a), Kind::Int(b)) => match operator {
            Binary::Add => return Some(Kind::Int(a.wrapping_add(*b))),
            Binary::Subtract => return Some(Kind::Int(a.wrapping_sub(*b))),
            Binary::Multiply => return Some(Kind::Int(a.wrapping_mul(*b))),
            Binary::Equal => return Some(Kind::Bool(a == b)),
            _ => {}
        },
        (Kind::Text(a), Kind::Text(b)) => match operator {
            Binary::Add => return Some(Kind::Text(a.concat(b))),
            Binary::Equal => return Some(Kind::Bool(a == b)),
            _ => {}
        },
        (Kind::Bool(a), Kind::Bool(b)) if operator == Binary::Equal => return Some(Kind::Bool(a == b)),
        _ => {}
    }
    let (a, b) = (float(left)?, float(right)?);
    Some(Kind::Float(match operator {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Divide => a / b,
        Binary::Power => pow(a, b),
        _ => return None,
    }))
}

fn float(kind: &Kind) -> Option<f64> {
    match kind {
        Kind::Int(i) => Some(*i as f64),
        Kind::Float(f) => Some(*f),
        _ => None,
    }
}

/// `true and x` is `x`, `x and false` is false, whatever `x` is.
fn logic(node: &mut Node) -> bool {
    let Kind::Binary(operator, left, right) = &mut node.kind else { return false };
    let neutral = *operator == Binary::And;
    let literal = |kind: &Kind| match kind {
        Kind::Bool(b) => Some(*b),
        _ => None,
    };
    let (a, b) = (literal(&left.kind), literal(&right.kind));
    let kept = if a == Some(neutral) {
        take(right).kind
    } else if b == Some(neutral) {
        take(left).kind
    } else if a.is_some() || b.is_some() {
        Kind::Bool(!neutral)
    } else {
        return false;
    };
    // The place and the type of the operator stay, as in expr-lang.
    node.kind = kept;
    true
}

fn constant_array(items: &[Node]) -> Option<Kind> {
    if items.is_empty() {
        return None;
    }
    let values: Option<Vec<Value>> = items
        .iter()
        .map(|item| match &item.kind {
            Kind::Int(i) => Some((*i).into()),
            Kind::Float(f) => Some((*f).into()),
            Kind::Text(text) => Some(text.clone().into()),
            Kind::Bool(b) => Some((*b).into()),
            _ => None,
        })
        .collect();
    values.map(|values| Kind::Constant(values.into()))
}

/// `filter(filter(a, p), q)` is `filter(a, p && q)`.
fn filter_of_filter(call: &mut Builtin) -> bool {
    if call.name != "filter" {
        return false;
    }
    let [list, outer] = &mut call.args[..] else { return false };
    let Some(inner) = as_builtin(list, "filter") else { return false };
    let Some(predicate) = inner.args.get_mut(1) else { return false };
    let (Kind::Predicate(p), Kind::Predicate(q)) = (&mut predicate.kind, &mut outer.kind) else {
        return false;
    };
    let both = Kind::Binary(Binary::And, Box::new(take(p)), Box::new(take(q)));
    let predicate = made(Kind::Predicate(Box::new(made(both))));
    let list = take(&mut inner.args[0]);
    *call = builtin("filter", vec![list, predicate]);
    true
}
