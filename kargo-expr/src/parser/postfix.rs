//! What follows an operand: `.x`, `?.x`, `[i]`, `[a:b]`.

use super::Parser;
use crate::ast::{Child, Kind, Member, Node};
use crate::lexer::{Kind as TokenKind, is_name};
use crate::value::Text;
use crate::{Error, Span};

impl Parser<'_, '_> {
    pub(super) fn postfix(&mut self, mut node: Node) -> Result<Node, Error> {
        loop {
            let span = self.current.span;
            if self.current.is_operator(".") || self.current.is_operator("?.") {
                let optional = self.advance()?.text == "?.";
                if optional && self.current.is_bracket("[") {
                    let span = self.advance()?.span;
                    node = self.index(node, true, span)?;
                } else {
                    node = self.property(node, optional)?;
                }
            } else if self.current.is_bracket("[") {
                self.advance()?;
                node = self.index(node, false, span)?;
            } else {
                return Ok(node);
            }
        }
    }

    fn property(&mut self, base: Node, optional: bool) -> Result<Node, Error> {
        let name = self.advance()?;
        let is_word = match name.kind {
            TokenKind::Identifier => true,
            TokenKind::Operator => is_name(name.text),
            _ => false,
        };
        if !is_word {
            return Err(self.error("expected name"));
        }
        let property = Box::new(self.node(Kind::Text(Text::from(name.text)), name.span)?);
        let (base, in_chain) = match base.kind {
            Kind::Chain(inner) => (inner, true),
            _ => (Box::new(base), false),
        };
        let method = self.current.is_bracket("(");
        let member = Member { base, property, optional, method };
        let mut node = self.node(Kind::Member(member), name.span)?;
        if method {
            let args = self.arguments(None)?;
            node = self.node(Kind::Call(Box::new(node), args), name.span)?;
        }
        if in_chain || optional {
            node = self.node(Kind::Chain(Box::new(node)), name.span)?;
        }
        Ok(node)
    }

    /// After `[`: an index or a slice.
    fn index(&mut self, base: Node, optional: bool, span: Span) -> Result<Node, Error> {
        let base = Box::new(base);
        let from = if self.current.is_operator(":") { None } else { Some(Box::new(self.expression(0)?)) };
        let node = if self.current.is_operator(":") {
            self.advance()?;
            let to = self.slice_end()?;
            self.node(Kind::Slice { base, from, to }, span)?
        } else {
            // Not a slice, so there was an expression before.
            let Some(property) = from else { return Err(self.unexpected()) };
            let member = Member { base, property, optional, method: false };
            let node = self.node(Kind::Member(member), span)?;
            if optional { self.node(Kind::Chain(Box::new(node)), span)? } else { node }
        };
        self.expect_bracket("]")?;
        Ok(node)
    }

    fn slice_end(&mut self) -> Result<Option<Child>, Error> {
        if self.current.is_bracket("]") {
            return Ok(None);
        }
        Ok(Some(Box::new(self.expression(0)?)))
    }
}
