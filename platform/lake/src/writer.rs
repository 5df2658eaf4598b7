//! The one task of a table that commits: writes that wait together become one commit.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{RecordBatch, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use chrono::{DateTime, Utc};
use iceberg::TableUpdate;
use iceberg::spec::Operation;
use tokio::sync::{mpsc, oneshot};

use crate::catalog::Receipt;
use crate::commit::{Draft, NewFile, State, commit, commit_metadata, next_instant};
use crate::data_file::{describe, lead_column, properties};
use crate::encode::encode;
use crate::error::{LakeError, Result};
use crate::files::FileEntry;
use crate::lake::{Core, Table, schema_updates};
use crate::merge::KeyCodec;
use crate::schema::SchemaChange;

/// Tries of a commit that meets commits of others, before the caller is told.
const ATTEMPTS: u32 = 24;
/// Rows that one group commit takes at most.
const GROUP_ROWS: usize = 262_144;

/// A commit that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Iceberg's identifier of the snapshot.
    pub snapshot_id: i64,
    /// Its sequence number.
    pub sequence: i64,
    /// Its time, which is also in the table's stamp columns.
    pub at: DateTime<Utc>,
}

/// How a write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is durable.
    Committed(Committed),
    /// A batch with the same idempotency key was acknowledged before; nothing was written.
    Repeated(Receipt),
}

type Done<T> = oneshot::Sender<Result<T>>;

/// What the writer is asked to do.
pub(crate) enum Job {
    Append {
        batch: RecordBatch,
        receipt: Option<Receipt>,
        done: Done<Written>,
    },
    Stage {
        staged: Staged,
        receipt: Option<Receipt>,
        done: Done<Written>,
    },
    Rewrite {
        rewrite: Rewrite,
        done: Done<Option<Committed>>,
    },
    Expire {
        snapshots: Vec<i64>,
        done: Done<()>,
    },
    Evolve {
        changes: Vec<SchemaChange>,
        done: Done<()>,
    },
}

/// Files of a bulk write, written and waiting for their commit.
pub(crate) struct Staged {
    pub(crate) files: Vec<iceberg::spec::DataFile>,
    /// The leads in them; `None` when there are too many to name.
    pub(crate) leads: Option<HashSet<String>>,
}

/// Files that take the place of others: a compaction or a delete.
pub(crate) struct Rewrite {
    pub(crate) operation: Operation,
    pub(crate) removed: Vec<Arc<FileEntry>>,
    pub(crate) added: Vec<NewFile>,
    /// The snapshot it was worked out on.
    pub(crate) base: i64,
    /// The leads that are gone; files newer than `base` must not hold any.
    pub(crate) leads: Vec<String>,
}

/// What a commit left behind for the cache of recent rows and the record of touched leads.
enum Trace {
    Rows { path: Arc<str>, rows: RecordBatch },
    Leads(Option<HashSet<String>>),
    Nothing,
}

/// Serves jobs until every handle of the table is gone.
pub(crate) async fn run(core: Arc<Core>, mut inbox: mpsc::Receiver<Job>) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            let Some(job) = inbox.recv().await else { return };
            waiting.push_back(job);
        }
        while let Ok(job) = inbox.try_recv() {
            waiting.push_back(job);
        }
        match waiting.pop_front() {
            Some(Job::Append { batch, receipt, done }) => {
                let group = take_group(Append { batch, receipt, done }, &mut waiting);
                append(&core, group).await;
            }
            Some(Job::Stage { staged, receipt, done }) => drop(done.send(stage(&core, staged, receipt).await)),
            Some(Job::Rewrite { rewrite, done }) => drop(done.send(replace(&core, rewrite).await)),
            Some(Job::Expire { snapshots, done }) => {
                drop(done.send(change_metadata(&core, Change::Expire(snapshots)).await));
            }
            Some(Job::Evolve { changes, done }) => {
                drop(done.send(change_metadata(&core, Change::Evolve(changes)).await));
            }
            None => {}
        }
    }
}

struct Append {
    batch: RecordBatch,
    receipt: Option<Receipt>,
    done: Done<Written>,
}

fn take_group(first: Append, waiting: &mut VecDeque<Job>) -> Vec<Append> {
    let mut rows = first.batch.num_rows();
    let mut group = vec![first];
    while rows < GROUP_ROWS {
        match waiting.pop_front() {
            Some(Job::Append { batch, receipt, done }) => {
                rows += batch.num_rows();
                group.push(Append { batch, receipt, done });
            }
            Some(other) => {
                waiting.push_front(other);
                break;
            }
            None => break,
        }
    }
    group
}

/// Commits a group of appends as one and answers each of them.
async fn append(core: &Core, mut group: Vec<Append>) {
    loop {
        group = answer_repeated(core, group).await;
        if group.is_empty() {
            return;
        }
        let batches: Vec<RecordBatch> = group.iter().map(|append| append.batch.clone()).collect();
        let receipts: Vec<Receipt> = group.iter().filter_map(|append| append.receipt.clone()).collect();
        let answer = match retry(core, &Write::Rows(&batches), &receipts).await {
            Err(LakeError::Repeated(_)) => continue,
            answer => answer.map(Written::Committed).map_err(Arc::new),
        };
        for append in group {
            drop(append.done.send(answer.clone().map_err(LakeError::Group)));
        }
        return;
    }
}

/// Answers the appends whose batch was acknowledged before, and gives back the others. Of twins in one group the
/// second waits for the first, so that it gets the first's answer.
async fn answer_repeated(core: &Core, group: Vec<Append>) -> Vec<Append> {
    let mut fresh: Vec<Append> = Vec::with_capacity(group.len());
    for append in group {
        let Some(receipt) = &append.receipt else {
            fresh.push(append);
            continue;
        };
        let is_twin = |known: &&Append| known.receipt.as_ref().is_some_and(|known| known.key == receipt.key);
        let known = match fresh.iter().find(is_twin).and_then(|twin| twin.receipt.clone()) {
            Some(twin) => Ok(Some(twin)),
            None => core.catalog.receipt(&core.name, &receipt.key).await,
        };
        match known.transpose() {
            None => fresh.push(append),
            Some(known) => drop(append.done.send(known.map(Written::Repeated))),
        }
    }
    fresh
}

/// What an append commits.
enum Write<'a> {
    Rows(&'a [RecordBatch]),
    Staged(&'a Staged),
}

impl Write<'_> {
    async fn draft(&self, core: &Core, state: &State) -> Result<(Draft, Trace)> {
        let at = next_instant(state, core.env.now());
        let mut draft = Draft::new(Operation::Append, at);
        let trace = match self {
            Self::Rows(batches) => add_rows(core, state, (batches, &mut draft)).await?,
            Self::Staged(staged) => {
                draft.added.extend(staged.files.iter().map(|data| NewFile {
                    data: data.clone(),
                    sequence: None,
                }));
                Trace::Leads(staged.leads.clone())
            }
        };
        Ok((draft, trace))
    }
}

async fn add_rows(core: &Core, state: &State, (batches, draft): (&[RecordBatch], &mut Draft)) -> Result<Trace> {
    let rows = prepare(core, state, batches, draft.at)?;
    if rows.num_rows() == 0 {
        return Ok(Trace::Nothing);
    }
    let metadata = &state.loaded.metadata;
    let uri = data_path(metadata.location(), &new_name(), 0);
    let (bytes, parquet) = encode_off_thread(rows.clone(), core.def.key).await?;
    let data = describe(uri.clone(), bytes.len() as u64, &parquet, metadata.current_schema())?;
    draft.added.push(NewFile { data, sequence: None });
    draft.files.push((uri.clone(), bytes));
    Ok(Trace::Rows { path: uri.into(), rows })
}

/// The rows of all batches in one, in the table's columns, stamped, sorted, the last write of each key.
fn prepare(core: &Core, state: &State, batches: &[RecordBatch], at: DateTime<Utc>) -> Result<RecordBatch> {
    let columns = state.snapshot.columns();
    let stamped = batches
        .iter()
        .map(|batch| stamp(batch, columns, at))
        .collect::<Result<Vec<_>>>()?;
    KeyCodec::new(columns, core.def.key)?.sorted_unique(concat_batches(columns, &stamped)?)
}

/// A batch in the columns of the table: stamp columns get the time, absent optional columns nothing.
pub(crate) fn stamp(batch: &RecordBatch, columns: &SchemaRef, at: DateTime<Utc>) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let given = batch.schema();
    let column = |field: &Arc<arrow::datatypes::Field>| match given.index_of(field.name()) {
        Ok(at) if batch.column(at).data_type() == field.data_type() => Ok(batch.column(at).clone()),
        Ok(at) => Ok(arrow::compute::cast(batch.column(at), field.data_type())?),
        Err(_) if matches!(field.data_type(), arrow::datatypes::DataType::Timestamp(..)) => {
            let times = TimestampMicrosecondArray::from_value(at.timestamp_micros(), rows);
            Ok(Arc::new(times.with_timezone("+00:00")) as arrow::array::ArrayRef)
        }
        Err(_) if field.is_nullable() => Ok(arrow::array::new_null_array(field.data_type(), rows)),
        Err(_) => Err(LakeError::Invalid(format!("column {} is missing", field.name()))),
    };
    let filled = columns.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(
        Arc::new(ArrowSchema::new(columns.fields().clone())),
        filled,
    )?)
}

async fn encode_off_thread(
    rows: RecordBatch,
    key: &'static [&'static str],
) -> Result<(bytes::Bytes, parquet::file::metadata::ParquetMetaData)> {
    let properties = properties(&rows.schema(), key);
    if rows.num_rows() <= 4096 {
        return encode(&rows, properties);
    }
    tokio::task::spawn_blocking(move || encode(&rows, properties)).await?
}

/// A name that no other file of the table has.
#[expect(
    clippy::disallowed_methods,
    reason = "names of files must be unique across processes"
)]
pub(crate) fn new_name() -> String {
    uuid::Uuid::new_v4().to_string()
}

pub(crate) fn data_path(location: &str, name: &str, ordinal: usize) -> String {
    format!("{location}/data/{name}-{ordinal:05}.parquet")
}

async fn stage(core: &Core, staged: Staged, receipt: Option<Receipt>) -> Result<Written> {
    if let Some(receipt) = &receipt
        && let Some(known) = core.catalog.receipt(&core.name, &receipt.key).await?
    {
        return Ok(Written::Repeated(known));
    }
    let receipts: Vec<Receipt> = receipt.into_iter().collect();
    Ok(Written::Committed(
        retry(core, &Write::Staged(&staged), &receipts).await?,
    ))
}

/// Commits a rewrite, unless what it was worked out on has changed: then `None`, and it must be done again.
async fn replace(core: &Core, rewrite: Rewrite) -> Result<Option<Committed>> {
    let mut state = core.state.load_full();
    for attempt in 0..ATTEMPTS {
        if !still_holds(core, &state, &rewrite).await? {
            return Ok(None);
        }
        let mut draft = Draft::new(rewrite.operation.clone(), next_instant(&state, core.env.now()));
        draft.removed = rewrite.removed.iter().map(|file| file.path.clone()).collect();
        let added = rewrite.added.iter();
        draft.added = added
            .map(|file| NewFile {
                data: file.data.clone(),
                sequence: file.sequence,
            })
            .collect();
        draft.expired = core.history.surplus(&state.loaded.metadata, draft.at);
        let trace = Trace::Leads(Some(rewrite.leads.iter().cloned().collect()));
        match finish(core, &state, draft, trace).await? {
            Some(committed) => return Ok(Some(committed)),
            None => state = after_conflict(core, attempt).await?,
        }
    }
    Err(LakeError::Conflict {
        table: core.def.name.to_string(),
    })
}

/// All removed files are live, and no newer file holds a lead that is meant to be gone.
async fn still_holds(core: &Core, state: &State, rewrite: &Rewrite) -> Result<bool> {
    let live: HashMap<&str, ()> = state.snapshot.files().iter().map(|file| (&*file.path, ())).collect();
    if !rewrite.removed.iter().all(|file| live.contains_key(&*file.path)) {
        return Ok(false);
    }
    let reader = core.access().reader;
    for file in state
        .snapshot
        .files()
        .iter()
        .filter(|file| file.file_sequence > rewrite.base)
    {
        for lead in &rewrite.leads {
            if reader.may_hold(file, lead).await? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A change of the metadata alone.
enum Change {
    Expire(Vec<i64>),
    Evolve(Vec<SchemaChange>),
}

impl Change {
    fn updates(&self, state: &State) -> Result<Vec<TableUpdate>> {
        match self {
            Self::Evolve(changes) => schema_updates(state, changes),
            Self::Expire(snapshots) => {
                let metadata = &state.loaded.metadata;
                let current = metadata.current_snapshot_id();
                let there = |id: &i64| metadata.snapshot_by_id(*id).is_some() && Some(*id) != current;
                let snapshot_ids: Vec<i64> = snapshots.iter().copied().filter(there).collect();
                Ok((!snapshot_ids.is_empty())
                    .then_some(TableUpdate::RemoveSnapshots { snapshot_ids })
                    .into_iter()
                    .collect())
            }
        }
    }
}

async fn change_metadata(core: &Core, change: Change) -> Result<()> {
    let mut state = core.refresh().await?;
    for attempt in 0..ATTEMPTS {
        let updates = change.updates(&state)?;
        if updates.is_empty() {
            return Ok(());
        }
        if let Some(next) = commit_metadata(core, &state, updates).await? {
            core.publish(next);
            return Ok(());
        }
        state = after_conflict(core, attempt).await?;
    }
    Err(LakeError::Conflict {
        table: core.def.name.to_string(),
    })
}

/// Drafts and commits until nobody else is faster.
async fn retry(core: &Core, write: &Write<'_>, receipts: &[Receipt]) -> Result<Committed> {
    let mut state = core.state.load_full();
    for attempt in 0..ATTEMPTS {
        let (mut draft, trace) = write.draft(core, &state).await?;
        draft.receipts = receipts.to_vec();
        draft.expired = core.history.surplus(&state.loaded.metadata, draft.at);
        if let Some(committed) = finish(core, &state, draft, trace).await? {
            return Ok(committed);
        }
        state = after_conflict(core, attempt).await?;
    }
    Err(LakeError::Conflict {
        table: core.def.name.to_string(),
    })
}

async fn after_conflict(core: &Core, attempt: u32) -> Result<Arc<State>> {
    metrics::counter!("lake_commit_conflicts_total", "table" => core.def.name).increment(1);
    let spread = u64::from(std::process::id() % 7) + 1;
    tokio::time::sleep(Duration::from_millis((spread << attempt.min(5)).min(250))).await;
    core.refresh().await
}

async fn finish(core: &Core, base: &State, draft: Draft, trace: Trace) -> Result<Option<Committed>> {
    let at = draft.at;
    let Some(state) = commit(core, base, draft).await? else {
        return Ok(None);
    };
    let sequence = state.snapshot.sequence();
    match trace {
        Trace::Rows { path, rows } => {
            core.touched.leads(lead_column(&rows)?.iter().flatten(), sequence);
            base.snapshot.access().reader.remember(path, rows);
        }
        Trace::Leads(Some(leads)) => core.touched.leads(leads.iter().map(String::as_str), sequence),
        Trace::Leads(None) => {
            let new = state
                .snapshot
                .files()
                .iter()
                .filter(|file| file.file_sequence == sequence);
            core.touched.files(new.map(|file| &**file), sequence);
        }
        Trace::Nothing => {}
    }
    let committed = Committed {
        snapshot_id: state.snapshot.id().unwrap_or_default(),
        sequence,
        at,
    };
    core.publish(state);
    Ok(Some(committed))
}

impl Table {
    /// Sends the writer a job and waits for its answer.
    pub(crate) async fn send<T>(&self, job: impl FnOnce(Done<T>) -> Job) -> Result<T> {
        let (done, answer) = oneshot::channel();
        let gone = |_| LakeError::Closed;
        self.jobs.send(job(done)).await.map_err(|_| LakeError::Closed)?;
        answer.await.map_err(gone)?
    }

    /// Writes rows, in any order; stamp columns may be absent. When this returns they are durable. Of equal keys the
    /// last row wins. With a receipt the batch is written once, however often it is sent.
    pub async fn append(&self, batch: RecordBatch, receipt: Option<Receipt>) -> Result<Written> {
        let _reserved = self.core.memory.reserve(batch.get_array_memory_size()).await?;
        self.send(|done| Job::Append { batch, receipt, done }).await
    }
}
