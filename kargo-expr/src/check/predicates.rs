//! Functions that take a predicate.

use super::{Checker, PredicateScope};
use crate::ast::{Builtin, Node};
use crate::types::Type;
use crate::{Code, Error, Span};

impl Checker<'_> {
    pub(super) fn predicate_call(&mut self, call: &mut Builtin, span: Span) -> Result<Type, Error> {
        let name = call.name;
        let Some((list, rest)) = call.args.split_first_mut() else {
            return Err(Error::compile(
                Code::Arguments,
                span,
                format!("not enough arguments to call {name}"),
            ));
        };
        let collection = self.visit(list)?;
        if !collection.is_list() && !collection.is_unknown() {
            let message = format!("builtin {name} takes only array (got {collection})");
            return Err(Error::compile(Code::Type, list.span, message));
        }
        let body = match rest.first_mut() {
            Some(predicate) => Some(self.predicate(name, predicate, &collection)?),
            None => None,
        };
        if let Some(third) = rest.get_mut(1) {
            let ty = self.visit(third)?;
            if name == "sortBy" && ty != Type::String && !ty.is_unknown() {
                let message = format!("sortBy order argument must be a string (got {ty})");
                return Err(Error::compile(Code::Type, third.span, message));
            }
        }
        // expr-lang looks at the predicate's result last.
        if let (Some(Type::Nil), Some(predicate)) = (&body, rest.first()) {
            let message = "predicate should has one input and one output param";
            return Err(Error::compile(Code::Type, predicate.span, message));
        }
        if let (Some(body), Some(predicate)) = (&body, rest.first())
            && wants_bool(name)
            && *body != Type::Bool
            && !body.is_unknown()
        {
            let message = format!("predicate should return boolean (got {body})");
            return Err(Error::compile(Code::Type, predicate.span, message));
        }
        Ok(result(name, collection, body))
    }

    fn predicate(&mut self, name: &str, node: &mut Node, collection: &Type) -> Result<Type, Error> {
        let index = matches!(name, "map" | "reduce");
        let scope = PredicateScope { collection: collection.clone(), index, acc: name == "reduce" };
        self.predicates.push(scope);
        let body = self.visit(node);
        self.predicates.pop();
        body
    }
}

fn wants_bool(name: &str) -> bool {
    !matches!(name, "map" | "sum" | "groupBy" | "sortBy" | "reduce")
}

fn result(name: &str, collection: Type, body: Option<Type>) -> Type {
    match name {
        "all" | "none" | "any" | "one" => Type::Bool,
        "count" | "findIndex" | "findLastIndex" => Type::Int,
        "find" | "findLast" => collection.element(),
        "filter" if collection.is_unknown() => Type::any_list(),
        "filter" => Type::list(collection.element()),
        "map" => Type::list(body.unwrap_or(Type::Unknown)),
        "groupBy" => Type::AnyMap { groups: true },
        "sortBy" => collection,
        "sum" => match body {
            Some(body) if body.is_unknown() => Type::Any,
            Some(body) => body,
            None => collection.element(),
        },
        _ => body.unwrap_or(Type::Unknown),
    }
}
