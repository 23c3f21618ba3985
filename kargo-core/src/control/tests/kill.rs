//! A process that is killed between any two writes: the next run makes the same of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::journal::{Durability, Entry};
use crate::store::{Precondition, Revision, Stored};

/// A store whose process dies before one of its writes: nothing answers any more.
struct Dying {
    store: MemoryStore,
    writes: AtomicUsize,
}

impl Dying {
    async fn write(&self) {
        let left = self.writes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Store for Dying {
    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error> {
        self.store.get(key).await
    }

    async fn list(&self, kind: Kind, project: Option<&str>) -> Result<Vec<Stored>, Error> {
        self.store.list(kind, project).await
    }

    async fn commit(&self, preconditions: &[Precondition], writes: Vec<Write>) -> Result<Revision, Error> {
        self.write().await;
        self.store.commit(preconditions, writes).await
    }

    async fn changed(&self, since: Revision) -> Result<Revision, Error> {
        self.store.changed(since).await
    }
}

#[async_trait]
impl Journal for Dying {
    async fn append(&self, promotion: &Key, record: Json, durability: Durability) -> Result<u64, Error> {
        self.write().await;
        self.store.append(promotion, record, durability).await
    }

    async fn read(&self, promotion: &Key) -> Result<Vec<Entry>, Error> {
        self.store.read(promotion).await
    }
}

/// Runs in a process that dies before its write number `writes`, then in one that does not; says whether the first
/// came to its end.
async fn killed_before(writes: usize) -> bool {
    let store = MemoryStore::new();
    let world = World::on(store.clone());
    let prod = after("apps", &["test"], json!({}));
    world.apply([warehouse("apps"), stage("test", direct("apps", true)), stage("prod", prod)]).await;
    world.commit("apps", "c1");
    let dying = Arc::new(Dying { store, writes: AtomicUsize::new(writes) });
    let first = world.installation_on(dying.clone(), dying);
    let ended = tokio::time::timeout(Duration::from_secs(60), first.run(RunOptions::default())).await.is_ok();
    let second = world.run().await;
    assert!(
        second.problems.is_empty() && second.waiting.is_empty() && second.polling.is_empty(),
        "{second:?}"
    );

    let freight = world.all::<Freight>().await;
    let promotions = world.all::<Promotion>().await;
    assert_eq!((freight.len(), promotions.len()), (1, 2), "killed before write {writes}");
    assert!(promotions.iter().all(|promotion| promotion.phase() == PromotionPhase::Succeeded));
    assert!(freight[0].status.is_verified_in("test") && freight[0].status.is_verified_in("prod"));
    assert!(world.installation().status().await.unwrap().stages.iter().all(|stage| stage.ready));
    ended
}

#[tokio::test(start_paused = true)]
async fn a_kill_between_any_two_writes_changes_nothing_in_the_end() {
    let mut writes = 0;
    while !killed_before(writes).await {
        writes += 1;
    }
    assert!(writes > 10, "{writes} writes");
}
