//! `all(a, p) && all(a, q)` is `all(a, p && q)`.

use super::{builtin, made, take};
use crate::ast::{Binary, Kind, Node};

pub(super) fn combine(node: &mut Node) {
    let Kind::Binary(operator, left, right) = &mut node.kind else { return };
    let (Kind::Builtin(a), Kind::Builtin(b)) = (&mut left.kind, &mut right.kind) else { return };
    let combined = match (a.name, *operator) {
        ("all", Binary::And) => Binary::And,
        ("any", Binary::Or) => Binary::Or,
        ("none", Binary::And) => Binary::Or,
        _ => return,
    };
    let ([list, p], [other, q]) = (&mut a.args[..], &mut b.args[..]) else { return };
    if a.name != b.name || list != other {
        return;
    }
    let (Kind::Predicate(p), Kind::Predicate(q)) = (&mut p.kind, &mut q.kind) else { return };
    let mut body = made(Kind::Binary(combined, Box::new(take(p)), Box::new(take(q))));
    combine(&mut body);
    let args = vec![take(list), made(Kind::Predicate(Box::new(body)))];
    node.kind = Kind::Builtin(builtin(a.name, args));
}
