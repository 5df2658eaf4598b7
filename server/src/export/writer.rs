//! Rows in the formats that an import reads: source, series, date, value, when it was published, whether originally.

use std::{io::Write, sync::Arc};

use arrow::{
    array::{
        ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int32Builder, RecordBatch, StringDictionaryBuilder,
    },
    datatypes::{DataType, Date32Type, Field, Int32Type, Schema},
    error::ArrowError,
    ipc::writer::StreamWriter,
};
use financial_data::value::{PRECISION, SCALE};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};
use serde::Serialize;
use serde_json::json;

use super::{ExportFormat, Member};
use crate::{
    failure::{Failure, Result},
    out::Sink,
    rows::Row,
};

/// Rows of one Arrow batch.
const BATCH: usize = 64 << 10;
/// The names of [`Text`], which a file without a row has too.
const HEADER: [&str; 6] = [
    "source",
    "series_id",
    "date",
    "value",
    "revision_date",
    "is_original_release",
];

/// Writes an export.
pub(super) enum Writer {
    Csv(Box<csv::Writer<Sink>>),
    Ndjson(Sink),
    Json {
        sink: Sink,
        rows: u64,
    },
    Arrow {
        batch: Batch,
        writer: Box<StreamWriter<Sink>>,
    },
    Parquet {
        batch: Batch,
        writer: Box<ArrowWriter<Sink>>,
    },
}

/// A row as text.
#[derive(Serialize)]
struct Text<'a> {
    source: &'a str,
    series_id: &'a str,
    date: chrono::NaiveDate,
    value: Option<String>,
    revision_date: Option<chrono::NaiveDate>,
    is_original_release: Option<bool>,
}

impl<'a> Text<'a> {
    fn of(member: &'a Member, row: &Row) -> Self {
        Self {
            source: &member.source,
            series_id: &member.series.external_id,
            date: row.date,
            value: row.value.map(|value| value.to_string()),
            revision_date: row.revision_date,
            is_original_release: row.is_original_release,
        }
    }
}

impl Writer {
    /// Begins a file about `members`.
    pub(super) fn new(format: ExportFormat, mut sink: Sink, members: &[Member]) -> Result<Self> {
        Ok(match format {
            ExportFormat::Csv => {
                let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(sink);
                writer.write_record(HEADER).map_err(text)?;
                Self::Csv(Box::new(writer))
            }
            ExportFormat::Ndjson => Self::Ndjson(sink),
            ExportFormat::Json => {
                let series: Vec<_> = members.iter().map(description).collect();
                write!(sink, "{{\"series\":{},\n\"data\":[", json!(series))?;
                Self::Json { sink, rows: 0 }
            }
            ExportFormat::Arrow => {
                let writer = StreamWriter::try_new(sink, &schema()).map_err(arrow)?;
                Self::Arrow {
                    batch: Batch::default(),
                    writer: Box::new(writer),
                }
            }
            ExportFormat::Parquet => {
                let packed = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(packed).build();
                let writer = ArrowWriter::try_new(sink, schema(), Some(properties)).map_err(parquet)?;
                Self::Parquet {
                    batch: Batch::default(),
                    writer: Box::new(writer),
                }
            }
        })
    }

    /// Writes one row.
    pub(super) fn row(&mut self, member: &Member, row: &Row) -> Result<()> {
        match self {
            Self::Csv(writer) => writer.serialize(Text::of(member, row)).map_err(text)?,
            Self::Ndjson(sink) => {
                serde_json::to_writer(&mut *sink, &Text::of(member, row))
                    .map_err(|error| Failure::from(std::io::Error::from(error)))?;
                sink.write_all(b"\n")?;
            }
            Self::Json { sink, rows } => {
                sink.write_all(if *rows == 0 { b"\n" } else { b",\n" })?;
                serde_json::to_writer(&mut *sink, &Text::of(member, row))
                    .map_err(|error| Failure::from(std::io::Error::from(error)))?;
                *rows += 1;
            }
            Self::Arrow { batch, writer } => {
                if batch.push(member, row) {
                    writer.write(&batch.take().map_err(arrow)?).map_err(arrow)?;
                }
            }
            Self::Parquet { batch, writer } => {
                if batch.push(member, row) {
                    writer.write(&batch.take().map_err(arrow)?).map_err(parquet)?;
                }
            }
        }
        Ok(())
    }

    /// Ends the file and gives back where it went.
    pub(super) fn finish(self) -> Result<Sink> {
        match self {
            Self::Csv(mut writer) => {
                writer.flush()?;
                writer.into_inner().map_err(|error| Failure::new(error.to_string()))
            }
            Self::Ndjson(sink) => Ok(sink),
            Self::Json { mut sink, .. } => {
                sink.write_all(b"\n]}\n")?;
                Ok(sink)
            }
            Self::Arrow { mut batch, mut writer } => {
                writer.write(&batch.take().map_err(arrow)?).map_err(arrow)?;
                writer.into_inner().map_err(arrow)
            }
            Self::Parquet { mut batch, mut writer } => {
                writer.write(&batch.take().map_err(arrow)?).map_err(parquet)?;
                writer.into_inner().map_err(parquet)
            }
        }
    }
}

/// What is said of a series, by the names that an upload knows.
fn description(Member { series, source }: &Member) -> serde_json::Value {
    let mut description = json!({
        "source": source,
        "externalId": series.external_id,
        "title": series.title,
        "description": series.description,
        "units": series.units,
        "frequency": series.frequency,
        "seasonalAdjustment": series.seasonal_adjustment,
        "startDate": series.start_date,
        "endDate": series.end_date,
        "isActive": series.is_active,
        "metadata": series.metadata,
    });
    if let Some(fields) = description.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    description
}

const VALUE: DataType = DataType::Decimal128(PRECISION as u8, SCALE as i8);

fn schema() -> Arc<Schema> {
    let name = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    Arc::new(Schema::new(vec![
        Field::new("source", name.clone(), false),
        Field::new("series_id", name, false),
        Field::new("date", DataType::Date32, false),
        Field::new("value", VALUE, true),
        Field::new("digits", DataType::Int32, true),
        Field::new("revision_date", DataType::Date32, true),
        Field::new("is_original_release", DataType::Boolean, true),
    ]))
}

/// Rows in columns, as many as make a batch.
#[derive(Default)]
pub(super) struct Batch {
    sources: StringDictionaryBuilder<Int32Type>,
    series: StringDictionaryBuilder<Int32Type>,
    dates: Date32Builder,
    values: Decimal128Builder,
    digits: Int32Builder,
    revisions: Date32Builder,
    originals: BooleanBuilder,
    rows: usize,
}

impl Batch {
    /// Adds a row and says whether the batch is full.
    fn push(&mut self, member: &Member, row: &Row) -> bool {
        self.sources.append_value(&member.source);
        self.series.append_value(&member.series.external_id);
        self.dates.append_value(Date32Type::from_naive_date(row.date));
        self.values.append_option(row.value.map(|value| value.unscaled()));
        self.digits
            .append_option(row.value.map(|value| i32::from(value.digits())));
        self.revisions
            .append_option(row.revision_date.map(Date32Type::from_naive_date));
        self.originals.append_option(row.is_original_release);
        self.rows += 1;
        self.rows == BATCH
    }

    fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let values = self.values.finish().with_data_type(VALUE);
        let columns: [ArrayRef; 7] = [
            Arc::new(self.sources.finish()),
            Arc::new(self.series.finish()),
            Arc::new(self.dates.finish()),
            Arc::new(values),
            Arc::new(self.digits.finish()),
            Arc::new(self.revisions.finish()),
            Arc::new(self.originals.finish()),
        ];
        RecordBatch::try_new(schema(), columns.to_vec())
    }
}

fn arrow(error: ArrowError) -> Failure {
    match error {
        ArrowError::IoError(_, error) => error.into(),
        other => Failure::new(format!("arrow cannot be written: {other}")),
    }
}

fn parquet(error: ParquetError) -> Failure {
    let told = |error: &dyn std::fmt::Display| Failure::new(format!("parquet cannot be written: {error}"));
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(error) => (*error).into(),
            Err(cause) => told(&cause),
        },
        other => told(&other),
    }
}

fn text(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => Failure::new(format!("csv cannot be written: {other:?}")),
    }
}
