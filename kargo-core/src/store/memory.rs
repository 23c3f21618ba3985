//! A store and journal that live as long as the program: for tests, and for runs that need no memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use super::{Key, Precondition, Revision, Store, Stored, Version, Write, conflict};
use crate::error::Error;
use crate::journal::{Durability, Entry, Journal};
use crate::model::Kind;

/// A [`Store`] and [`Journal`] in memory. Cloning shares what is stored.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    revision: watch::Sender<Revision>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<Key, Stored>,
    journals: BTreeMap<Key, Vec<Entry>>,
    revision: Revision,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self { state: Arc::default(), revision: watch::Sender::new(0) }
    }

    /// Every writer leaves the state whole, so that one that panicked does not spoil it for the others.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn version(&self, key: &Key) -> Option<Version> {
        self.objects.get(key).map(|stored| stored.version)
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::Put(resource) => {
                let stored = Stored { version: self.revision, resource };
                self.objects.insert(Key::of(&stored.resource), stored);
            }
            Write::Delete(key) => {
                self.objects.remove(&key);
                self.journals.remove(&key);
            }
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error> {
        Ok(self.state().objects.get(key).cloned())
    }

    async fn list(&self, kind: Kind, project: Option<&str>) -> Result<Vec<Stored>, Error> {
        let wanted = |key: &Key| key.kind == kind && project.is_none_or(|project| key.project == project);
        let state = self.state();
        Ok(state.objects.iter().filter(|(key, _)| wanted(key)).map(|(_, stored)| stored.clone()).collect())
    }

    async fn commit(&self, preconditions: &[Precondition], writes: Vec<Write>) -> Result<Revision, Error> {
        let revision = {
            let mut state = self.state();
            for precondition in preconditions {
                if !precondition.holds(state.version(precondition.key())) {
                    return Err(conflict(precondition.key()));
                }
            }
            state.revision += 1;
            writes.into_iter().for_each(|write| state.write(write));
            state.revision
        };
        self.revision.send_replace(revision);
        Ok(revision)
    }

    async fn changed(&self, since: Revision) -> Result<Revision, Error> {
        let mut revisions = self.revision.subscribe();
        // The sender lives in `self`, so that waiting cannot end without a value.
        let newer = revisions.wait_for(|revision| *revision > since).await.map(|revision| *revision);
        Ok(newer.unwrap_or(since))
    }
}

#[async_trait]
impl Journal for MemoryStore {
    async fn append(&self, promotion: &Key, record: serde_json::Value, _: Durability) -> Result<u64, Error> {
        let mut state = self.state();
        let entries = state.journals.entry(promotion.clone()).or_default();
        let sequence = entries.len() as u64;
        entries.push(Entry { sequence, record });
        Ok(sequence)
    }

    async fn read(&self, promotion: &Key) -> Result<Vec<Entry>, Error> {
        Ok(self.state().journals.get(promotion).cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_passes_the_suite() {
        super::super::suite::check(async || MemoryStore::new()).await;
    }
}
