//! Functions of strings, which work on bytes as Go's `strings` does.

use super::{Builtin, Context, P, Sig, arg, int, new_text, not_a, text};
use crate::go::{casing, strings};
use crate::value::{Array, Elem, Repr};
use crate::{CallError, Code, Value};

const ONE: Sig = Sig(&[P::Text], P::Text);
const TWO: Sig = Sig(&[P::Text, P::Text], P::Text);
const FIND: &[Sig] = &[Sig(&[P::Text, P::Text], P::Int)];
const TEST: &[Sig] = &[Sig(&[P::Text, P::Text], P::Bool)];
const SPLIT: &[Sig] = &[Sig(&[P::Text, P::Text], P::TextList), Sig(&[P::Text, P::Text, P::Int], P::TextList)];

pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::new("trim", &[ONE, TWO], trim),
    Builtin::new("trimPrefix", &[TWO, ONE], trim_prefix),
    Builtin::new("trimSuffix", &[TWO, ONE], trim_suffix),
    Builtin::new("upper", &[ONE], |cx, args| {
        new_text(cx, casing::upper(text(args, 0)?.as_bytes()).as_bytes())
    }),
    Builtin::new("lower", &[ONE], |cx, args| {
        new_text(cx, casing::lower(text(args, 0)?.as_bytes()).as_bytes())
    }),
    Builtin::new("split", SPLIT, |cx, args| split(cx, args, strings::split_n)),
    Builtin::new("splitAfter", SPLIT, |cx, args| split(cx, args, strings::split_after_n)),
    Builtin::new(
        "replace",
        &[Sig(&[P::Text, P::Text, P::Text, P::Int], P::Text), Sig(&[P::Text, P::Text, P::Text], P::Text)],
        replace,
    ),
    Builtin::new("repeat", &[Sig(&[P::Text, P::Int], P::Text)], repeat),
    Builtin::new(
        "join",
        &[
            Sig(&[P::TextList, P::Text], P::Text),
            Sig(&[P::AnyList, P::Text], P::Text),
            Sig(&[P::AnyList], P::Text),
            Sig(&[P::TextList], P::Text),
        ],
        join,
    ),
    Builtin::new("indexOf", FIND, |_, args| {
        Ok(position(strings::index(text(args, 0)?.as_bytes(), text(args, 1)?.as_bytes())))
    }),
    Builtin::new("lastIndexOf", FIND, |_, args| {
        Ok(position(strings::last_index(text(args, 0)?.as_bytes(), text(args, 1)?.as_bytes())))
    }),
    Builtin::new("hasPrefix", TEST, |_, args| {
        Ok(text(args, 0)?.as_bytes().starts_with(text(args, 1)?.as_bytes()).into())
    }),
    Builtin::new("hasSuffix", TEST, |_, args| {
        Ok(text(args, 0)?.as_bytes().ends_with(text(args, 1)?.as_bytes()).into())
    }),
];

fn trim(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let bytes = text(args, 0)?.as_bytes();
    let trimmed = match args.len() {
        1 => strings::trim_space(bytes),
        _ => strings::trim(bytes, text(args, 1)?.as_bytes()),
    };
    new_text(cx, trimmed)
}

/// The affix of `trimPrefix` and `trimSuffix`: a space unless given.
fn affix(args: &[Value]) -> Result<&[u8], CallError> {
    if args.len() < 2 { Ok(b" ") } else { Ok(text(args, 1)?.as_bytes()) }
}

fn trim_prefix(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let affix = affix(args)?;
    let bytes = text(args, 0)?.as_bytes();
    new_text(cx, bytes.strip_prefix(affix).unwrap_or(bytes))
}

fn trim_suffix(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let affix = affix(args)?;
    let bytes = text(args, 0)?.as_bytes();
    new_text(cx, bytes.strip_suffix(affix).unwrap_or(bytes))
}

/// Cuts a text at a separator into at most so many parts; a negative number means all.
type Split = for<'t> fn(&'t [u8], &[u8], i64) -> Vec<&'t [u8]>;

fn split(cx: &mut Context<'_>, args: &[Value], split: Split) -> Result<Value, CallError> {
    let bytes = text(args, 0)?.as_bytes();
    let separator = text(args, 1)?.as_bytes();
    let limit = if args.len() > 2 { int(args, 2)? } else { -1 };
    cx.budget.write(bytes.len())?;
    let parts = split(bytes, separator, limit);
    cx.budget.step(parts.len() as u64)?;
    let parts = parts.into_iter().map(Value::text).collect();
    Ok(Array::typed(parts, Elem::String).into())
}

fn replace(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let (bytes, old, new) = (text(args, 0)?.as_bytes(), text(args, 1)?.as_bytes(), text(args, 2)?.as_bytes());
    let limit = if args.len() > 3 { int(args, 3)? } else { -1 };
    let most = (bytes.len() / old.len().max(1) + 1).min(usize::try_from(limit).unwrap_or(usize::MAX));
    cx.budget.write(most.saturating_mul(new.len()))?;
    new_text(cx, &strings::replace(bytes, old, new, limit))
}

fn repeat(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let bytes = text(args, 0)?.as_bytes();
    let count = int(args, 1)?;
    if count < 0 {
        return Err(CallError::coded(
            Code::Arguments,
            format!("invalid argument for repeat (expected positive integer, got {count})"),
        ));
    }
    if count > 1_000_000 {
        return Err(CallError::coded(Code::Limit, "memory budget exceeded"));
    }
    let count = usize::try_from(count).unwrap_or(0);
    cx.budget.create(bytes.len().saturating_mul(count))?;
    new_text(cx, &bytes.repeat(count))
}

fn join(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let glue = if args.len() < 2 { &[][..] } else { text(args, 1)?.as_bytes() };
    let Some(array) =
        arg(args, 0)?.as_array().filter(|array| matches!(array.elem(), Elem::Any | Elem::String))
    else {
        let message = format!("invalid argument for join (type {})", args[0].type_name());
        return Err(CallError::coded(Code::Type, message));
    };
    let mut joined = Vec::new();
    for (i, item) in array.iter().enumerate() {
        let Repr::Text(part) = &item.repr else { return Err(not_a(item, "string")) };
        if i > 0 {
            joined.extend_from_slice(glue);
        }
        cx.budget.write(1 + glue.len() + part.as_bytes().len())?;
        joined.extend_from_slice(part.as_bytes());
    }
    Ok(Value::text(&joined))
}

fn position(found: Option<usize>) -> Value {
    found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1).into()
}
