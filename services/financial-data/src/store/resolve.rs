//! From decoded rows to a batch of the table of points: names become ids, doubles and impossible rows are refused.

use std::collections::{BTreeMap, HashSet};

use arrow::array::RecordBatch;
use platform_error::Result;

use super::batch::{Key, Points, ordered_runs};
use super::{Missing, Mode, Store, Upload, date};
use crate::deed::Touched;
use crate::error::Error;
use crate::ingest::{NO_DATE, RowError, RowErrorType, Rows, SeriesDescription, SeriesName};
use crate::series::{DEFAULT_SOURCE, SeriesId, SourceId};

/// A chunk of rows ready to be stored, and what was found on the way.
#[derive(Default)]
pub(crate) struct Resolved {
    pub(crate) batch: Option<RecordBatch>,
    pub(crate) refused: Vec<RowError>,
    /// Rows that say what was known already.
    pub(crate) unchanged: u64,
    /// Withdrawals of dates that a crawl no longer has.
    pub(crate) withdrawn: u64,
    /// The first of the series that the rows name.
    pub(crate) touched: Touched,
    /// Series that are not known so far.
    pub(crate) unknown: Vec<SeriesDescription>,
}

/// What earlier chunks of an upload mean for the later ones.
#[derive(Default)]
pub(crate) struct Earlier {
    /// Series that it describes or creates: they count as known.
    pub(crate) announced: HashSet<SeriesId>,
    /// Series whose crawls were compared with what was known.
    compared: HashSet<SeriesId>,
}

/// A row in the order of the table: its key, then its place in the input.
pub(super) type Ordered = (u128, i32, i32, u32);

impl Store {
    /// Resolves the rows of one chunk.
    pub(crate) async fn resolve(&self, mut rows: Rows, upload: &Upload, earlier: &mut Earlier) -> Result<Resolved> {
        let mut out = Resolved::default();
        let ids = self.ids(&rows, upload, (&mut earlier.announced, &mut out));
        if upload.mode != Mode::Upsert {
            whole(&rows, &ids, &mut earlier.compared)?;
        }
        out.touched.add(ids.iter().copied().flatten());
        let today = upload
            .revision_date
            .unwrap_or_else(|| super::days(self.context().clock().today()));
        let latest = super::days(self.context().clock().today()) + 1;
        for revision in &mut rows.revisions {
            *revision = if *revision == NO_DATE { today } else { *revision };
        }
        if upload.mode == Mode::Upsert
            && rows.revisions.iter().all(|revision| *revision <= latest)
            && let Some(runs) = ordered_runs(&rows, &ids)
        {
            out.batch = (!runs.is_empty()).then(|| Points::of_runs(rows, runs).into_batch());
            return Ok(out);
        }
        let mut order: Vec<Ordered> = Vec::with_capacity(rows.len());
        for at in 0..rows.len() {
            match ids[rows.series[at] as usize] {
                None => out.refused.push(unknown_id(&rows, at)),
                Some(_) if rows.revisions[at] > latest => out.refused.push(not_yet_published(&rows, at)),
                Some(id) => order.push((id.0.as_u128(), rows.dates[at], rows.revisions[at], at as u32)),
            }
        }
        order.sort_unstable();
        let mut order = without_doubles(&rows, order, &mut out);
        let mut withdrawn = Vec::new();
        if let Mode::Changes { missing } = upload.mode {
            (order, withdrawn) = self.changes(&rows, (order, missing), &mut out).await?;
        }
        let points = || Points::some(&rows, &order, &withdrawn).into_batch();
        out.batch = (!order.is_empty() || !withdrawn.is_empty()).then(points);
        Ok(out)
    }

    /// The series of each name of a chunk; `None` for an id that nobody knows.
    fn ids(
        &self,
        rows: &Rows,
        upload: &Upload,
        (announced, out): (&mut HashSet<SeriesId>, &mut Resolved),
    ) -> Vec<Option<SeriesId>> {
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        let resolve = |name: &SeriesName| match name {
            SeriesName::Id(id) => (registry.series.contains_key(id) || announced.contains(id)).then_some(*id),
            SeriesName::External { source, external_id } => {
                let source = source.as_deref().or(upload.source.as_deref()).unwrap_or(DEFAULT_SOURCE);
                let id = SeriesId::of(SourceId::of(source), external_id);
                if !registry.series.contains_key(&id) && announced.insert(id) {
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

    /// Of a crawl's rows those that differ from what was known on their revision date, vintage by vintage. What an
    /// earlier vintage of the crawl says is known to the later ones.
    async fn changes(
        &self,
        rows: &Rows,
        (order, missing): (Vec<Ordered>, Missing),
        out: &mut Resolved,
    ) -> Result<(Vec<Ordered>, Vec<Key>)> {
        self.0.points.refresh().await?;
        let (mut kept, mut withdrawn) = (Vec::new(), Vec::new());
        for series in order.chunk_by(|a, b| a.0 == b.0) {
            let mut known = self
                .history(SeriesId(uuid::Uuid::from_u128(series[0].0)))
                .await?
                .known();
            let mut vintages: BTreeMap<i32, Vec<Ordered>> = BTreeMap::new();
            series
                .iter()
                .for_each(|row| vintages.entry(row.2).or_default().push(*row));
            for (vintage, crawl) in vintages {
                let incoming = crawl.iter().map(|row| (row.1, rows.value(row.3 as usize)));
                let found = known.crawl(vintage, incoming);
                out.unchanged += (crawl.len() - found.changed.len()) as u64;
                kept.extend(found.changed.into_iter().map(|index| crawl[index]));
                if missing == Missing::Withdrawn {
                    known.withdraw(&found.absent);
                    withdrawn.extend(found.absent.into_iter().map(|day| (series[0].0, day, vintage)));
                }
            }
        }
        out.withdrawn += withdrawn.len() as u64;
        kept.sort_unstable();
        Ok((kept, withdrawn))
    }
}

/// Refuses a chunk of crawls with a series that an earlier chunk had: what its rows change can only be told of all of
/// them together.
fn whole(rows: &Rows, ids: &[Option<SeriesId>], compared: &mut HashSet<SeriesId>) -> Result<(), Error> {
    for (name, id) in rows.names.iter().zip(ids) {
        if id.is_some_and(|id| compared.contains(&id)) {
            return Err(Error::ScatteredSeries(name_of(name)));
        }
    }
    compared.extend(ids.iter().flatten());
    Ok(())
}

fn name_of(name: &SeriesName) -> String {
    match name {
        SeriesName::Id(id) => id.to_string(),
        SeriesName::External { external_id, .. } => external_id.to_string(),
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

fn unknown_id(rows: &Rows, at: usize) -> RowError {
    RowError {
        row: rows.numbers[at],
        field: "series_id",
        value: Some(name_of(&rows.names[rows.series[at] as usize])),
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
