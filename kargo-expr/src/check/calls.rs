//! Calls and their arguments.

use std::cmp::Ordering;

use super::Checker;
use crate::ast::{Kind, Node};
use crate::functions::{self, Check};
use crate::types::{Signature, Type};
use crate::{Code, Error, Span};

impl Checker<'_> {
    pub(super) fn call(&mut self, node: &mut Node) -> Result<Type, Error> {
        let Kind::Call(callee, args) = &mut node.kind else { return Ok(Type::Unknown) };
        if matches!(&callee.kind, Kind::Name(name) if &**name == "$env") {
            return Err(Error::compile(Code::NotCallable, node.span, "unknown is not callable"));
        }
        match self.visit(callee)? {
            ty if ty.is_unknown() => Ok(Type::Unknown),
            Type::Function(function) if function.signatures.is_empty() => {
                for arg in args {
                    self.visit(arg)?;
                }
                Ok(Type::Any)
            }
            Type::Function(function) => self.overloads(&function.name, &function.signatures, args, node.span),
            Type::Nil => {
                let message = "function is nil; cannot call nil as function";
                Err(Error::compile(Code::NotCallable, node.span, message))
            }
            ty => Err(Error::compile(Code::NotCallable, node.span, format!("{ty} is not callable"))),
        }
    }

    pub(super) fn builtin(&mut self, node: &mut Node) -> Result<Type, Error> {
        let Kind::Builtin(call) = &mut node.kind else { return Ok(Type::Unknown) };
        let Some(builtin) = functions::find(call.name) else { return Ok(Type::Unknown) };
        match builtin.check {
            Check::Predicate => self.predicate_call(call, node.span),
            Check::Get => self.get(&mut call.args, node.span),
            Check::Signatures(signatures) => {
                let signatures: Vec<Signature> = signatures.iter().map(functions::Sig::signature).collect();
                self.overloads(call.name, &signatures, &mut call.args, node.span)
            }
            Check::Types(check) => {
                let mut types = Vec::with_capacity(call.args.len());
                for arg in &mut call.args {
                    types.push(self.visit(arg)?);
                }
                check(&types).map_err(|message| Error::compile(Code::Arguments, node.span, message))
            }
        }
    }

    /// The first overload that takes the arguments; the last one's complaint if none does.
    fn overloads(
        &mut self,
        name: &str,
        signatures: &[Signature],
        args: &mut [Node],
        span: Span,
    ) -> Result<Type, Error> {
        let mut refused = None;
        for signature in signatures {
            match self.arguments(name, signature, args, span)? {
                None => return Ok(signature.out.clone()),
                Some(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) => Err(error),
            None => Ok(Type::Any),
        }
    }

    /// Why this signature does not take the arguments; an error inside an argument is an error of its own.
    fn arguments(
        &mut self,
        name: &str,
        signature: &Signature,
        args: &mut [Node],
        span: Span,
    ) -> Result<Option<Error>, Error> {
        let refuse = |span, message| Ok(Some(Error::compile(Code::Arguments, span, message)));
        if signature.several_results {
            return refuse(span, format!("func {name} returns more then two values"));
        }
        let count = signature.accepts_count(args.len());
        if count != Ordering::Equal {
            for arg in args {
                self.visit(arg)?;
            }
            let how = if count == Ordering::Less { "not enough" } else { "too many" };
            return refuse(span, format!("{how} arguments to call {name}"));
        }
        for (i, arg) in args.iter_mut().enumerate() {
            let ty = self.visit(arg)?;
            let param = signature.param(i);
            if param.is_number() && ty.is_integer() {
                continue;
            }
            if ty == Type::Nil && *param != Type::Any {
                let message = format!("cannot use nil as argument (type {param}) to call {name}");
                return refuse(arg.span, message);
            }
            if !ty.assignable_to(param) && !ty.is_unknown() {
                let message = format!("cannot use {ty} as argument (type {param}) to call {name} ");
                return refuse(arg.span, message);
            }
        }
        Ok(None)
    }

    fn get(&mut self, args: &mut [Node], span: Span) -> Result<Type, Error> {
        let [base, property] = args else {
            let message = format!("invalid number of arguments (expected 2, got {})", args.len());
            return Err(Error::compile(Code::Arguments, span, message));
        };
        let base_ty = self.visit(base)?;
        let property_ty = self.visit(property)?;
        if let (Kind::Name(env), Kind::Text(name)) = (&base.kind, &property.kind)
            && &**env == "$env"
        {
            return Ok(self.env.variable(&name.to_str()).cloned().unwrap_or(Type::Unknown));
        }
        if base_ty.is_unknown() {
            return Ok(Type::Unknown);
        }
        let refuse = |span, message| Err(Error::compile(Code::Type, span, message));
        if base_ty.is_list() {
            if !property_ty.is_integer() && !property_ty.is_unknown() {
                return refuse(property.span, format!("non-integer slice index {property_ty}"));
            }
            return Ok(base_ty.element());
        }
        if base_ty.is_map() {
            let key = super::operators::key(&base_ty);
            if !property_ty.assignable_to(&key) && !property_ty.is_unknown() {
                let message = format!("cannot use {property_ty} to get an element from {base_ty}");
                return refuse(property.span, message);
            }
            return Ok(base_ty.element());
        }
        refuse(base.span, format!("type {base_ty} does not support indexing"))
    }
}
