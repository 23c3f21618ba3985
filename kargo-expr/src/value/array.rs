//! Go's slices.

use std::ops::Deref;
use std::sync::Arc;

use super::Value;

/// What Go's slice type holds; visible in messages, in equality and to a few functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Elem {
    /// `[]interface {}`
    Any,
    /// `[]int`, what a range makes.
    Int,
    /// `[]string`, what splitting makes.
    String,
    /// `[][2]interface {}`, what `toPairs` makes.
    Pair,
}

impl Elem {
    pub(crate) fn go_name(self) -> &'static str {
        match self {
            Self::Any => "[]interface {}",
            Self::Int => "[]int",
            Self::String => "[]string",
            Self::Pair => "[][2]interface {}",
        }
    }
}

/// A list of values. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Array(Arc<Body>);

#[derive(Debug)]
struct Body {
    items: Vec<Value>,
    elem: Elem,
    /// Go's nil slice: it shows as `null` in JSON.
    nil: bool,
    shape: Shape,
}

/// What is known of the values inside an array or a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shape {
    /// How deep arrays and maps nest; 1 without any inside.
    pub(crate) depth: u32,
    /// Whether a tainted value is inside.
    pub(crate) tainted: bool,
}

impl Shape {
    pub(crate) fn of<'a>(items: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut shape = Self { depth: 1, tainted: false };
        for item in items {
            let inner = item.shape();
            shape.depth = shape.depth.max(inner.depth + 1);
            shape.tainted |= inner.tainted;
        }
        shape
    }
}

impl Array {
    pub(crate) fn typed(items: Vec<Value>, elem: Elem) -> Self {
        let shape = Shape::of(&items);
        Self(Arc::new(Body { items, elem, nil: false, shape }))
    }

    /// Go's nil slice of any.
    pub(crate) fn nil() -> Self {
        let shape = Shape { depth: 1, tainted: false };
        Self(Arc::new(Body { items: Vec::new(), elem: Elem::Any, nil: true, shape }))
    }

    pub(crate) fn elem(&self) -> Elem {
        self.0.elem
    }

    pub(crate) fn is_nil(&self) -> bool {
        self.0.nil
    }

    pub(crate) fn shape(&self) -> Shape {
        self.0.shape
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The elements, taken out if nobody else holds the array.
    fn into_items(self) -> Vec<Value> {
        Arc::try_unwrap(self.0).map(|mut body| std::mem::take(&mut body.items)).unwrap_or_default()
    }
}

impl From<Vec<Value>> for Array {
    fn from(items: Vec<Value>) -> Self {
        Self::typed(items, Elem::Any)
    }
}

impl Deref for Array {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0.items
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.shape.depth > DROP_DEPTH {
            unravel(std::mem::take(&mut self.items));
        }
    }
}

/// From this depth on values are taken apart level by level, so that dropping them needs no deep stack.
pub(super) const DROP_DEPTH: u32 = 64;

/// Drops nested values without recursion.
pub(super) fn unravel(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value.repr {
            super::Repr::Array(array) => pending.extend(array.into_items()),
            super::Repr::Map(map) => pending.extend(map.into_values()),
            super::Repr::AnyMap(map) => pending.extend(map.into_values()),
            _ => {}
        }
    }
}
