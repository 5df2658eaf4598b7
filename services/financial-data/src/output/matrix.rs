//! A vintage matrix: a row per date, a column per vintage.
//!
//! As in ALFRED's downloads a column is called `GDP_20250626`, a date that the vintage does not know yet is
//! empty (null in JSON, Arrow and Parquet), and a number that was taken back is `.` (null in Arrow and Parquet).

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::writer::StreamWriter;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;

use super::batch::{VALUE, nulls, parquet_properties};
use super::text::{push_cell, push_compact_date, push_date, push_json, push_quoted_date, push_value};
use super::{Media, OutputError};
use crate::history::{Cell, Matrix};

/// Bytes of a cell, about.
const CELL: usize = 12;

/// The matrix of the series called `name`.
pub fn matrix(media: Media, name: &str, matrix: &Matrix) -> Result<Bytes, OutputError> {
    let mut out = Vec::with_capacity((matrix.dates().len() + 1) * (matrix.vintages().len() + 1) * CELL);
    match media {
        Media::Json => push_document(&mut out, name, matrix),
        Media::Ndjson => push_lines(&mut out, name, matrix),
        Media::Csv => push_table(&mut out, name, matrix),
        Media::Arrow => {
            let batch = batch(name, matrix)?;
            let mut writer = StreamWriter::try_new(&mut out, &batch.schema())?;
            writer.write(&batch)?;
            writer.finish()?;
        }
        Media::Parquet => {
            let batch = batch(name, matrix)?;
            let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(parquet_properties()))?;
            writer.write(&batch)?;
            writer.close()?;
        }
    }
    Ok(out.into())
}

fn columns(name: &str, matrix: &Matrix) -> Vec<String> {
    let column = |vintage: &i32| {
        let mut date = Vec::new();
        push_compact_date(&mut date, *vintage);
        format!("{name}_{}", String::from_utf8_lossy(&date))
    };
    matrix.vintages().iter().map(column).collect()
}

fn push_table(out: &mut Vec<u8>, name: &str, matrix: &Matrix) {
    out.extend_from_slice(b"date");
    for column in columns(name, matrix) {
        out.push(b',');
        push_cell(out, &column);
    }
    for (date, days) in matrix.dates().iter().enumerate() {
        out.push(b'\n');
        push_date(out, *days);
        for vintage in 0..matrix.vintages().len() {
            out.push(b',');
            push_text(out, matrix.cell(date, vintage));
        }
    }
    out.push(b'\n');
}

fn push_document(out: &mut Vec<u8>, name: &str, matrix: &Matrix) {
    out.extend_from_slice(b"{\"seriesId\":");
    push_json(out, name);
    out.extend_from_slice(b",\"vintages\":[");
    for (vintage, days) in matrix.vintages().iter().enumerate() {
        push_comma(out, vintage);
        push_quoted_date(out, *days);
    }
    out.extend_from_slice(b"],\"rows\":[");
    for (date, days) in matrix.dates().iter().enumerate() {
        push_comma(out, date);
        out.extend_from_slice(b"{\"date\":");
        push_quoted_date(out, *days);
        out.extend_from_slice(b",\"values\":[");
        for vintage in 0..matrix.vintages().len() {
            push_comma(out, vintage);
            push_quoted(out, matrix.cell(date, vintage));
        }
        out.extend_from_slice(b"]}");
    }
    out.extend_from_slice(b"]}");
}

fn push_lines(out: &mut Vec<u8>, name: &str, matrix: &Matrix) {
    let columns = columns(name, matrix);
    for (date, days) in matrix.dates().iter().enumerate() {
        out.extend_from_slice(b"{\"date\":");
        push_quoted_date(out, *days);
        for (vintage, column) in columns.iter().enumerate() {
            out.push(b',');
            push_json(out, column);
            out.push(b':');
            push_quoted(out, matrix.cell(date, vintage));
        }
        out.extend_from_slice(b"}\n");
    }
}

fn push_text(out: &mut Vec<u8>, cell: Cell) {
    match cell {
        Cell::Unpublished => {}
        Cell::Withdrawn => out.push(b'.'),
        Cell::Published(value) => push_value(out, value.unscaled(), value.digits()),
    }
}

fn push_quoted(out: &mut Vec<u8>, cell: Cell) {
    if cell == Cell::Unpublished {
        return out.extend_from_slice(b"null");
    }
    out.push(b'"');
    push_text(out, cell);
    out.push(b'"');
}

fn push_comma(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

fn batch(name: &str, matrix: &Matrix) -> Result<RecordBatch, OutputError> {
    let mut fields = vec![Field::new("date", DataType::Date32, false)];
    fields.extend(
        columns(name, matrix)
            .into_iter()
            .map(|column| Field::new(column, VALUE, true)),
    );
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(Date32Array::from(matrix.dates().to_vec()))];
    for vintage in 0..matrix.vintages().len() {
        let cells: Vec<_> = matrix.vintage(vintage).collect();
        let nulls = nulls(cells.iter().map(|cell| matches!(cell, Cell::Published(_))));
        let values: Vec<_> = cells.into_iter().map(unscaled).collect();
        arrays.push(Arc::new(
            Decimal128Array::new(values.into(), nulls).with_data_type(VALUE),
        ));
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn unscaled(cell: Cell) -> i128 {
    match cell {
        Cell::Published(value) => value.unscaled(),
        Cell::Unpublished | Cell::Withdrawn => 0,
    }
}
