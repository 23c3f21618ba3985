//! A checked tree to instructions.

mod predicates;

use std::sync::Arc;

use regex::Regex;

use crate::ast::{Binary, Builtin, Kind, Member, Node, Pointer, Unary};
use crate::code::{Arithmetic, Code, Op, Path};
use crate::env::Env;
use crate::functions;
use crate::types::Type;
use crate::value::{Repr, Text, Value};
use crate::vm::number::Order;
use crate::{Error, Span, re2};

/// Compiles a whole expression.
pub(crate) fn compile(node: &Node, env: &Env) -> Result<Code, Error> {
    let mut compiler = Compiler { env, code: Code::default(), variables: Vec::new(), chains: Vec::new() };
    compiler.node(node)?;
    Ok(compiler.code)
}

struct Compiler<'e> {
    env: &'e Env,
    code: Code,
    /// Variables of `let` and their slots, innermost last.
    variables: Vec<(Arc<str>, u32)>,
    /// For each open optional chain the jumps to its end.
    chains: Vec<Vec<usize>>,
}

impl Compiler<'_> {
    fn emit(&mut self, op: Op, span: Span) -> usize {
        self.code.ops.push(op);
        self.code.spans.push(span);
        self.code.ops.len() - 1
    }

    fn here(&self) -> u32 {
        index(self.code.ops.len())
    }

    /// Makes the jump at `at` lead here.
    fn land(&mut self, at: usize) {
        let here = self.here();
        let op = &mut self.code.ops[at];
        *op = match *op {
            Op::JumpIfTrue(_) => Op::JumpIfTrue(here),
            Op::JumpIfFalse(_) => Op::JumpIfFalse(here),
            Op::JumpIfNil(_) => Op::JumpIfNil(here),
            Op::JumpIfNotNil(_) => Op::JumpIfNotNil(here),
            Op::JumpIfEnd(_) => Op::JumpIfEnd(here),
            Op::JumpIfBeforeFirst(_) => Op::JumpIfBeforeFirst(here),
            _ => Op::Jump(here),
        };
    }

    fn constant(&mut self, value: Value) -> u32 {
        self.code.constants.push(value);
        index(self.code.constants.len() - 1)
    }

    fn push(&mut self, value: Value, span: Span) {
        let constant = self.constant(value);
        self.emit(Op::Constant(constant), span);
    }

    fn slot(&mut self) -> u32 {
        self.code.variables += 1;
        self.code.variables - 1
    }

    fn node(&mut self, node: &Node) -> Result<(), Error> {
        let span = node.span;
        match &node.kind {
            Kind::Nil => drop(self.emit(Op::Nil, span)),
            Kind::Bool(true) => drop(self.emit(Op::True, span)),
            Kind::Bool(false) => drop(self.emit(Op::False, span)),
            Kind::Int(i) => self.push((*i).into(), span),
            Kind::Float(f) => self.push((*f).into(), span),
            Kind::Text(text) => self.push(text.clone().into(), span),
            Kind::Bytes(bytes) => self.push(Value::bytes(bytes.as_bytes()), span),
            Kind::Constant(value) => self.push(value.clone(), span),
            // Only the right side of `matches`, which is compiled with it.
            Kind::Pattern(pattern) => self.push(pattern.0.as_str().into(), span),
            Kind::Name(name) => self.name(name, span),
            Kind::Unary(operator, operand) => {
                self.node(operand)?;
                match operator {
                    Unary::Not => drop(self.emit(Op::Not, span)),
                    Unary::Minus => drop(self.emit(Op::Negate, span)),
                    Unary::Plus => {}
                }
            }
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right, span)?,
            Kind::Comparison(first, rest) => self.comparison(first, rest)?,
            Kind::Chain(inner) => self.chain(inner, span)?,
            Kind::Member(member) => self.member(member, span)?,
            Kind::Slice { base, from, to } => {
                self.node(base)?;
                match to {
                    Some(to) => self.node(to)?,
                    None => drop(self.emit(Op::Length, span)),
                }
                match from {
                    Some(from) => self.node(from)?,
                    None => self.push(0.into(), span),
                }
                self.emit(Op::Slice, span);
            }
            Kind::Call(callee, args) => self.call(callee, args, span)?,
            Kind::Builtin(call) => self.builtin(call, span)?,
            Kind::Predicate(body) => self.node(body)?,
            Kind::Pointer(pointer) => self.pointer(pointer, span)?,
            Kind::Let(name, value, body) => {
                self.node(value)?;
                let slot = self.slot();
                self.emit(Op::Store(slot), span);
                self.variables.push((Arc::clone(name), slot));
                self.node(body)?;
                self.variables.pop();
            }
            Kind::Sequence(nodes) => {
                for (i, node) in nodes.iter().enumerate() {
                    if i > 0 {
                        self.emit(Op::Pop, span);
                    }
                    self.node(node)?;
                }
            }
            Kind::Conditional { condition, yes, no } => {
                self.node(condition)?;
                let otherwise = self.emit(Op::JumpIfFalse(0), span);
                if let Some(yes) = yes {
                    self.emit(Op::Pop, span);
                    self.node(yes)?;
                }
                let end = self.emit(Op::Jump(0), span);
                self.land(otherwise);
                self.emit(Op::Pop, span);
                self.node(no)?;
                self.land(end);
            }
            Kind::Array(items) => {
                for item in items {
                    self.node(item)?;
                }
                self.emit(Op::Array(index(items.len())), span);
            }
            Kind::Map(pairs) => {
                for (key, value) in pairs {
                    self.node(key)?;
                    self.node(value)?;
                }
                self.emit(Op::Map(index(pairs.len())), span);
            }
        }
        Ok(())
    }

    fn name(&mut self, name: &Arc<str>, span: Span) {
        if let Some((_, slot)) = self.variables.iter().rev().find(|(known, _)| known == name) {
            let slot = *slot;
            self.emit(Op::Load(slot), span);
        } else if &**name == "$env" {
            self.emit(Op::Environment, span);
        } else {
            self.path(Arc::clone(name).into(), Vec::new(), span);
        }
    }

    fn path(&mut self, name: Text, fields: Vec<(Text, Span)>, span: Span) {
        self.code.paths.push(Path { name, fields });
        self.emit(Op::Path(index(self.code.paths.len() - 1)), span);
    }

    fn binary(&mut self, operator: Binary, left: &Node, right: &Node, span: Span) -> Result<(), Error> {
        self.node(left)?;
        let short_cut = match operator {
            Binary::Or => Some(Op::JumpIfTrue(0)),
            Binary::And => Some(Op::JumpIfFalse(0)),
            Binary::Coalesce => Some(Op::JumpIfNotNil(0)),
            _ => None,
        };
        if let Some(jump) = short_cut {
            let end = self.emit(jump, span);
            self.emit(Op::Pop, span);
            self.node(right)?;
            self.land(end);
            return Ok(());
        }
        if operator == Binary::Matches
            && let Some(regex) = pattern(right, span)?
        {
            self.code.regexes.push(regex);
            self.emit(Op::MatchesConstant(index(self.code.regexes.len() - 1)), span);
            return Ok(());
        }
        if let (Binary::In, Kind::Constant(Value { repr: Repr::AnyMap(_), .. })) = (operator, &right.kind) {
            let Kind::Constant(set) = &right.kind else { return Ok(()) };
            let set = self.constant(set.clone());
            self.emit(Op::InInts(set), span);
            return Ok(());
        }
        match (operation(operator, &left.ty, &right.ty), literal(right)) {
            (Op::Equal, Some(value)) => {
                let constant = self.constant(value);
                self.emit(Op::EqualConstant(constant), span);
            }
            (op, _) => {
                self.node(right)?;
                self.emit(op, span);
            }
        }
        if operator == Binary::NotEqual {
            self.emit(Op::Not, span);
        }
        Ok(())
    }

    fn comparison(&mut self, first: &Node, rest: &[(Binary, Span, Node)]) -> Result<(), Error> {
        self.node(first)?;
        let mut exits = Vec::new();
        for (i, (operator, span, operand)) in rest.iter().enumerate() {
            self.node(operand)?;
            let is_last = i + 1 == rest.len();
            let slot = self.slot();
            if !is_last {
                self.emit(Op::Store(slot), *span);
                self.emit(Op::Load(slot), *span);
            }
            self.emit(operation(*operator, &Type::Unknown, &operand.ty), *span);
            if !is_last {
                exits.push(self.emit(Op::JumpIfFalse(0), *span));
                self.emit(Op::Pop, *span);
                self.emit(Op::Load(slot), *span);
            }
        }
        for exit in exits {
            self.land(exit);
        }
        Ok(())
    }

    fn chain(&mut self, inner: &Node, span: Span) -> Result<(), Error> {
        self.chains.push(Vec::new());
        self.node(inner)?;
        for jump in self.chains.pop().unwrap_or_default() {
            self.land(jump);
        }
        self.emit(Op::EndChain, span);
        Ok(())
    }

    fn member(&mut self, member: &Member, span: Span) -> Result<(), Error> {
        if !member.optional && self.extend_path(member, span)? {
            return Ok(());
        }
        self.node(&member.base)?;
        if member.optional && !self.chains.is_empty() {
            let jump = self.emit(Op::JumpIfNil(0), span);
            if let Some(chain) = self.chains.last_mut() {
                chain.push(jump);
            }
        }
        if let Kind::Text(name) = &member.property.kind {
            let field = self.constant(name.clone().into());
            self.emit(Op::Field(field), span);
        } else {
            self.node(&member.property)?;
            self.emit(Op::Fetch, span);
        }
        Ok(())
    }

    /// Reads `a.b.c` in one instruction, if the base is a name or such a path already.
    fn extend_path(&mut self, member: &Member, span: Span) -> Result<bool, Error> {
        let Kind::Text(field) = &member.property.kind else { return Ok(false) };
        let is_plain = match &member.base.kind {
            Kind::Name(name) => &**name != "$env" && !self.variables.iter().any(|(known, _)| known == name),
            Kind::Member(inner) => !inner.optional && matches!(inner.property.kind, Kind::Text(_)),
            _ => false,
        };
        if !is_plain {
            return Ok(false);
        }
        let before = self.code.ops.len();
        self.node(&member.base)?;
        match (self.code.ops.len() - before, self.code.ops.last()) {
            (1, Some(Op::Path(path))) => {
                self.code.paths[*path as usize].fields.push((field.clone(), span));
            }
            _ => {
                let field = self.constant(field.clone().into());
                self.emit(Op::Field(field), span);
            }
        }
        Ok(true)
    }

    /// Arguments come before what is called, as in expr-lang.
    fn call(&mut self, callee: &Node, args: &[Node], span: Span) -> Result<(), Error> {
        for arg in args {
            self.node(arg)?;
        }
        if let Kind::Name(name) = &callee.kind
            && let Some(function) = self.env.function(name)
        {
            self.code.functions.push((Arc::clone(name), function.clone()));
            let op = Op::Function { index: short(self.code.functions.len() - 1), count: short(args.len()) };
            self.emit(op, span);
            return Ok(());
        }
        self.node(callee)?;
        self.emit(Op::Call(index(args.len())), span);
        Ok(())
    }

    fn builtin(&mut self, call: &Builtin, span: Span) -> Result<(), Error> {
        let Some(builtin) = functions::find(call.name) else { return Ok(()) };
        if builtin.is_predicate() {
            return self.predicate(call, span);
        }
        for arg in &call.args {
            self.node(arg)?;
        }
        let table = &mut self.code.builtins;
        let known = table.iter().position(|known| std::ptr::eq(*known, builtin));
        let index = known.unwrap_or_else(|| {
            table.push(builtin);
            table.len() - 1
        });
        self.emit(Op::Builtin { index: short(index), count: short(call.args.len()) }, span);
        Ok(())
    }

    fn pointer(&mut self, pointer: &Pointer, span: Span) -> Result<(), Error> {
        let op = match pointer {
            Pointer::Item => Op::Item,
            Pointer::Index => Op::Index,
            Pointer::Acc => Op::Acc,
            Pointer::Unknown(name) => {
                let message = format!("unknown pointer {name}");
                return Err(Error::compile(crate::Code::UnknownName, span, message));
            }
        };
        self.emit(op, span);
        Ok(())
    }
}

/// The value of a literal.
fn literal(node: &Node) -> Option<Value> {
    match &node.kind {
        Kind::Nil => Some(Value::nil()),
        Kind::Bool(b) => Some((*b).into()),
        Kind::Int(i) => Some((*i).into()),
        Kind::Text(text) => Some(text.clone().into()),
        _ => None,
    }
}

/// The regular expression of a literal; what the checker did not see or a rewrite made is compiled here.
fn pattern(node: &Node, span: Span) -> Result<Option<Regex>, Error> {
    match &node.kind {
        Kind::Pattern(pattern) => Ok(Some(pattern.0.clone())),
        Kind::Text(text) => re2::compile(&text.to_str())
            .map(Some)
            .map_err(|error| Error::compile(crate::Code::Regex, span, error.to_string())),
        _ => Ok(None),
    }
}

/// The node limit keeps every table far below the limits of its index.
fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

fn operation(operator: Binary, left: &Type, right: &Type) -> Op {
    match operator {
        Binary::Equal | Binary::NotEqual => match (left, right) {
            (Type::Int, Type::Int) => Op::EqualInt,
            (Type::String, Type::String) => Op::EqualText,
            _ => Op::Equal,
        },
        Binary::Less => Op::Compare(Order::Less),
        Binary::More => Op::Compare(Order::More),
        Binary::LessOrEqual => Op::Compare(Order::LessOrEqual),
        Binary::MoreOrEqual => Op::Compare(Order::MoreOrEqual),
        Binary::Add => Op::Arithmetic(Arithmetic::Add),
        Binary::Subtract => Op::Arithmetic(Arithmetic::Subtract),
        Binary::Multiply => Op::Arithmetic(Arithmetic::Multiply),
        Binary::Divide => Op::Arithmetic(Arithmetic::Divide),
        Binary::Modulo => Op::Arithmetic(Arithmetic::Modulo),
        Binary::Power => Op::Arithmetic(Arithmetic::Power),
        Binary::In => Op::In,
        Binary::Matches => Op::Matches,
        Binary::Contains => Op::Contains,
        Binary::StartsWith => Op::StartsWith,
        Binary::EndsWith => Op::EndsWith,
        // The others jump and are compiled before.
        Binary::Range | Binary::Or | Binary::And | Binary::Coalesce => Op::Range,
    }
}
