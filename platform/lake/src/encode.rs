//! Rows as the bytes of a Parquet file, row group by row group.

use std::iter;

use arrow::array::{Array, AsArray, Decimal128Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::data_type::{ByteArray, FixedLenByteArray, FixedLenByteArrayType};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

use crate::data_file::ROW_GROUP_ROWS;
use crate::error::Result;

const WAITING_ROW_BYTES: usize = 16;

/// One sorted batch as the bytes of a Parquet file.
pub(crate) fn encode(batch: &RecordBatch, properties: WriterProperties) -> Result<(Bytes, ParquetMetaData)> {
    let mut encoder = Encoder::new(batch.schema(), properties)?;
    encoder.write(batch.clone())?;
    let metadata = encoder.finish()?;
    Ok((encoder.take().into(), metadata))
}

/// A file in the making. Batches gather until they fill a row group.
pub(crate) struct Encoder {
    schema: SchemaRef,
    file: SerializedFileWriter<Vec<u8>>,
    columns: ArrowRowGroupWriterFactory,
    groups: usize,
    waiting: Vec<RecordBatch>,
    rows: usize,
}

impl Encoder {
    pub(crate) fn new(schema: SchemaRef, properties: WriterProperties) -> Result<Self> {
        let writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties))?;
        let (file, columns) = writer.into_serialized_writer()?;
        Ok(Self {
            schema,
            file,
            columns,
            groups: 0,
            waiting: Vec::new(),
            rows: 0,
        })
    }

    pub(crate) fn write(&mut self, mut batch: RecordBatch) -> Result<()> {
        while self.rows + batch.num_rows() >= ROW_GROUP_ROWS {
            let fits = ROW_GROUP_ROWS - self.rows;
            self.waiting.push(batch.slice(0, fits));
            batch = batch.slice(fits, batch.num_rows() - fits);
            self.write_group()?;
        }
        if batch.num_rows() > 0 {
            self.rows += batch.num_rows();
            self.waiting.push(batch);
        }
        Ok(())
    }

    /// About how many bytes the rows that wait will take.
    pub(crate) fn waiting(&self) -> usize {
        self.rows * WAITING_ROW_BYTES
    }

    /// The bytes made since they were last taken.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.file.inner_mut())
    }

    pub(crate) fn finish(&mut self) -> Result<ParquetMetaData> {
        if !self.waiting.is_empty() {
            self.write_group()?;
        }
        Ok(self.file.finish()?)
    }

    fn write_group(&mut self) -> Result<()> {
        let batch = match self.waiting.as_slice() {
            [only] => only.clone(),
            many => concat_batches(&self.schema, many)?,
        };
        self.waiting.clear();
        self.rows = 0;
        let writers = self.columns.create_column_writers(self.groups)?;
        self.groups += 1;
        let mut group = self.file.next_row_group()?;
        for (at, writer) in writers.into_iter().enumerate() {
            match batch.column(at).data_type() {
                DataType::Decimal128(19.., _) => write_decimals(&mut group, batch.column(at).as_primitive())?,
                _ => write_column(&mut group, writer, (&batch, at))?,
            }
        }
        group.close()?;
        Ok(())
    }
}

fn write_column(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    mut writer: ArrowColumnWriter,
    (batch, at): (&RecordBatch, usize),
) -> Result<()> {
    for leaf in compute_leaves(batch.schema_ref().field(at), batch.column(at))? {
        writer.write(&leaf)?;
    }
    Ok(writer.close()?.append_to_row_group(group)?)
}

/// Decimals from one shared buffer: the library's own way allocates for each.
fn write_decimals(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, decimals: &Decimal128Array) -> Result<()> {
    let Some(mut column) = group.next_column()? else {
        return Ok(());
    };
    let writer = column.typed::<FixedLenByteArrayType>();
    let descriptor = writer.get_descriptor().clone();
    let width = descriptor.type_length() as usize;
    let known = decimals.len() - decimals.null_count();
    let mut buffer = Vec::with_capacity(known * width);
    let mut append = |value: i128| buffer.extend_from_slice(&value.to_be_bytes()[16 - width..]);
    match decimals.nulls() {
        None => decimals.values().iter().copied().for_each(&mut append),
        Some(_) => decimals.iter().flatten().for_each(&mut append),
    }
    let buffer = Bytes::from(buffer);
    let value = |at: usize| FixedLenByteArray::from(ByteArray::from(buffer.slice(at * width..(at + 1) * width)));
    let values: Vec<FixedLenByteArray> = (0..known).map(value).collect();
    let levels: Option<Vec<i16>> = (descriptor.max_def_level() > 0).then(|| match decimals.nulls() {
        None => iter::repeat_n(1, decimals.len()).collect(),
        Some(nulls) => nulls.iter().map(i16::from).collect(),
    });
    writer.write_batch(&values, levels.as_deref(), None)?;
    Ok(column.close()?)
}
