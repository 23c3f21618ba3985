//! The Freight that a Stage runs: one piece from each origin, and what it ran before.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FreightOrigin, FreightReference, VerificationInfo, hash, null_as_default};

/// How many collections a Stage remembers, as in Kargo.
pub const FREIGHT_HISTORY_LIMIT: usize = 10;

/// How many verification attempts a collection remembers, as in Kargo.
pub const VERIFICATION_HISTORY_LIMIT: usize = 10;

/// One piece of Freight from each origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreightCollection {
    /// The hash of the pieces' names: [`hash::collection_id`].
    pub id: String,
    /// The pieces; the key is the origin's text form.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<String, FreightReference>,
    /// The attempts to verify it, newest first.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub verification_history: Vec<VerificationInfo>,
}

impl FreightCollection {
    /// The collection of these pieces.
    pub fn of(pieces: impl IntoIterator<Item = FreightReference>) -> Self {
        let mut collection = Self::default();
        for piece in pieces {
            collection.upsert(piece);
        }
        collection
    }

    /// Adds a piece, in place of what there was of its origin; the id follows.
    pub fn upsert(&mut self, piece: FreightReference) {
        self.items.insert(piece.origin.to_string(), piece);
        self.id = hash::collection_id(self.items.values().map(|piece| piece.name.as_str()));
    }

    /// The piece of an origin.
    pub fn get(&self, origin: &FreightOrigin) -> Option<&FreightReference> {
        self.items.get(&origin.to_string())
    }

    /// The pieces, ordered by origin.
    pub fn pieces(&self) -> impl Iterator<Item = &FreightReference> {
        self.items.values()
    }

    /// Whether it holds the Freight of that name.
    pub fn contains(&self, freight: &str) -> bool {
        self.items.values().any(|piece| piece.name == freight)
    }

    /// The newest attempt to verify it.
    pub fn latest_verification(&self) -> Option<&VerificationInfo> {
        self.verification_history.first()
    }

    /// Whether an attempt to verify it has not ended.
    pub fn is_being_verified(&self) -> bool {
        self.verification_history.iter().any(|attempt| !attempt.is_terminal())
    }

    /// Whether an attempt to verify it has ended well, be it the newest or not.
    pub fn is_verified(&self) -> bool {
        self.verification_history.iter().any(VerificationInfo::is_successful)
    }

    /// Records the state of an attempt: a known one is replaced, a new one becomes the newest, and what is
    /// more than [`VERIFICATION_HISTORY_LIMIT`] is forgotten.
    pub fn record_verification(&mut self, attempt: VerificationInfo) {
        let history = &mut self.verification_history;
        match history.iter_mut().find(|known| known.id == attempt.id) {
            Some(known) => *known = attempt,
            None => {
                history.insert(0, attempt);
                history.truncate(VERIFICATION_HISTORY_LIMIT);
            }
        }
    }
}

/// The collections that a Stage ran, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FreightHistory(Vec<FreightCollection>);

impl FreightHistory {
    /// The collection that the Stage runs now.
    pub fn current(&self) -> Option<&FreightCollection> {
        self.0.first()
    }

    /// The collection that the Stage runs now, to be changed.
    pub fn current_mut(&mut self) -> Option<&mut FreightCollection> {
        self.0.first_mut()
    }

    /// Makes `collection` the current one; what is more than [`FREIGHT_HISTORY_LIMIT`] is forgotten.
    pub fn record(&mut self, collection: FreightCollection) {
        self.0.insert(0, collection);
        self.0.truncate(FREIGHT_HISTORY_LIMIT);
    }

    /// All of them, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &FreightCollection> {
        self.0.iter()
    }

    /// Whether the Stage never ran anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many collections are remembered.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl From<Vec<FreightCollection>> for FreightHistory {
    fn from(collections: Vec<FreightCollection>) -> Self {
        Self(collections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(warehouse: &str, name: &str) -> FreightReference {
        FreightReference {
            name: name.to_owned(),
            origin: FreightOrigin::warehouse(warehouse),
            ..FreightReference::default()
        }
    }

    #[test]
    fn a_piece_replaces_what_came_from_its_origin() {
        let mut collection = FreightCollection::of([piece("b", "f2"), piece("a", "f9")]);
        let before = collection.id.clone();
        assert_eq!(before, hash::collection_id(["f9", "f2"]));
        collection.upsert(piece("a", "f3"));
        assert_ne!(collection.id, before);
        assert_eq!(collection.pieces().map(|piece| piece.name.as_str()).collect::<Vec<_>>(), ["f3", "f2"]);
        assert!(collection.contains("f3") && !collection.contains("f9"));
    }

    #[test]
    fn histories_are_newest_first_and_bounded() {
        let mut history = FreightHistory::default();
        for n in 0..12 {
            history.record(FreightCollection { id: n.to_string(), ..FreightCollection::default() });
        }
        assert_eq!((history.len(), history.current().unwrap().id.as_str()), (10, "11"));

        let mut collection = FreightCollection::default();
        for n in 0..12 {
            collection.record_verification(VerificationInfo { id: n.to_string(), ..Default::default() });
        }
        let again = VerificationInfo { id: "5".into(), message: "again".into(), ..Default::default() };
        collection.record_verification(again);
        let ids: Vec<&str> = collection.verification_history.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["11", "10", "9", "8", "7", "6", "5", "4", "3", "2"]);
        assert_eq!(collection.verification_history[6].message, "again");
    }
}
