//! The durable store and journal, on SQLite: one file, read and written by several processes.
//!
//! Write-ahead log and `synchronous=FULL`: what a call has acknowledged survives a kill and a power cut. Lazy
//! journal records wait in memory and are written with the next barrier or commit, in its transaction, so that
//! steps without outside effects cost no flush of the disk.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use tokio::sync::watch;

use super::{CORRUPT, IO, Key, Precondition, Revision, Store, Stored, Version, Write, conflict};
use crate::error::Error;
use crate::journal::{Durability, Entry, Journal};
use crate::model::{Kind, Resource};

/// The layout of the database; another one is refused, never guessed at.
const LAYOUT: i64 = 1;
/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(10);
/// How often another process's commits are looked for.
const POLL: Duration = Duration::from_millis(200);

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, project TEXT NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (kind, project, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (
    project TEXT NOT NULL, promotion TEXT NOT NULL, sequence INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (project, promotion, sequence)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES ('layout', 1), ('revision', 0);
";

/// A [`Store`] and [`Journal`] in an SQLite file. Cloning shares the connection.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    database: Arc<Mutex<Database>>,
    revision: watch::Sender<Revision>,
}

#[derive(Debug)]
struct Database {
    connection: Connection,
    /// Lazy records that are not written yet.
    pending: Vec<(Key, Entry)>,
    /// The next sequence number of each journal that was appended to.
    next: HashMap<Key, u64>,
    /// The resources that were read, so that what has not changed is not parsed again.
    known: HashMap<Key, Stored>,
}

impl SqliteStore {
    /// Opens the database file, and makes it where it is not there.
    ///
    /// # Errors
    /// `store/io`; `store/corrupt` for a file of another layout.
    pub fn open(file: impl AsRef<Path>) -> Result<Self, Error> {
        let connection = Connection::open(file.as_ref()).map_err(io)?;
        connection.busy_timeout(BUSY).map_err(io)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(io)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(io)?;
        connection.execute_batch(SCHEMA).map_err(io)?;
        let layout: i64 = meta(&connection, "layout")?;
        if layout != LAYOUT {
            let message = format!("{} has layout {layout}, and not {LAYOUT}", file.as_ref().display());
            return Err(
                Error::new(CORRUPT, message).with_hint("it was made by another version of this program")
            );
        }
        let database =
            Database { connection, pending: Vec::new(), next: HashMap::new(), known: HashMap::new() };
        let revision = watch::Sender::new(database.revision()?);
        Ok(Self { database: Arc::new(Mutex::new(database)), revision })
    }

    /// Runs `work` on the database, away from the threads that serve tasks.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Database) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let database = Arc::clone(&self.database);
        let done = tokio::task::spawn_blocking(move || {
            // A transaction that did not end is rolled back, so that a panic leaves nothing half-written.
            work(&mut database.lock().unwrap_or_else(PoisonError::into_inner))
        });
        done.await.map_err(|error| Error::new(IO, "the database's task did not end").with_source(error))?
    }
}

impl Database {
    fn revision(&self) -> Result<Revision, Error> {
        meta(&self.connection, "revision").map(|revision| revision as Revision)
    }

    fn commit(&mut self, preconditions: &[Precondition], writes: &[Write]) -> Result<Revision, Error> {
        let transaction = begin(&mut self.connection)?;
        for precondition in preconditions {
            let key = precondition.key();
            if !precondition.holds(version(&transaction, key)?) {
                return Err(conflict(key));
            }
        }
        write_journal(&transaction, &self.pending)?;
        let revision: Revision = transaction
            .query_row(
                "UPDATE meta SET value = value + 1 WHERE name = 'revision' RETURNING value",
                [],
                |row| row.get(0),
            )
            .map_err(io)?;
        for write in writes {
            match write {
                Write::Put(resource) => put(&transaction, resource, revision)?,
                Write::Delete(key) => {
                    delete(&transaction, key)?;
                    self.next.remove(key);
                    self.known.remove(key);
                }
            }
        }
        transaction.commit().map_err(io)?;
        self.pending.clear();
        Ok(revision)
    }

    fn append(&mut self, key: Key, record: serde_json::Value, durability: Durability) -> Result<u64, Error> {
        let sequence = match self.next.get(&key) {
            Some(next) => *next,
            None => next_sequence(&self.connection, &key)?,
        };
        self.pending.push((key.clone(), Entry { sequence, record }));
        if durability == Durability::Barrier
            && let Err(error) = self.flush()
        {
            // What the caller was told is not there must not come to light later.
            self.pending.pop();
            return Err(error);
        }
        self.next.insert(key, sequence + 1);
        Ok(sequence)
    }

    /// Makes the lazy records durable.
    fn flush(&mut self) -> Result<(), Error> {
        let transaction = begin(&mut self.connection)?;
        write_journal(&transaction, &self.pending)?;
        transaction.commit().map_err(io)?;
        self.pending.clear();
        Ok(())
    }

    fn entries(&self, key: &Key) -> Result<Vec<Entry>, Error> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT sequence, record FROM journal WHERE project = ? AND promotion = ? ORDER BY sequence",
            )
            .map_err(io)?;
        let rows = statement
            .query_map(params![key.project, key.name], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
            .map_err(io)?;
        let mut entries = Vec::new();
        for row in rows {
            let (sequence, record) = row.map_err(io)?;
            let record = serde_json::from_str(&record).map_err(|error| corrupt(key, error))?;
            entries.push(Entry { sequence, record });
        }
        entries.extend(self.pending.iter().filter(|(of, _)| of == key).map(|(_, entry)| entry.clone()));
        Ok(entries)
    }

    fn list(&mut self, kind: Kind, project: Option<&str>) -> Result<Vec<Stored>, Error> {
        let listed: Vec<(Key, Version)> = self
            .connection
            .prepare_cached(
                "SELECT project, name, version FROM objects
                 WHERE kind = ?1 AND (?2 IS NULL OR project = ?2) ORDER BY project, name",
            )
            .and_then(|mut statement| {
                let row = |row: &Row<'_>| {
                    Ok((Key::new(kind, row.get::<_, String>(0)?, row.get::<_, String>(1)?), row.get(2)?))
                };
                statement.query_map(params![kind.as_str(), project], row)?.collect()
            })
            .map_err(io)?;
        let mut found = Vec::with_capacity(listed.len());
        for (key, version) in listed {
            match self.known.get(&key).filter(|known| known.version == version) {
                Some(known) => found.push(known.clone()),
                // One that another process removed in the meantime is no longer there.
                None => found.extend(self.get(&key)?),
            }
        }
        Ok(found)
    }

    fn get(&mut self, key: &Key) -> Result<Option<Stored>, Error> {
        let row: Option<(Version, String)> = self
            .connection
            .prepare_cached(
                "SELECT version, document FROM objects WHERE kind = ? AND project = ? AND name = ?",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(params![key.kind.as_str(), key.project, key.name], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })
                    .optional()
            })
            .map_err(io)?;
        let Some((version, document)) = row else {
            self.known.remove(key);
            return Ok(None);
        };
        if let Some(known) = self.known.get(key).filter(|known| known.version == version) {
            return Ok(Some(known.clone()));
        }
        let stored = stored(key, version, &document)?;
        self.known.insert(key.clone(), stored.clone());
        Ok(Some(stored))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, key: &Key) -> Result<Option<Stored>, Error> {
        let key = key.clone();
        self.with(move |database| database.get(&key)).await
    }

    async fn list(&self, kind: Kind, project: Option<&str>) -> Result<Vec<Stored>, Error> {
        let project = project.map(str::to_owned);
        self.with(move |database| database.list(kind, project.as_deref())).await
    }

    async fn commit(&self, preconditions: &[Precondition], writes: Vec<Write>) -> Result<Revision, Error> {
        let preconditions = preconditions.to_vec();
        let revision = self.with(move |database| database.commit(&preconditions, &writes)).await?;
        self.revision.send_if_modified(|known| {
            let newer = revision > *known;
            *known = revision.max(*known);
            newer
        });
        Ok(revision)
    }

    async fn changed(&self, since: Revision) -> Result<Revision, Error> {
        let mut own = self.revision.subscribe();
        loop {
            let revision = self.with(|database| database.revision()).await?;
            if revision > since {
                return Ok(revision);
            }
            // Own commits are told at once, those of other processes are looked for.
            tokio::select! {
                _ = own.wait_for(|revision| *revision > since) => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
}

#[async_trait]
impl Journal for SqliteStore {
    async fn append(
        &self,
        promotion: &Key,
        record: serde_json::Value,
        durability: Durability,
    ) -> Result<u64, Error> {
        let key = promotion.clone();
        self.with(move |database| database.append(key, record, durability)).await
    }

    async fn read(&self, promotion: &Key) -> Result<Vec<Entry>, Error> {
        let key = promotion.clone();
        self.with(move |database| database.entries(&key)).await
    }
}

fn begin(connection: &mut Connection) -> Result<Transaction<'_>, Error> {
    // Immediate: a transaction that reads first and writes later could find the database changed between.
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(io)
}

fn meta(connection: &Connection, name: &str) -> Result<i64, Error> {
    connection.query_row("SELECT value FROM meta WHERE name = ?", [name], |row| row.get(0)).map_err(io)
}

fn version(transaction: &Transaction<'_>, key: &Key) -> Result<Option<Version>, Error> {
    transaction
        .query_row(
            "SELECT version FROM objects WHERE kind = ? AND project = ? AND name = ?",
            params![key.kind.as_str(), key.project, key.name],
            |row| row.get(0),
        )
        .optional()
        .map_err(io)
}

fn put(transaction: &Transaction<'_>, resource: &Resource, revision: Revision) -> Result<(), Error> {
    let key = Key::of(resource);
    let document = resource.to_json().map_err(|error| corrupt(&key, error))?.to_string();
    transaction
        .execute(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)",
            params![key.kind.as_str(), key.project, key.name, revision, document],
        )
        .map_err(io)?;
    Ok(())
}

fn delete(transaction: &Transaction<'_>, key: &Key) -> Result<(), Error> {
    let named = params![key.kind.as_str(), key.project, key.name];
    transaction
        .execute("DELETE FROM objects WHERE kind = ? AND project = ? AND name = ?", named)
        .map_err(io)?;
    if key.kind == Kind::Promotion {
        transaction
            .execute(
                "DELETE FROM journal WHERE project = ? AND promotion = ?",
                params![key.project, key.name],
            )
            .map_err(io)?;
    }
    Ok(())
}

fn write_journal(transaction: &Transaction<'_>, pending: &[(Key, Entry)]) -> Result<(), Error> {
    let mut statement = transaction.prepare_cached("INSERT INTO journal VALUES (?, ?, ?, ?)").map_err(io)?;
    for (key, entry) in pending {
        statement
            .execute(params![key.project, key.name, entry.sequence, entry.record.to_string()])
            .map_err(io)?;
    }
    Ok(())
}

fn next_sequence(connection: &Connection, key: &Key) -> Result<u64, Error> {
    connection
        .query_row(
            "SELECT COALESCE(MAX(sequence) + 1, 0) FROM journal WHERE project = ? AND promotion = ?",
            params![key.project, key.name],
            |row| row.get(0),
        )
        .map_err(io)
}

fn stored(key: &Key, version: Version, document: &str) -> Result<Stored, Error> {
    let document = serde_json::from_str(document).map_err(|error| corrupt(key, error))?;
    let resource = Resource::from_json(document).map_err(|error| corrupt(key, error))?;
    let resource =
        resource.ok_or_else(|| Error::new(CORRUPT, format!("{key} is stored as something else")))?;
    Ok(Stored { resource: Arc::new(resource), version })
}

fn io(error: rusqlite::Error) -> Error {
    Error::new(IO, "the data folder's database could not be used").with_source(error)
}

fn corrupt(key: &Key, error: serde_json::Error) -> Error {
    Error::new(CORRUPT, format!("{key} in the data folder is not readable")).with_source(error)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;
    use crate::model::Stage;
    use crate::store::{LEASED, Lease};

    #[tokio::test]
    async fn it_passes_the_suite() {
        let dir = tempfile::tempdir().unwrap();
        let count = std::sync::atomic::AtomicUsize::new(0);
        super::super::suite::check(async || {
            let count = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            SqliteStore::open(dir.path().join(format!("{count}.db"))).unwrap()
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_acknowledged_is_there_for_the_next_process() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state.db");
        let promotion = Key::new(Kind::Promotion, "demo", "p");
        {
            let store = SqliteStore::open(&file).unwrap();
            store.commit(&[], vec![Write::put(Stage::new("demo", "test"))]).await.unwrap();
            store.append(&promotion, 1.into(), Durability::Lazy).await.unwrap();
            store.append(&promotion, 2.into(), Durability::Barrier).await.unwrap();
            store.append(&promotion, 3.into(), Durability::Lazy).await.unwrap();
        }
        let store = SqliteStore::open(&file).unwrap();
        assert_eq!(store.list(Kind::Stage, None).await.unwrap().len(), 1);
        let records: Vec<_> = store.read(&promotion).await.unwrap().into_iter().map(|e| e.record).collect();
        // The lazy record after the barrier may be lost, those before it may not.
        assert_eq!(records, [1, 2]);
        assert_eq!(store.append(&promotion, 3.into(), Durability::Barrier).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn another_process_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state.db");
        let (ours, theirs) = (SqliteStore::open(&file).unwrap(), SqliteStore::open(&file).unwrap());
        let waiting = tokio::spawn(async move { ours.changed(0).await });
        theirs.commit(&[], vec![Write::put(Stage::new("demo", "test"))]).await.unwrap();
        let seen = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap().unwrap();
        assert_eq!(seen, 1);
    }

    const KILLED: &str = "KARGO_CORE_TEST_KILLED";

    /// What the process does that the next test kills: it works for ever, and says what is acknowledged.
    async fn work_until_killed(folder: &Path) {
        let _lease = Lease::acquire(folder, jiff::Timestamp::now()).unwrap();
        let store = SqliteStore::open(folder.join("state.db")).unwrap();
        let promotion = Key::new(Kind::Promotion, "demo", "p");
        for count in 0_u64.. {
            store.commit(&[], vec![Write::put(Stage::new("demo", format!("s{count}")))]).await.unwrap();
            store.append(&promotion, count.into(), Durability::Barrier).await.unwrap();
            println!("\nacknowledged {count}");
        }
    }

    #[tokio::test]
    async fn a_kill_loses_nothing_that_was_acknowledged() {
        if let Some(folder) = std::env::var_os(KILLED) {
            return work_until_killed(Path::new(&folder)).await;
        }
        let dir = tempfile::tempdir().unwrap();
        let this = "store::sqlite::tests::a_kill_loses_nothing_that_was_acknowledged";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", this, "--nocapture"])
            .env(KILLED, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let acknowledged = lines
            .filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<usize>().ok())
            .nth(20)
            .unwrap();
        assert_eq!(Lease::acquire(dir.path(), jiff::Timestamp::now()).unwrap_err().code(), LEASED);
        child.kill().unwrap();
        child.wait().unwrap();

        let _lease = Lease::acquire(dir.path(), jiff::Timestamp::now()).unwrap();
        let store = SqliteStore::open(dir.path().join("state.db")).unwrap();
        assert!(store.list(Kind::Stage, None).await.unwrap().len() > acknowledged);
        let journal = store.read(&Key::new(Kind::Promotion, "demo", "p")).await.unwrap();
        assert!(journal.len() > acknowledged);
        assert!(journal.iter().enumerate().all(|(at, entry)| entry.sequence == at as u64));
    }
}
