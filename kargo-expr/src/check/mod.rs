//! The static checker: gives every node its type and refuses what cannot work.
//!
//! What is not declared has the type unknown and passes every check, as in Kargo, which declares nothing.
//! Like expr-lang's, this checker does not look at the arguments of a call whose callee is unknown, nor at
//! the bounds of a slice of an unknown value; what is wrong in them comes out when they run.

mod calls;
mod hint;
mod members;
mod operators;
mod predicates;

use std::sync::Arc;

use crate::ast::{Kind, Node, Pointer, Unary};
use crate::env::Env;
use crate::functions;
use crate::types::{FunctionType, Type};
use crate::{Code, Error};

/// Checks a whole expression and writes the types into its nodes.
pub(crate) fn check(node: &mut Node, env: &Env) -> Result<(), Error> {
    Checker { env, variables: Vec::new(), predicates: Vec::new() }.visit(node).map(drop)
}

struct Checker<'e> {
    env: &'e Env,
    /// Variables of `let`, innermost last.
    variables: Vec<(Arc<str>, Type)>,
    predicates: Vec<PredicateScope>,
}

/// What `#`, `#index` and `#acc` are inside a predicate.
struct PredicateScope {
    collection: Type,
    index: bool,
    acc: bool,
}

impl Checker<'_> {
    fn visit(&mut self, node: &mut Node) -> Result<Type, Error> {
        let ty = match &mut node.kind {
            Kind::Nil => Type::Nil,
            Kind::Bool(_) => Type::Bool,
            Kind::Int(_) => Type::Int,
            Kind::Float(_) => Type::Float,
            Kind::Text(_) | Kind::Pattern(_) => Type::String,
            Kind::Bytes(_) => Type::Bytes,
            Kind::Constant(_) => Type::Unknown,
            Kind::Name(_) => self.name(node)?,
            Kind::Unary(..) => self.unary(node)?,
            Kind::Binary(..) => self.binary(node)?,
            Kind::Comparison(first, rest) => {
                let mut left = self.visit(first)?;
                for (operator, span, operand) in rest {
                    let right = self.visit(operand)?;
                    left = {
                        operators::result(*operator, &left, &right)
                            .ok_or_else(|| operators::mismatch(*operator, *span, &left, &right))?;
                        right
                    };
                }
                Type::Bool
            }
            Kind::Chain(inner) => self.visit(inner)?,
            Kind::Member(_) => self.member(node)?,
            Kind::Slice { .. } => self.slice(node)?,
            Kind::Call(..) => self.call(node)?,
            Kind::Builtin(_) => self.builtin(node)?,
            Kind::Predicate(body) => self.visit(body)?,
            Kind::Pointer(_) => self.pointer(node)?,
            Kind::Let(..) => self.declaration(node)?,
            Kind::Sequence(nodes) => {
                let mut last = Type::Unknown;
                for node in nodes {
                    last = self.visit(node)?;
                }
                last
            }
            Kind::Conditional { .. } => self.conditional(node)?,
            Kind::Array(items) => self.array(items)?,
            Kind::Map(pairs) => {
                for (key, value) in pairs {
                    self.visit(key)?;
                    self.visit(value)?;
                }
                Type::map_of(Type::Any)
            }
        };
        node.ty = ty.clone();
        Ok(ty)
    }

    fn name(&self, node: &Node) -> Result<Type, Error> {
        let Kind::Name(name) = &node.kind else { return Ok(Type::Unknown) };
        if let Some((_, ty)) = self.variables.iter().rev().find(|(known, _)| known == name) {
            return Ok(ty.clone());
        }
        if &**name == "$env" {
            return Ok(Type::Unknown);
        }
        if let Some(ty) = self.env.variable(name) {
            return Ok(ty.clone());
        }
        if let Some(function) = self.env.function(name) {
            return Ok(Type::Function(Arc::clone(&function.ty)));
        }
        if functions::find(name).is_some() {
            let ty = FunctionType { name: Arc::clone(name), signatures: Vec::new() };
            return Ok(Type::Function(Arc::new(ty)));
        }
        if self.env.is_strict() {
            return Err(self.unknown_name(name, node.span));
        }
        Ok(Type::Unknown)
    }

    fn unknown_name(&self, name: &str, span: crate::Span) -> Error {
        let locals = self.variables.iter().map(|(name, _)| &**name);
        let functions = functions::names().map(|name| -> &str { name });
        let known = locals.chain(self.env.names()).chain(functions);
        Error::compile(Code::UnknownName, span, format!("unknown name {name}"))
            .with_hint(hint::did_you_mean(name, known))
    }

    fn unary(&mut self, node: &mut Node) -> Result<Type, Error> {
        let Kind::Unary(operator, operand) = &mut node.kind else { return Ok(Type::Unknown) };
        let operator = *operator;
        let ty = self.visit(operand)?;
        match operator {
            Unary::Not if ty == Type::Bool || ty.is_unknown() => Ok(Type::Bool),
            Unary::Minus | Unary::Plus if ty.is_number() => Ok(ty),
            Unary::Minus | Unary::Plus if ty.is_unknown() => Ok(Type::Unknown),
            _ => {
                let message = format!("invalid operation: {} (mismatched type {ty})", operator.symbol());
                Err(Error::compile(Code::Type, node.span, message))
            }
        }
    }

    fn binary(&mut self, node: &mut Node) -> Result<Type, Error> {
        let Kind::Binary(operator, left, right) = &mut node.kind else { return Ok(Type::Unknown) };
        let operator = *operator;
        let l = self.visit(left)?;
        let r = self.visit(right)?;
        operators::check_right(operator, &l, &r, right, node.span)?;
        operators::result(operator, &l, &r).ok_or_else(|| operators::mismatch(operator, node.span, &l, &r))
    }

    fn pointer(&self, node: &Node) -> Result<Type, Error> {
        let Kind::Pointer(pointer) = &node.kind else { return Ok(Type::Unknown) };
        let Some(scope) = self.predicates.last() else {
            let message = "cannot use pointer accessor outside predicate";
            return Err(Error::compile(Code::UnknownName, node.span, message));
        };
        let unknown = |name: &str| {
            Err(Error::compile(Code::UnknownName, node.span, format!("unknown pointer #{name}")))
        };
        match pointer {
            Pointer::Item if scope.collection.is_unknown() => Ok(Type::Unknown),
            Pointer::Item => Ok(scope.collection.element()),
            Pointer::Index if scope.index => Ok(Type::Int),
            Pointer::Acc if scope.acc => Ok(Type::Unknown),
            Pointer::Index => unknown("index"),
            Pointer::Acc => unknown("acc"),
            Pointer::Unknown(name) => unknown(name),
        }
    }

    fn declaration(&mut self, node: &mut Node) -> Result<Type, Error> {
        let Kind::Let(name, value, body) = &mut node.kind else { return Ok(Type::Unknown) };
        let taken = if self.env.variable(name).is_some() {
            Some("")
        } else if self.env.function(name).is_some() {
            Some("function ")
        } else if functions::find(name).is_some() {
            Some("builtin ")
        } else if self.variables.iter().any(|(known, _)| known == name) {
            Some("variable ")
        } else {
            None
        };
        if let Some(what) = taken {
            let message = format!("cannot redeclare {what}{name}");
            return Err(Error::compile(Code::Redeclared, node.span, message));
        }
        let ty = self.visit(value)?;
        self.variables.push((Arc::clone(name), ty));
        let body = self.visit(body);
        self.variables.pop();
        body
    }

    fn conditional(&mut self, node: &mut Node) -> Result<Type, Error> {
        let Kind::Conditional { condition, yes, no } = &mut node.kind else { return Ok(Type::Unknown) };
        let ty = self.visit(condition)?;
        if ty != Type::Bool && !ty.is_unknown() {
            let message = format!("non-bool expression (type {ty}) used as condition");
            return Err(Error::compile(Code::Type, condition.span, message));
        }
        let yes = match yes {
            Some(yes) => self.visit(yes)?,
            None => ty,
        };
        let no = self.visit(no)?;
        Ok(match (yes, no) {
            (Type::Nil, other) | (other, Type::Nil) => other,
            (yes, no) if !yes.assignable_to(&no) => Type::Unknown,
            (yes, no) if yes.is_list() && no.is_list() => {
                let (a, b) = (yes.element(), no.element());
                if a.assignable_to(&b) && b.assignable_to(&a) { yes } else { Type::any_list() }
            }
            (yes, _) => yes,
        })
    }

    fn array(&mut self, items: &mut [Node]) -> Result<Type, Error> {
        let mut element: Option<Type> = None;
        let mut same = true;
        for item in items {
            let ty = self.visit(item)?;
            same &= element.is_none_or(|previous| previous.same_kind(&ty));
            element = Some(ty);
        }
        Ok(if same { Type::list(element.unwrap_or(Type::Unknown)) } else { Type::any_list() })
    }
}
