//! Decoded rows on their way in, in columns, and what is said of rows that did not make it.

use crate::series::SeriesId;
use crate::value::Value;

/// A missing date in [`Rows`] columns.
pub const NO_DATE: i32 = i32::MIN;
/// A withdrawal in [`Rows::digits`].
pub const WITHDRAWN: i8 = -1;

/// How a row names its series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SeriesName {
    /// By a text that is written like our own identifiers.
    Id {
        /// The identifier. Beside a source it is meant only where its series is of that source.
        id: SeriesId,
        /// The source named in the row.
        source: Option<Box<str>>,
        /// What stands there: a source may call its series so.
        text: Box<str>,
    },
    /// By what a source calls it; `None` is the request's source.
    External {
        /// The source named in the row.
        source: Option<Box<str>>,
        /// The series' name at that source.
        external_id: Box<str>,
    },
}

impl SeriesName {
    /// The name `text` in a row that names this source, or none.
    pub fn new(source: Option<&str>, text: &str) -> Self {
        let (id, source, text) = (SeriesId::parse(text), source.map(Into::into), text.into());
        match id {
            Some(id) => Self::Id { id, source, text },
            None => Self::External {
                source,
                external_id: text,
            },
        }
    }

    /// The source named in the row, and the external id that the name is where it is no identifier of ours.
    pub fn external(&self) -> (Option<&str>, &str) {
        match self {
            Self::Id { source, text, .. } => (source.as_deref(), text),
            Self::External { source, external_id } => (source.as_deref(), external_id),
        }
    }
}

/// A chunk of decoded rows in columns of equal length: rows of ten million points cost no allocation each.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// The distinct series of this chunk, in order of appearance.
    pub names: Vec<SeriesName>,
    /// Per row, an index into `names`.
    pub series: Vec<u32>,
    /// Per row, the observation date in days since 1970-01-01.
    pub dates: Vec<i32>,
    /// Per row, the value at scale 10; 0 where withdrawn.
    pub values: Vec<i128>,
    /// Per row, published digits, or [`WITHDRAWN`].
    pub digits: Vec<i8>,
    /// Per row, the revision date in days since 1970-01-01, or [`NO_DATE`] for today.
    pub revisions: Vec<i32>,
    /// Per row, what the source says of it being an original release: 1, 0, or -1 when it says nothing.
    pub originals: Vec<i8>,
    /// Per row, a JSON object; empty when no row of the chunk has one.
    pub metadata: Vec<Option<Box<str>>>,
    /// Per row, its number in the input, counted from 1.
    pub numbers: Vec<u64>,
    /// Rows that were refused, where [`Limits::place_refused`](super::Limits::place_refused) asks for them.
    pub refused: Vec<RefusedRow>,
    /// The first row up to here that was refused and of which not even the series can be read; asked for likewise.
    pub unplaced: Option<u64>,
}

/// What can be read of a row that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// An index into [`Rows::names`].
    pub series: u32,
    /// The observation date, or [`NO_DATE`] where it cannot be read.
    pub date: i32,
    /// Its number in the input, counted from 1.
    pub number: u64,
}

impl Rows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The value of row `at`; `None` is a withdrawal.
    pub fn value(&self, at: usize) -> Option<Value> {
        u8::try_from(self.digits[at])
            .ok()
            .and_then(|digits| Value::new(self.values[at], digits))
    }

    /// About how many bytes this holds.
    pub fn size(&self) -> usize {
        let metadata: usize = self.metadata.iter().flatten().map(|text| text.len()).sum();
        let refused = self.refused.len() * size_of::<RefusedRow>();
        self.len() * 50 + self.metadata.len() * 16 + self.names.len() * 64 + metadata + refused
    }
}

/// Which rule a row broke. The names are those of the crawler's reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum RowErrorType {
    /// A date that is not a calendar date in YYYY-MM-DD, or outside 1600-01-01 to 2200-12-31.
    InvalidDateFormat,
    /// A value that is not a decimal number, or does not fit decimal(28, 10).
    InvalidNumericValue,
    /// A field that every row needs is absent or empty.
    MissingRequiredField,
    /// A series that is unknown by that id, or a name that cannot be one.
    InvalidSeriesReference,
    /// The same series, date and revision date stand in a chunk of the batch twice with different values.
    DuplicateDataPoint,
    /// The row as a whole has the wrong shape.
    SchemaMismatch,
    /// A field has the wrong type.
    DataTypeMismatch,
}

/// One row that was refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowError {
    /// Its number in the input, counted from 1 without a header line.
    pub row: u64,
    /// The field that is wrong, for instance `revision_date`.
    pub field: &'static str,
    /// What stood there, cut at 100 characters.
    pub value: Option<String>,
    /// Which rule it broke.
    pub error_type: RowErrorType,
    /// What was expected.
    pub message: String,
    /// What to write instead.
    pub suggested_fix: Option<String>,
}
