//! What follows a `filter` is done in its loop.

use super::{as_builtin, builtin, take, walk};
use crate::ast::{Builtin, Kind, Node, Pointer};

/// `map(filter(a, p), f)`: one loop, unless `f` asks for the index.
pub(super) fn map_of_filter(node: &mut Node) {
    let Some(call) = as_builtin(node, "map") else { return };
    let [list, f] = &mut call.args[..] else { return };
    let mut asks_index = false;
    walk(f, &mut |node| asks_index |= matches!(node.kind, Kind::Pointer(Pointer::Index)));
    let Some(filter) = as_builtin(list, "filter").filter(|filter| filter.map.is_none()) else { return };
    let Kind::Predicate(f) = &mut f.kind else { return };
    if asks_index {
        return;
    }
    let args = std::mem::take(&mut filter.args);
    let map = Some(Box::new(take(f)));
    *call = Builtin { map, ..builtin("filter", args) };
}

/// `len(filter(a, p))` counts.
pub(super) fn length_of_filter(node: &mut Node) {
    let Some(call) = as_builtin(node, "len") else { return };
    let [list] = &mut call.args[..] else { return };
    let Some(filter) = as_builtin(list, "filter") else { return };
    let args = std::mem::take(&mut filter.args);
    *call = builtin("count", args);
}

/// `filter(a, p)[-1]` and `last(filter(a, p))`.
pub(super) fn last_of_filter(node: &mut Node) {
    end_of_filter(node, -1, "last", "findLast");
}

/// `filter(a, p)[0]` and `first(filter(a, p))`.
pub(super) fn first_of_filter(node: &mut Node) {
    end_of_filter(node, 0, "first", "find");
}

fn end_of_filter(node: &mut Node, index: i64, function: &str, find: &'static str) {
    let (list, throws) = match &mut node.kind {
        Kind::Member(member) if !member.optional => match member.property.kind {
            // Unlike the function, the index must be there.
            Kind::Int(i) if i == index => (&mut *member.base, true),
            _ => return,
        },
        Kind::Builtin(call) if call.name == function => match &mut call.args[..] {
            [list] => (list, false),
            _ => return,
        },
        _ => return,
    };
    let Some(filter) = as_builtin(list, "filter") else { return };
    let (args, map) = (std::mem::take(&mut filter.args), filter.map.take());
    node.kind = Kind::Builtin(Builtin { map, throws, ..builtin(find, args) });
}
