//! Times, durations and time zones.

use super::{Builtin, Context, P, Sig, arg, count_error, text};
use crate::time::{Duration, Location, Time, parse, parse_any};
use crate::types::Type;
use crate::value::Repr;
use crate::{CallError, Code, Value};

pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::checked("now", check_now, now),
    Builtin::new("duration", &[Sig(&[P::Text], P::Duration)], |_, args| {
        Ok(Value::duration(Duration::parse(&text(args, 0)?.to_str())?.nanoseconds()))
    }),
    Builtin::checked("date", check_date, date),
    Builtin::new("timezone", &[Sig(&[P::Text], P::Zone)], |_, args| {
        Ok(Location::load(&text(args, 0)?.to_str())?.into())
    }),
];

fn check_now(args: &[Type]) -> Result<Type, String> {
    match args {
        [] | [Type::Zone] => Ok(Type::Time),
        _ => Err(count_error("0", args.len())),
    }
}

fn check_date(args: &[Type]) -> Result<Type, String> {
    let rest = match args {
        [] => return Err(count_error("at least 1", 0)),
        [Type::Zone, rest @ ..] => rest,
        _ => args,
    };
    if rest.len() > 3 {
        return Err(count_error("at most 3", rest.len()));
    }
    Ok(Type::Time)
}

/// The time of the evaluation, which does not change while it runs.
fn now(cx: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let now = cx.host.now();
    let now = Time::from_unix(now.as_second(), i64::from(now.subsec_nanosecond()));
    match args.first().map(|arg| &arg.repr) {
        None => Ok(now.into()),
        Some(Repr::Zone(zone)) => Ok(now.in_location(zone).into()),
        Some(_) => Err(CallError::coded(Code::Arguments, count_error("0", args.len()))),
    }
}

fn date(_: &mut Context<'_>, args: &[Value]) -> Result<Value, CallError> {
    let (zone, args) = match &arg(args, 0)?.repr {
        Repr::Zone(zone) => ((**zone).clone(), &args[1..]),
        _ => (Location::UTC, args),
    };
    let date = text(args, 0)?.to_str();
    let time = match args.len() {
        1 => parse_any(&date, &zone),
        2 => parse(&text(args, 1)?.to_str(), &date, &zone),
        _ => {
            let layout = text(args, 1)?.to_str();
            Location::load(&text(args, 2)?.to_str()).and_then(|zone| parse(&layout, &date, &zone))
        }
    };
    Ok(time?.into())
}
