//! Fields, elements, methods and slices.

use std::sync::Arc;

use super::operators::key;
use super::{Checker, hint};
use crate::ast::{Kind, Member, Node};
use crate::functions::methods;
use crate::types::{FunctionType, MapType, ObjectType, Signature, Type};
use crate::value::Text;
use crate::{Code, Error, Span};

impl Checker<'_> {
    pub(super) fn member(&mut self, node: &mut Node) -> Result<Type, Error> {
        let Kind::Member(member) = &mut node.kind else { return Ok(Type::Unknown) };
        if matches!(&member.base.kind, Kind::Name(name) if &**name == "$env") {
            return self.environment_member(member, node.span);
        }
        let base = self.visit(&mut member.base)?;
        let property = self.visit(&mut member.property)?;
        if base.is_unknown() {
            return Ok(Type::Unknown);
        }
        let name = text(&member.property);
        if let Some(name) = &name {
            if base == Type::Nil {
                let message = format!("type nil has no field {name}");
                return Err(Error::compile(Code::UnknownField, node.span, message));
            }
            if let Some(signature) = method(&base, name) {
                return Ok(function(name, signature));
            }
        }
        let place = member.property.span;
        match &base {
            Type::Map(_) | Type::AnyMap { .. } => {
                if !property.assignable_to(&key(&base)) && !property.is_unknown() {
                    let message = format!("cannot use {property} to get an element from {base}");
                    return Err(Error::compile(Code::Type, place, message));
                }
                match (&base, &name) {
                    (Type::Map(map), Some(name)) => map_field(map, name, place),
                    _ => Ok(base.element()),
                }
            }
            Type::Array(_) | Type::Bytes => {
                if !property.is_integer() && !property.is_unknown() {
                    let message =
                        format!("array elements can only be selected using an integer (got {property})");
                    return Err(Error::compile(Code::Type, place, message));
                }
                Ok(base.element())
            }
            _ => no_field(&base, &property, name.as_deref(), member.method, node.span),
        }
    }

    fn environment_member(&mut self, member: &mut Member, span: Span) -> Result<Type, Error> {
        // The property of `$env` is not checked.
        let Some(name) = text(&member.property) else { return Ok(Type::Unknown) };
        match self.env.variable(&name) {
            Some(ty) => Ok(ty.clone()),
            None if self.env.is_strict() && !member.optional => Err(self.unknown_name(&name, span)),
            None => Ok(Type::Unknown),
        }
    }

    pub(super) fn slice(&mut self, node: &mut Node) -> Result<Type, Error> {
        let Kind::Slice { base, from, to } = &mut node.kind else { return Ok(Type::Unknown) };
        let ty = self.visit(base)?;
        if ty.is_unknown() {
            return Ok(Type::Unknown);
        }
        if ty != Type::String && !ty.is_list() {
            return Err(Error::compile(Code::Type, node.span, format!("cannot slice {ty}")));
        }
        for bound in [from, to].into_iter().flatten() {
            let bound_ty = self.visit(bound)?;
            if !bound_ty.is_integer() && !bound_ty.is_unknown() {
                let message = format!("non-integer slice index {bound_ty}");
                return Err(Error::compile(Code::Type, bound.span, message));
            }
        }
        Ok(ty)
    }
}

fn text(node: &Node) -> Option<Arc<str>> {
    match &node.kind {
        Kind::Text(text) => Some(Text::to_str(text).into()),
        _ => None,
    }
}

/// The method of a type.
fn method(base: &Type, name: &str) -> Option<Signature> {
    if let Type::Object(object) = base {
        return object.methods.iter().find(|(known, _)| &**known == name).map(|(_, s)| s.clone());
    }
    methods::of(base).iter().find(|method| method.name == name).map(methods::Method::signature)
}

fn function(name: &Arc<str>, signature: Signature) -> Type {
    Type::Function(Arc::new(FunctionType { name: Arc::clone(name), signatures: vec![signature] }))
}

fn map_field(map: &MapType, name: &str, span: Span) -> Result<Type, Error> {
    if let Some((_, ty)) = map.fields.iter().find(|(known, _)| &**known == name) {
        return Ok(ty.clone());
    }
    if map.strict {
        let known = map.fields.iter().map(|(name, _)| &**name);
        return Err(Error::compile(Code::UnknownField, span, format!("unknown field {name}"))
            .with_hint(hint::did_you_mean(name, known)));
    }
    Ok(map.of.clone())
}

fn no_field(
    base: &Type,
    property: &Type,
    name: Option<&str>,
    called: bool,
    span: Span,
) -> Result<Type, Error> {
    let Some(name) = name else {
        let message = format!("type {base}[{property}] is undefined");
        return Err(Error::compile(Code::Type, span, message));
    };
    let mut known: Vec<&str> = methods::of(base).iter().map(|method| method.name).collect();
    if let Type::Object(object) = base {
        if let Some((_, ty)) = object.fields.iter().find(|(known, _)| &**known == name) {
            return Ok(ty.clone());
        }
        known.extend(object_names(object));
    }
    let what = if called { "method" } else { "field" };
    let message = format!("type {base} has no {what} {name}");
    Err(Error::compile(Code::UnknownField, span, message)
        .with_hint(hint::did_you_mean(name, known.into_iter())))
}

fn object_names(object: &ObjectType) -> impl Iterator<Item = &str> {
    let methods = object.methods.iter().map(|(name, _)| &**name);
    object.fields.iter().map(|(name, _)| &**name).chain(methods)
}
