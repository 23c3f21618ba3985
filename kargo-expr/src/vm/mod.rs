//! The stack machine that runs compiled programs.

pub(crate) mod fetch;
mod loops;
pub(crate) mod number;
mod text;

use std::sync::Arc;

use crate::code::{Code, Failure, Op};
use crate::env::Body;
use crate::functions::{Context, methods, not_a};
use crate::limits::Budget;
use crate::value::{Array, Bound, Elem, Map, Repr, Text, Value, equal};
use crate::{Answer, CallError, Error, Host, Need, Scope, Span};
use loops::Loop;

/// Runs a program once.
pub(crate) fn run(code: &Code, scope: &Scope, host: &dyn Host, budget: Budget) -> Result<Answer, Error> {
    let mut vm = Vm {
        code,
        scope,
        host,
        budget,
        at: 0,
        place: None,
        stack: Vec::with_capacity(8),
        variables: vec![Value::nil(); code.variables as usize],
        loops: Vec::new(),
    };
    match vm.run() {
        Ok(()) => Ok(Answer::Ready(vm.stack.pop().unwrap_or(Value::nil()))),
        Err(Stop::Need(need)) => Ok(Answer::Need(*need)),
        Err(Stop::Error(error)) => {
            let span = vm.place.or_else(|| code.spans.get(vm.at).copied()).unwrap_or_default();
            Err(Error::run(error.code, span, error.message))
        }
    }
}

struct Vm<'r> {
    code: &'r Code,
    scope: &'r Scope,
    host: &'r dyn Host,
    budget: Budget,
    /// The instruction at hand.
    at: usize,
    /// Where inside the instruction it failed, if it has several places.
    place: Option<Span>,
    stack: Vec<Value>,
    variables: Vec<Value>,
    loops: Vec<Loop>,
}

/// What a call costs, in steps.
const CALL: u64 = 8;

/// Why a run ends early.
enum Stop {
    // Boxed, since results are passed on at every instruction and rarely hold this.
    Error(Box<CallError>),
    Need(Box<Need>),
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        Self::Error(Box::new(error))
    }
}

impl Vm<'_> {
    fn push(&mut self, value: impl Into<Value>) {
        self.stack.push(value.into());
    }

    /// The compiler balances the stack, except for calls with too few arguments that it cannot check.
    fn pop(&mut self) -> Result<Value, CallError> {
        self.stack.pop().ok_or_else(|| CallError::coded(crate::Code::Arguments, "stack underflow"))
    }

    fn top(&mut self) -> Result<&Value, CallError> {
        self.stack.last().ok_or_else(|| CallError::coded(crate::Code::Arguments, "stack underflow"))
    }

    fn top_bool(&mut self) -> Result<bool, CallError> {
        let top = self.top()?;
        top.as_bool().ok_or_else(|| not_a(top, "bool"))
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Value>, CallError> {
        match self.stack.len().checked_sub(count) {
            Some(from) => Ok(self.stack.split_off(from)),
            None => Err(CallError::coded(crate::Code::Arguments, "stack underflow")),
        }
    }

    fn run(&mut self) -> Result<(), Stop> {
        while let Some(op) = self.code.ops.get(self.at) {
            if let Some(target) = self.step(*op)? {
                let target = target as usize;
                if target <= self.at {
                    self.budget.step((self.at - target) as u64 + 1)?;
                }
                self.at = target;
            } else {
                self.at += 1;
            }
        }
        Ok(())
    }

    /// Does one instruction; gives where to go on, if not at the next.
    #[inline(always)]
    fn step(&mut self, op: Op) -> Result<Option<u32>, Stop> {
        match op {
            Op::Constant(index) => self.push(self.code.constants[index as usize].clone()),
            Op::Nil => self.push(Value::nil()),
            Op::True => self.push(true),
            Op::False => self.push(false),
            Op::Pop => drop(self.pop()?),
            Op::Path(index) => self.path(index)?,
            Op::Environment => match self.scope.document() {
                Some(document) => self.push(document.clone()),
                None => self.push(self.scope.values().clone()),
            },
            Op::Store(slot) => {
                let value = self.pop()?;
                self.variables[slot as usize] = value;
            }
            Op::Load(slot) => self.push(self.variables[slot as usize].clone()),
            Op::Fetch => self.binary(|_, from, index| fetch::fetch(from, index))?,
            Op::Field(name) => {
                let from = self.pop()?;
                let name = self.code.constants[name as usize].as_text();
                let found = name.map_or(Ok(Value::nil()), |name| fetch::field(&from, name))?;
                self.push(found);
            }
            Op::Slice => {
                let (from, to, value) = (self.pop()?, self.pop()?, self.pop()?);
                let tainted = value.is_marked();
                let slice = fetch::slice(&value, &from, &to, &mut self.budget)?;
                self.push(slice.marked_if(tainted));
            }
            Op::Length => {
                let length = fetch::length(self.top()?)?;
                self.push(i64::try_from(length).unwrap_or(i64::MAX));
            }
            Op::Not => {
                let value = self.pop()?;
                let b = value.as_bool().ok_or_else(|| not_a(&value, "bool"))?;
                self.push(Value::from(!b).marked_if(value.is_marked()));
            }
            Op::Negate => {
                let value = self.pop()?;
                let negated = number::negate(&value)?;
                self.push(negated.marked_if(value.is_marked()));
            }
            Op::Equal => self.binary(|budget, a, b| Ok(equal(a, b, budget)?.into()))?,
            Op::EqualConstant(constant) => {
                let a = self.pop()?;
                let same = equal(&a, &self.code.constants[constant as usize], &mut self.budget)?;
                self.push(Value::from(same).marked_if(a.is_marked()));
            }
            Op::EqualInt => self.binary(|_, a, b| Ok((int(a)? == int(b)?).into()))?,
            Op::EqualText => self.binary(text::equal)?,
            Op::Arithmetic(operator) => self.arithmetic(operator)?,
            Op::Compare(order) => self.binary(|_, a, b| Ok(number::compare(order, a, b)?.into()))?,
            Op::In => self.binary(|budget, a, b| Ok(fetch::contains(b, a, budget)?.into()))?,
            Op::InInts(set) => {
                let needle = self.pop()?;
                let found = fetch::contains_int(&self.code.constants[set as usize], &needle)?;
                self.push(Value::from(found).marked_if(needle.is_marked()));
            }
            Op::Matches => self.binary(|budget, a, b| Ok(text::matches(a, b, budget)?.into()))?,
            Op::MatchesConstant(regex) => {
                let value = self.pop()?;
                let found =
                    text::matches_regex(&value, &self.code.regexes[regex as usize], &mut self.budget)?;
                self.push(Value::from(found).marked_if(value.is_marked()));
            }
            Op::Contains => self.binary(|budget, a, b| text::test(a, b, text::contains, budget))?,
            Op::StartsWith => self.binary(|budget, a, b| text::test(a, b, <[u8]>::starts_with, budget))?,
            Op::EndsWith => self.binary(|budget, a, b| text::test(a, b, <[u8]>::ends_with, budget))?,
            Op::Range => self.binary(range)?,
            Op::Jump(target) => return Ok(Some(target)),
            Op::JumpIfTrue(target) => return Ok(self.top_bool()?.then_some(target)),
            Op::JumpIfFalse(target) => return Ok((!self.top_bool()?).then_some(target)),
            Op::JumpIfNil(target) => return Ok(self.top()?.is_nil().then_some(target)),
            Op::JumpIfNotNil(target) => return Ok((!self.top()?.is_nil()).then_some(target)),
            Op::EndChain => {
                if self.top()?.is_nil() {
                    self.pop()?;
                    self.push(Value::nil());
                }
            }
            Op::Builtin { index, count } => self.builtin(index, count)?,
            Op::Function { index, count } => self.function(index, count)?,
            Op::Call(count) => self.call(count as usize)?,
            Op::Array(count) => {
                self.budget.create(count as usize)?;
                let items = self.pop_many(count as usize)?;
                self.push_array(items.into())?;
            }
            Op::Map(count) => self.map(count as usize)?,
            Op::JumpIfEnd(target) => return Ok(self.innermost()?.at_end().then_some(target)),
            Op::Next(target) => {
                self.innermost()?.advance();
                return Ok(Some(target));
            }
            Op::Item => {
                let item = self.innermost()?.item()?;
                self.push(item);
            }
            Op::Acc => {
                let acc = self.innermost()?.acc.clone();
                self.push(acc);
            }
            Op::SetAcc => {
                let value = self.pop()?;
                self.innermost()?.acc = value;
            }
            Op::Keep => {
                let value = self.pop()?;
                self.innermost()?.kept.push(value);
            }
            op => return self.loop_step(op),
        }
        Ok(None)
    }

    /// Two values to one; what is made of a tainted one is tainted.
    #[inline]
    fn binary(
        &mut self,
        f: impl FnOnce(&mut Budget, &Value, &Value) -> Result<Value, CallError>,
    ) -> Result<(), CallError> {
        let b = self.pop()?;
        let a = self.pop()?;
        let tainted = a.is_marked() || b.is_marked();
        let result = f(&mut self.budget, &a, &b)?;
        self.push(result.marked_if(tainted));
        Ok(())
    }

    #[inline]
    fn arithmetic(&mut self, operator: crate::code::Arithmetic) -> Result<(), CallError> {
        if let [.., a, b] = &mut self.stack[..]
            && let Some(result) = number::of_ints(operator, a, b)
        {
            *a = result;
            self.stack.truncate(self.stack.len() - 1);
            return Ok(());
        }
        self.binary(|budget, a, b| {
            if let (Repr::Text(a), Repr::Text(b)) = (&a.repr, &b.repr) {
                budget.write(a.as_bytes().len() + b.as_bytes().len())?;
            }
            number::arithmetic(operator, a, b)
        })
    }

    /// Reads a name and fields from it, cloning nothing but the last.
    fn path(&mut self, index: u32) -> Result<(), CallError> {
        let code = self.code;
        let path = &code.paths[index as usize];
        let Some(mut value) = self.scope.values().get_bytes(path.name.as_bytes()) else {
            let missing = match self.scope.document() {
                Some(document) => fetch::field(document, &path.name)?,
                None => Value::nil(),
            };
            return self.fields(missing, &path.fields);
        };
        let mut tainted = value.is_marked();
        for (i, (name, _)) in path.fields.iter().enumerate() {
            match value.as_map().and_then(|map| map.get_bytes(name.as_bytes())) {
                Some(found) => {
                    value = found;
                    tainted |= value.is_marked();
                }
                None => return self.fields(value.clone().marked_if(tainted), &path.fields[i..]),
            }
        }
        self.push(value.clone().marked_if(tainted));
        Ok(())
    }

    fn fields(&mut self, mut value: Value, fields: &[(Text, Span)]) -> Result<(), CallError> {
        for (name, span) in fields {
            self.place = Some(*span);
            value = fetch::field(&value, name)?;
        }
        self.place = None;
        self.push(value);
        Ok(())
    }

    fn push_array(&mut self, array: Array) -> Result<(), CallError> {
        self.budget.nest(array.shape().depth)?;
        self.push(array);
        Ok(())
    }

    /// Of two entries with the same key the first counts, as Go pops them from the last to the first.
    fn map(&mut self, count: usize) -> Result<(), CallError> {
        self.budget.create(count)?;
        let mut pairs = self.pop_many(count * 2)?;
        let mut entries = Vec::with_capacity(count);
        while let (Some(value), Some(key)) = (pairs.pop(), pairs.pop()) {
            let name = key.as_text().ok_or_else(|| not_a(&key, "string"))?.clone();
            entries.push((name, value.marked_if(key.is_marked())));
        }
        let map = Map::new(entries);
        self.budget.nest(map.shape().depth)?;
        self.push(map);
        Ok(())
    }

    fn builtin(&mut self, index: u16, count: u16) -> Result<(), CallError> {
        let builtin = self.code.builtins[usize::from(index)];
        let Some(from) = self.stack.len().checked_sub(usize::from(count)) else {
            return Err(CallError::coded(crate::Code::Arguments, "stack underflow"));
        };
        let args = &self.stack[from..];
        let tainted = args.iter().any(|arg| if builtin.carries { arg.is_marked() } else { arg.is_tainted() });
        let scanned = args.iter().filter_map(Value::as_text).map(|text| text.as_bytes().len()).sum();
        self.budget.step(CALL)?;
        self.budget.scan(scanned)?;
        let mut context = Context { budget: &mut self.budget, host: self.host };
        let result = (builtin.run)(&mut context, args)?.marked_if(tainted);
        self.budget.nest(result.shape().depth)?;
        self.stack.truncate(from);
        self.push(result);
        Ok(())
    }

    fn function(&mut self, index: u16, count: u16) -> Result<(), Stop> {
        let (name, function) = &self.code.functions[usize::from(index)];
        let args = self.pop_many(usize::from(count))?;
        self.budget.step(CALL)?;
        let tainted = args.iter().any(Value::is_tainted);
        let answer = match &function.body {
            Body::Pure(function) => Answer::Ready(function(&args)?),
            Body::Host => self.host.call(name, &args)?,
        };
        match answer {
            Answer::Ready(value) => self.push(value.marked_if(tainted)),
            Answer::Need(need) => return Err(Stop::Need(Box::new(need))),
        }
        Ok(())
    }

    fn call(&mut self, count: usize) -> Result<(), CallError> {
        let callee = self.pop()?;
        let args = self.pop_many(count)?;
        self.budget.step(CALL)?;
        let error = |message: String| CallError::coded(crate::Code::NotCallable, message);
        let bound: Arc<Bound> = match callee.repr {
            Repr::Method(bound) => bound,
            Repr::Nil => return Err(error("invalid operation: cannot call nil".into())),
            _ => {
                let message = "invalid operation: cannot call non-function of type";
                return Err(error(format!("{message} {}", callee.type_name())));
            }
        };
        let tainted = bound.receiver.is_tainted() || args.iter().any(Value::is_tainted);
        let result = match &bound.receiver.repr {
            Repr::Object(object) => match bound.method.as_str().and_then(|name| object.call(name, &args)) {
                Some(result) => result?,
                None => return Err(error(format!("cannot call {}", bound.method))),
            },
            _ => methods::call(&bound.receiver, &bound.method.to_str(), &args)?,
        };
        self.push(result.marked_if(tainted));
        Ok(())
    }
}

/// `a..b`
fn range(budget: &mut Budget, a: &Value, b: &Value) -> Result<Value, CallError> {
    let (from, to) = (number::to_int(a)?, number::to_int(b)?);
    let size = to.wrapping_sub(from).wrapping_add(1);
    let size = usize::try_from(size).unwrap_or(0);
    budget.create(size)?;
    let items = (0..size as i64).map(|i| Value::from(from + i)).collect();
    Ok(Array::typed(items, Elem::Int).into())
}

/// The value of a `==` whose sides the checker takes for `int`.
fn int(value: &Value) -> Result<i64, CallError> {
    match value.repr {
        Repr::Int(i) => Ok(i),
        _ => Err(not_a(value, "int")),
    }
}

impl Failure {
    fn error(self) -> CallError {
        match self {
            Self::NoElement => {
                CallError::coded(crate::Code::IndexOutOfRange, "reflect: slice index out of range")
            }
            Self::EmptyReduce => {
                CallError::coded(crate::Code::Function, "reduce of empty array with no initial value")
            }
        }
    }
}
