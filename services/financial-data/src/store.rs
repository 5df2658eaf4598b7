//! Everything the service keeps: three tables, the registry and search index over two of them, decoded histories.

mod absent;
mod batch;
mod change;
mod codec;
mod draft;
mod index;
mod maintain;
mod meaning;
mod read;
mod registry;
mod resolve;
mod tables;
mod upload;

use std::sync::{Arc, Mutex, OnceLock, RwLock};

use arrow::array::RecordBatch;
use futures::TryStreamExt;
use moka::sync::Cache;
use platform_error::Result;
use platform_lake::{Env, Lake, LeadRange, Snapshot, Table};
use platform_service::Context;
use tokio::sync::Semaphore;

use crate::access::{Access, Gate};
use crate::aside::{Turns, blocking};
use crate::journal::Journal;
use crate::search::SearchIndex;
use crate::series::{Series, SeriesId, Source};
use crate::settings::{LakeSettings, Settings};

pub(crate) use codec::{date, days};
pub(crate) use read::State;
pub use registry::SeriesFilter;
pub use upload::{Missing, Mode, Report, Summary, Upload};

use read::Decoded;
use registry::Registry;

/// The service's store. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) context: Context,
    pub(crate) settings: Settings,
    /// Asks who may do something, once the service is served to others.
    gate: OnceLock<Gate>,
    lake: Lake,
    points: Table,
    series: Table,
    sources: Table,
    registry: RwLock<Registry>,
    search: SearchIndex,
    /// Held while the index is brought in line with the registry.
    indexing: Mutex<()>,
    histories: Cache<SeriesId, Decoded>,
    /// Taken to resolve chunks of rows and to create series.
    turns: Turns,
    /// Held by uploads that are not small while they are read: each may hold chunks of rows.
    uploading: Arc<Semaphore>,
    /// Taken by series that are read together.
    reading: Turns,
    /// Held while series or sources are read, changed and written.
    changing: tokio::sync::Mutex<()>,
    /// Shared by uploads from their last look at the series until their rows are there; a deletion has it alone.
    deleting: tokio::sync::RwLock<()>,
}

impl Store {
    /// Opens the lake of this context, making it when it does not exist.
    pub async fn open(context: Context) -> Result<Self> {
        let settings = context.settings::<Settings>()?.checked()?;
        let lake_settings: LakeSettings = context.section("lake")?;
        let (clock, tasks) = (context.clock().clone(), context.clone());
        // Requests are over when the context is cancelled, and a commit cut short is never visible.
        let spawn = move |name, task| {
            let stop = tasks.shutdown();
            tasks.spawn(name, async move {
                stop.run_until_cancelled_owned(task).await;
            });
        };
        let env = Env::new(move || clock.now(), spawn);
        let lake = Lake::open(&lake_settings.lake(context.data_dir()), env).await?;
        let (points, series, sources) = tokio::try_join!(
            lake.table(tables::POINTS),
            lake.table(tables::SERIES),
            lake.table(tables::SOURCES)
        )?;
        let weigh = |_: &SeriesId, decoded: &Decoded| u32::try_from(decoded.history.size() + 128).unwrap_or(u32::MAX);
        let histories = Cache::builder()
            .max_capacity(lake.memory().decoded() as u64)
            .weigher(weigh)
            .build();
        let uploading = Arc::new(Semaphore::new(lake.memory().writes() / lake.memory().chunk()));
        let store = Self(Arc::new(Inner {
            context,
            settings,
            gate: OnceLock::new(),
            points,
            series,
            sources,
            lake,
            registry: RwLock::default(),
            search: SearchIndex::new()?,
            indexing: Mutex::default(),
            histories,
            turns: Turns::new(),
            uploading,
            reading: Turns::new(),
            changing: tokio::sync::Mutex::default(),
            deleting: tokio::sync::RwLock::default(),
        }));
        store.reload().await?;
        Ok(store)
    }

    /// Opens the lake to serve it: from now on not everybody may do everything, where the settings say so.
    pub async fn serve(context: Context) -> Result<Self> {
        let store = Self::open(context).await?;
        if let Some(gate) = Gate::open(store.context(), store.settings().access).await? {
            // Nobody else has the store yet.
            let _ = store.0.gate.set(gate);
        }
        Ok(store)
    }

    /// Applies the migrations that are missing and names them. The lake has none, and no database is made where
    /// everybody may do everything.
    pub async fn migrate(context: Context) -> Result<Vec<String>> {
        let settings: Settings = context.settings()?;
        match Access::of(&context, settings.access)? {
            Access::Open => Ok(Vec::new()),
            Access::Public | Access::Closed => Ok(Journal::migrate(&context).await?),
        }
    }

    /// Whether it can answer now: without the catalog, or the journal where there is one, nothing can be written.
    pub async fn ready(self) -> Result<()> {
        self.0.lake.tables().await?;
        if let Some(journal) = self.gate().and_then(Gate::journal) {
            journal.changes().await?;
        }
        Ok(())
    }

    /// Closes what was opened beside the lake.
    pub async fn close(self) -> Result<()> {
        if let Some(journal) = self.gate().and_then(Gate::journal) {
            journal.close().await;
        }
        Ok(())
    }

    /// What asks who may do something; nothing where everybody may.
    pub(crate) fn gate(&self) -> Option<&Gate> {
        self.0.gate.get()
    }

    /// The service's settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The surroundings of the service.
    pub fn context(&self) -> &Context {
        &self.0.context
    }

    /// The lake's tables, for statistics and upkeep.
    pub fn tables(&self) -> [&Table; 3] {
        [&self.0.points, &self.0.series, &self.0.sources]
    }

    /// The table of data points.
    pub fn points_table(&self) -> &Table {
        &self.0.points
    }

    /// The lake itself.
    pub fn lake(&self) -> &Lake {
        &self.0.lake
    }

    /// Permits to read uploads that are not small: as many as their chunks fit into the memory of writes.
    pub(crate) fn uploading(&self) -> &Arc<Semaphore> {
        &self.0.uploading
    }

    /// Takes over what other processes committed since.
    pub async fn refresh(&self) -> Result<()> {
        self.0.points.refresh().await?;
        let newest = (
            self.0.series.refresh().await?.sequence(),
            self.0.sources.refresh().await?.sequence(),
        );
        match newest == self.known() {
            true => Ok(()),
            false => self.reload().await,
        }
    }

    async fn reload(&self) -> Result<()> {
        let _changing = self.0.changing.lock().await;
        self.catch_up().await.map(drop)
    }

    /// Makes the registry what the tables of series and sources hold now, and says at which commits. The caller holds
    /// `changing`.
    async fn catch_up(&self) -> Result<(i64, i64)> {
        let (series, sources) = (self.0.series.refresh().await?, self.0.sources.refresh().await?);
        let sequences = (series.sequence(), sources.sequence());
        if self.known() != sequences {
            let (series, sources) = (everything(&series).await?, everything(&sources).await?);
            let store = self.clone();
            blocking(move || store.take_over((&series, &sources), sequences)).await??;
        }
        Ok(sequences)
    }

    /// The commits that the registry reflects.
    fn known(&self) -> (i64, i64) {
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        registry.sequences
    }

    /// Makes the rows of the tables the registry, and indexes what is new in it.
    fn take_over(&self, (series, sources): (&[RecordBatch], &[RecordBatch]), sequences: (i64, i64)) -> Result<()> {
        let series: Vec<Arc<Series>> = series.iter().flat_map(codec::read_series).collect();
        let sources: Vec<Arc<Source>> = sources.iter().flat_map(codec::read_sources).collect();
        let next = Registry::new(series, sources, sequences);
        let changed: Vec<SeriesId> = {
            let known = self.0.registry.read().expect("no panic while holding the lock");
            let is_new = |series: &&Arc<Series>| known.series.get(&series.id) != Some(*series);
            let new = next.ordered().filter(is_new).map(|series| series.id);
            let gone = known.series.keys().filter(|id| !next.series.contains_key(id)).copied();
            new.chain(gone).collect()
        };
        *self.0.registry.write().expect("no panic while holding the lock") = next;
        Ok(self.index_now(&changed)?)
    }
}

/// All rows of a small table.
async fn everything(snapshot: &Arc<Snapshot>) -> Result<Vec<RecordBatch>> {
    let columns = snapshot.columns().clone();
    let names: Vec<&str> = columns.fields().iter().map(|field| field.name().as_str()).collect();
    Ok(snapshot
        .scan(&LeadRange::default(), &names)
        .await?
        .try_collect()
        .await?)
}
