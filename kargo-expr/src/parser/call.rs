//! Calls of functions, and the predicates of those that have one.

use super::Parser;
use crate::Error;
use crate::ast::{Builtin, Kind, Node};
use crate::functions;
use crate::lexer::Token;

/// What a function with a predicate takes.
#[derive(Clone, Copy, PartialEq)]
enum Parameter {
    Expression,
    OptionalExpression,
    Predicate,
    OptionalPredicate,
}

use Parameter::{Expression, OptionalExpression, OptionalPredicate, Predicate};

fn parameters(name: &str) -> &'static [Parameter] {
    match name {
        "count" | "sum" => &[Expression, OptionalPredicate],
        "sortBy" | "reduce" => &[Expression, Predicate, OptionalExpression],
        _ => &[Expression, Predicate],
    }
}

impl Parser<'_, '_> {
    /// A call of `name`; `piped` is what stood before the pipe. `::name()` is never an overriding function.
    pub(super) fn call(
        &mut self,
        name: &Token<'_>,
        piped: Option<Node>,
        may_override: bool,
    ) -> Result<Node, Error> {
        let overridden = may_override && self.env.function(name.text).is_some();
        match functions::find(name.text).filter(|_| !overridden) {
            Some(builtin) => {
                let args = if builtin.is_predicate() {
                    self.predicate_arguments(builtin.name, piped)?
                } else {
                    self.arguments(piped)?
                };
                let name_ = builtin.name;
                let call = Builtin { name: name_, args, map: None, throws: false, threshold: None };
                self.node(Kind::Builtin(call), name.span)
            }
            None => {
                let callee = self.node(Kind::Name(name.text.into()), name.span)?;
                let args = self.arguments(piped)?;
                self.node(Kind::Call(Box::new(callee), args), name.span)
            }
        }
    }

    pub(super) fn arguments(&mut self, piped: Option<Node>) -> Result<Vec<Node>, Error> {
        let mut args = Vec::from_iter(piped);
        let given = args.len();
        self.expect_bracket("(")?;
        while !self.current.is_bracket(")") {
            if args.len() > given {
                self.expect_operator(",")?;
            }
            if self.current.is_bracket(")") {
                break;
            }
            args.push(self.expression(0)?);
        }
        self.expect_bracket(")")?;
        Ok(args)
    }

    fn predicate_arguments(&mut self, name: &str, piped: Option<Node>) -> Result<Vec<Node>, Error> {
        let mut args = Vec::from_iter(piped);
        self.expect_bracket("(")?;
        let parameters = &parameters(name)[args.len()..];
        for (i, parameter) in parameters.iter().enumerate() {
            if self.current.is_bracket(")") {
                if matches!(parameter, OptionalExpression | OptionalPredicate) {
                    break;
                }
                return Err(self.error(format!("expected at least {} arguments", parameters.len())));
            }
            if i > 0 {
                self.expect_operator(",")?;
            }
            args.push(match parameter {
                Expression | OptionalExpression => self.expression(0)?,
                Predicate | OptionalPredicate => self.predicate()?,
            });
        }
        if self.current.is_operator(",") {
            self.advance()?;
        }
        self.expect_bracket(")")?;
        Ok(args)
    }

    fn predicate(&mut self) -> Result<Node, Error> {
        let span = self.current.span;
        let braces = self.current.is_bracket("{");
        if braces {
            self.advance()?;
        }
        self.predicates += 1;
        let body = if braces {
            self.sequence()?
        } else {
            let body = self.expression(0)?;
            if self.current.is_operator(";") {
                return Err(self.error("wrap predicate with brackets { and }"));
            }
            body
        };
        self.predicates -= 1;
        if braces {
            self.expect_bracket("}")?;
        }
        self.node(Kind::Predicate(Box::new(body)), span)
    }
}
