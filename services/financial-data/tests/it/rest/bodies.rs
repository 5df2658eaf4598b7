//! Bodies in every format of an upload, made by the libraries that others would use, and read back.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Int32Type, Schema};
use arrow::ipc::{reader::StreamReader, writer::StreamWriter};
use bytes::Bytes;
use chrono::NaiveDate;
use financial_data::ingest::{BulkDataRequest, DataPointData, Format};
use financial_data::value::Value;
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReader};
use prost::Message;
use serde_json::json;

/// A revision as text: date, value (empty where withdrawn), revision date.
pub(crate) type Revision = (String, String, String);

/// The revisions of lines that begin `date,value,revision_date`.
pub(crate) fn revisions(csv: &str) -> Vec<Revision> {
    let read = |line: &str| {
        let mut cells = line.split(',').map(str::to_string);
        (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap())
    };
    csv.lines().skip(1).map(read).collect()
}

/// An upload of the revisions of one series.
pub(crate) fn body(format: Format, series: &str, revisions: &[Revision]) -> Vec<u8> {
    let row = |(date, value, revision): &Revision| {
        let value = (!value.is_empty()).then_some(value);
        json!({ "seriesId": series, "date": date, "value": value, "revisionDate": revision })
    };
    match format {
        Format::Json => json!({ "data": revisions.iter().map(row).collect::<Vec<_>>() })
            .to_string()
            .into(),
        Format::Ndjson => revisions
            .iter()
            .map(|revision| format!("{}\n", row(revision)))
            .collect::<String>()
            .into(),
        Format::Csv => {
            let line = |(date, value, revision): &Revision| format!("{series},{date},{value},{revision}\n");
            let lines: String = revisions.iter().map(line).collect();
            format!("series_id,date,value,revision_date\n{lines}").into()
        }
        Format::ArrowStream => {
            let batch = batch(series, revisions);
            let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
            writer.write(&batch).unwrap();
            writer.into_inner().unwrap()
        }
        Format::Parquet => {
            let batch = batch(series, revisions);
            let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.into_inner().unwrap()
        }
        Format::Protobuf => {
            let point = |(date, value, revision): &Revision| DataPointData {
                series_id: series.to_string(),
                date: date.clone(),
                value: (!value.is_empty()).then(|| value.clone()),
                revision_date: Some(revision.clone()),
                ..DataPointData::default()
            };
            let data_points = revisions.iter().map(point).collect();
            BulkDataRequest {
                data_points,
                ..BulkDataRequest::default()
            }
            .encode_to_vec()
        }
    }
}

fn batch(series: &str, revisions: &[Revision]) -> RecordBatch {
    let days = |texts: &mut dyn Iterator<Item = &String>| {
        Date32Array::from_iter_values(texts.map(|text| text.parse::<NaiveDate>().unwrap().to_epoch_days()))
    };
    let value = |(_, value, _): &Revision| Value::parse(value).ok();
    let values: Decimal128Array = revisions.iter().map(|row| value(row).map(Value::unscaled)).collect();
    let digits: Int32Array = revisions
        .iter()
        .map(|row| value(row).map(|value| i32::from(value.digits())))
        .collect();
    let fields = [
        ("series_id", DataType::Utf8),
        ("date", DataType::Date32),
        ("value", DataType::Decimal128(28, 10)),
        ("digits", DataType::Int32),
        ("revision_date", DataType::Date32),
    ];
    let fields = fields.map(|(name, kind)| Field::new(name, kind, true));
    let columns: Vec<Arc<dyn Array>> = vec![
        Arc::new(StringArray::from(vec![series; revisions.len()])),
        Arc::new(days(&mut revisions.iter().map(|row| &row.0))),
        Arc::new(values.with_data_type(DataType::Decimal128(28, 10))),
        Arc::new(digits),
        Arc::new(days(&mut revisions.iter().map(|row| &row.2))),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), columns).unwrap()
}

/// The revisions in an Arrow stream.
pub(crate) fn from_arrow(body: Bytes) -> Vec<Revision> {
    let batches = StreamReader::try_new(std::io::Cursor::new(body), None).unwrap();
    batches.flat_map(|batch| from_batch(&batch.unwrap())).collect()
}

/// The revisions in a Parquet file.
pub(crate) fn from_parquet(body: Bytes) -> Vec<Revision> {
    let batches = ParquetRecordBatchReader::try_new(body, 1024).unwrap();
    batches.flat_map(|batch| from_batch(&batch.unwrap())).collect()
}

fn from_batch(batch: &RecordBatch) -> Vec<Revision> {
    let day = |name: &str, row: usize| {
        let days = batch
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Date32Type>()
            .value(row);
        NaiveDate::from_epoch_days(days).unwrap().to_string()
    };
    let values = batch.column_by_name("value").unwrap().as_primitive::<Decimal128Type>();
    let digits = batch.column_by_name("digits").unwrap().as_primitive::<Int32Type>();
    let value = |row: usize| match values.is_valid(row) {
        true => Value::new(values.value(row), digits.value(row) as u8)
            .unwrap()
            .to_string(),
        false => String::new(),
    };
    (0..batch.num_rows())
        .map(|row| (day("date", row), value(row), day("revision_date", row)))
        .collect()
}

/// The revisions in JSON points.
pub(crate) fn from_json<'a>(points: impl IntoIterator<Item = &'a serde_json::Value>) -> Vec<Revision> {
    let text = |point: &serde_json::Value, name: &str| point[name].as_str().unwrap_or_default().to_string();
    points
        .into_iter()
        .map(|point| (text(point, "date"), text(point, "value"), text(point, "revisionDate")))
        .collect()
}

pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A zstd frame of blocks; `kind` 0 holds bytes as they are, 1 repeats one byte `length` times.
fn zstd_frame(blocks: &[(u32, u32, &[u8])]) -> Vec<u8> {
    // Magic number, no flags, a window of 128 KiB.
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for (at, (kind, length, content)) in blocks.iter().enumerate() {
        let last = u32::from(at + 1 == blocks.len());
        out.extend_from_slice(&(last | kind << 1 | length << 3).to_le_bytes()[..3]);
        out.extend_from_slice(content);
    }
    out
}

pub(crate) fn zstd(body: &[u8]) -> Vec<u8> {
    let blocks: Vec<_> = body
        .chunks(100_000)
        .map(|chunk| (0, chunk.len() as u32, chunk))
        .collect();
    zstd_frame(&blocks)
}

/// So many times 128 KiB of spaces.
pub(crate) fn zstd_bomb(blocks: usize) -> Vec<u8> {
    zstd_frame(&vec![(1, 128 << 10, b" ".as_slice()); blocks])
}
