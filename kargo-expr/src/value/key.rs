//! Keys of maps that take any: Go compares them by type and value.

use std::cmp::Ordering;

use super::{IntKind, Named, Repr, Text, Value};
use crate::CallError;

/// A hashable value.
#[derive(Debug, Clone)]
pub(crate) enum Key {
    Nil,
    Bool(bool),
    Int(i64),
    Sized(IntKind, i64),
    Float(f64),
    Text(Text),
    Duration(i64),
    Named(Named, i64),
}

impl Key {
    /// The key that a value makes.
    ///
    /// # Errors
    /// Arrays, maps and host values cannot be keys.
    pub(crate) fn of(value: &Value) -> Result<Self, CallError> {
        Ok(match &value.repr {
            Repr::Nil => Self::Nil,
            Repr::Bool(b) => Self::Bool(*b),
            Repr::Int(i) => Self::Int(*i),
            Repr::Sized(kind, i) => Self::Sized(*kind, *i),
            // Go's map has one key for both zeros.
            Repr::Float(f) => Self::Float(if *f == 0.0 { 0.0 } else { *f }),
            Repr::Text(text) => Self::Text(text.clone()),
            Repr::Duration(d) => Self::Duration(*d),
            Repr::Named(named, i) => Self::Named(*named, *i),
            _ => {
                let message = format!("runtime error: hash of unhashable type {}", value.type_name());
                return Err(CallError::coded(crate::Code::Type, message));
            }
        })
    }

    pub(crate) fn to_value(&self) -> Value {
        Value::new(match self {
            Self::Nil => Repr::Nil,
            Self::Bool(b) => Repr::Bool(*b),
            Self::Int(i) => Repr::Int(*i),
            Self::Sized(kind, i) => Repr::Sized(*kind, *i),
            Self::Float(f) => Repr::Float(*f),
            Self::Text(text) => Repr::Text(text.clone()),
            Self::Duration(d) => Repr::Duration(*d),
            Self::Named(named, i) => Repr::Named(*named, *i),
        })
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Nil => 0,
            Self::Bool(_) => 1,
            Self::Int(_) => 2,
            Self::Sized(kind, _) => 3 + *kind as u8,
            Self::Float(_) => 20,
            Self::Text(_) => 21,
            Self::Duration(_) => 22,
            Self::Named(named, _) => 23 + *named as u8,
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) | (Self::Duration(a), Self::Duration(b)) => a.cmp(b),
            (Self::Sized(k, a), Self::Sized(l, b)) if k == l => a.cmp(b),
            (Self::Named(k, a), Self::Named(l, b)) if k == l => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}
