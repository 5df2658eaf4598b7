//! From decoded rows to a batch of the table of points: names become ids, doubles and impossible rows are refused.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use platform_error::Result;

use super::{Missing, Mode, Store, Upload, date};
use crate::ingest::{NO_DATE, RowError, RowErrorType, Rows, SeriesDescription, SeriesName, WITHDRAWN};
use crate::series::{DEFAULT_SOURCE, SeriesId, SourceId};
use crate::value::{PRECISION, SCALE, Value};

/// A chunk of rows ready to be stored, and what was found on the way.
#[derive(Default)]
pub(crate) struct Resolved {
    pub(crate) batch: Option<RecordBatch>,
    pub(crate) refused: Vec<RowError>,
    /// Rows that say what was known already.
    pub(crate) unchanged: u64,
    /// Withdrawals of dates that a crawl no longer has.
    pub(crate) withdrawn: u64,
    /// Series that are not known so far.
    pub(crate) unknown: Vec<SeriesDescription>,
}

/// A row in the order of the table: series, date, revision date, then its place in the input.
type Ordered = (u128, i32, i32, u32);

impl Store {
    /// Resolves the rows of one chunk. Series of descriptions in `announced` count as known.
    pub(crate) async fn resolve(
        &self,
        rows: &Rows,
        upload: &Upload,
        announced: &mut HashMap<SeriesId, ()>,
    ) -> Result<Resolved> {
        let mut out = Resolved::default();
        let ids = self.ids(rows, upload, (announced, &mut out));
        let today = upload
            .revision_date
            .unwrap_or_else(|| super::days(self.context().clock().today()));
        let latest = super::days(self.context().clock().today()) + 1;
        let mut order: Vec<Ordered> = Vec::with_capacity(rows.len());
        for at in 0..rows.len() {
            let revision = if rows.revisions[at] == NO_DATE {
                today
            } else {
                rows.revisions[at]
            };
            match ids[rows.series[at] as usize] {
                None => out.refused.push(unknown_id(rows, at)),
                Some(_) if revision > latest => out.refused.push(not_yet_published(rows, at)),
                Some(id) => order.push((id.0.as_u128(), rows.dates[at], revision, at as u32)),
            }
        }
        if !order.is_sorted() {
            order.sort_unstable();
        }
        let mut order = without_doubles(rows, order, &mut out);
        let mut withdrawn = Vec::new();
        if let Mode::Changes { missing } = upload.mode {
            (order, withdrawn) = self.changes(rows, (order, missing), &mut out).await?;
        }
        out.batch = (!order.is_empty() || !withdrawn.is_empty()).then(|| batch(rows, order, withdrawn));
        Ok(out)
    }

    /// The series of each name of a chunk; `None` for an id that nobody knows.
    fn ids(
        &self,
        rows: &Rows,
        upload: &Upload,
        (announced, out): (&mut HashMap<SeriesId, ()>, &mut Resolved),
    ) -> Vec<Option<SeriesId>> {
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        let resolve = |name: &SeriesName| match name {
            SeriesName::Id(id) => (registry.series.contains_key(id) || announced.contains_key(id)).then_some(*id),
            SeriesName::External { source, external_id } => {
                let source = source.as_deref().or(upload.source.as_deref()).unwrap_or(DEFAULT_SOURCE);
                let id = SeriesId::of(SourceId::of(source), external_id);
                if !registry.series.contains_key(&id) && announced.insert(id, ()).is_none() {
                    let description = SeriesDescription {
                        external_id: external_id.to_string(),
                        ..SeriesDescription::default()
                    };
                    out.unknown.push(SeriesDescription {
                        source: Some(source.to_string()),
                        ..description
                    });
                }
                Some(id)
            }
        };
        rows.names.iter().map(resolve).collect()
    }

    /// Of a crawl's rows those that differ from what was known on their revision date, vintage by vintage.
    async fn changes(
        &self,
        rows: &Rows,
        (order, missing): (Vec<Ordered>, Missing),
        out: &mut Resolved,
    ) -> Result<(Vec<Ordered>, Vec<(u128, i32, i32)>)> {
        let (mut kept, mut withdrawn) = (Vec::new(), Vec::new());
        for series in order.chunk_by(|a, b| a.0 == b.0) {
            let history = self.history(SeriesId(uuid::Uuid::from_u128(series[0].0))).await?;
            let mut vintages: BTreeMap<i32, Vec<Ordered>> = BTreeMap::new();
            series
                .iter()
                .for_each(|row| vintages.entry(row.2).or_default().push(*row));
            let mut within: BTreeMap<i32, Option<Value>> = BTreeMap::new();
            for (vintage, crawl) in vintages {
                let incoming = crawl.iter().map(|row| (row.1, rows.value(row.3 as usize)));
                let found = history.changes(vintage, incoming);
                let mut changed = found.changed.iter().copied().peekable();
                for (index, row) in crawl.iter().enumerate() {
                    let differs_from_stored = changed.next_if_eq(&index).is_some();
                    let value = rows.value(row.3 as usize);
                    match within
                        .get(&row.1)
                        .map_or(differs_from_stored, |earlier| *earlier != value)
                    {
                        true => {
                            within.insert(row.1, value);
                            kept.push(*row);
                        }
                        false => out.unchanged += 1,
                    }
                }
                if missing == Missing::Withdrawn {
                    let gone = found.absent.into_iter().filter(|day| within.get(day) != Some(&None));
                    for day in gone.collect::<Vec<_>>() {
                        within.insert(day, None);
                        withdrawn.push((series[0].0, day, vintage));
                    }
                }
            }
        }
        out.withdrawn += withdrawn.len() as u64;
        kept.sort_unstable();
        Ok((kept, withdrawn))
    }
}

/// Of rows with one key the first stays. A double with the same value is no harm, one with another value is refused.
fn without_doubles(rows: &Rows, order: Vec<Ordered>, out: &mut Resolved) -> Vec<Ordered> {
    let mut kept: Vec<Ordered> = Vec::with_capacity(order.len());
    for row in order {
        match kept.last() {
            Some(first) if (first.0, first.1, first.2) == (row.0, row.1, row.2) => {
                let (first, second) = (first.3 as usize, row.3 as usize);
                match rows.value(first) == rows.value(second) {
                    true => out.unchanged += 1,
                    false => out.refused.push(doubled(rows, (first, second))),
                }
            }
            _ => kept.push(row),
        }
    }
    kept
}

fn batch(rows: &Rows, order: Vec<Ordered>, withdrawn: Vec<(u128, i32, i32)>) -> RecordBatch {
    let count = order.len() + withdrawn.len();
    let place = |row: &Ordered| row.3 as usize;
    let keys = || {
        order
            .iter()
            .map(|row| (row.0, row.1, row.2))
            .chain(withdrawn.iter().copied())
    };
    let gone = withdrawn.len();
    let values = order
        .iter()
        .map(place)
        .map(|at| (rows.digits[at] != WITHDRAWN).then(|| rows.values[at]));
    let digits = order
        .iter()
        .map(place)
        .map(|at| (rows.digits[at] != WITHDRAWN).then(|| i32::from(rows.digits[at])));
    let declared = order
        .iter()
        .map(place)
        .map(|at| (rows.originals[at] >= 0).then(|| rows.originals[at] > 0));
    let value_type = DataType::Decimal128(PRECISION as u8, SCALE as i8);
    let values: Decimal128Array = values.chain(std::iter::repeat_n(None, gone)).collect();
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("series_id", series_column(keys().map(|key| key.0), count)),
        ("date", Arc::new(Date32Array::from_iter_values(keys().map(|key| key.1)))),
        ("value", Arc::new(values.with_data_type(value_type))),
        (
            "digits",
            Arc::new(digits.chain(std::iter::repeat_n(None, gone)).collect::<Int32Array>()),
        ),
        (
            "revision_date",
            Arc::new(Date32Array::from_iter_values(keys().map(|key| key.2))),
        ),
        (
            "is_original_release",
            Arc::new(
                declared
                    .chain(std::iter::repeat_n(None, gone))
                    .collect::<BooleanArray>(),
            ),
        ),
    ];
    if !rows.metadata.is_empty() {
        let texts = order.iter().map(place).map(|at| rows.metadata[at].as_deref());
        let texts: arrow::array::StringArray = texts.chain(std::iter::repeat_n(None, gone)).collect();
        columns.push(("metadata", Arc::new(texts)));
    }
    let field = |(name, column): &(&str, ArrayRef)| Field::new(*name, column.data_type().clone(), true);
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(schema, columns).expect("columns are made of the same rows")
}

/// Ids as text; the text of a run of one series is made once.
fn series_column(ids: impl Iterator<Item = u128>, count: usize) -> ArrayRef {
    let mut texts = StringBuilder::with_capacity(count, count * 36);
    let (mut last, mut buffer) = (None, uuid::Uuid::encode_buffer());
    for id in ids {
        if last != Some(id) {
            uuid::Uuid::from_u128(id).hyphenated().encode_lower(&mut buffer);
            last = Some(id);
        }
        texts.append_value(std::str::from_utf8(&buffer[..36]).expect("a uuid is written in ASCII"));
    }
    Arc::new(texts.finish())
}

fn unknown_id(rows: &Rows, at: usize) -> RowError {
    let name = match &rows.names[rows.series[at] as usize] {
        SeriesName::Id(id) => id.to_string(),
        SeriesName::External { external_id, .. } => external_id.to_string(),
    };
    RowError {
        row: rows.numbers[at],
        field: "series_id",
        value: Some(name),
        error_type: RowErrorType::InvalidSeriesReference,
        message: "there is no series with this id".to_string(),
        suggested_fix: Some("create the series first, or name it by source and external id".to_string()),
    }
}

fn not_yet_published(rows: &Rows, at: usize) -> RowError {
    RowError {
        row: rows.numbers[at],
        field: "revision_date",
        value: Some(date(rows.revisions[at]).to_string()),
        error_type: RowErrorType::InvalidDateFormat,
        message: "lies in the future: it is the day on which the value was published".to_string(),
        suggested_fix: Some("leave it out for today".to_string()),
    }
}

fn doubled(rows: &Rows, (first, second): (usize, usize)) -> RowError {
    let row = rows.numbers[first];
    RowError {
        row: rows.numbers[second],
        field: "value",
        value: rows.value(second).map(|value| value.to_string()),
        error_type: RowErrorType::DuplicateDataPoint,
        message: format!("row {row} gives another value for the same series, date and revision date"),
        suggested_fix: Some("keep one of the two, or give the later one its own revision date".to_string()),
    }
}
