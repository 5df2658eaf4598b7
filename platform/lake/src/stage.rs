//! A bulk write: rows go to files as they come, and one commit makes all of them visible.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use iceberg::spec::DataFile;

use crate::catalog::Receipt;
use crate::data_file::{describe, lead_column, properties};
use crate::encode::encode;
use crate::error::Result;
use crate::fault;
use crate::merge::KeyCodec;
use crate::staging::Staging;
use crate::table::Table;
use crate::writer::{Job, Staged, Written, data_path, new_name, stamp};

/// Past so many leads a bulk write counts as touching whole ranges.
const NAMED_LEADS: usize = 200_000;

/// Rows on their way into one commit. Dropped without [`Stage::commit`] nothing of it is ever visible.
pub struct Stage {
    table: Table,
    name: String,
    ordinal: AtomicUsize,
    inner: Mutex<Inner>,
    staging: Staging,
}

struct Inner {
    files: Vec<(usize, DataFile)>,
    leads: Option<HashSet<String>>,
}

impl Table {
    /// Starts a bulk write.
    pub fn stage(&self) -> Stage {
        let inner = Mutex::new(Inner {
            files: Vec::new(),
            leads: Some(HashSet::new()),
        });
        Stage {
            table: self.clone(),
            name: new_name(),
            ordinal: AtomicUsize::new(0),
            inner,
            staging: Staging::new(&self.core),
        }
    }
}

impl Stage {
    /// Writes a chunk of rows to a file of its own. Several chunks may be written at once; of equal keys the chunk
    /// whose writing began last wins.
    pub async fn write(&self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let core = self.table.core.clone();
        let _reserved = core
            .memory
            .reserve(batch.get_array_memory_size().min(core.memory.writes()))
            .await?;
        let ordinal = self.ordinal.fetch_add(1, Ordering::SeqCst);
        let state = core.state.load_full();
        let uri = data_path(state.loaded.metadata.location(), &self.name, ordinal);
        self.staging.add(&uri);
        let (columns, at) = (state.snapshot.columns().clone(), core.env.now());
        let prepared = tokio::task::spawn_blocking({
            let core = core.clone();
            move || {
                let rows = stamp(&batch, &columns, at)?;
                let rows = KeyCodec::new(&columns, core.def.key)?.sorted_unique(rows)?;
                let leads = distinct_leads(&rows)?;
                let (bytes, parquet) = encode(&rows, properties(&columns, core.def.key))?;
                Ok::<_, crate::LakeError>((bytes, parquet, leads))
            }
        });
        let (bytes, parquet, leads) = prepared.await??;
        let data = describe(
            uri.clone(),
            bytes.len() as u64,
            &parquet,
            state.loaded.metadata.current_schema(),
        )?;
        state.snapshot.access().storage.write_all(vec![(uri, bytes)]).await?;
        fault::point("stage.after_file");
        let mut inner = self.inner.lock().expect("no panic while holding the lock");
        inner.files.push((ordinal, data));
        if let Some(known) = &mut inner.leads {
            known.extend(leads);
            if known.len() > NAMED_LEADS {
                inner.leads = None;
            }
        }
        Ok(())
    }

    /// Makes everything written visible in one commit. When this returns it is durable.
    pub async fn commit(self, receipt: Option<Receipt>) -> Result<Written> {
        let mut inner = self.inner.into_inner().expect("no panic while holding the lock");
        inner.files.sort_by_key(|(ordinal, _)| *ordinal);
        let staged = Staged {
            files: inner.files.into_iter().map(|(_, data)| data).collect(),
            leads: inner.leads,
            staging: self.staging,
        };
        self.table.send(|done| Job::Stage { staged, receipt, done }).await
    }
}

fn distinct_leads(rows: &RecordBatch) -> Result<Vec<String>> {
    let column = lead_column(rows)?;
    let mut out: Vec<String> = Vec::new();
    for lead in column.iter().flatten() {
        if out.last().is_none_or(|last| last != lead) {
            out.push(lead.to_string());
        }
    }
    Ok(out)
}
