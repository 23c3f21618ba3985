//! Length and type, text, JSON and base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Builtin, Context, P, Sig, arg, new_text, only, text};
use crate::go;
use crate::go::json::Writer;
use crate::types::Type;
use crate::value::{Numbers, Repr, show, write_json};
use crate::{CallError, Code, Value};

pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::checked("len", check_len, len),
    Builtin::new("type", &[Sig(&[P::Any], P::Text)], |_, args| Ok(kind(arg(args, 0)?).into())),
    Builtin::new("string", &[Sig(&[P::Any], P::Text)], string),
    Builtin::new("toJSON", &[Sig(&[P::Any], P::Text)], to_json),
    Builtin::new("fromJSON", &[Sig(&[P::Text], P::Any)], from_json),
    Builtin::new("toBase64", &[Sig(&[P::Text], P::Text)], to_base64),
    Builtin::new("fromBase64", &[Sig(&[P::Text], P::Text)], from_base64),
];

fn check_len(args: &[Type]) -> Result<Type, String> {
    match only(args)? {
        ty if ty.is_list() || ty.is_map() || ty.is_unknown() || *ty == Type::String => Ok(Type::Int),
        ty => Err(format!("invalid argument for len (type {ty})")),
    }
}

/// Elements, entries, or code points of a string.
fn len(_: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let value = arg(args, 0)?;
    let length = match &value.repr {
        Repr::Text(text) => go::strings::rune_count(text.as_bytes()),
        _ => crate::vm::fetch::length(value)?,
    };
    Ok(i64::try_from(length).unwrap_or(i64::MAX).into())
}

fn kind(value: &Value) -> &str {
    use crate::value::IntKind;
    match &value.repr {
        Repr::Nil => "nil",
        Repr::Bool(_) => "bool",
        Repr::Int(_) | Repr::Sized(IntKind::Int64, _) => "int",
        Repr::Sized(..) => "uint",
        Repr::Float(_) => "float",
        Repr::Text(_) => "string",
        Repr::Bytes(_) | Repr::Array(_) => "array",
        Repr::Map(_) | Repr::AnyMap(_) => "map",
        Repr::Method(_) => "func",
        Repr::Duration(_) | Repr::Named(..) | Repr::Time(_) => value.type_name(),
        Repr::Zone(_) => "time.Location",
        Repr::Object(object) => object.type_path(),
    }
}

fn string(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let value = arg(args, 0)?;
    if value.as_text().is_some() {
        return Ok(value.clone());
    }
    Ok(Value::text(&show(value, cx.budget)?))
}

fn to_json(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let mut json = Writer::indented();
    write_json(arg(args, 0)?, &mut json, cx.budget)?;
    new_text(cx, json.finish().as_bytes())
}

fn from_json(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let bytes = text(args, 0)?.as_bytes();
    cx.budget.write(bytes.len())?;
    Ok(Value::from_json(&go::json::parse(bytes)?, Numbers::GoFloat))
}

fn to_base64(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    new_text(cx, STANDARD.encode(text(args, 0)?.as_bytes()).as_bytes())
}

/// Go's decoder skips line ends.
fn from_base64(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let bytes: Vec<u8> =
        text(args, 0)?.as_bytes().iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let lenient = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let decoded = lenient
        .decode(&bytes)
        .map_err(|error| CallError::coded(Code::Function, format!("illegal base64 data: {error}")))?;
    new_text(cx, &decoded)
}
