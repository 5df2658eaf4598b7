//! CSV with a header line.

use std::io::Read;

use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::fault::{Fault, With, misshapen};
use super::field::{self, Column};
use super::input::Input;
use super::intake::Intake;
use super::{DecodeError, Format};

const BUFFER_BYTES: usize = 128 << 10;

pub(super) fn decode<R: Read>(input: Input<R>, intake: &mut Intake<'_>) -> Result<(), DecodeError> {
    let mut lines = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(BUFFER_BYTES)
        .from_reader(input.limit_rows());
    let mut record = ByteRecord::new();
    if !next(&mut lines, &mut record)? {
        return Err(DecodeError::Empty("a header line"));
    }
    let header = header(&record)?;
    while next(&mut lines, &mut record)? {
        intake.row(row(&header, &record))?;
    }
    Ok(())
}

fn next<R: Read>(lines: &mut Reader<Input<R>>, record: &mut ByteRecord) -> Result<bool, DecodeError> {
    lines.get_mut().begin_row();
    lines.read_byte_record(record).map_err(|error| match error.into_kind() {
        ErrorKind::Io(error) => lines.get_mut().failure().unwrap_or_else(|| malformed(lines, error)),
        other => malformed(lines, format_args!("{other:?}")),
    })
}

fn malformed<R: Read>(lines: &Reader<Input<R>>, reason: impl ToString) -> DecodeError {
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
fn row<'a>(header: &[Column], record: &'a ByteRecord) -> Result<field::Row<'a>, Fault> {
    read(header, record).map_err(|fault| spanning(fault, record))
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
