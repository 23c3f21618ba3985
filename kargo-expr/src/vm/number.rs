//! Numbers, times and durations under operators.

use crate::code::Arithmetic;
use crate::go::pow::pow;
use crate::time::Duration;
use crate::value::{IntKind, Repr};
use crate::{CallError, Code, Value};

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    More,
    LessOrEqual,
    MoreOrEqual,
}

impl Order {
    fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::More => ">",
            Self::LessOrEqual => "<=",
            Self::MoreOrEqual => ">=",
        }
    }

    fn holds<T: PartialOrd + ?Sized>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Less => a < b,
            Self::More => a > b,
            Self::LessOrEqual => a <= b,
            Self::MoreOrEqual => a >= b,
        }
    }
}

/// `a < b` and its like: numbers, strings, times and durations.
pub(crate) fn compare(order: Order, a: &Value, b: &Value) -> Result<bool, CallError> {
    Ok(match (&a.repr, &b.repr) {
        (Repr::Int(x), Repr::Int(y)) | (Repr::Duration(x), Repr::Duration(y)) => order.holds(x, y),
        (Repr::Float(x), Repr::Float(y)) => order.holds(x, y),
        (Repr::Text(x), Repr::Text(y)) => order.holds(x, y),
        (Repr::Time(x), Repr::Time(y)) => order.holds(x, y),
        _ => match (number(a), number(b)) {
            (Some(Number::Int(x)), Some(Number::Int(y))) => order.holds(&x, &y),
            (Some(x), Some(y)) => order.holds(&x.float(), &y.float()),
            _ => return Err(invalid(order.symbol(), a, b)),
        },
    })
}

#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(f) => f,
        }
    }
}

fn number(value: &Value) -> Option<Number> {
    match value.repr {
        Repr::Int(i) | Repr::Sized(_, i) => Some(Number::Int(i)),
        Repr::Float(f) => Some(Number::Float(f)),
        _ => None,
    }
}

fn invalid(symbol: &str, a: &Value, b: &Value) -> CallError {
    let message = format!("invalid operation: {} {symbol} {}", shown(a), shown(b));
    CallError::coded(Code::Type, message)
}

fn shown(value: &Value) -> &str {
    if matches!(value.repr, Repr::Nil) { "<nil>" } else { value.type_name() }
}

/// `a + b` and its like. Integers wrap, as Go's do.
pub(crate) fn arithmetic(operator: Arithmetic, a: &Value, b: &Value) -> Result<Value, CallError> {
    match (number(a), number(b)) {
        (Some(x), Some(y)) => numbers(operator, x, y, a, b),
        _ if operator == Arithmetic::Power => Ok(pow(to_float(a)?, to_float(b)?).into()),
        _ => others(operator, a, b).ok_or_else(|| invalid(symbol(operator), a, b)),
    }
}

/// The same for two ints, by far the most frequent operands in loops; `None` for anything else.
#[inline]
pub(crate) fn of_ints(operator: Arithmetic, a: &Value, b: &Value) -> Option<Value> {
    let (Repr::Int(x), Repr::Int(y)) = (&a.repr, &b.repr) else { return None };
    let result = match operator {
        Arithmetic::Add => x.wrapping_add(*y),
        Arithmetic::Subtract => x.wrapping_sub(*y),
        Arithmetic::Multiply => x.wrapping_mul(*y),
        Arithmetic::Modulo if *y != 0 => x.wrapping_rem(*y),
        _ => return None,
    };
    Some(Value::from(result).marked_if(a.is_marked() || b.is_marked()))
}

fn symbol(operator: Arithmetic) -> &'static str {
    match operator {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
        Arithmetic::Modulo => "%",
        Arithmetic::Power => "**",
    }
}

fn numbers(operator: Arithmetic, x: Number, y: Number, a: &Value, b: &Value) -> Result<Value, CallError> {
    if let (Number::Int(x), Number::Int(y)) = (x, y) {
        match operator {
            Arithmetic::Add => return Ok(x.wrapping_add(y).into()),
            Arithmetic::Subtract => return Ok(x.wrapping_sub(y).into()),
            Arithmetic::Multiply => return Ok(x.wrapping_mul(y).into()),
            Arithmetic::Modulo if y == 0 => {
                let message = "runtime error: integer divide by zero";
                return Err(CallError::coded(Code::DivideByZero, message));
            }
            Arithmetic::Modulo => return Ok(x.wrapping_rem(y).into()),
            Arithmetic::Divide | Arithmetic::Power => {}
        }
    }
    let (x, y) = (x.float(), y.float());
    Ok(match operator {
        Arithmetic::Add => x + y,
        Arithmetic::Subtract => x - y,
        Arithmetic::Multiply => x * y,
        Arithmetic::Divide => x / y,
        Arithmetic::Power => pow(x, y),
        Arithmetic::Modulo => return Err(invalid("%", a, b)),
    }
    .into())
}

/// Strings, times and durations.
fn others(operator: Arithmetic, a: &Value, b: &Value) -> Option<Value> {
    let nanoseconds = Duration::from_nanoseconds;
    let scale = |d: i64, by: Number| match by {
        Number::Int(i) => Value::duration(d.wrapping_mul(i)),
        Number::Float(f) => (d as f64 * f).into(),
    };
    Some(match (operator, &a.repr, &b.repr) {
        (Arithmetic::Add, Repr::Text(x), Repr::Text(y)) => x.concat(y).into(),
        (Arithmetic::Add, Repr::Duration(x), Repr::Duration(y)) => Value::duration(x.wrapping_add(*y)),
        (Arithmetic::Add, Repr::Time(time), Repr::Duration(d))
        | (Arithmetic::Add, Repr::Duration(d), Repr::Time(time)) => time.add(nanoseconds(*d)).into(),
        (Arithmetic::Subtract, Repr::Time(x), Repr::Time(y)) => Value::duration(x.sub(y).nanoseconds()),
        (Arithmetic::Subtract, Repr::Time(time), Repr::Duration(d)) => {
            time.add(nanoseconds(d.wrapping_neg())).into()
        }
        (Arithmetic::Subtract, Repr::Duration(x), Repr::Duration(y)) => Value::duration(x.wrapping_sub(*y)),
        (Arithmetic::Multiply, Repr::Duration(x), Repr::Duration(y)) => Value::duration(x.wrapping_mul(*y)),
        (Arithmetic::Multiply, Repr::Duration(d), _) => scale(*d, number(b)?),
        (Arithmetic::Multiply, _, Repr::Duration(d)) => scale(*d, number(a)?),
        _ => return None,
    })
}

/// `-a`
pub(crate) fn negate(value: &Value) -> Result<Value, CallError> {
    Ok(match value.repr {
        Repr::Int(i) => i.wrapping_neg().into(),
        Repr::Float(f) => (-f).into(),
        Repr::Sized(IntKind::Uint8, i) => Value::byte((i as u8).wrapping_neg()),
        Repr::Sized(kind, i) => Value::new(Repr::Sized(kind, i.wrapping_neg())),
        _ => {
            let message = format!("invalid operation: - {}", shown(value));
            return Err(CallError::coded(Code::Type, message));
        }
    })
}

/// An index or a bound: floats are cut off.
pub(crate) fn to_int(value: &Value) -> Result<i64, CallError> {
    match number(value) {
        Some(Number::Int(i)) => Ok(i),
        Some(Number::Float(f)) => Ok(float_to_int(f)),
        None => Err(CallError::coded(Code::Type, format!("invalid operation: int({})", shown(value)))),
    }
}

fn to_float(value: &Value) -> Result<f64, CallError> {
    let error = || CallError::coded(Code::Type, format!("invalid operation: float({})", shown(value)));
    value.as_f64().ok_or_else(error)
}

/// Go's conversion on amd64: what does not fit becomes the smallest integer.
pub(crate) fn float_to_int(f: f64) -> i64 {
    let limit = 9_223_372_036_854_775_808.0;
    if (-limit..limit).contains(&f) { f as i64 } else { i64::MIN }
}
