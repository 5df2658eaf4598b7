//! The one task of a table that commits: writes that wait together become one commit.

mod attempts;
mod metadata;
mod replace;
mod rows;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use crate::catalog::Receipt;
use crate::error::{LakeError, Result};
use crate::schema::SchemaChange;
use crate::shared::Core;
use crate::staging::Staging;
use crate::table::Table;
use attempts::{Write, follow, retry};
use metadata::{Change, change_metadata};
use replace::replace;

pub(crate) use replace::Rewrite;
pub(crate) use rows::{data_path, new_name, stamp, successor};

/// Rows, and bytes of memory, at which a group commit takes no further write.
const GROUP_ROWS: usize = 262_144;
const GROUP_MEMORY: usize = 256 << 20;

/// A commit that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Iceberg's identifier of the snapshot.
    pub snapshot_id: i64,
    /// Its sequence number.
    pub sequence: i64,
    /// Its time. Appended rows have it in their stamp columns; those of a bulk write have when they were staged.
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
    /// An append that is made of what the table held at a commit.
    Follow {
        batch: RecordBatch,
        sequence: i64,
        done: Done<Option<Committed>>,
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
    /// Keeps them from the sweep.
    pub(crate) staging: Staging,
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
            Some(Job::Follow { batch, sequence, done }) => {
                drop(done.send(follow(&core, &Write::Rows(&[batch]), sequence).await));
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
    let size = |batch: &RecordBatch| (batch.num_rows(), batch.get_array_memory_size());
    let (mut rows, mut memory) = size(&first.batch);
    let mut group = vec![first];
    while rows < GROUP_ROWS && memory < GROUP_MEMORY {
        match waiting.pop_front() {
            Some(Job::Append { batch, receipt, done }) => {
                let more = size(&batch);
                (rows, memory) = (rows + more.0, memory + more.1);
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
        let twins;
        (group, twins) = answer_repeated(core, group).await;
        if group.is_empty() {
            return;
        }
        let batches: Vec<RecordBatch> = group.iter().map(|append| append.batch.clone()).collect();
        let receipts: Vec<Receipt> = group.iter().filter_map(|append| append.receipt.clone()).collect();
        let answer = match retry(core, &Write::Rows(&batches), &receipts).await {
            Err(LakeError::Repeated(_)) => {
                group.extend(twins.into_iter().map(|(twin, _)| twin));
                continue;
            }
            answer => answer.map(Written::Committed).map_err(Arc::new),
        };
        for append in group {
            drop(append.done.send(answer.clone().map_err(LakeError::Group)));
        }
        for (twin, first) in twins {
            let answer = answer.clone().map(|_| Written::Repeated(first));
            drop(twin.done.send(answer.map_err(LakeError::Group)));
        }
        return;
    }
}

/// An append of a batch that stands in its group already, and the receipt of the first.
type Twin = (Append, Receipt);

/// Answers the appends whose batch was acknowledged before, and gives back the others. Twins of one group come apart:
/// they are answered when the first is durable, with its receipt.
async fn answer_repeated(core: &Core, group: Vec<Append>) -> (Vec<Append>, Vec<Twin>) {
    let (mut fresh, mut twins) = (Vec::<Append>::with_capacity(group.len()), Vec::new());
    for append in group {
        let Some(receipt) = &append.receipt else {
            fresh.push(append);
            continue;
        };
        let mut known = fresh.iter().filter_map(|known| known.receipt.as_ref());
        if let Some(first) = known.find(|known| known.key == receipt.key).cloned() {
            twins.push((append, first));
            continue;
        }
        match core.catalog.receipt(&core.name, &receipt.key).await.transpose() {
            None => fresh.push(append),
            Some(known) => drop(append.done.send(known.map(Written::Repeated))),
        }
    }
    (fresh, twins)
}

async fn stage(core: &Core, staged: Staged, receipt: Option<Receipt>) -> Result<Written> {
    if let Some(receipt) = &receipt
        && let Some(known) = core.catalog.receipt(&core.name, &receipt.key).await?
    {
        return Ok(Written::Repeated(known));
    }
    staged.staging.check(staged.files.iter()).await?;
    let receipts: Vec<Receipt> = receipt.into_iter().collect();
    Ok(Written::Committed(
        retry(core, &Write::Staged(&staged), &receipts).await?,
    ))
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

    /// Writes rows that were made of what the table held at the commit with this sequence number. `None` when it holds
    /// something newer: then nothing is written.
    pub async fn append_after(&self, sequence: i64, batch: RecordBatch) -> Result<Option<Committed>> {
        let _reserved = self.core.memory.reserve(batch.get_array_memory_size()).await?;
        self.send(|done| Job::Follow { batch, sequence, done }).await
    }
}
