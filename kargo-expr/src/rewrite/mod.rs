//! expr-lang's optimizer, as far as it shows.
//!
//! These rewrites are not there for speed: they change which element an error stops at, what an empty
//! result is, and how floats add up, so a program without them would not give Kargo's answers. They run
//! in expr-lang's order, each over the whole tree, children first.

mod count;
mod filter;
mod fold;
mod membership;
mod predicates;
mod sum;

use crate::Error;
use crate::ast::{Builtin, Kind, Node};
use crate::types::Type;

/// Rewrites a checked tree.
pub(crate) fn rewrite(node: &mut Node) -> Result<(), Error> {
    let mut has_builtin = false;
    let mut has_in = false;
    walk(node, &mut |node| {
        has_builtin |= matches!(node.kind, Kind::Builtin(_));
        has_in |= matches!(node.kind, Kind::Binary(crate::ast::Binary::In, ..));
    });
    if has_in {
        walk(node, &mut membership::in_array);
    }
    fold::fold(node)?;
    if has_in {
        walk(node, &mut membership::in_range);
    }
    if has_builtin {
        walk(node, &mut filter::map_of_filter);
        walk(node, &mut filter::length_of_filter);
        walk(node, &mut filter::last_of_filter);
        walk(node, &mut filter::first_of_filter);
        walk(node, &mut predicates::combine);
        walk(node, &mut sum::of_range);
        walk(node, &mut sum::of_array);
        walk(node, &mut sum::of_map);
        walk(node, &mut count::to_any);
        walk(node, &mut count::with_threshold);
    }
    Ok(())
}

/// Visits all nodes, children before their parent.
pub(crate) fn walk(node: &mut Node, visit: &mut impl FnMut(&mut Node)) {
    each_child(node, &mut |child| walk(child, visit));
    visit(node);
}

/// The direct children in source order; what a rewrite attached to a `filter` is not among them.
fn each_child(node: &mut Node, visit: &mut impl FnMut(&mut Node)) {
    match &mut node.kind {
        Kind::Nil
        | Kind::Bool(_)
        | Kind::Int(_)
        | Kind::Float(_)
        | Kind::Text(_)
        | Kind::Bytes(_)
        | Kind::Pattern(_)
        | Kind::Constant(_)
        | Kind::Name(_)
        | Kind::Pointer(_) => {}
        Kind::Unary(_, child) | Kind::Chain(child) | Kind::Predicate(child) => visit(child),
        Kind::Binary(_, left, right) | Kind::Let(_, left, right) => {
            visit(left);
            visit(right);
        }
        Kind::Comparison(first, rest) => {
            visit(first);
            rest.iter_mut().for_each(|(_, _, operand)| visit(operand));
        }
        Kind::Member(member) => {
            visit(&mut member.base);
            visit(&mut member.property);
        }
        Kind::Slice { base, from, to } => {
            visit(base);
            [from, to].into_iter().flatten().for_each(|bound| visit(bound));
        }
        Kind::Call(callee, args) => {
            visit(callee);
            args.iter_mut().for_each(visit);
        }
        Kind::Builtin(Builtin { args, .. }) | Kind::Array(args) | Kind::Sequence(args) => {
            args.iter_mut().for_each(visit);
        }
        Kind::Conditional { condition, yes, no } => {
            visit(condition);
            if let Some(yes) = yes {
                visit(yes);
            }
            visit(no);
        }
        Kind::Map(pairs) => {
            for (key, value) in pairs {
                visit(key);
                visit(value);
            }
        }
    }
}

/// A node that no source stands for.
fn made(kind: Kind) -> Node {
    Node { kind, span: crate::Span::default(), ty: Type::Unknown }
}

/// A call of a builtin that a rewrite made.
fn builtin(name: &'static str, args: Vec<Node>) -> Builtin {
    Builtin { name, args, map: None, throws: false, threshold: None }
}

/// The builtin call of this name that a node is.
fn as_builtin<'n>(node: &'n mut Node, name: &str) -> Option<&'n mut Builtin> {
    match &mut node.kind {
        Kind::Builtin(call) if call.name == name => Some(call),
        _ => None,
    }
}

/// Moves a node out of its place.
fn take(node: &mut Node) -> Node {
    std::mem::replace(node, made(Kind::Nil))
}
