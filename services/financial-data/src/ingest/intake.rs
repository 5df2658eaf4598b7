//! Gathers rows into chunks, numbers them and keeps the report of those that were refused.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::series::SeriesId;
use crate::value::Value;

use super::field::{Column, Fault, Row, With, fault, misshapen, missing};
use super::{
    DecodeError, Decoded, Limits, MAX_SERIES, RowError, RowErrorType, Rows, SeriesDescription, SeriesName, Sink,
    WITHDRAWN,
};

/// What a row costs in the columns of a chunk, and a name in its list and index.
const ROW_COST: usize = 50;
const NAME_COST: usize = 160;
/// What all descriptions of one upload may cost.
const DESCRIPTION_BYTES: usize = 64 << 20;
/// So many times its size a chunk may grow for one series that may not be cut.
const WHOLE_SERIES: usize = 3;

pub(super) struct Intake<'a> {
    limits: &'a Limits,
    sink: &'a mut Sink<'a>,
    decoded: Decoded,
    rows: Rows,
    size: usize,
    names: Names,
    described: usize,
    unpacked: u64,
    handed_over: bool,
}

impl<'a> Intake<'a> {
    pub(super) fn new(limits: &'a Limits, sink: &'a mut Sink<'a>) -> Self {
        let (decoded, rows, names) = (Decoded::default(), Rows::default(), Names::default());
        Self {
            limits,
            sink,
            decoded,
            rows,
            size: 0,
            names,
            described: 0,
            unpacked: 0,
            handed_over: false,
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        self.limits
    }

    /// Counts a row and keeps it, or what is wrong with it.
    #[inline]
    pub(super) fn row(&mut self, row: Result<Row<'_>, Fault>) -> Result<(), DecodeError> {
        if self.decoded.rows >= self.limits.rows {
            return Err(DecodeError::TooManyRows(self.limits.rows));
        }
        self.decoded.rows += 1;
        if self.limits.whole_series
            && self.size >= self.limits.chunk_bytes
            && let Ok(row) = &row
            && !self.names.is_last(row)
        {
            self.hand_over()?;
        }
        match row.and_then(|row| Ok((self.names.index(&mut self.rows.names, &row, &mut self.size)?, row))) {
            Ok((series, row)) => self.keep(series, &row),
            Err(fault) => {
                self.refuse(*fault);
                Ok(())
            }
        }
    }

    #[inline]
    fn keep(&mut self, series: u32, row: &Row<'_>) -> Result<(), DecodeError> {
        let rows = &mut self.rows;
        rows.series.push(series);
        rows.dates.push(row.date);
        rows.values.push(row.value.map_or(0, Value::unscaled));
        rows.digits
            .push(row.value.map_or(WITHDRAWN, |value| value.digits() as i8));
        rows.revisions.push(row.revision);
        rows.originals.push(row.original);
        rows.numbers.push(self.decoded.rows);
        self.size += ROW_COST;
        if row.metadata.is_some() || !rows.metadata.is_empty() {
            // Rows before the first one that has metadata get their place when it comes.
            self.size += (rows.series.len() - rows.metadata.len()) * 16 + row.metadata.map_or(0, str::len);
            rows.metadata.resize(rows.series.len() - 1, None);
            rows.metadata.push(row.metadata.map(Into::into));
        }
        if self.size < self.limits.chunk_bytes {
            return Ok(());
        }
        if !self.limits.whole_series {
            return self.hand_over();
        }
        // It ends where the next series begins.
        match self.size < WHOLE_SERIES * self.limits.chunk_bytes {
            true => Ok(()),
            false => Err(DecodeError::LongSeries(self.decoded.rows)),
        }
    }

    #[cold]
    fn refuse(&mut self, error: RowError) {
        self.decoded.failed += 1;
        if self.decoded.errors.len() < self.limits.reported_errors {
            self.decoded.errors.push(RowError {
                row: self.decoded.rows,
                ..error
            });
        }
    }

    fn hand_over(&mut self) -> Result<(), DecodeError> {
        let mut rows = std::mem::take(&mut self.rows);
        if let Some(source) = &self.decoded.head.source {
            for name in &mut rows.names {
                if let SeriesName::External {
                    source: unnamed @ None, ..
                } = name
                {
                    *unnamed = Some(source.as_str().into());
                }
            }
        }
        self.names = Names::default();
        self.size = 0;
        self.handed_over = true;
        (self.sink)(&self.decoded.head, rows)
    }

    /// Keeps what the upload calls itself.
    pub(super) fn batch_id(&mut self, batch_id: String) -> Result<(), DecodeError> {
        if self.handed_over || self.decoded.head.batch_id.is_some() {
            return Err(DecodeError::LateHead("batchId"));
        }
        if batch_id.is_empty() || batch_id.chars().count() > 255 {
            return Err(DecodeError::Columns("a batchId has 1 to 255 characters".to_owned()));
        }
        Arc::make_mut(&mut self.decoded.head).batch_id = Some(batch_id);
        Ok(())
    }

    /// Keeps the source of rows that name none.
    pub(super) fn source(&mut self, source: &str) -> Result<(), DecodeError> {
        if self.handed_over || self.decoded.head.source.is_some() {
            return Err(DecodeError::LateHead("source"));
        }
        let source = source.trim();
        check_source(source.as_bytes())
            .map_err(|_| DecodeError::Columns("a source has 1 to 100 characters".to_owned()))?;
        Arc::make_mut(&mut self.decoded.head).source = Some(source.to_owned());
        Ok(())
    }

    /// Keeps the description of a series.
    pub(super) fn series(&mut self, description: Result<SeriesDescription, String>) -> Result<(), DecodeError> {
        let number = self.decoded.head.series.len() + 1;
        if number > MAX_SERIES {
            return Err(DecodeError::Series {
                number,
                reason: format!("a request describes at most {MAX_SERIES} series"),
            });
        }
        let description = description.and_then(SeriesDescription::checked);
        let description = description.map_err(|reason| DecodeError::Series { number, reason })?;
        self.described += description.size();
        if self.described > DESCRIPTION_BYTES {
            let limit = DESCRIPTION_BYTES;
            return Err(DecodeError::TooMuchDescribed { number, limit });
        }
        Arc::make_mut(&mut self.decoded.head).series.push(description);
        Ok(())
    }

    /// Counts bytes that a compressed part of the upload unpacks to.
    pub(super) fn unpack(&mut self, bytes: u64) -> Result<(), DecodeError> {
        self.unpacked = self.unpacked.saturating_add(bytes);
        if self.unpacked > self.limits.bytes {
            Err(DecodeError::TooManyBytes(self.limits.bytes))
        } else {
            Ok(())
        }
    }

    pub(super) fn finish(mut self) -> Result<Decoded, DecodeError> {
        if !self.rows.is_empty() {
            self.hand_over()?;
        }
        Ok(self.decoded)
    }
}

/// Finds the place of a row's series among the names of a chunk.
#[derive(Default)]
struct Names {
    places: HashMap<Box<[u8]>, u32>,
    key: Vec<u8>,
    last: Option<u32>,
}

impl Names {
    /// Whether a row is about the series that was asked for last.
    #[inline]
    fn is_last(&self, row: &Row<'_>) -> bool {
        self.last.is_some()
            && self.key.len() == row.source.len() + 1 + row.series.len()
            && self.key.ends_with(row.series)
            && self.key.starts_with(row.source)
            && self.key[row.source.len()] == 0
    }

    /// Rows of a series mostly follow each other, so the last key is compared before the index is asked.
    #[inline]
    fn index(&mut self, names: &mut Vec<SeriesName>, row: &Row<'_>, size: &mut usize) -> Result<u32, Fault> {
        if let Some(last) = self.last
            && self.is_last(row)
        {
            return Ok(last);
        }
        self.last = None;
        self.key.clear();
        self.key.extend_from_slice(row.source);
        self.key.push(0);
        self.key.extend_from_slice(row.series);
        let place = match self.places.get(self.key.as_slice()) {
            Some(place) => *place,
            None => {
                let place = names.len() as u32;
                names.push(series_name(row.source, row.series)?);
                self.places.insert(self.key.as_slice().into(), place);
                *size += NAME_COST + 2 * self.key.len();
                place
            }
        };
        self.last = Some(place);
        Ok(place)
    }
}

fn series_name(source: &[u8], series: &[u8]) -> Result<SeriesName, Fault> {
    if series.is_empty() {
        return Err(missing(Column::Series));
    }
    let refuse = |message: &'static str| {
        fault(Column::Series, series, RowErrorType::InvalidSeriesReference, message)
            .with("name the series by its id or by what its source calls it, in 1 to 255 printable characters")
    };
    let text = std::str::from_utf8(series).map_err(|_| refuse("is not UTF-8"))?;
    if text.chars().any(char::is_control) || text.chars().count() > 255 {
        return Err(refuse("is longer than 255 characters or has control characters"));
    }
    let source = match source {
        b"" => None,
        named => Some(check_source(named)?.into()),
    };
    if series.len() == 36
        && let Ok(id) = Uuid::try_parse_ascii(series)
    {
        return Ok(SeriesName::Id(SeriesId(id)));
    }
    Ok(SeriesName::External {
        source,
        external_id: text.into(),
    })
}

fn check_source(source: &[u8]) -> Result<&str, Fault> {
    match std::str::from_utf8(source) {
        Ok(text) if !text.is_empty() && text.chars().count() <= 100 && !text.chars().any(char::is_control) => Ok(text),
        _ => Err(fault(
            Column::Source,
            source,
            RowErrorType::InvalidSeriesReference,
            "is not the name of a source",
        )
        .with("name the source in 1 to 100 printable characters")),
    }
}

/// Refuses a row that has a field no row has.
pub(super) fn unknown_field(name: &str) -> Fault {
    misshapen(name.as_bytes(), "is not a field of a row").with("leave it out, or put it into metadata")
}
