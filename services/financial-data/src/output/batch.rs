//! Points as Arrow record batches, on their way into an IPC stream or a Parquet file.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringBuilder, UInt32Array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::writer::StreamWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::encoder::Layout;
use super::rows::{Published, Slices};
use super::{Columns, OutputError};
use crate::history::Points;
use crate::value::{PRECISION, SCALE};

/// Rows that are gathered before they become a record batch of a panel.
const BATCH: usize = 32_768;
/// Rows of a Parquet row group: small enough to wait in memory.
const ROW_GROUP: usize = 8 * BATCH;

/// The type of a value.
pub(super) const VALUE: DataType = DataType::Decimal128(PRECISION as u8, SCALE as i8);

/// Rows of one or of many series, gathered in columns.
pub(super) struct Gathered {
    schema: SchemaRef,
    /// Empty unless there are many series.
    series: StringBuilder,
    layout: Layout,
    dates: Vec<i32>,
    values: Vec<i128>,
    digits: Vec<i8>,
    revisions: Vec<i32>,
    originals: Vec<bool>,
    ranks: Vec<u32>,
    columns: Columns,
}

impl Gathered {
    pub(super) fn new(layout: Layout, columns: Columns) -> Self {
        Self {
            schema: schema(layout, columns),
            series: StringBuilder::new(),
            layout,
            dates: Vec::new(),
            values: Vec::new(),
            digits: Vec::new(),
            revisions: Vec::new(),
            originals: Vec::new(),
            ranks: Vec::new(),
            columns,
        }
    }

    fn add(&mut self, series: &str, points: &Points) {
        let slices = Slices::of(points, self.columns);
        if self.layout == Layout::Many {
            self.series.append_value_n(series, slices.len());
        }
        self.dates.extend_from_slice(&slices.dates);
        self.values.extend_from_slice(&slices.values);
        self.digits.extend_from_slice(&slices.digits);
        if let Some(Published {
            revisions,
            originals,
            ranks,
        }) = &slices.published
        {
            self.revisions.extend_from_slice(revisions);
            self.originals.extend_from_slice(originals);
            self.ranks.extend_from_slice(ranks);
        }
    }

    fn is_full(&self) -> bool {
        self.dates.len() >= BATCH
    }

    /// Everything gathered so far, if there is anything.
    fn take(&mut self) -> Result<Option<RecordBatch>, OutputError> {
        if self.dates.is_empty() {
            return Ok(None);
        }
        let digits = std::mem::take(&mut self.digits);
        let nulls = nulls(digits.iter().map(|digits| *digits >= 0));
        let digits: Vec<_> = digits.into_iter().map(|digits| i32::from(digits.max(0))).collect();
        let values = std::mem::take(&mut self.values);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        if self.layout == Layout::Many {
            arrays.push(Arc::new(self.series.finish()));
        }
        arrays.push(Arc::new(Date32Array::from(std::mem::take(&mut self.dates))));
        arrays.push(Arc::new(
            Decimal128Array::new(values.into(), nulls.clone()).with_data_type(VALUE),
        ));
        arrays.push(Arc::new(Int32Array::new(digits.into(), nulls)));
        if self.columns == Columns::Full {
            arrays.push(Arc::new(Date32Array::from(std::mem::take(&mut self.revisions))));
            arrays.push(Arc::new(BooleanArray::from(std::mem::take(&mut self.originals))));
            arrays.push(Arc::new(UInt32Array::from(std::mem::take(&mut self.ranks))));
        }
        Ok(Some(RecordBatch::try_new(self.schema.clone(), arrays)?))
    }
}

/// No buffer at all where nothing is null.
pub(super) fn nulls(valid: impl ExactSizeIterator<Item = bool> + Clone) -> Option<NullBuffer> {
    if valid.clone().all(|valid| valid) {
        None
    } else {
        Some(valid.collect())
    }
}

fn schema(layout: Layout, columns: Columns) -> SchemaRef {
    static SCHEMAS: LazyLock<[SchemaRef; 4]> = LazyLock::new(|| {
        let [one, many] = [Layout::One, Layout::Many];
        let [short, full] = [Columns::Short, Columns::Full];
        [(one, short), (one, full), (many, short), (many, full)].map(|(layout, columns)| build(layout, columns))
    });
    SCHEMAS[2 * usize::from(layout == Layout::Many) + usize::from(columns == Columns::Full)].clone()
}

fn build(layout: Layout, columns: Columns) -> SchemaRef {
    let mut fields = vec![
        Field::new("date", DataType::Date32, false),
        Field::new("value", VALUE, true),
        Field::new("digits", DataType::Int32, true),
    ];
    if layout == Layout::Many {
        fields.insert(0, Field::new("series_id", DataType::Utf8, false));
    }
    if columns == Columns::Full {
        fields.push(Field::new("revision_date", DataType::Date32, false));
        fields.push(Field::new("is_original_release", DataType::Boolean, false));
        fields.push(Field::new("release_rank", DataType::UInt32, false));
    }
    Arc::new(Schema::new(fields))
}

/// An Arrow IPC stream in the making.
pub(super) struct ArrowBody {
    rows: Gathered,
    writer: StreamWriter<Vec<u8>>,
}

impl ArrowBody {
    pub(super) fn new(layout: Layout, columns: Columns) -> Result<Self, OutputError> {
        let rows = Gathered::new(layout, columns);
        let writer = StreamWriter::try_new(Vec::new(), &rows.schema)?;
        Ok(Self { rows, writer })
    }

    pub(super) fn add(&mut self, series: &str, points: &Points) -> Result<(), OutputError> {
        self.rows.add(series, points);
        if self.rows.is_full() { self.flush() } else { Ok(()) }
    }

    pub(super) fn finish(&mut self) -> Result<(), OutputError> {
        self.flush()?;
        Ok(self.writer.finish()?)
    }

    /// The bytes that are ready to be sent.
    pub(super) fn ready(&mut self) -> &mut Vec<u8> {
        self.writer.get_mut()
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        if let Some(batch) = self.rows.take()? {
            self.writer.write(&batch)?;
        }
        Ok(())
    }
}

/// A Parquet file in the making.
pub(super) struct ParquetBody {
    rows: Gathered,
    writer: ArrowWriter<Vec<u8>>,
}

impl ParquetBody {
    pub(super) fn new(layout: Layout, columns: Columns) -> Result<Self, OutputError> {
        let rows = Gathered::new(layout, columns);
        let writer = ArrowWriter::try_new(Vec::new(), rows.schema.clone(), Some(parquet_properties()))?;
        Ok(Self { rows, writer })
    }

    pub(super) fn add(&mut self, series: &str, points: &Points) -> Result<(), OutputError> {
        self.rows.add(series, points);
        if self.rows.is_full() { self.flush() } else { Ok(()) }
    }

    pub(super) fn finish(&mut self) -> Result<(), OutputError> {
        self.flush()?;
        self.writer.finish()?;
        Ok(())
    }

    /// The bytes that are ready to be sent. The writer counts its position by itself, so they may be taken.
    pub(super) fn ready(&mut self) -> &mut Vec<u8> {
        self.writer.inner_mut()
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        if let Some(batch) = self.rows.take()? {
            self.writer.write(&batch)?;
        }
        Ok(())
    }
}

/// Zstandard, and pages of version 1: other engines misread wide decimals in the newer encodings.
pub(super) fn parquet_properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build()
}
