//! Compiled programs: instructions for a stack machine.

use std::fmt;
use std::sync::Arc;

use regex::Regex;

use crate::Span;
use crate::env::Function;
use crate::functions::Builtin;
use crate::value::{Text, Value};

/// One instruction. Jumps have absolute targets; indexes go into the tables of [`Code`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Op {
    /// Push a constant.
    Constant(u32),
    Nil,
    True,
    False,
    Pop,
    /// Push a name's value followed by fields that are read from it.
    Path(u32),
    /// Push all names and values.
    Environment,
    /// Pop into a variable.
    Store(u32),
    Load(u32),
    /// Pop a property, then the base; push the element.
    Fetch,
    /// Pop the base; push the field that a constant names.
    Field(u32),
    /// Pop `from` and `to`, then what to slice.
    Slice,
    /// Push the length of what is on top.
    Length,
    Not,
    Negate,
    Equal,
    /// Compare what is on top with a constant.
    EqualConstant(u32),
    /// Both sides are known to be `int`; what is not, is an error.
    EqualInt,
    /// Both sides are known to be strings.
    EqualText,
    Arithmetic(Arithmetic),
    Compare(crate::vm::number::Order),
    In,
    /// `in` a set of integers, which takes nothing but `int`.
    InInts(u32),
    Matches,
    MatchesConstant(u32),
    Contains,
    StartsWith,
    EndsWith,
    Range,
    Jump(u32),
    JumpIfTrue(u32),
    JumpIfFalse(u32),
    JumpIfNil(u32),
    JumpIfNotNil(u32),
    /// A nil pointer at the end of an optional chain becomes nil.
    EndChain,
    /// Pop this many arguments for one of the language's functions.
    Builtin {
        index: u16,
        count: u16,
    },
    /// The same for a function of the environment.
    Function {
        index: u16,
        count: u16,
    },
    /// Pop what to call, then its arguments.
    Call(u32),
    Array(u32),
    Map(u32),
    /// Pop a list and enter a loop over it.
    Begin,
    /// Leave the loop.
    End,
    JumpIfEnd(u32),
    /// Go to the next element and jump.
    Next(u32),
    /// Start at the last element.
    Last,
    JumpIfBeforeFirst(u32),
    Previous(u32),
    Item,
    Index,
    Acc,
    SetAcc,
    IncrementCount,
    Count,
    /// Pop a value into the loop's results.
    Keep,
    /// Push the results as a list.
    Collect,
    /// Pop a key and add the element to its group.
    Group,
    Groups,
    /// Pop the order to sort in.
    SortOrder,
    /// Push the elements, sorted by the results.
    Sort,
    Throw(Failure),
}

/// Operators on two numbers, strings, times or durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
}

/// What a loop without a result fails with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    NoElement,
    EmptyReduce,
}

/// A program's instructions and tables.
#[derive(Default)]
pub(crate) struct Code {
    pub(crate) ops: Vec<Op>,
    /// Where in the source each instruction comes from.
    pub(crate) spans: Vec<Span>,
    pub(crate) constants: Vec<Value>,
    pub(crate) paths: Vec<Path>,
    pub(crate) regexes: Vec<Regex>,
    pub(crate) builtins: Vec<&'static Builtin>,
    pub(crate) functions: Vec<(Arc<str>, Function)>,
    pub(crate) variables: u32,
}

/// `name.field.field`
#[derive(Debug, PartialEq)]
pub(crate) struct Path {
    pub(crate) name: Text,
    pub(crate) fields: Vec<(Text, Span)>,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.ops).finish()
    }
}
