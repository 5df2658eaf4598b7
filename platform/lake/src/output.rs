//! Sorted rows on their way to files: each as large as is wanted, and no two with the same lead.

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use futures::stream::{BoxStream, StreamExt};
use iceberg::spec::DataFile;

use crate::data_file::{describe, lead_column, partition_point, properties};
use crate::encode::Encoder;
use crate::error::{LakeError, Result};
use crate::fault;
use crate::snapshot::Snapshot;
use crate::staging::Staging;
use crate::storage::Upload;
use crate::table::Table;
use crate::writer::data_path;

/// The size that files of the sorted base aim at.
pub(crate) const TARGET_BYTES: u64 = 128 << 20;

impl Table {
    /// Writes sorted batches to files of about `target` bytes that share no lead, are named `name` and a number, and are
    /// kept from the sweep by `staging`.
    pub(crate) async fn write_sorted(
        &self,
        snapshot: &Snapshot,
        mut rows: BoxStream<'_, Result<RecordBatch>>,
        (name, target, staging): (&str, u64, &Staging),
    ) -> Result<Vec<DataFile>> {
        let location = self.core.state.load().loaded.metadata.location().to_string();
        let mut written = Vec::new();
        let mut output: Option<Output> = None;
        while let Some(batch) = rows.next().await {
            let mut batch = batch?;
            if let Some(mut full) = output.take_if(|output| output.bytes() >= target) {
                let rest = full.finish_lead(&mut batch).await?;
                match rest {
                    true => written.push(full.close(snapshot).await?),
                    false => output = Some(full),
                }
            }
            if batch.num_rows() == 0 {
                continue;
            }
            let open = match output.take() {
                Some(open) => open,
                None => {
                    let uri = data_path(&location, name, written.len());
                    staging.add(&uri);
                    Output::create(self, snapshot, uri).await?
                }
            };
            output = Some(open.write(batch).await?);
        }
        if let Some(last) = output {
            written.push(last.close(snapshot).await?);
        }
        Ok(written)
    }
}

/// A file being written, a row group at a time.
struct Output {
    uri: String,
    schema: SchemaRef,
    upload: Upload,
    writer: Box<Encoder>,
    last_lead: String,
    sent: u64,
}

impl Output {
    async fn create(table: &Table, snapshot: &Snapshot, uri: String) -> Result<Self> {
        let schema = snapshot.columns().clone();
        let properties = properties(&schema, table.core.def.key);
        let writer = Box::new(Encoder::new(schema.clone(), properties)?);
        let upload = snapshot.access().storage.create(&uri).await?;
        Ok(Self {
            uri,
            schema,
            upload,
            writer,
            last_lead: String::new(),
            sent: 0,
        })
    }

    fn bytes(&self) -> u64 {
        self.sent + self.writer.waiting() as u64
    }

    /// Takes what is left of the lead that the file ends with; says whether the file is complete now.
    async fn finish_lead(&mut self, batch: &mut RecordBatch) -> Result<bool> {
        let leads = lead_column(batch)?;
        let same = partition_point(leads.len(), |at| leads.value(at) <= self.last_lead.as_str());
        let (head, tail) = (batch.slice(0, same), batch.slice(same, batch.num_rows() - same));
        self.writer.write(self.ordered(&head)?)?;
        *batch = tail;
        Ok(batch.num_rows() > 0)
    }

    /// Columns in the order of the table: merging puts the key first.
    fn ordered(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let given = batch.schema();
        let at = self
            .schema
            .fields()
            .iter()
            .map(|field| given.index_of(field.name()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(batch.project(&at)?)
    }

    async fn write(mut self, batch: RecordBatch) -> Result<Self> {
        let leads = lead_column(&batch)?;
        self.last_lead = leads.value(leads.len() - 1).to_string();
        let batch = self.ordered(&batch)?;
        let mut output = tokio::task::spawn_blocking(move || {
            self.writer.write(batch)?;
            Ok::<_, LakeError>(self)
        })
        .await??;
        let buffer = output.writer.take();
        if !buffer.is_empty() {
            output.sent += buffer.len() as u64;
            output.upload.write(buffer.into()).await?;
        }
        Ok(output)
    }

    async fn close(mut self, snapshot: &Snapshot) -> Result<DataFile> {
        let parquet = self.writer.finish()?;
        let rest = self.writer.take();
        self.upload.write(rest.into()).await?;
        let size = self.upload.finish().await?;
        fault::point("compact.after_file");
        describe(self.uri, size, &parquet, snapshot.schema())
    }
}
