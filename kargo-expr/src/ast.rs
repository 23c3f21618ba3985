//! The syntax tree.

use std::sync::Arc;

use regex::Regex;

use crate::Span;
use crate::types::Type;
use crate::value::{Text, Value};

/// One node with its place and, after checking, its static type.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    pub(crate) ty: Type,
}

pub(crate) type Child = Box<Node>;

/// Equal when they mean the same, wherever they stand.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Text),
    Bytes(Text),
    /// A pattern that the checker compiled.
    Pattern(Pattern),
    /// A value that the rewriter computed.
    Constant(Value),
    Name(Arc<str>),
    Unary(Unary, Child),
    Binary(Binary, Child, Child),
    /// `a < b <= c`: each operand is compared with the one before it.
    Comparison(Child, Vec<(Binary, Span, Node)>),
    /// Where `?.` jumps to when it meets nil.
    Chain(Child),
    Member(Member),
    Slice {
        base: Child,
        from: Option<Child>,
        to: Option<Child>,
    },
    Call(Child, Vec<Node>),
    Builtin(Builtin),
    Predicate(Child),
    Pointer(Pointer),
    Let(Arc<str>, Child, Child),
    Sequence(Vec<Node>),
    /// `c ? a : b` and `if`; without `a`, `c ?: b`.
    Conditional {
        condition: Child,
        yes: Option<Child>,
        no: Child,
    },
    Array(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// A regular expression; equal to another of the same pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(pub(crate) Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// `base.property`, `base?.property`, `base[property]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) base: Child,
    pub(crate) property: Child,
    pub(crate) optional: bool,
    /// It is called.
    pub(crate) method: bool,
}

/// A call of one of the language's own functions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Builtin {
    pub(crate) name: &'static str,
    pub(crate) args: Vec<Node>,
    /// `filter(…)` followed by `map(…)` in one loop: what to make of each element that is kept.
    pub(crate) map: Option<Child>,
    /// `filter(…)[0]` as `find`: not finding anything is an error.
    pub(crate) throws: bool,
    /// `count(…) > n`: more than this need not be counted.
    pub(crate) threshold: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pointer {
    Item,
    Index,
    Acc,
    /// Any other name: the checker refuses it.
    Unknown(Arc<str>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Not,
    Minus,
    Plus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    More,
    LessOrEqual,
    MoreOrEqual,
    In,
    Matches,
    Contains,
    StartsWith,
    EndsWith,
    Range,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Coalesce,
}

impl Binary {
    /// The operator of a token's text; the pipe is not among them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "or" | "||" => Self::Or,
            "and" | "&&" => Self::And,
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            ">" => Self::More,
            "<=" => Self::LessOrEqual,
            ">=" => Self::MoreOrEqual,
            "in" => Self::In,
            "matches" => Self::Matches,
            "contains" => Self::Contains,
            "startsWith" => Self::StartsWith,
            "endsWith" => Self::EndsWith,
            ".." => Self::Range,
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "%" => Self::Modulo,
            "**" | "^" => Self::Power,
            "??" => Self::Coalesce,
            _ => return None,
        })
    }

    pub(crate) fn precedence(self) -> u16 {
        match self {
            Self::Or => 10,
            Self::And => 15,
            Self::Range => 25,
            Self::Add | Self::Subtract => 30,
            Self::Multiply | Self::Divide | Self::Modulo => 60,
            Self::Power => 100,
            Self::Coalesce => 500,
            _ => 20,
        }
    }

    pub(crate) fn is_right_associative(self) -> bool {
        self == Self::Power
    }

    /// May stand after `not`.
    pub(crate) fn is_negatable(self) -> bool {
        matches!(self, Self::In | Self::Matches | Self::Contains | Self::StartsWith | Self::EndsWith)
    }

    /// May be chained: `a < b < c`.
    pub(crate) fn is_comparison(self) -> bool {
        matches!(self, Self::Less | Self::More | Self::LessOrEqual | Self::MoreOrEqual)
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::More => ">",
            Self::LessOrEqual => "<=",
            Self::MoreOrEqual => ">=",
            Self::In => "in",
            Self::Matches => "matches",
            Self::Contains => "contains",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Range => "..",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "**",
            Self::Coalesce => "??",
        }
    }
}

impl Unary {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "!" | "not" => Some(Self::Not),
            "-" => Some(Self::Minus),
            "+" => Some(Self::Plus),
            _ => None,
        }
    }

    pub(crate) fn precedence(self) -> u16 {
        if self == Self::Not { 50 } else { 90 }
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Not => "not",
            Self::Minus => "-",
            Self::Plus => "+",
        }
    }
}
