//! Loops over lists, with what their predicates see.

use std::collections::BTreeMap;

use super::{Stop, Vm, fetch, number};
use crate::code::Op;
use crate::functions::not_a;
use crate::go::sort::sort_by;
use crate::value::{AnyMap, Array, Key, Repr};
use crate::{CallError, Code, Value};

/// One running loop.
pub(super) struct Loop {
    over: Value,
    length: i64,
    index: i64,
    count: i64,
    pub(super) acc: Value,
    /// What the loop has found so far.
    pub(super) kept: Vec<Value>,
    groups: BTreeMap<Key, Vec<Value>>,
    descending: bool,
}

impl Loop {
    fn over(over: Value) -> Result<Self, CallError> {
        let length = fetch::length(&over).map_err(|_| {
            let message = format!("reflect: call of reflect.Value.Len on {} Value", over.type_name());
            CallError::coded(Code::Type, message)
        })?;
        Ok(Self {
            over,
            length: i64::try_from(length).unwrap_or(i64::MAX),
            index: 0,
            count: 0,
            acc: Value::nil(),
            kept: Vec::new(),
            groups: BTreeMap::new(),
            descending: false,
        })
    }

    #[inline]
    pub(super) fn at_end(&self) -> bool {
        self.index >= self.length
    }

    #[inline]
    pub(super) fn advance(&mut self) {
        self.index += 1;
    }

    #[inline]
    pub(super) fn item(&self) -> Result<Value, CallError> {
        let at = usize::try_from(self.index).unwrap_or(usize::MAX);
        let item = match &self.over.repr {
            Repr::Array(array) => array.get(at).cloned(),
            Repr::Text(text) => text.as_bytes().get(at).map(|b| Value::byte(*b)),
            Repr::Bytes(bytes) => bytes.get(at).map(|b| Value::byte(*b)),
            _ => None,
        };
        let item = item.ok_or_else(|| {
            let message = format!("reflect: call of reflect.Value.Index on {} Value", self.over.type_name());
            CallError::coded(Code::Type, message)
        })?;
        Ok(item.marked_if(self.over.is_marked()))
    }
}

impl Vm<'_> {
    #[inline]
    pub(super) fn innermost(&mut self) -> Result<&mut Loop, CallError> {
        self.loops.last_mut().ok_or_else(|| CallError::coded(Code::UnknownName, "not inside a predicate"))
    }

    /// Does one of the rarer instructions of a loop.
    pub(super) fn loop_step(&mut self, op: Op) -> Result<Option<u32>, Stop> {
        if matches!(op, Op::Begin) {
            let over = self.pop()?;
            self.loops.push(Loop::over(over)?);
            return Ok(None);
        }
        let this = self.innermost()?;
        let pushed: Value = match op {
            Op::JumpIfBeforeFirst(target) => return Ok((this.index < 0).then_some(target)),
            Op::Previous(target) => {
                this.index -= 1;
                return Ok(Some(target));
            }
            Op::Last => {
                this.index = this.length - 1;
                return Ok(None);
            }
            Op::IncrementCount => {
                this.count += 1;
                return Ok(None);
            }
            Op::End => {
                self.loops.pop();
                return Ok(None);
            }
            Op::Throw(failure) => return Err(failure.error().into()),
            Op::Index => this.index.into(),
            Op::Count => this.count.into(),
            Op::Groups => {
                let groups = std::mem::take(&mut this.groups);
                let groups = groups.into_iter().map(|(key, items)| (key, items.into())).collect();
                AnyMap::new(groups, true).into()
            }
            Op::Collect | Op::Sort => return self.collect(op).map(|()| None),
            op => return self.take_from_stack(op).map(|()| None),
        };
        self.push(pushed);
        Ok(None)
    }

    fn take_from_stack(&mut self, op: Op) -> Result<(), Stop> {
        let value = self.pop()?;
        let this = self.innermost()?;
        match op {
            Op::Group => {
                let item = this.item()?;
                this.groups.entry(Key::of(&value)?).or_default().push(item);
            }
            Op::SortOrder => this.descending = descending(&value)?,
            _ => {}
        }
        Ok(())
    }

    fn collect(&mut self, op: Op) -> Result<(), Stop> {
        let this = self.innermost()?;
        let mut kept = std::mem::take(&mut this.kept);
        if matches!(op, Op::Sort) {
            kept = self.sorted(kept)?;
        }
        self.budget.create(kept.len())?;
        self.push_array(Array::from(kept))?;
        Ok(())
    }

    /// The elements in the order of their keys.
    fn sorted(&mut self, keys: Vec<Value>) -> Result<Vec<Value>, CallError> {
        let this = self.innermost()?;
        let descending = this.descending;
        let mut rows = Vec::with_capacity(keys.len());
        for (index, key) in (0_i64..).zip(keys) {
            this.index = index;
            rows.push((key, this.item()?));
        }
        let budget = &mut self.budget;
        sort_by(&mut rows, |(a, _), (b, _)| {
            budget.step(1)?;
            let (a, b) = if descending { (b, a) } else { (a, b) };
            number::compare(number::Order::Less, a, b)
        })?;
        Ok(rows.into_iter().map(|(_, item)| item).collect())
    }
}

fn descending(order: &Value) -> Result<bool, CallError> {
    match order.as_text().map(|text| text.as_bytes()) {
        Some(b"asc") => Ok(false),
        Some(b"desc") => Ok(true),
        Some(_) => Err(CallError::coded(Code::Arguments, "unknown order, use asc or desc")),
        None => Err(not_a(order, "string")),
    }
}
