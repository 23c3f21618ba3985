//! Literals, arrays and maps.

use super::Parser;
use crate::ast::{Kind, Node};
use crate::go::float::{parse_float, parse_int};
use crate::lexer::Kind as TokenKind;
use crate::value::Text;
use crate::{Code, Error, Span};

impl Parser<'_, '_> {
    pub(super) fn secondary(&mut self) -> Result<Node, Error> {
        let node = match self.current.kind {
            TokenKind::Identifier => {
                let token = self.advance()?;
                match token.text {
                    "true" => return self.node(Kind::Bool(true), token.span),
                    "false" => return self.node(Kind::Bool(false), token.span),
                    "nil" => return self.node(Kind::Nil, token.span),
                    _ if self.current.is_bracket("(") => self.call(&token, None, true)?,
                    name => self.node(Kind::Name(name.into()), token.span)?,
                }
            }
            TokenKind::Number => {
                let token = self.advance()?;
                return self.number(token.text, token.span);
            }
            TokenKind::String => {
                let token = self.advance()?;
                self.node(Kind::Text(token.literal.unwrap_or_else(|| "".into())), token.span)?
            }
            TokenKind::Bytes => {
                let token = self.advance()?;
                self.node(Kind::Bytes(token.literal.unwrap_or_else(|| "".into())), token.span)?
            }
            TokenKind::Bracket if self.current.text == "[" => self.array()?,
            TokenKind::Bracket if self.current.text == "{" => self.map()?,
            _ => return Err(self.unexpected()),
        };
        self.postfix(node)
    }

    /// A number's value; errors stand at the token after it, as in expr-lang.
    fn number(&mut self, text: &str, span: Span) -> Result<Node, Error> {
        let text = text.replace('_', "").to_ascii_lowercase();
        let integer = |kind: &str, text: &str, radix| {
            parse_int(text, radix).map(Kind::Int).map_err(|error| format!("invalid {kind} literal: {error}"))
        };
        let kind = match text.get(..2) {
            Some("0x") => integer("hex", &text[2..], 16),
            _ if text.contains(['.', 'e']) => match parse_float(&text) {
                Ok(f) => Ok(Kind::Float(f)),
                Err(error) => Err(format!("invalid float literal: {error}")),
            },
            Some("0b") => integer("binary", &text[2..], 2),
            Some("0o") => integer("octal", &text[2..], 8),
            _ => integer("integer", &text, 10),
        };
        let kind = kind.map_err(|message| Error::compile(Code::Literal, self.current.span, message))?;
        self.node(kind, span)
    }

    fn array(&mut self) -> Result<Node, Error> {
        let span = self.current.span;
        self.expect_bracket("[")?;
        let mut items = Vec::new();
        while !self.current.is_bracket("]") {
            if !items.is_empty() {
                self.expect_operator(",")?;
                if self.current.is_bracket("]") {
                    break;
                }
            }
            items.push(self.expression(0)?);
        }
        self.expect_bracket("]")?;
        self.node(Kind::Array(items), span)
    }

    fn map(&mut self) -> Result<Node, Error> {
        let span = self.current.span;
        self.expect_bracket("{")?;
        let mut pairs = Vec::new();
        while !self.current.is_bracket("}") {
            if !pairs.is_empty() {
                self.expect_operator(",")?;
                if self.current.is_bracket("}") {
                    break;
                }
                if self.current.is_operator(",") {
                    return Err(self.unexpected());
                }
            }
            let key = self.key()?;
            self.expect_operator(":")?;
            let value = self.expression(0)?;
            self.count_node()?;
            pairs.push((key, value));
        }
        self.expect_bracket("}")?;
        self.node(Kind::Map(pairs), span)
    }

    fn key(&mut self) -> Result<Node, Error> {
        match self.current.kind {
            TokenKind::Number | TokenKind::String | TokenKind::Identifier => {
                let token = self.current.clone();
                let text = token.literal.unwrap_or_else(|| Text::from(token.text));
                let node = self.node(Kind::Text(text), token.span)?;
                self.advance()?;
                Ok(node)
            }
            TokenKind::Bracket if self.current.text == "(" => self.expression(0),
            _ => Err(self.error(format!(
                "a map key must be a quoted string, a number, a identifier, or an expression enclosed in \
                 parentheses (unexpected token {})",
                self.current.describe()
            ))),
        }
    }
}
