//! CSV with a header line.

use std::io::Read;

use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::fault::{Fault, With, fault, misshapen};
use super::field::{self, Column};
use super::input::Input;
use super::intake::Intake;
use super::quotes::{Kept, Misquoted, misquoted};
use super::{DecodeError, Format, RowErrorType};

const BUFFER_BYTES: usize = 128 << 10;

pub(super) fn decode<R: Read>(input: Input<R>, intake: &mut Intake<'_>) -> Result<(), DecodeError> {
    let mut lines = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(BUFFER_BYTES)
        .from_reader(Kept::new(input.limit_rows()));
    let mut record = ByteRecord::new();
    if !next(&mut lines, &mut record)? {
        return Err(DecodeError::Empty("a header line"));
    }
    let header = header(&record)?;
    while next(&mut lines, &mut record)? {
        intake.row(row(&header, &record, quoted(&lines)))?;
    }
    Ok(())
}

fn next<R: Read>(lines: &mut Reader<Kept<R>>, record: &mut ByteRecord) -> Result<bool, DecodeError> {
    let at = lines.position().byte();
    lines.get_mut().begin_row(at);
    lines.read_byte_record(record).map_err(|error| match error.into_kind() {
        ErrorKind::Io(error) => {
            let failure = lines.get_mut().input.failure();
            failure.unwrap_or_else(|| malformed(lines, error))
        }
        other => malformed(lines, format_args!("{other:?}")),
    })
}

/// The row that was just read, as it stands in the upload.
#[inline]
fn quoted<R: Read>(lines: &Reader<Kept<R>>) -> &[u8] {
    lines.get_ref().quoted(lines.position().byte())
}

fn malformed<R: Read>(lines: &Reader<Kept<R>>, reason: impl ToString) -> DecodeError {
    DecodeError::malformed(Format::Csv, lines.position().byte(), reason)
}

/// The column of each field of a line.
fn header(record: &ByteRecord) -> Result<Vec<Column>, DecodeError> {
    let names: Result<Vec<_>, _> = record
        .iter()
        .map(|name| std::str::from_utf8(name.trim_ascii()))
        .collect();
    let names = names.map_err(|_| DecodeError::malformed(Format::Csv, 0, "the header line is not UTF-8"))?;
    if let [one] = names[..]
        && one.contains([';', '\t', '|'])
    {
        return Err(DecodeError::Columns(
            "the fields of a line are to be separated by commas".to_owned(),
        ));
    }
    columns(names.into_iter())
}

/// Finds out what columns of these names hold; each may be there once, and no other.
pub(super) fn columns<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<Column>, DecodeError> {
    let (mut columns, mut unknown, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match Column::of(name) {
            None => unknown.push(format!("`{}`", name.chars().take(100).collect::<String>())),
            Some(column) if column != Column::Derived && columns.contains(&column) => {
                wrong.push(format!("{} is there twice", column.name()));
            }
            Some(column) => columns.push(column),
        }
    }
    let missing = Column::REQUIRED.into_iter().filter(|column| !columns.contains(column));
    wrong.extend(missing.map(|column| format!("{} is missing", column.name())));
    if !unknown.is_empty() {
        unknown.truncate(20);
        wrong.push(format!("unknown: {}", unknown.join(", ")));
    }
    if wrong.is_empty() {
        Ok(columns)
    } else {
        Err(DecodeError::Columns(wrong.join("; ")))
    }
}

#[inline]
fn row<'a>(header: &[Column], record: &'a ByteRecord, quoted: &[u8]) -> Result<field::Row<'a>, Fault> {
    let read = match misquoted(quoted) {
        Some(wrong) => Err(refused(header, &wrong)),
        None => read(header, record),
    };
    read.map_err(|fault| spanning(fault, record))
}

/// The refusal of a row with such a cell. What it says of series and date is not sure either.
fn refused(header: &[Column], wrong: &Misquoted<'_>) -> Fault {
    let refused = match header.get(wrong.cell) {
        Some(column) => fault(*column, wrong.text, RowErrorType::SchemaMismatch, wrong.what),
        None => misshapen(wrong.text, wrong.what),
    };
    refused.with("put quotes around the whole cell, and write a quote inside of it twice")
}

/// A quote that is not closed makes a field of the lines behind it: a refusal says how many it takes with it.
fn spanning(mut fault: Fault, record: &ByteRecord) -> Fault {
    let breaks = record.as_slice().iter().filter(|byte| **byte == b'\n').count();
    if breaks > 0 {
        let lines = format!("; the row takes up {} lines", breaks + 1);
        fault.error.message.push_str(&lines);
        // What it says of series and date may be what another line says.
        fault.about = None;
        return fault.with("look for a quote that is not closed");
    }
    fault
}

fn read<'a>(header: &[Column], record: &'a ByteRecord) -> Result<field::Row<'a>, Fault> {
    if record.len() != header.len() {
        let message = format!("has {} fields, the header has {}", record.len(), header.len());
        return Err(misshapen(record.as_slice(), message).with("quote fields that have commas in them"));
    }
    let mut cells: field::Cells<'a> = Default::default();
    for (column, text) in header.iter().zip(record) {
        // Nobody reads this text: other lines would be gone with it without a word.
        if *column == Column::Derived && text.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(misshapen(text, "has a line break in a column that is passed over"));
        }
        cells[*column as usize] = text;
    }
    field::row(&cells)
}
