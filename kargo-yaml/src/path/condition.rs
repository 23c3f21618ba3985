//! The conditions of `select`.

use regex::Regex;

use super::Step;
use crate::{Kind, Node, Resolved, Schema, Span};

/// A condition, or a part of one.
#[derive(Debug, Clone)]
pub(super) enum Expr {
    /// A value below the current one; null where there is none.
    Path(Vec<Step>),
    Literal(Literal),
    Equal {
        left: Box<Self>,
        right: Box<Self>,
        negated: bool,
    },
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    /// The opposite of the current value.
    Not,
    /// Whether the current value's text matches.
    Test(Regex),
    /// The right side with the left side's value as the current one.
    Pipe(Box<Self>, Box<Self>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

/// What an expression can give.
#[derive(Debug, Clone)]
enum Value<'a> {
    Node(Node<'a>),
    Literal(Literal),
}

impl Expr {
    /// Whether the condition holds for a node.
    pub(super) fn holds(&self, node: Node<'_>) -> bool {
        self.value(Value::Node(node)).is_true()
    }

    fn value<'a>(&self, current: Value<'a>) -> Value<'a> {
        let truth = |value| Value::Literal(Literal::Bool(value));
        match self {
            Self::Path(steps) => match current {
                Value::Node(node) => follow(node, steps).map_or(Value::Literal(Literal::Null), Value::Node),
                Value::Literal(_) if steps.is_empty() => current,
                Value::Literal(_) => Value::Literal(Literal::Null),
            },
            Self::Literal(literal) => Value::Literal(literal.clone()),
            Self::Equal { left, right, negated } => {
                let equal = left.value(current.clone()).equals(&right.value(current));
                truth(equal != *negated)
            }
            Self::And(left, right) => {
                truth(left.value(current.clone()).is_true() && right.value(current).is_true())
            }
            Self::Or(left, right) => {
                truth(left.value(current.clone()).is_true() || right.value(current).is_true())
            }
            Self::Not => truth(!current.is_true()),
            Self::Test(regex) => truth(current.text().is_some_and(|text| regex.is_match(text))),
            Self::Pipe(left, right) => {
                let value = left.value(current);
                right.value(value)
            }
        }
    }

    /// The first path that is compared with a text, and the text: what a hint can speak of.
    pub(super) fn compared(&self) -> Option<(&[Step], &str)> {
        match self {
            Self::Equal { left, right, negated: false } => match (&**left, &**right) {
                (Self::Path(path), Self::Literal(Literal::Text(text)))
                | (Self::Literal(Literal::Text(text)), Self::Path(path)) => Some((path, text)),
                _ => None,
            },
            Self::And(left, right) | Self::Or(left, right) => left.compared().or_else(|| right.compared()),
            Self::Pipe(left, _) => left.compared(),
            _ => None,
        }
    }
}

/// The node that keys and indices lead to, through aliases.
pub(super) fn follow<'a>(node: Node<'a>, steps: &[Step]) -> Option<Node<'a>> {
    steps.iter().try_fold(node, |node, step| match &step.what {
        super::What::Key(key) => node.get(key),
        super::What::Index(index) => node.at(*index),
        _ => None,
    })
}

/// The bytes that the steps of a condition's path stand at.
pub(super) fn span_of(steps: &[Step]) -> Option<Span> {
    Some(Span::new(steps.first()?.span.start, steps.last()?.span.end))
}

impl Value<'_> {
    /// Everything but null and false is true.
    fn is_true(&self) -> bool {
        match self {
            Self::Literal(Literal::Null | Literal::Bool(false)) => false,
            Self::Literal(_) => true,
            Self::Node(node) => !matches!(
                node.resolve().resolved(Schema::Core12),
                Some(Resolved::Null | Resolved::Bool(false))
            ),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Literal(Literal::Text(text)) => Some(text),
            Self::Literal(_) => None,
            Self::Node(node) => node.resolve().text(),
        }
    }

    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Node(node), Self::Literal(literal)) | (Self::Literal(literal), Self::Node(node)) => {
                literal.is(*node)
            }
            (Self::Literal(left), Self::Literal(right)) => left == right,
            (Self::Node(left), Self::Node(right)) => {
                let (left, right) = (left.resolve(), right.resolve());
                left == right || (left.kind() == Kind::Scalar && left.text() == right.text())
            }
        }
    }
}

impl Literal {
    /// Whether a node says this.
    fn is(&self, node: Node<'_>) -> bool {
        let node = node.resolve();
        if let Self::Text(text) = self {
            return node.text() == Some(text);
        }
        let Some(value) = node.resolved(Schema::Core12) else { return false };
        match (self, value) {
            (Self::Null, Resolved::Null) => true,
            (Self::Bool(left), Resolved::Bool(right)) => *left == right,
            (Self::Number(left), Resolved::Int(right)) => *left == right as f64,
            (Self::Number(left), Resolved::Uint(right)) => *left == right as f64,
            (Self::Number(left), Resolved::Float(right)) => *left == right,
            _ => false,
        }
    }
}
