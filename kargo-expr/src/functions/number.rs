//! Functions of numbers, and what makes numbers of other values.

use super::{Builtin, Context, arg, only};
use crate::go::float::{atoi, parse_float};
use crate::types::Type;
use crate::value::{IntKind, Repr};
use crate::vm::number::float_to_int;
use crate::{CallError, Code, Value};

pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::checked("abs", |args| number("abs", only(args)?).map(|()| args[0].clone()), abs),
    Builtin::checked("ceil", |args| rounding("ceil", args), |_, args| round("ceil", args, f64::ceil)),
    Builtin::checked("floor", |args| rounding("floor", args), |_, args| round("floor", args, f64::floor)),
    Builtin::checked("round", |args| rounding("round", args), |_, args| round("round", args, f64::round)),
    Builtin::checked("int", |args| conversion("int", args, Type::Int), to_int),
    Builtin::checked("float", |args| conversion("float", args, Type::Float), to_float),
];

/// Types whose kind Go counts among numbers; durations and months are int64 and int underneath.
pub(super) fn has_number_kind(ty: &Type) -> bool {
    ty.is_number() || matches!(ty, Type::Duration | Type::Named(_))
}

fn number(name: &str, ty: &Type) -> Result<(), String> {
    if has_number_kind(ty) || ty.is_unknown() {
        return Ok(());
    }
    Err(format!("invalid argument for {name} (type {ty})"))
}

fn rounding(name: &str, args: &[Type]) -> Result<Type, String> {
    number(name, only(args)?).map(|()| Type::Float)
}

fn conversion(name: &str, args: &[Type], to: Type) -> Result<Type, String> {
    let ty = only(args)?;
    if *ty == Type::String {
        return Ok(to);
    }
    number(name, ty).map(|()| to)
}

fn invalid(name: &str, value: &Value) -> CallError {
    CallError::coded(Code::Type, format!("invalid argument for {name} (type {})", value.type_name()))
}

fn abs(_: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let value = arg(args, 0)?;
    Ok(match value.repr {
        Repr::Float(f) if f < 0.0 => (-f).into(),
        Repr::Int(i) => i.wrapping_abs().into(),
        Repr::Sized(IntKind::Int64, i) => Value::new(Repr::Sized(IntKind::Int64, i.wrapping_abs())),
        Repr::Float(_) | Repr::Sized(..) => value.clone(),
        _ => return Err(invalid("abs", value)),
    })
}

fn round(name: &str, args: &[Value], round: fn(f64) -> f64) -> Result<Value, CallError> {
    let value = arg(args, 0)?;
    value.as_f64().map(|f| round(f).into()).ok_or_else(|| invalid(name, value))
}

fn to_int(_: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let value = arg(args, 0)?;
    let shown = match &value.repr {
        Repr::Int(i) | Repr::Sized(_, i) | Repr::Duration(i) | Repr::Named(_, i) => return Ok((*i).into()),
        Repr::Float(f) => return Ok(float_to_int(*f).into()),
        Repr::Text(text) => match text.as_str().map(atoi) {
            Some(Ok(i)) => return Ok(i.into()),
            _ => text.to_str().into_owned(),
        },
        _ => value.type_name().to_owned(),
    };
    Err(CallError::coded(Code::Type, format!("invalid operation: int({shown})")))
}

fn to_float(_: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let value = arg(args, 0)?;
    if let Some(f) = value.as_f64() {
        return Ok(f.into());
    }
    let shown = match &value.repr {
        Repr::Text(text) => match text.as_str().map(parse_float) {
            Some(Ok(f)) => return Ok(f.into()),
            _ => text.to_str().into_owned(),
        },
        _ => value.type_name().to_owned(),
    };
    Err(CallError::coded(Code::Type, format!("invalid operation: float({shown})")))
}
