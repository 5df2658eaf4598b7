//! Protobuf: the fields of a `BulkDataRequest` are decoded one by one as they arrive.

use std::io::Read;

use prost::Message;

use super::fault::{Fault, misshapen};
use super::field::{self, Column};
use super::input::Input;
use super::intake::Intake;
use super::window::Window;
use super::{DataPointData, DecodeError, Format, ROW_BYTES, SeriesData, SeriesDescription};

pub(super) fn decode<R: Read>(input: Input<R>, intake: &mut Intake<'_>) -> Result<(), DecodeError> {
    let mut window = Window::new(input);
    if !window.ensure(1)? {
        return Err(DecodeError::Empty("a BulkDataRequest"));
    }
    while window.ensure(1)? {
        let key = varint(&mut window)?;
        match (key >> 3, key & 7) {
            (number @ 1..=4, 2) => {
                let length = length(&mut window)?;
                let position = window.position();
                let broken = |reason: String| DecodeError::malformed(Format::Protobuf, position, reason);
                let bytes = &window.unread()[..length];
                match number {
                    1 => text(bytes)
                        .map_err(broken)?
                        .map_or(Ok(()), |text| intake.batch_id(text.to_owned()))?,
                    2 => text(bytes)
                        .map_err(broken)?
                        .map_or(Ok(()), |text| intake.source(text))?,
                    3 => intake.series(series(bytes))?,
                    _ => point(bytes, intake)?,
                }
                window.take(length);
            }
            (1..=4, _) => return Err(broken(&window, format!("field {} has the wrong wire type", key >> 3))),
            (0, _) => return Err(broken(&window, "a field has the number 0")),
            // A field of a newer version of the message.
            (_, 0) => drop(varint(&mut window)?),
            (_, 1) => skip(&mut window, 8)?,
            (_, 2) => {
                let length = length(&mut window)?;
                window.take(length);
            }
            (_, 5) => skip(&mut window, 4)?,
            _ => return Err(broken(&window, "a field has an unknown wire type")),
        }
    }
    Ok(())
}

fn broken<R: Read>(window: &Window<R>, reason: impl ToString) -> DecodeError {
    DecodeError::malformed(Format::Protobuf, window.position(), reason)
}

fn varint<R: Read>(window: &mut Window<R>) -> Result<u64, DecodeError> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        if !window.ensure(1)? {
            return Err(broken(window, "it ends within a field"));
        }
        let byte = window.unread()[0];
        window.take(1);
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(broken(window, "a number has more than ten bytes"))
}

/// Reads a length and makes as many bytes unread.
fn length<R: Read>(window: &mut Window<R>) -> Result<usize, DecodeError> {
    let length = usize::try_from(varint(window)?).unwrap_or(usize::MAX);
    if length > ROW_BYTES {
        return Err(DecodeError::too_large("a field", ROW_BYTES, window.position()));
    }
    if !window.ensure(length)? {
        return Err(broken(window, "it ends within a field"));
    }
    Ok(length)
}

fn skip<R: Read>(window: &mut Window<R>, count: usize) -> Result<(), DecodeError> {
    if !window.ensure(count)? {
        return Err(broken(window, "it ends within a field"));
    }
    window.take(count);
    Ok(())
}

/// The text of a field; protobuf does not tell an empty one from none.
fn text(bytes: &[u8]) -> Result<Option<&str>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn point(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), DecodeError> {
    match DataPointData::decode(bytes) {
        Ok(point) => intake.row(row(&point)),
        Err(error) => intake.row(Err(misshapen(b"", format_args!("is not a DataPointData: {error}")))),
    }
}

fn row(point: &DataPointData) -> Result<field::Row<'_>, Fault> {
    let mut cells: field::Cells<'_> = Default::default();
    let original = point
        .is_original_release
        .map_or("", |original| if original { "true" } else { "false" });
    for (column, text) in [
        (Column::Series, point.series_id.as_str()),
        (Column::Date, &point.date),
        (Column::Value, point.value()),
        (Column::Revision, point.revision_date()),
        (Column::Original, original),
        (Column::Metadata, point.metadata()),
        (Column::Source, point.source()),
    ] {
        cells[column as usize] = text.as_bytes();
    }
    field::row(&cells)
}

fn series(bytes: &[u8]) -> Result<SeriesDescription, String> {
    let series = SeriesData::decode(bytes).map_err(|error| error.to_string())?;
    let metadata = |text: String| serde_json::from_str(&text).map_err(|error| format!("metadata is not JSON: {error}"));
    Ok(SeriesDescription {
        source: series.source,
        external_id: series.external_id,
        title: series.title.map(Some),
        description: series.description.map(Some),
        units: series.units.map(Some),
        frequency: series.frequency.map(Some),
        seasonal_adjustment: series.seasonal_adjustment.map(Some),
        start_date: series.start_date.map(Some),
        end_date: series.end_date.map(Some),
        is_active: series.is_active.map(Some),
        metadata: series.metadata.map(metadata).transpose()?.map(Some),
    })
}
