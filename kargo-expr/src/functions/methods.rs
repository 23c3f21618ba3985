//! Methods of times, durations, months, weekdays and time zones: Go's, by their Go names.

use super::{P, Sig, arg, int, not_a, text};
use crate::time::{Duration, Location, Month, Time, Weekday};
use crate::types::{Signature, Type};
use crate::value::{IntKind, Named, Repr};
use crate::{CallError, Code, Value};

/// A method of one of Go's types.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    sig: Sig,
    /// How many values it gives; expressions can take one.
    results: u8,
}

impl Method {
    pub(crate) fn signature(&self) -> Signature {
        Signature { several_results: self.results > 2, ..self.sig.signature() }
    }
}

const fn method(name: &'static str, params: &'static [P], out: P) -> Method {
    Method { name, sig: Sig(params, out), results: 1 }
}

const fn several(name: &'static str, results: u8, out: P) -> Method {
    Method { name, sig: Sig(&[], out), results }
}

const TIME: &[Method] = &[
    method("Add", &[P::Duration], P::Time),
    method("AddDate", &[P::Int, P::Int, P::Int], P::Time),
    method("After", &[P::Time], P::Bool),
    method("Before", &[P::Time], P::Bool),
    several("Clock", 3, P::Int),
    method("Compare", &[P::Time], P::Int),
    several("Date", 3, P::Int),
    method("Day", &[], P::Int),
    method("Equal", &[P::Time], P::Bool),
    method("Format", &[P::Text], P::Text),
    method("Hour", &[], P::Int),
    several("ISOWeek", 2, P::Int),
    method("In", &[P::Zone], P::Time),
    method("IsDST", &[], P::Bool),
    method("IsZero", &[], P::Bool),
    method("Local", &[], P::Time),
    method("Location", &[], P::Zone),
    method("Minute", &[], P::Int),
    method("Month", &[], P::Month),
    method("Nanosecond", &[], P::Int),
    method("Round", &[P::Duration], P::Time),
    method("Second", &[], P::Int),
    method("String", &[], P::Text),
    method("Sub", &[P::Time], P::Duration),
    method("Truncate", &[P::Duration], P::Time),
    method("UTC", &[], P::Time),
    method("Unix", &[], P::Int64),
    method("UnixMicro", &[], P::Int64),
    method("UnixMilli", &[], P::Int64),
    method("UnixNano", &[], P::Int64),
    method("Weekday", &[], P::Weekday),
    method("Year", &[], P::Int),
    method("YearDay", &[], P::Int),
    several("Zone", 2, P::Text),
];

const DURATION: &[Method] = &[
    method("Abs", &[], P::Duration),
    method("Hours", &[], P::Float),
    method("Microseconds", &[], P::Int64),
    method("Milliseconds", &[], P::Int64),
    method("Minutes", &[], P::Float),
    method("Nanoseconds", &[], P::Int64),
    method("Round", &[P::Duration], P::Duration),
    method("Seconds", &[], P::Float),
    method("String", &[], P::Text),
    method("Truncate", &[P::Duration], P::Duration),
];

const STRING_ONLY: &[Method] = &[method("String", &[], P::Text)];

/// The methods of a static type.
pub(crate) fn of(ty: &Type) -> &'static [Method] {
    match ty {
        Type::Time => TIME,
        Type::Duration => DURATION,
        Type::Named(_) | Type::Zone => STRING_ONLY,
        _ => &[],
    }
}

/// The methods of a value.
pub(crate) fn of_value(value: &Value) -> &'static [Method] {
    match value.repr {
        Repr::Time(_) => TIME,
        Repr::Duration(_) => DURATION,
        Repr::Named(..) | Repr::Zone(_) => STRING_ONLY,
        _ => &[],
    }
}

/// Calls a method; the checker may not have seen the arguments.
pub(crate) fn call(receiver: &Value, name: &str, args: &[Value]) -> Result<Value, CallError> {
    let Some(method) = of_value(receiver).iter().find(|method| method.name == name) else {
        let message = format!("cannot fetch {name} from {}", receiver.type_name());
        return Err(CallError::coded(Code::UnknownField, message));
    };
    let expected = method.sig.0.len();
    if args.len() != expected {
        let message = format!("invalid number of arguments: expected {expected}, got {}", args.len());
        return Err(CallError::coded(Code::Arguments, message));
    }
    match &receiver.repr {
        Repr::Time(time) => of_time(time, name, args),
        Repr::Duration(nanoseconds) => of_duration(Duration::from_nanoseconds(*nanoseconds), name, args),
        Repr::Named(Named::Month, i) => Ok(Month(*i).to_string().into()),
        Repr::Named(Named::Weekday, i) => Ok(Weekday(*i).to_string().into()),
        Repr::Zone(zone) => Ok(zone.name().into()),
        _ => Ok(Value::nil()),
    }
}

fn int64(i: i64) -> Value {
    Value::new(Repr::Sized(IntKind::Int64, i))
}

fn duration(args: &[Value]) -> Result<Duration, CallError> {
    let value = arg(args, 0)?;
    value.as_duration().map(Duration::from_nanoseconds).ok_or_else(|| not_a(value, "time.Duration"))
}

fn time(args: &[Value]) -> Result<&Time, CallError> {
    match &arg(args, 0)?.repr {
        Repr::Time(time) => Ok(time),
        _ => Err(not_a(&args[0], "time.Time")),
    }
}

fn zone(args: &[Value]) -> Result<&Location, CallError> {
    match &arg(args, 0)?.repr {
        Repr::Zone(zone) => Ok(zone),
        _ => Err(not_a(&args[0], "*time.Location")),
    }
}

fn of_time(receiver: &Time, name: &str, args: &[Value]) -> Result<Value, CallError> {
    Ok(match name {
        "Add" => receiver.add(duration(args)?).into(),
        "AddDate" => receiver.add_date(int(args, 0)?, int(args, 1)?, int(args, 2)?).into(),
        "After" => receiver.after(time(args)?).into(),
        "Before" => receiver.before(time(args)?).into(),
        "Compare" => i64::from(receiver.cmp(time(args)?) as i8).into(),
        "Equal" => (receiver == time(args)?).into(),
        "Format" => receiver.format(&text(args, 0)?.to_str()).into(),
        "ISOWeek" => receiver.iso_week().0.into(),
        "In" => receiver.in_location(zone(args)?).into(),
        "IsDST" => receiver.is_dst().into(),
        "IsZero" => receiver.is_zero().into(),
        "Local" | "UTC" => receiver.utc().into(),
        "Location" => receiver.location().clone().into(),
        "Month" => Value::new(Repr::Named(Named::Month, receiver.month().0)),
        "Weekday" => Value::new(Repr::Named(Named::Weekday, receiver.weekday().0)),
        "Round" => receiver.round(duration(args)?).into(),
        "String" => receiver.to_string().into(),
        "Sub" => Value::duration(receiver.sub(time(args)?).nanoseconds()),
        "Truncate" => receiver.truncate(duration(args)?).into(),
        "Zone" => receiver.zone().0.into(),
        "Unix" => int64(receiver.unix()),
        "UnixMicro" => int64(receiver.unix_micro()),
        "UnixMilli" => int64(receiver.unix_milli()),
        "UnixNano" => int64(receiver.unix_nano()),
        _ => part(receiver, name).into(),
    })
}

fn part(time: &Time, name: &str) -> i64 {
    match name {
        "Year" => time.year(),
        "YearDay" => time.year_day(),
        "Day" => time.day(),
        "Hour" => time.hour(),
        "Minute" => time.minute(),
        "Second" => time.second(),
        _ => time.nanosecond(),
    }
}

fn of_duration(receiver: Duration, name: &str, args: &[Value]) -> Result<Value, CallError> {
    let wrap = |duration: Duration| Value::duration(duration.nanoseconds());
    Ok(match name {
        "Abs" => wrap(receiver.abs()),
        "Hours" => receiver.hours().into(),
        "Minutes" => receiver.minutes().into(),
        "Seconds" => receiver.seconds().into(),
        "Microseconds" => int64(receiver.microseconds()),
        "Milliseconds" => int64(receiver.milliseconds()),
        "Nanoseconds" => int64(receiver.nanoseconds()),
        "Round" => wrap(receiver.round(duration(args)?)),
        "Truncate" => wrap(receiver.truncate(duration(args)?)),
        _ => receiver.to_string().into(),
    })
}
