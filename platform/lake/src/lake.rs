//! A lake: opening it and its tables.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use crate::catalog::{Catalog, SqlCatalog};
use crate::commit::State;
use crate::env::Env;
use crate::error::{LakeError, Result};
use crate::memory::Memory;
use crate::reader::Reader;
use crate::schema::TableDef;
use crate::shared::Core;
use crate::snapshot::{Access, Snapshot};
use crate::storage::{S3Options, Storage};
use crate::table::Table;
use crate::touched::Touched;
use crate::writer;

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
    pub history: crate::Retention,
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
            history: crate::Retention::default(),
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
    history: crate::Retention,
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
