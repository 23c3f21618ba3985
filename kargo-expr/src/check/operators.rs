//! Which operands an operator takes, and what it gives.

use crate::ast::{Binary, Kind, Node, Pattern};
use crate::types::Type;
use crate::{Code, Error, Span, re2};

/// The type of `left operator right`; `None` if the operator does not take them.
pub(super) fn result(operator: Binary, left: &Type, right: &Type) -> Option<Type> {
    match operator {
        Binary::Equal | Binary::NotEqual => left.comparable_to(right).then_some(Type::Bool),
        Binary::Or | Binary::And => fits(left, right, |ty| *ty == Type::Bool).then_some(Type::Bool),
        Binary::Less | Binary::More | Binary::LessOrEqual | Binary::MoreOrEqual => {
            fits_alike(left, right, &[is_number, is_string, is_time, is_duration]).then_some(Type::Bool)
        }
        Binary::Add => add(left, right),
        Binary::Subtract => subtract(left, right),
        Binary::Multiply => multiply(left, right),
        Binary::Divide | Binary::Power => fits(left, right, Type::is_number).then_some(Type::Float),
        Binary::Modulo => fits(left, right, Type::is_integer).then_some(Type::Int),
        Binary::Range => {
            let list = || Type::typed_list(crate::value::Elem::Int, Type::Int);
            fits(left, right, Type::is_integer).then(list)
        }
        Binary::Contains | Binary::StartsWith | Binary::EndsWith => {
            fits(left, right, is_string).then_some(Type::Bool)
        }
        Binary::Matches => {
            let bytes = *left == Type::Bytes && *right == Type::String;
            (bytes || fits(left, right, is_string)).then_some(Type::Bool)
        }
        Binary::In => is_in(left, right).then_some(Type::Bool),
        Binary::Coalesce => Some(match (left, right) {
            (Type::Nil, other) | (other, Type::Nil) => other.clone(),
            _ if right.assignable_to(left) => left.clone(),
            _ => Type::Unknown,
        }),
    }
}

/// Checks that have a message, or a place, of their own.
pub(super) fn check_right(
    operator: Binary,
    left: &Type,
    ty: &Type,
    right: &mut Node,
    span: Span,
) -> Result<(), Error> {
    match (operator, &right.kind) {
        (Binary::Matches, Kind::Text(pattern)) => {
            let regex = re2::compile(&pattern.to_str())
                .map_err(|error| Error::compile(Code::Regex, span, error.to_string()))?;
            right.kind = Kind::Pattern(Pattern(regex));
        }
        (Binary::In, _) if ty.is_map() && !left.is_unknown() && !left.assignable_to(&key(ty)) => {
            let message = format!("cannot use {left} as type {} in map key", key(ty));
            return Err(Error::compile(Code::Type, span, message));
        }
        (Binary::In, _) if ty.is_list() && !left.comparable_to(&ty.element()) => {
            let message = format!("cannot use {left} as type {} in array", ty.element());
            return Err(Error::compile(Code::Type, span, message));
        }
        _ => {}
    }
    Ok(())
}

pub(super) fn mismatch(operator: Binary, span: Span, left: &Type, right: &Type) -> Error {
    let symbol = operator.symbol();
    let message = format!("invalid operation: {symbol} (mismatched types {left} and {right})");
    Error::compile(Code::Type, span, message)
}

/// The type of a map's keys.
pub(super) fn key(map: &Type) -> Type {
    if matches!(map, Type::AnyMap { .. }) { Type::Any } else { Type::String }
}

type Test = fn(&Type) -> bool;

fn is_string(ty: &Type) -> bool {
    *ty == Type::String
}

fn is_time(ty: &Type) -> bool {
    *ty == Type::Time
}

fn is_duration(ty: &Type) -> bool {
    *ty == Type::Duration
}

fn is_number(ty: &Type) -> bool {
    ty.is_number()
}

/// Both pass the test, or one does and the other is unknown.
fn fits(left: &Type, right: &Type, test: impl Fn(&Type) -> bool) -> bool {
    (left.is_unknown() || test(left)) && (right.is_unknown() || test(right))
}

/// The same with several tests, of which both must pass the same one.
fn fits_alike(left: &Type, right: &Type, tests: &[Test]) -> bool {
    tests.iter().any(|test| fits(left, right, test))
}

fn promote(left: &Type, right: &Type) -> Type {
    if *left == Type::Float || *right == Type::Float { Type::Float } else { Type::Int }
}

fn add(left: &Type, right: &Type) -> Option<Type> {
    Some(match (left, right) {
        (l, r) if l.is_number() && r.is_number() => promote(l, r),
        (Type::String, Type::String) => Type::String,
        (Type::Time, Type::Duration) | (Type::Duration, Type::Time) => Type::Time,
        (Type::Duration, Type::Duration) => Type::Duration,
        (l, r) => return unknown_if(l, r, &[is_number, is_string, is_time, is_duration]),
    })
}

fn subtract(left: &Type, right: &Type) -> Option<Type> {
    Some(match (left, right) {
        (l, r) if l.is_number() && r.is_number() => promote(l, r),
        (Type::Time, Type::Time) | (Type::Duration, Type::Duration) => Type::Duration,
        (Type::Time, Type::Duration) => Type::Time,
        (l, r) => return unknown_if(l, r, &[is_number, is_time, is_duration]),
    })
}

fn multiply(left: &Type, right: &Type) -> Option<Type> {
    Some(match (left, right) {
        (l, r) if l.is_number() && r.is_number() => promote(l, r),
        (Type::Duration, r) if r.is_number() || is_duration(r) => Type::Duration,
        (l, Type::Duration) if l.is_number() => Type::Duration,
        (l, r) => return unknown_if(l, r, &[is_number, is_duration]),
    })
}

/// Unknown, if one of them is and the other passes a test or is unknown too.
fn unknown_if(left: &Type, right: &Type, tests: &[Test]) -> Option<Type> {
    let one_is_unknown = left.is_unknown() || right.is_unknown();
    (one_is_unknown && fits_alike(left, right, tests)).then_some(Type::Unknown)
}

fn is_in(left: &Type, right: &Type) -> bool {
    right.is_map()
        || right.is_list()
        || right.is_unknown()
        || is_string(right) && left.is_unknown()
        || matches!(right, Type::Time | Type::Object(_)) && (is_string(left) || left.is_unknown())
}
