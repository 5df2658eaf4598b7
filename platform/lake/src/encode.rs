//! Rows as the bytes of a Parquet file, page by page: a page begins with a lead wherever that is possible.

use std::collections::VecDeque;
use std::iter;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::data_type::{ByteArray, FixedLenByteArray, FixedLenByteArrayType};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};

use crate::data_file::{GROUP_BYTES, PAGE_BYTES, PAGE_ROWS, PAGE_ROWS_MOST, ROW_GROUP_ROWS, lead_column};
use crate::error::Result;

const WAITING_ROW_BYTES: usize = 16;

/// One sorted batch as the bytes of a Parquet file.
pub(crate) fn encode(batch: &RecordBatch, properties: WriterProperties) -> Result<(Bytes, ParquetMetaData)> {
    let mut encoder = Encoder::new(batch.schema(), properties)?;
    encoder.write(batch.clone())?;
    let metadata = encoder.finish()?;
    Ok((encoder.take().into(), metadata))
}

/// A file in the making. Rows gather until they fill a page, pages until they fill a row group.
pub(crate) struct Encoder {
    schema: SchemaRef,
    file: SerializedFileWriter<Vec<u8>>,
    columns: ArrowRowGroupWriterFactory,
    groups: usize,
    pages: Vec<RecordBatch>,
    page_rows: usize,
    /// How long the texts in `pages` and `open` are together.
    text: usize,
    /// Rows that are not in a page yet.
    open: VecDeque<RecordBatch>,
    /// How many of them were looked at.
    seen: usize,
    /// Where among them the last lead begins, and which it is.
    last: (usize, Option<String>),
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
            pages: Vec::new(),
            page_rows: 0,
            text: 0,
            open: VecDeque::new(),
            seen: 0,
            last: (0, None),
        })
    }

    /// Appends sorted rows.
    pub(crate) fn write(&mut self, batch: RecordBatch) -> Result<()> {
        let (rows, text) = (batch.num_rows(), batch_text(&batch));
        if rows == 0 {
            return Ok(());
        }
        if rows > 1 && text > GROUP_BYTES / 4 {
            let half = rows / 2;
            self.write(batch.slice(0, half))?;
            return self.write(batch.slice(half, rows - half));
        }
        if self.text + text > GROUP_BYTES {
            self.close_group()?;
        }
        self.text += text;
        self.gather(batch)
    }

    fn gather(&mut self, batch: RecordBatch) -> Result<()> {
        let leads = lead_column(&batch)?.clone();
        self.open.push_back(batch);
        let mut at = 0;
        while at < leads.len() {
            let end = lead_end(&leads, at);
            if at > 0 || self.last.1.as_deref() != Some(leads.value(0)) {
                if self.seen >= PAGE_ROWS {
                    self.close_page(self.seen)?;
                }
                self.last.0 = self.seen;
            }
            self.seen += end - at;
            at = end;
            while self.seen > PAGE_ROWS_MOST {
                let begin = std::mem::take(&mut self.last.0);
                self.close_page(if begin > 0 { begin } else { PAGE_ROWS_MOST })?;
            }
        }
        self.last.1 = Some(leads.value(leads.len() - 1).to_string());
        Ok(())
    }

    /// About how many bytes the rows that wait will take.
    pub(crate) fn waiting(&self) -> usize {
        (self.page_rows + self.seen) * WAITING_ROW_BYTES + self.text
    }

    /// The bytes made since they were last taken.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.file.inner_mut())
    }

    pub(crate) fn finish(&mut self) -> Result<ParquetMetaData> {
        self.close_group()?;
        Ok(self.file.finish()?)
    }

    /// Makes all that waits a row group, wherever its last lead ends.
    fn close_group(&mut self) -> Result<()> {
        if self.seen > 0 {
            self.close_page(self.seen)?;
        }
        self.last.0 = 0;
        if !self.pages.is_empty() {
            self.write_group()?;
        }
        Ok(())
    }

    /// Makes the first `rows` of the open ones a page.
    fn close_page(&mut self, rows: usize) -> Result<()> {
        if self.page_rows + rows > ROW_GROUP_ROWS {
            self.write_group()?;
        }
        let (mut pieces, mut missing) = (Vec::new(), rows);
        while let Some(first) = self.open.front_mut().filter(|_| missing > 0) {
            let count = first.num_rows().min(missing);
            pieces.push(first.slice(0, count));
            missing -= count;
            match count == first.num_rows() {
                true => drop(self.open.pop_front()),
                false => *first = first.slice(count, first.num_rows() - count),
            }
        }
        self.pages.push(match pieces.as_slice() {
            [only] => only.clone(),
            many => concat_batches(&self.schema, many)?,
        });
        self.page_rows += rows;
        self.seen -= rows;
        Ok(())
    }

    fn write_group(&mut self) -> Result<()> {
        let pages = std::mem::take(&mut self.pages);
        self.page_rows = 0;
        self.text = self.open.iter().map(batch_text).sum();
        let writers = self.columns.create_column_writers(self.groups)?;
        self.groups += 1;
        let mut group = self.file.next_row_group()?;
        for (at, writer) in writers.into_iter().enumerate() {
            match self.schema.field(at).data_type() {
                DataType::Decimal128(19.., _) => write_decimals(&mut group, &pages, at)?,
                _ => write_column(&mut group, writer, (&pages, at))?,
            }
        }
        group.close()?;
        Ok(())
    }
}

/// Where the run of one lead that holds row `at` ends: doubling steps, then bisection.
fn lead_end(leads: &StringArray, at: usize) -> usize {
    let lead = leads.value(at);
    let (mut low, mut step) = (at + 1, 1);
    while low + step <= leads.len() && leads.value(low + step - 1) == lead {
        low += step;
        step *= 2;
    }
    let high = leads.len().min(low + step);
    low + crate::data_file::partition_point(high - low, |ahead| leads.value(low + ahead) == lead)
}

fn write_column(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    mut writer: ArrowColumnWriter,
    (pages, at): (&[RecordBatch], usize),
) -> Result<()> {
    for page in pages {
        let column = page.column(at);
        let rows = column.len().div_ceil(text_bytes(column) / PAGE_BYTES + 1);
        for start in (0..column.len()).step_by(rows.max(1)) {
            let piece = column.slice(start, rows.min(column.len() - start));
            for leaf in compute_leaves(page.schema_ref().field(at), &piece)? {
                writer.write(&leaf)?;
            }
        }
    }
    Ok(writer.close()?.append_to_row_group(group)?)
}

fn batch_text(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(text_bytes).sum()
}

/// How long texts are together: long ones are cut into more pages than their rows.
fn text_bytes(column: &ArrayRef) -> usize {
    let offsets = column.as_string_opt::<i32>().map(StringArray::value_offsets);
    offsets.map_or(0, |offsets| (offsets[offsets.len() - 1] - offsets[0]) as usize)
}

/// Decimals from one shared buffer: the library's own way allocates for each.
fn write_decimals(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, pages: &[RecordBatch], at: usize) -> Result<()> {
    let Some(mut column) = group.next_column()? else {
        return Ok(());
    };
    let writer = column.typed::<FixedLenByteArrayType>();
    let descriptor = writer.get_descriptor().clone();
    let width = descriptor.type_length() as usize;
    for page in pages {
        let decimals: &Decimal128Array = page.column(at).as_primitive();
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
    }
    Ok(column.close()?)
}
