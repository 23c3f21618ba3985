//! The language's own functions; one file for each family.

mod aggregate;
mod array;
mod bits;
mod convert;
pub(crate) mod kargo;
mod map;
pub(crate) mod methods;
mod number;
mod string;
mod time;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::limits::Budget;
use crate::types::{Signature, Type};
use crate::value::{Array, Elem, Repr, Text};
use crate::vm::number::to_int;
use crate::{CallError, Code, Host, Value};

/// One function of the language.
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    pub(crate) check: Check,
    /// What it does; functions with a predicate are compiled into loops instead.
    pub(crate) run: Run,
    /// Its result holds the values of its arguments and nothing made from them, so that only what was
    /// tainted stays tainted.
    pub(crate) carries: bool,
}

pub(crate) type Run = fn(&mut Context<'_>, &[Value]) -> Result<Value, CallError>;

/// How the checker judges a call's arguments.
#[derive(Clone, Copy)]
pub(crate) enum Check {
    /// One of these.
    Signatures(&'static [Sig]),
    /// By the arguments' types; the error is the message.
    Types(fn(&[Type]) -> Result<Type, String>),
    /// `get`
    Get,
    /// A loop with a predicate.
    Predicate,
}

/// What a function has at hand besides its arguments.
pub(crate) struct Context<'r> {
    pub(crate) budget: &'r mut Budget,
    pub(crate) host: &'r dyn Host,
}

/// A signature that can stand in a constant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sig(pub(crate) &'static [P], pub(crate) P);

/// The types of constant signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum P {
    Any,
    Bool,
    Int,
    Int64,
    Float,
    Text,
    Duration,
    Time,
    Zone,
    Month,
    Weekday,
    AnyList,
    TextList,
    IntList,
}

impl P {
    fn ty(self) -> Type {
        use crate::types::{NamedInt, Sized};
        use crate::value::{IntKind, Named};
        match self {
            Self::Any => Type::Any,
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Int64 => Type::Sized(Sized(IntKind::Int64)),
            Self::Float => Type::Float,
            Self::Text => Type::String,
            Self::Duration => Type::Duration,
            Self::Time => Type::Time,
            Self::Zone => Type::Zone,
            Self::Month => Type::Named(NamedInt(Named::Month)),
            Self::Weekday => Type::Named(NamedInt(Named::Weekday)),
            Self::AnyList => Type::any_list(),
            Self::TextList => Type::typed_list(Elem::String, Type::String),
            Self::IntList => Type::typed_list(Elem::Int, Type::Int),
        }
    }
}

impl Sig {
    pub(crate) fn signature(&self) -> Signature {
        Signature::new(self.0.iter().map(|param| param.ty()), self.1.ty())
    }
}

impl Builtin {
    pub(crate) fn is_predicate(&self) -> bool {
        matches!(self.check, Check::Predicate)
    }

    const fn new(name: &'static str, signatures: &'static [Sig], run: Run) -> Self {
        Self { name, check: Check::Signatures(signatures), run, carries: false }
    }

    const fn checked(name: &'static str, check: fn(&[Type]) -> Result<Type, String>, run: Run) -> Self {
        Self { name, check: Check::Types(check), run, carries: false }
    }

    const fn carrying(mut self) -> Self {
        self.carries = true;
        self
    }

    const fn predicate(name: &'static str) -> Self {
        Self { name, check: Check::Predicate, run: no_predicate, carries: true }
    }
}

fn no_predicate(_: &mut Context<'_>, _: &[Value]) -> Result<Value, CallError> {
    Err(CallError::coded(Code::Arguments, "a predicate is missing"))
}

const PREDICATES: &[Builtin] = &[
    Builtin::predicate("all"),
    Builtin::predicate("none"),
    Builtin::predicate("any"),
    Builtin::predicate("one"),
    Builtin::predicate("filter"),
    Builtin::predicate("map"),
    Builtin::predicate("find"),
    Builtin::predicate("findIndex"),
    Builtin::predicate("findLast"),
    Builtin::predicate("findLastIndex"),
    Builtin::predicate("count"),
    Builtin::predicate("sum"),
    Builtin::predicate("groupBy"),
    Builtin::predicate("sortBy"),
    Builtin::predicate("reduce"),
];

static FAMILIES: &[&[Builtin]] = &[
    PREDICATES,
    convert::FUNCTIONS,
    number::FUNCTIONS,
    bits::FUNCTIONS,
    string::FUNCTIONS,
    aggregate::FUNCTIONS,
    array::FUNCTIONS,
    map::FUNCTIONS,
    time::FUNCTIONS,
];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Builtin>> =
    LazyLock::new(|| FAMILIES.iter().flat_map(|family| family.iter()).map(|f| (f.name, f)).collect());

/// The function of this name.
pub(crate) fn find(name: &str) -> Option<&'static Builtin> {
    BY_NAME.get(name).copied()
}

/// The names of all functions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().flat_map(|family| family.iter()).map(|f| f.name)
}

/// The text of a string argument.
fn text(args: &[Value], index: usize) -> Result<&Text, CallError> {
    let value = arg(args, index)?;
    value.as_text().ok_or_else(|| not_a(value, "string"))
}

fn arg(args: &[Value], index: usize) -> Result<&Value, CallError> {
    args.get(index).ok_or_else(|| CallError::coded(Code::Arguments, "not enough arguments"))
}

fn int(args: &[Value], index: usize) -> Result<i64, CallError> {
    to_int(arg(args, index)?)
}

/// Go's failed type assertion.
pub(crate) fn not_a(value: &Value, wanted: &str) -> CallError {
    let message = format!("interface conversion: interface {{}} is {}, not {wanted}", value.type_name());
    CallError::coded(Code::Type, message)
}

fn count_error(expected: &str, got: usize) -> String {
    format!("invalid number of arguments (expected {expected}, got {got})")
}

/// The only argument's type.
fn only(args: &[Type]) -> Result<&Type, String> {
    match args {
        [arg] => Ok(arg),
        _ => Err(count_error("1", args.len())),
    }
}

/// The elements of a list of any type; bytes are numbers.
fn elements(value: &Value) -> Option<Array> {
    match &value.repr {
        Repr::Array(array) => Some(array.clone()),
        Repr::Bytes(bytes) => Some(bytes.iter().map(|b| Value::byte(*b)).collect::<Vec<_>>().into()),
        _ => None,
    }
}

fn list(value: &Value, verb: &str) -> Result<Array, CallError> {
    elements(value)
        .ok_or_else(|| CallError::coded(Code::Type, format!("cannot {verb} {}", value.type_name())))
}

/// A result of new text.
fn new_text(cx: &mut Context<'_>, bytes: &[u8]) -> Result<Value, CallError> {
    cx.budget.write(bytes.len())?;
    Ok(Value::text(bytes))
}
