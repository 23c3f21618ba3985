//! The tests that every [`Store`] with its [`Journal`] must pass; run them on an implementation of your own.

use std::time::Duration;

use super::{CONFLICT, Key, Precondition, Store, Write};
use crate::journal::{Durability, Journal};
use crate::model::{Kind, Resource, Stage, Warehouse};

/// Runs all tests, each on a new empty store from `make`.
///
/// ```
/// use kargo_core::store::{MemoryStore, suite};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// suite::check(async || MemoryStore::new()).await;
/// # }
/// ```
///
/// # Panics
/// Where the implementation does not behave as [`Store`] and [`Journal`] say.
pub async fn check<S: Store + Journal + Clone>(make: impl AsyncFn() -> S) {
    resources_are_listed_by_kind_and_project(&make().await).await;
    a_commit_is_whole_or_not_at_all(&make().await).await;
    versions_grow_and_are_not_used_twice(&make().await).await;
    one_of_many_writers_wins(&make().await).await;
    a_change_is_told(&make().await).await;
    journals_keep_their_order(&make().await).await;
}

fn stage(project: &str, name: &str) -> Resource {
    Stage::new(project, name).into()
}

fn key(project: &str, name: &str) -> Key {
    Key::new(Kind::Stage, project, name)
}

async fn resources_are_listed_by_kind_and_project(store: &impl Store) {
    let writes = vec![
        Write::put(stage("b", "x")),
        Write::put(stage("a", "y")),
        Write::put(stage("a", "x")),
        Write::put(Warehouse::new("a", "x")),
    ];
    assert!(store.commit(&[], writes).await.is_ok());
    let names = async |project: Option<&str>| -> Vec<String> {
        let listed = store.list(Kind::Stage, project).await.unwrap_or_default();
        listed.iter().map(|one| format!("{}/{}", one.resource.project(), one.resource.name())).collect()
    };
    assert_eq!(names(None).await, ["a/x", "a/y", "b/x"]);
    assert_eq!(names(Some("a")).await, ["a/x", "a/y"]);
    assert!(names(Some("c")).await.is_empty());
    let found = store.get(&key("b", "x")).await;
    assert!(matches!(&found, Ok(Some(found)) if *found.resource == stage("b", "x")), "{found:?}");
    assert!(matches!(store.get(&key("b", "y")).await, Ok(None)));
}

async fn a_commit_is_whole_or_not_at_all(store: &impl Store) {
    assert!(store.commit(&[], vec![Write::put(stage("a", "x"))]).await.is_ok());
    let taken = store
        .commit(
            &[Precondition::Absent(key("a", "y")), Precondition::Absent(key("a", "x"))],
            vec![Write::put(stage("a", "y")), Write::Delete(key("a", "x"))],
        )
        .await;
    assert_eq!(taken.err().map(|error| error.code()), Some(CONFLICT));
    assert!(matches!(store.get(&key("a", "y")).await, Ok(None)));
    assert!(matches!(store.get(&key("a", "x")).await, Ok(Some(_))));
}

async fn versions_grow_and_are_not_used_twice(store: &impl Store) {
    let mut versions = Vec::new();
    for _ in 0..3 {
        assert!(store.commit(&[], vec![Write::put(stage("a", "x"))]).await.is_ok());
        versions.extend(store.get(&key("a", "x")).await.ok().flatten().map(|stored| stored.version));
        assert!(store.commit(&[], vec![Write::Delete(key("a", "x"))]).await.is_ok());
    }
    assert!(versions.len() == 3 && versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    let stale = [Precondition::Version(key("a", "x"), versions[0])];
    assert!(store.commit(&stale, vec![Write::put(stage("a", "x"))]).await.is_err());
}

async fn one_of_many_writers_wins<S: Store + Clone>(store: &S) {
    let writers = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let absent = [Precondition::Absent(key("a", "x"))];
            store.commit(&absent, vec![Write::put(stage("a", "x"))]).await.is_ok()
        })
    });
    let mut won = 0;
    for writer in writers.collect::<Vec<_>>() {
        won += usize::from(writer.await.unwrap_or(false));
    }
    assert_eq!(won, 1);
}

async fn a_change_is_told<S: Store + Clone>(store: &S) {
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.changed(0).await.unwrap_or(0) })
    };
    let revision = store.commit(&[], vec![Write::put(stage("a", "x"))]).await.unwrap_or(0);
    let told = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(matches!(told, Ok(Ok(told)) if told == revision && told > 0), "{told:?}");
    let quiet = tokio::time::timeout(Duration::from_millis(50), store.changed(revision)).await;
    assert!(quiet.is_err(), "there was no change to tell of");
}

async fn journals_keep_their_order(store: &(impl Store + Journal)) {
    let (one, other) = (Key::new(Kind::Promotion, "a", "p"), Key::new(Kind::Promotion, "b", "p"));
    for (position, durability) in
        [Durability::Lazy, Durability::Barrier, Durability::Lazy].into_iter().enumerate()
    {
        let sequence = store.append(&one, position.into(), durability).await;
        assert!(matches!(sequence, Ok(sequence) if sequence == position as u64), "{sequence:?}");
    }
    assert!(store.append(&other, "x".into(), Durability::Lazy).await.is_ok());
    let read = store.read(&one).await.unwrap_or_default();
    assert_eq!(read.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(
        read.iter().map(|entry| entry.record.as_u64()).collect::<Vec<_>>(),
        [Some(0), Some(1), Some(2)]
    );
    assert_eq!(store.read(&other).await.unwrap_or_default().len(), 1);
    assert!(store.commit(&[], vec![Write::Delete(one.clone())]).await.is_ok());
    assert!(store.read(&one).await.unwrap_or_default().is_empty(), "a deleted Promotion has no journal");
}
