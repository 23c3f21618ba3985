//! Bitwise functions of integers.

use super::{Builtin, P, Sig, arg};
use crate::{CallError, Code, Value};

const TWO: &[Sig] = &[Sig(&[P::Int, P::Int], P::Int)];

pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::new("bitand", TWO, |_, args| with_two("bitand", args, |x, y| Ok(x & y))),
    Builtin::new("bitor", TWO, |_, args| with_two("bitor", args, |x, y| Ok(x | y))),
    Builtin::new("bitxor", TWO, |_, args| with_two("bitxor", args, |x, y| Ok(x ^ y))),
    Builtin::new("bitnand", TWO, |_, args| with_two("bitnand", args, |x, y| Ok(x & !y))),
    Builtin::new("bitshl", TWO, |_, args| {
        with_two("bitshl", args, |x, y| Ok(x.checked_shl(shift(y)?).unwrap_or(0)))
    }),
    Builtin::new("bitshr", TWO, |_, args| with_two("bitshr", args, |x, y| Ok(x >> shift(y)?.min(63)))),
    Builtin::new("bitushr", TWO, |_, args| {
        with_two("bitushr", args, |x, y| Ok((x as u64).checked_shr(shift(y)?).unwrap_or(0) as i64))
    }),
    Builtin::new("bitnot", &[Sig(&[P::Int], P::Int)], |_, args| {
        integer("bitnot", arg(args, 0)?).map(|i| (!i).into())
    }),
];

fn with_two(
    name: &str,
    args: &[Value],
    f: impl Fn(i64, i64) -> Result<i64, CallError>,
) -> Result<Value, CallError> {
    let (x, y) = (integer(name, arg(args, 0)?)?, integer(name, arg(args, 1)?)?);
    f(x, y).map(Value::from)
}

fn integer(name: &str, value: &Value) -> Result<i64, CallError> {
    value.as_i64().ok_or_else(|| {
        let message = format!("cannot use {} as argument (type int) to call {name}", value.type_name());
        CallError::coded(Code::Arguments, message)
    })
}

/// How far to shift; any distance beyond the width is the same.
fn shift(distance: i64) -> Result<u32, CallError> {
    if distance < 0 {
        let message = format!("invalid operation: negative shift count {distance} (type int)");
        return Err(CallError::coded(Code::Arguments, message));
    }
    Ok(u32::try_from(distance).unwrap_or(u32::MAX))
}
