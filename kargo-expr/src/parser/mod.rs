//! Tokens to a syntax tree: precedence climbing, as expr-lang parses.
//!
//! Positions are expr-lang's, which are those of its messages: a node stands where its operator or its
//! property stands, a conditional where the token after it stands.

mod call;
mod literal;
mod postfix;

use crate::ast::{Binary, Child, Kind, Node, Pointer, Unary};
use crate::env::Env;
use crate::lexer::{Kind as TokenKind, Lexer, Token};
use crate::types::Type;
use crate::{Code, Error, Span};

/// Parses one expression.
pub(crate) fn parse(source: &str, env: &Env) -> Result<Node, Error> {
    let mut lexer = Lexer::new(source);
    let current = lexer.next()?;
    let mut parser = Parser { lexer, current, stashed: None, env, nodes: 0, depth: 0, predicates: 0 };
    let node = parser.sequence()?;
    match parser.current.kind {
        TokenKind::End => Ok(node),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'s, 'e> {
    lexer: Lexer<'s>,
    current: Token<'s>,
    /// A token that was read too early; `current` is the one before it.
    stashed: Option<Token<'s>>,
    env: &'e Env,
    nodes: usize,
    depth: usize,
    /// How many predicates the parser is inside of; `#` and `.x` mean something only there.
    predicates: usize,
}

impl<'s> Parser<'s, '_> {
    /// Goes to the next token, and gives the one before.
    fn advance(&mut self) -> Result<Token<'s>, Error> {
        let next = match self.stashed.take() {
            Some(token) => token,
            None => self.lexer.next()?,
        };
        Ok(std::mem::replace(&mut self.current, next))
    }

    fn error(&self, message: impl Into<String>) -> Error {
        Error::compile(Code::Syntax, self.current.span, message)
    }

    fn unexpected(&self) -> Error {
        self.error(format!("unexpected token {}", self.current.describe()))
    }

    fn expect_operator(&mut self, text: &str) -> Result<(), Error> {
        if !self.current.is_operator(text) {
            return Err(self.unexpected());
        }
        self.advance().map(drop)
    }

    fn expect_bracket(&mut self, text: &str) -> Result<(), Error> {
        if !self.current.is_bracket(text) {
            return Err(self.unexpected());
        }
        self.advance().map(drop)
    }

    fn expect_identifier(&mut self) -> Result<Token<'s>, Error> {
        if self.current.kind != TokenKind::Identifier {
            return Err(self.unexpected());
        }
        self.advance()
    }

    fn node(&mut self, kind: Kind, span: Span) -> Result<Node, Error> {
        self.count_node()?;
        Ok(Node { kind, span, ty: Type::Unknown })
    }

    fn count_node(&mut self) -> Result<(), Error> {
        self.nodes += 1;
        if self.nodes > self.env.limits().nodes {
            let message = "compilation failed: expression exceeds maximum allowed nodes";
            return Err(Error::compile(Code::TooComplex, self.current.span, message));
        }
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > self.env.limits().depth {
            let message = "compilation failed: expression nests too deeply";
            return Err(Error::compile(Code::TooComplex, self.current.span, message));
        }
        Ok(())
    }

    fn sequence(&mut self) -> Result<Node, Error> {
        let first = self.expression(0)?;
        if !self.current.is_operator(";") {
            return Ok(first);
        }
        let span = first.span;
        let mut nodes = vec![first];
        while self.current.is_operator(";") {
            self.advance()?;
            if self.current.kind == TokenKind::End {
                break;
            }
            nodes.push(self.expression(0)?);
        }
        match nodes.len() {
            1 => Ok(nodes.remove(0)),
            _ => self.node(Kind::Sequence(nodes), span),
        }
    }

    fn expression(&mut self, precedence: u16) -> Result<Node, Error> {
        self.enter()?;
        let node = if precedence == 0 && self.current.is_operator("let") {
            self.declaration()
        } else if precedence == 0 && self.current.is_operator("if") {
            self.conditional_if()
        } else {
            self.operation(precedence)
        };
        self.depth -= 1;
        node
    }

    fn operation(&mut self, precedence: u16) -> Result<Node, Error> {
        let mut left = self.primary()?;
        let mut after_coalesce = false;
        while self.current.kind == TokenKind::Operator {
            let mut negation = None;
            let mut operator = self.current.clone();
            if operator.is_operator("not") {
                let not = self.advance()?;
                match Binary::parse(self.current.text).filter(|binary| binary.is_negatable()) {
                    None => return Err(self.unexpected()),
                    Some(binary) if binary.precedence() < precedence => {
                        self.stashed = Some(std::mem::replace(&mut self.current, not));
                        break;
                    }
                    Some(_) => {
                        operator = self.current.clone();
                        negation = Some(operator.span);
                    }
                }
            }
            if operator.text == "|" {
                if precedence > 0 {
                    break;
                }
                self.advance()?;
                let name = self.expect_identifier()?;
                left = self.call(&name, Some(left), true)?;
                after_coalesce = false;
                continue;
            }
            let Some(binary) = Binary::parse(operator.text).filter(|b| b.precedence() >= precedence) else {
                break;
            };
            self.advance()?;
            if after_coalesce && binary != Binary::Coalesce {
                return Err(mixed_with_coalesce(&operator));
            }
            left = self.binary(left, binary, operator.span)?;
            if let Some(span) = negation {
                left = self.node(Kind::Unary(Unary::Not, Box::new(left)), span)?;
            }
            after_coalesce = binary == Binary::Coalesce;
        }
        if precedence == 0 { self.conditional(left) } else { Ok(left) }
    }

    fn binary(&mut self, left: Node, operator: Binary, span: Span) -> Result<Node, Error> {
        if operator.is_comparison() {
            return self.comparison(left, operator, span);
        }
        let precedence = operator.precedence() + u16::from(!operator.is_right_associative());
        let right = self.expression(precedence)?;
        self.node(Kind::Binary(operator, Box::new(left), Box::new(right)), span)
    }

    fn comparison(&mut self, left: Node, operator: Binary, span: Span) -> Result<Node, Error> {
        let right = self.expression(operator.precedence() + 1)?;
        self.count_node()?;
        let mut rest = vec![(operator, span, right)];
        while let Some(operator) = self.chained_comparison() {
            let span = self.advance()?.span;
            let right = self.expression(operator.precedence() + 1)?;
            // Two nodes, as it stands for `… && b < c`.
            self.count_node()?;
            self.count_node()?;
            rest.push((operator, span, right));
        }
        let span = rest.last().map_or(span, |(_, span, _)| *span);
        let kind = match rest.len() {
            1 => {
                let (operator, _, right) = rest.remove(0);
                Kind::Binary(operator, Box::new(left), Box::new(right))
            }
            _ => Kind::Comparison(Box::new(left), rest),
        };
        Ok(Node { kind, span, ty: Type::Unknown })
    }

    fn chained_comparison(&self) -> Option<Binary> {
        (self.current.kind == TokenKind::Operator).then_some(())?;
        Binary::parse(self.current.text).filter(|binary| binary.is_comparison())
    }

    fn declaration(&mut self) -> Result<Node, Error> {
        self.expect_operator("let")?;
        let name = self.expect_identifier()?;
        self.expect_operator("=")?;
        let value = self.expression(0)?;
        self.expect_operator(";")?;
        let body = self.sequence()?;
        self.node(Kind::Let(name.text.into(), Box::new(value), Box::new(body)), name.span)
    }

    fn conditional_if(&mut self) -> Result<Node, Error> {
        self.enter()?;
        self.advance()?;
        let condition = Box::new(self.expression(0)?);
        let yes = Some(self.block()?);
        self.expect_operator("else")?;
        let no =
            if self.current.is_operator("if") { Box::new(self.conditional_if()?) } else { self.block()? };
        self.depth -= 1;
        // expr-lang neither counts nor places it.
        Ok(Node { kind: Kind::Conditional { condition, yes, no }, span: Span::default(), ty: Type::Unknown })
    }

    fn block(&mut self) -> Result<Child, Error> {
        self.expect_bracket("{")?;
        let body = self.sequence()?;
        self.expect_bracket("}")?;
        Ok(Box::new(body))
    }

    fn conditional(&mut self, mut node: Node) -> Result<Node, Error> {
        while self.current.is_operator("?") {
            self.advance()?;
            let yes = if self.current.is_operator(":") { None } else { Some(Box::new(self.expression(0)?)) };
            self.expect_operator(":")?;
            let no = Box::new(self.expression(0)?);
            let span = self.current.span;
            node = self.node(Kind::Conditional { condition: Box::new(node), yes, no }, span)?;
        }
        Ok(node)
    }

    fn primary(&mut self) -> Result<Node, Error> {
        if self.current.kind == TokenKind::Operator {
            if let Some(unary) = Unary::parse(self.current.text) {
                let span = self.advance()?.span;
                let operand = self.expression(unary.precedence())?;
                let node = self.node(Kind::Unary(unary, Box::new(operand)), span)?;
                return self.postfix(node);
            }
            if self.predicates > 0 && matches!(self.current.text, "#" | ".") {
                let node = self.pointer()?;
                return self.postfix(node);
            }
            if self.current.text == "::" {
                self.advance()?;
                let name = self.expect_identifier()?;
                let node = self.call(&name, None, false)?;
                return self.postfix(node);
            }
        }
        if self.current.is_bracket("(") {
            self.advance()?;
            let node = self.sequence()?;
            self.expect_bracket(")")?;
            return self.postfix(node);
        }
        self.secondary()
    }

    fn pointer(&mut self) -> Result<Node, Error> {
        let span = self.current.span;
        let mut pointer = Pointer::Item;
        if self.current.is_operator("#") {
            self.advance()?;
            if self.current.kind == TokenKind::Identifier {
                let name = self.advance()?;
                pointer = match name.text {
                    "index" => Pointer::Index,
                    "acc" => Pointer::Acc,
                    name => Pointer::Unknown(name.into()),
                };
            }
        }
        self.node(Kind::Pointer(pointer), span)
    }
}

fn mixed_with_coalesce(operator: &Token<'_>) -> Error {
    let message = format!(
        "Operator ({}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.",
        operator.text
    );
    Error::compile(Code::Syntax, operator.span, message)
}
