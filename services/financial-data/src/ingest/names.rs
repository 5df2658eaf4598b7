//! The names of series in the rows of a chunk, each once.

use std::collections::HashMap;

use crate::series::Source;

use super::fault::{Fault, With, fault, missing};
use super::field::Column;
use super::{RowErrorType, SeriesName};

/// What a name costs in the list of a chunk and in its index.
const NAME_COST: usize = 160;

/// The source that a row names, empty for none, and its series.
pub(super) type Named<'a> = (&'a [u8], &'a [u8]);

/// Finds the place of a row's series among the names of a chunk.
#[derive(Default)]
pub(super) struct Names {
    places: HashMap<Box<[u8]>, u32>,
    key: Vec<u8>,
    last: Option<u32>,
}

impl Names {
    /// Whether a series is the one that was asked for last.
    #[inline]
    pub(super) fn is_last(&self, (source, series): Named<'_>) -> bool {
        self.last.is_some()
            && self.key.len() == source.len() + 1 + series.len()
            && self.key.ends_with(series)
            && self.key.starts_with(source)
            && self.key[source.len()] == 0
    }

    /// Rows of a series mostly follow each other, so the last key is compared before the index is asked. A new name is
    /// added to `names`, and what it costs to `size`.
    #[inline]
    pub(super) fn index(
        &mut self,
        (source, series): Named<'_>,
        (names, size): (&mut Vec<SeriesName>, &mut usize),
    ) -> Result<u32, Fault> {
        if let Some(last) = self.last
            && self.is_last((source, series))
        {
            return Ok(last);
        }
        self.last = None;
        self.key.clear();
        self.key.extend_from_slice(source);
        self.key.push(0);
        self.key.extend_from_slice(series);
        let place = match self.places.get(self.key.as_slice()) {
            Some(place) => *place,
            None => {
                let place = names.len() as u32;
                names.push(series_name(source, series)?);
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
        named => Some(check_source(named)?),
    };
    Ok(SeriesName::new(source, text))
}

pub(super) fn check_source(source: &[u8]) -> Result<&str, Fault> {
    match std::str::from_utf8(source) {
        Ok(text) if Source::may_be_called(text) => Ok(text),
        _ => Err(fault(
            Column::Source,
            source,
            RowErrorType::InvalidSeriesReference,
            "is not the name of a source",
        )
        .with(format!("name the source in {}", Source::NAMING))),
    }
}
