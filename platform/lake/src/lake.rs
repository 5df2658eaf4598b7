//! A lake and its tables: opening, refreshing, reading the past.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, Weak};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use iceberg::TableUpdate;
use tokio::sync::mpsc;

use crate::catalog::{Catalog, Receipt, SqlCatalog, TableName};
use crate::commit::State;
use crate::env::Env;
use crate::error::{LakeError, Result};
use crate::memory::Memory;
use crate::reader::Reader;
use crate::schema::{SchemaChange, TableDef};
use crate::snapshot::{Access, Snapshot};
use crate::storage::{S3Options, Storage};
use crate::touched::Touched;
use crate::writer::{self, Job};

/// Where a lake lives and how much it may use.
#[derive(Clone, Debug)]
pub struct LakeConfig {
    /// Files: `/path`, `file:///path` or `s3://bucket/prefix`.
    pub warehouse: String,
    /// Pointers: a SQLite file, or `postgres://…`.
    pub catalog: String,
    /// How to reach an S3 warehouse.
    pub s3: S3Options,
    /// Memory for caches, writes and SQL together, in bytes.
    pub memory_limit: usize,
    /// Which snapshots stay in a table's history.
    pub history: crate::History,
}

impl LakeConfig {
    /// A lake in one local directory: files in `warehouse`, pointers in `catalog.db`.
    pub fn local(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        Self {
            warehouse: directory.join("warehouse").display().to_string(),
            catalog: directory.join("catalog.db").display().to_string(),
            s3: S3Options::default(),
            memory_limit: 1 << 30,
            history: crate::History::default(),
        }
    }
}

/// A lake: a warehouse of files and a catalog of tables.
#[derive(Clone, Debug)]
pub struct Lake {
    storage: Storage,
    catalog: Arc<dyn Catalog>,
    reader: Reader,
    memory: Memory,
    history: crate::History,
    env: Env,
}

impl Lake {
    /// Opens a lake, making what does not exist.
    pub async fn open(config: &LakeConfig, env: Env) -> Result<Self> {
        let storage = Storage::open(&config.warehouse, &config.s3)?;
        let catalog: Arc<dyn Catalog> = Arc::new(SqlCatalog::open(&config.catalog, storage.clone(), "hansa").await?);
        let memory = Memory::new(config.memory_limit);
        let reader = Reader::new(storage.clone(), &memory);
        Ok(Self {
            storage,
            catalog,
            reader,
            memory,
            history: config.history.clone(),
            env,
        })
    }

    /// The memory budget that everything reading or writing this lake shares.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The names of all tables, as `namespace.name`.
    pub async fn tables(&self) -> Result<Vec<String>> {
        let tables = self.catalog.tables().await?;
        Ok(tables
            .into_iter()
            .map(|table| format!("{}.{}", table.namespace, table.name))
            .collect())
    }

    /// Forgets the receipts of batches older than this. Returns how many there were.
    pub async fn forget_receipts(&self, older_than: DateTime<Utc>) -> Result<u64> {
        self.catalog.forget_receipts(older_than).await
    }

    /// Opens a table, making it when it does not exist and adding columns that its definition has gained.
    pub async fn table(&self, def: TableDef) -> Result<Table> {
        let name = def.table_name();
        let location = format!("{}/{}/{}", self.storage.location(), name.namespace, name.name);
        let loaded = match self.catalog.load(&name, None).await? {
            Some(loaded) => loaded,
            None => {
                self.catalog
                    .create(&name, def.creation(location)?, self.env.now())
                    .await?
            }
        };
        let schema = loaded.metadata.current_schema();
        let key = def.key.iter().map(|column| schema.field_id_by_name(column));
        let key = key.collect::<Option<Arc<[i32]>>>();
        let key = key.ok_or_else(|| LakeError::Invalid(format!("table {} lacks a column of its key", def.name)))?;
        let access = Access {
            storage: self.storage.clone(),
            reader: self.reader.clone(),
            key,
        };
        let current = loaded.metadata.current_snapshot();
        let snapshot = Snapshot::load(&access, &loaded.metadata, (current, &[])).await?;
        let snapshot = Arc::new(snapshot.with_schema(loaded.metadata.current_schema().clone())?);
        let core = Arc::new(Core {
            def,
            name,
            catalog: self.catalog.clone(),
            env: self.env.clone(),
            memory: self.memory.clone(),
            history: self.history.clone(),
            touched: Touched::new(snapshot.sequence()),
            pinned: Mutex::new(vec![Arc::downgrade(&snapshot)]),
            staged: Mutex::default(),
            paused: AtomicBool::new(false),
            state: ArcSwap::from_pointee(State { loaded, snapshot }),
        });
        let (jobs, inbox) = mpsc::channel(1024);
        self.env.spawn("lake-writer", writer::run(core.clone(), inbox));
        let table = Table { core, jobs };
        table.add_missing_columns().await?;
        Ok(table)
    }
}

/// What all handles of a table in this process share.
pub(crate) struct Core {
    pub(crate) def: TableDef,
    pub(crate) name: TableName,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) env: Env,
    pub(crate) memory: Memory,
    pub(crate) history: crate::History,
    pub(crate) state: ArcSwap<State>,
    pub(crate) touched: Touched,
    /// Snapshots that somebody may still read: their files are not swept.
    pub(crate) pinned: Mutex<Vec<Weak<Snapshot>>>,
    /// Files written for a commit that has not happened: they are not swept.
    pub(crate) staged: Mutex<HashSet<String>>,
    pub(crate) paused: AtomicBool,
}

impl Core {
    pub(crate) fn access(&self) -> Access {
        self.state.load().snapshot.access().clone()
    }

    /// Makes `state` the one that new reads see, unless a newer one is known.
    pub(crate) fn publish(&self, state: State) -> Arc<State> {
        let mut pinned = self.pinned.lock().expect("no panic while holding the lock");
        let known = self.state.load_full();
        if version(&known.loaded.location) > version(&state.loaded.location) {
            return known;
        }
        pinned.retain(|snapshot| snapshot.strong_count() > 0);
        pinned.push(Arc::downgrade(&state.snapshot));
        let state = Arc::new(state);
        self.state.store(state.clone());
        state
    }

    /// Asks the catalog for the newest state. What others changed since counts as touched.
    pub(crate) async fn refresh(&self) -> Result<Arc<State>> {
        let known = self.state.load_full();
        let loaded = self.catalog.load(&self.name, Some(&known.loaded)).await?;
        let loaded = loaded.ok_or_else(|| LakeError::NoSuchTable(self.def.name.to_string()))?;
        if loaded.location == known.loaded.location {
            return Ok(known);
        }
        let (access, current) = (known.snapshot.access(), loaded.metadata.current_snapshot());
        let snapshot = Snapshot::load(access, &loaded.metadata, (current, known.snapshot.manifests())).await?;
        let snapshot = snapshot.with_schema(loaded.metadata.current_schema().clone())?;
        self.touched.difference(&known.snapshot, &snapshot);
        Ok(self.publish(State {
            loaded,
            snapshot: Arc::new(snapshot),
        }))
    }
}

/// The number that a metadata file's name begins with: each commit counts it up.
fn version(location: &str) -> u64 {
    let name = location.rsplit('/').next().unwrap_or_default();
    name.split('-')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// A moment of a table's own history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// What Iceberg's snapshot of this id held.
    Snapshot(i64),
    /// What was stored at this time.
    Time(DateTime<Utc>),
}

/// A table that can be read and written. Cheap to clone.
#[derive(Clone)]
pub struct Table {
    pub(crate) core: Arc<Core>,
    pub(crate) jobs: mpsc::Sender<Job>,
}

impl Table {
    /// The newest snapshot this process knows, without asking the catalog.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.core.state.load().snapshot.clone()
    }

    /// The newest snapshot of all, after asking the catalog.
    pub async fn refresh(&self) -> Result<Arc<Snapshot>> {
        Ok(self.core.refresh().await?.snapshot.clone())
    }

    /// The table as it was at a moment that its history still holds.
    pub async fn snapshot_at(&self, moment: Moment) -> Result<Arc<Snapshot>> {
        let state = self.core.refresh().await?;
        let metadata = &state.loaded.metadata;
        let found = match moment {
            Moment::Snapshot(id) => metadata.snapshot_by_id(id).cloned(),
            Moment::Time(time) => {
                let before = metadata
                    .snapshots()
                    .filter(|snapshot| snapshot.timestamp_ms() <= time.timestamp_millis());
                before.max_by_key(|snapshot| snapshot.sequence_number()).cloned()
            }
        };
        let name = match moment {
            Moment::Snapshot(id) => id.to_string(),
            Moment::Time(time) => format!("of {} or before", time.to_rfc3339()),
        };
        let found = found.ok_or(LakeError::NoSuchSnapshot(name))?;
        let known = state.snapshot.manifests();
        let snapshot = Snapshot::load(state.snapshot.access(), metadata, (Some(&found), known)).await?;
        let snapshot = Arc::new(snapshot);
        self.core
            .pinned
            .lock()
            .expect("no panic while holding the lock")
            .push(Arc::downgrade(&snapshot));
        Ok(snapshot)
    }

    /// Whether rows of `lead` may have changed after the commit with this sequence number. Every answer of no is
    /// certain, so what was decoded at that commit is still what a read would give.
    pub fn touched_since(&self, lead: &str, sequence: i64) -> bool {
        self.core.touched.since(lead, sequence)
    }

    /// What was acknowledged for a batch with this idempotency key.
    pub async fn receipt(&self, key: &str) -> Result<Option<Receipt>> {
        self.core.catalog.receipt(&self.core.name, key).await
    }

    /// Changes the table's columns.
    pub async fn evolve(&self, changes: Vec<SchemaChange>) -> Result<()> {
        self.send(|done| Job::Evolve { changes, done }).await
    }

    async fn add_missing_columns(&self) -> Result<()> {
        let known = self.snapshot();
        let missing = self
            .core
            .def
            .columns
            .iter()
            .filter(|column| known.columns().index_of(column.name).is_err());
        let changes: Vec<SchemaChange> = missing
            .map(|column| SchemaChange::Add {
                name: column.name.into(),
                kind: column.kind,
                doc: column.doc.into(),
            })
            .collect();
        match changes.is_empty() {
            true => Ok(()),
            false => self.evolve(changes).await,
        }
    }

    /// The location of the current metadata file, for other engines.
    pub fn metadata_location(&self) -> String {
        self.core.state.load().loaded.location.clone()
    }
}

/// The updates that give a table the schema that `changes` make of its own.
pub(crate) fn schema_updates(state: &State, changes: &[SchemaChange]) -> Result<Vec<TableUpdate>> {
    let schema = crate::schema::evolve(state.loaded.metadata.current_schema(), changes)?;
    Ok(vec![
        TableUpdate::AddSchema { schema },
        TableUpdate::SetCurrentSchema { schema_id: -1 },
    ])
}
