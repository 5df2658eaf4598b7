//! Rows on their way into a data file: in the table's columns, stamped, sorted, the last write of each key.

use std::sync::Arc;

use arrow::array::{RecordBatch, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use chrono::{DateTime, Utc};

use super::attempts::Trace;
use crate::commit::{Draft, NewFile, State};
use crate::data_file::{describe, properties};
use crate::encode::encode;
use crate::error::{LakeError, Result};
use crate::merge::KeyCodec;
use crate::shared::Core;

/// Stands in the name of a file between that of the file whose place it took and its own.
const BETWEEN: &str = "-without-";

/// Adds the rows of all batches to a draft, as one file.
pub(super) async fn add_rows(
    core: &Core,
    state: &State,
    (batches, draft): (&[RecordBatch], &mut Draft),
) -> Result<Trace> {
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

/// A new name for a file that takes the place of the one at `path`, sorted as that one is: files of one commit are as
/// new as each other, and the order of their names says whose rows win.
pub(crate) fn successor(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.trim_end_matches(".parquet");
    let first = stem.split(BETWEEN).next().unwrap_or_default();
    format!("{first}{BETWEEN}{}", new_name())
}

pub(crate) fn data_path(location: &str, name: &str, ordinal: usize) -> String {
    format!("{location}/data/{name}-{ordinal:05}.parquet")
}
