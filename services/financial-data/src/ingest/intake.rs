//! Gathers rows into chunks, numbers them and keeps the report of those that were refused.

use std::sync::Arc;

use crate::series::Source;
use crate::value::Value;

use super::fault::{About, Fault, Refusal};
use super::field::Row;
use super::names::{Named, Names, check_source};
use super::{
    DecodeError, Decoded, Limits, MAX_SERIES, NO_DATE, RefusedRow, RowError, Rows, SeriesDescription, SeriesName, Sink,
    WITHDRAWN, is_key,
};

/// What a row costs in the columns of a chunk.
const ROW_COST: usize = 50;
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
        let row = match row {
            Ok(row) => row,
            Err(fault) => return self.refuse(*fault),
        };
        let named = (row.source, row.series);
        self.begin(named)?;
        match self.names.index(named, (&mut self.rows.names, &mut self.size)) {
            Ok(series) => self.keep(series, &row),
            Err(fault) => self.refuse(*fault),
        }
    }

    /// A chunk that is full and may not cut a series ends where the next one begins.
    #[inline]
    fn begin(&mut self, named: Named<'_>) -> Result<(), DecodeError> {
        if self.limits.whole_series && self.size >= self.limits.chunk_bytes && !self.names.is_last(named) {
            self.hand_over()?;
        }
        Ok(())
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
        self.end()
    }

    /// Hands over a chunk that is full, unless the next row may belong to its last series.
    #[inline]
    fn end(&mut self) -> Result<(), DecodeError> {
        if self.size < self.limits.chunk_bytes {
            return Ok(());
        }
        if !self.limits.whole_series {
            return self.hand_over();
        }
        match self.size < WHOLE_SERIES * self.limits.chunk_bytes {
            true => Ok(()),
            false => Err(DecodeError::LongSeries(self.decoded.rows)),
        }
    }

    #[cold]
    fn refuse(&mut self, refusal: Refusal) -> Result<(), DecodeError> {
        let number = self.decoded.rows;
        self.decoded.failed += 1;
        if self.decoded.errors.len() < self.limits.reported_errors {
            self.decoded.errors.push(RowError {
                row: number,
                ..refusal.error
            });
        }
        match self.limits.place_refused {
            true => self.place(refusal.about),
            false => Ok(()),
        }
    }

    /// Keeps what a refused row is about, or that it may be about any series.
    fn place(&mut self, about: Option<About>) -> Result<(), DecodeError> {
        let number = self.decoded.rows;
        if let Some(about) = about {
            let named = (&*about.source, &*about.series);
            self.begin(named)?;
            if let Ok(series) = self.names.index(named, (&mut self.rows.names, &mut self.size)) {
                let date = about.date.unwrap_or(NO_DATE);
                self.rows.refused.push(RefusedRow { series, date, number });
                self.size += size_of::<RefusedRow>();
                return self.end();
            }
        }
        self.decoded.unplaced.get_or_insert(number);
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), DecodeError> {
        let mut rows = std::mem::take(&mut self.rows);
        rows.unplaced = self.decoded.unplaced;
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
        if !is_key(&batch_id) {
            return Err(DecodeError::Columns(
                "a batchId has 1 to 255 printable characters".to_owned(),
            ));
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
            .map_err(|_| DecodeError::Columns(format!("a source has {}", Source::NAMING)))?;
        Arc::make_mut(&mut self.decoded.head).source = Some(source.to_owned());
        Ok(())
    }

    /// Keeps the description of a series.
    pub(super) fn series(&mut self, description: Result<SeriesDescription, String>) -> Result<(), DecodeError> {
        if self.handed_over {
            return Err(DecodeError::LateHead("series"));
        }
        let number = self.decoded.head.series.len() + 1;
        if number > MAX_SERIES {
            return Err(DecodeError::Series {
                series: number.to_string(),
                reason: format!("a request describes at most {MAX_SERIES} series"),
            });
        }
        let name = description.as_ref().map_or("", |given| given.external_id.trim());
        let series = match name {
            "" => number.to_string(),
            name => format!("{number} ({})", name.chars().take(100).collect::<String>()),
        };
        let description = description.and_then(SeriesDescription::checked);
        let description = description.map_err(|reason| DecodeError::Series { series, reason })?;
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
        if !self.rows.is_empty() || !self.rows.refused.is_empty() {
            self.hand_over()?;
        }
        Ok(self.decoded)
    }
}
