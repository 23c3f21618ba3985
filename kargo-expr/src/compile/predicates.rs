//! Functions with a predicate become loops.

use super::Compiler;
use crate::ast::{Builtin, Node};
use crate::code::{Arithmetic, Failure, Op};
use crate::{Error, Span};

impl Compiler<'_> {
    pub(super) fn predicate(&mut self, call: &Builtin, span: Span) -> Result<(), Error> {
        let Some((list, rest)) = call.args.split_first() else { return Ok(()) };
        let body = rest.first();
        self.node(list)?;
        self.emit(Op::Begin, span);
        match call.name {
            "all" => self.quantifier(body, &[Op::JumpIfFalse(0)], Op::True, span)?,
            "none" => self.quantifier(body, &[Op::Not, Op::JumpIfFalse(0)], Op::True, span)?,
            "any" => self.quantifier(body, &[Op::JumpIfTrue(0)], Op::False, span)?,
            "one" => {
                self.each(span, |this| this.when(body, span, |this| this.increment(span)))?;
                self.emit(Op::Count, span);
                self.push(1.into(), span);
                self.emit(Op::Equal, span);
            }
            "filter" => {
                self.each(span, |this| {
                    this.when(body, span, |this| {
                        this.found(call, span)?;
                        this.emit(Op::Keep, span);
                        Ok(())
                    })
                })?;
                self.emit(Op::Collect, span);
            }
            "map" => {
                self.each(span, |this| {
                    this.body(body, span)?;
                    this.emit(Op::Keep, span);
                    Ok(())
                })?;
                self.emit(Op::Collect, span);
            }
            "count" => self.count(body, call.threshold, span)?,
            "sum" => {
                self.push(0.into(), span);
                self.emit(Op::SetAcc, span);
                self.each(span, |this| {
                    this.body(body, span)?;
                    this.emit(Op::Acc, span);
                    this.emit(Op::Arithmetic(Arithmetic::Add), span);
                    this.emit(Op::SetAcc, span);
                    Ok(())
                })?;
                self.emit(Op::Acc, span);
            }
            "find" | "findLast" => self.search(call, body, span, |this| this.found(call, span))?,
            "findIndex" | "findLastIndex" => self.search(call, body, span, |this| {
                this.emit(Op::Index, span);
                Ok(())
            })?,
            "groupBy" => {
                self.each(span, |this| {
                    this.body(body, span)?;
                    this.emit(Op::Group, span);
                    Ok(())
                })?;
                self.emit(Op::Groups, span);
            }
            "sortBy" => {
                match rest.get(1) {
                    Some(order) => self.node(order)?,
                    None => self.push("asc".into(), span),
                }
                self.emit(Op::SortOrder, span);
                self.each(span, |this| {
                    this.body(body, span)?;
                    this.emit(Op::Keep, span);
                    Ok(())
                })?;
                self.emit(Op::Sort, span);
            }
            _ => self.reduce(body, rest.get(1), span)?,
        }
        self.emit(Op::End, span);
        Ok(())
    }

    /// The predicate, or the element where there is none.
    fn body(&mut self, body: Option<&Node>, span: Span) -> Result<(), Error> {
        match body {
            Some(body) => self.node(body),
            None => {
                self.emit(Op::Item, span);
                Ok(())
            }
        }
    }

    /// What an element that was found gives.
    fn found(&mut self, call: &Builtin, span: Span) -> Result<(), Error> {
        self.body(call.map.as_deref(), span)
    }

    fn increment(&mut self, span: Span) -> Result<(), Error> {
        self.emit(Op::IncrementCount, span);
        Ok(())
    }

    /// A loop from the first element to the last.
    fn each(&mut self, span: Span, body: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        let begin = self.here();
        let end = self.emit(Op::JumpIfEnd(0), span);
        body(self)?;
        self.emit(Op::Next(begin), span);
        self.land(end);
        Ok(())
    }

    /// Does `then` for elements that the predicate holds for.
    fn when(
        &mut self,
        predicate: Option<&Node>,
        span: Span,
        then: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.body(predicate, span)?;
        let skip = self.emit(Op::JumpIfFalse(0), span);
        self.emit(Op::Pop, span);
        then(self)?;
        let next = self.emit(Op::Jump(0), span);
        self.land(skip);
        self.emit(Op::Pop, span);
        self.land(next);
        Ok(())
    }

    /// A loop that one element may decide; `test` ends in the jump that leaves it.
    fn quantifier(
        &mut self,
        body: Option<&Node>,
        test: &[Op],
        otherwise: Op,
        span: Span,
    ) -> Result<(), Error> {
        let mut decided = 0;
        self.each(span, |this| {
            this.body(body, span)?;
            for op in test {
                decided = this.emit(*op, span);
            }
            this.emit(Op::Pop, span);
            Ok(())
        })?;
        self.emit(otherwise, span);
        self.land(decided);
        Ok(())
    }

    fn count(&mut self, body: Option<&Node>, threshold: Option<i64>, span: Span) -> Result<(), Error> {
        let mut enough = None;
        self.each(span, |this| {
            this.when(body, span, |this| {
                this.increment(span)?;
                if let Some(threshold) = threshold {
                    this.emit(Op::Count, span);
                    this.push(threshold.into(), span);
                    this.emit(Op::Compare(crate::vm::number::Order::MoreOrEqual), span);
                    enough = Some(this.emit(Op::JumpIfTrue(0), span));
                    this.emit(Op::Pop, span);
                }
                Ok(())
            })
        })?;
        if let Some(enough) = enough {
            self.emit(Op::True, span);
            self.land(enough);
            self.emit(Op::Pop, span);
        }
        self.emit(Op::Count, span);
        Ok(())
    }

    /// A loop that ends at the first element, from the front or the back, that the predicate holds for.
    fn search(
        &mut self,
        call: &Builtin,
        predicate: Option<&Node>,
        span: Span,
        found: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let backwards = call.name.starts_with("findLast");
        if backwards {
            self.emit(Op::Last, span);
        }
        let begin = self.here();
        let end = self.emit(if backwards { Op::JumpIfBeforeFirst(0) } else { Op::JumpIfEnd(0) }, span);
        self.body(predicate, span)?;
        let skip = self.emit(Op::JumpIfFalse(0), span);
        self.emit(Op::Pop, span);
        found(self)?;
        let done = self.emit(Op::Jump(0), span);
        self.land(skip);
        self.emit(Op::Pop, span);
        self.emit(if backwards { Op::Previous(begin) } else { Op::Next(begin) }, span);
        self.land(end);
        self.emit(if call.throws { Op::Throw(Failure::NoElement) } else { Op::Nil }, span);
        self.land(done);
        Ok(())
    }

    fn reduce(&mut self, body: Option<&Node>, initial: Option<&Node>, span: Span) -> Result<(), Error> {
        if let Some(initial) = initial {
            self.node(initial)?;
            self.emit(Op::SetAcc, span);
        } else {
            let empty = self.emit(Op::JumpIfEnd(0), span);
            self.emit(Op::Item, span);
            self.emit(Op::SetAcc, span);
            let begin = self.here() + 2;
            self.emit(Op::Next(begin), span);
            self.land(empty);
            self.emit(Op::Throw(Failure::EmptyReduce), span);
        }
        self.each(span, |this| {
            this.body(body, span)?;
            this.emit(Op::SetAcc, span);
            Ok(())
        })?;
        self.emit(Op::Acc, span);
        Ok(())
    }
}
