//! From decoded rows to a batch of the table of points: names become ids, doubles and impossible rows are refused.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::array::RecordBatch;
use platform_error::Result;

use super::absent::Meant;
use super::batch::{Key, Points, ordered_runs};
use super::meaning::{Announced, Meaning};
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
    /// Dates that a crawl no longer has and that a refused row may have meant.
    pub(crate) not_withdrawn: u64,
    /// The first of the series that the rows name.
    pub(crate) touched: Touched,
    /// Series that are not known so far.
    pub(crate) unknown: Vec<SeriesDescription>,
}

/// What earlier chunks of an upload mean for the later ones.
#[derive(Default)]
pub(crate) struct Earlier {
    /// The day on which it began, in days since 1970-01-01: all of it is published on one.
    pub(crate) today: i32,
    /// Series that it describes or creates.
    pub(crate) announced: Announced,
    /// Series that it stores rows of.
    pub(crate) stored: HashSet<SeriesId>,
    /// Series whose crawls were compared with what was known.
    pub(super) compared: HashSet<SeriesId>,
    /// The first refused row that may have meant any series.
    pub(crate) unplaced: Option<u64>,
}

/// A row in the order of the table: its key, then its place in the input.
pub(super) type Ordered = (u128, i32, i32, u32);

impl Store {
    /// Resolves the rows of one chunk.
    pub(crate) async fn resolve(&self, mut rows: Rows, upload: &Upload, earlier: &mut Earlier) -> Result<Resolved> {
        let mut out = Resolved::default();
        let ids = self.meanings(&rows.names, upload, &earlier.announced).await?;
        if upload.mode != Mode::Upsert {
            whole(&rows, &ids, &mut earlier.compared)?;
        }
        let (unsaid, latest) = (upload.revision_date.unwrap_or(earlier.today), earlier.today + 1);
        for revision in &mut rows.revisions {
            *revision = if *revision == NO_DATE { unsaid } else { *revision };
        }
        if upload.mode == Mode::Upsert
            && rows.revisions.iter().all(|revision| *revision <= latest)
            && let Some(runs) = ordered_runs(&rows, &ids)
        {
            let named = rows
                .names
                .iter()
                .zip(&ids)
                .filter_map(|(name, id)| Some((name, *id.as_ref().ok()?)));
            self.take_up(named, upload, (earlier, &mut out));
            out.batch = (!runs.is_empty()).then(|| Points::of_runs(rows, runs).into_batch());
            return Ok(out);
        }
        let (order, meant) = sorted_out(&rows, (&ids, latest), (earlier, &mut out));
        let named: BTreeSet<u32> = order.iter().map(|row| rows.series[row.3 as usize]).collect();
        let named = named
            .into_iter()
            .filter_map(|at| Some((&rows.names[at as usize], *ids[at as usize].as_ref().ok()?)));
        self.take_up(named, upload, (earlier, &mut out));
        let (order, withdrawn) = match upload.mode {
            Mode::Upsert => (order, Vec::new()),
            Mode::Changes { missing } => self.changes(&rows, (order, missing, meant), &mut out).await?,
        };
        let points = || Points::some(&rows, &order, &withdrawn).into_batch();
        out.batch = (!order.is_empty() || !withdrawn.is_empty()).then(points);
        Ok(out)
    }

    /// Takes up the series of rows that are to be stored: those that nobody knows are to be created.
    fn take_up<'r>(
        &self,
        named: impl Iterator<Item = (&'r SeriesName, SeriesId)>,
        upload: &Upload,
        (earlier, out): (&mut Earlier, &mut Resolved),
    ) {
        let registry = self.0.registry.read().expect("no panic while holding the lock");
        for (name, id) in named {
            out.touched.add([id]);
            earlier.stored.insert(id);
            let (source, external_id) = name.external();
            let source = source.or(upload.source.as_deref()).unwrap_or(DEFAULT_SOURCE);
            if !registry.series.contains_key(&id) && earlier.announced.create(id, SourceId::of(source)) {
                out.unknown.push(SeriesDescription {
                    source: Some(source.to_string()),
                    external_id: external_id.to_string(),
                    ..SeriesDescription::default()
                });
            }
        }
    }

    /// Of a crawl's rows those that differ from what was known on their revision date, vintage by vintage. What an
    /// earlier vintage of the crawl says is known to the later ones.
    async fn changes(
        &self,
        rows: &Rows,
        (order, missing, meant): (Vec<Ordered>, Missing, Meant),
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
                    let is_gone = |day: &i32| !meant.may_be(series[0].0, *day);
                    let (gone, stay): (Vec<i32>, Vec<i32>) = found.absent.into_iter().partition(is_gone);
                    known.withdraw(&gone);
                    withdrawn.extend(gone.into_iter().map(|day| (series[0].0, day, vintage)));
                    out.not_withdrawn += stay.len() as u64;
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
fn whole(rows: &Rows, ids: &[Meaning], compared: &mut HashSet<SeriesId>) -> Result<(), Error> {
    for (name, id) in rows.names.iter().zip(ids) {
        if id.as_ref().is_ok_and(|id| compared.contains(id)) {
            return Err(Error::ScatteredSeries(name.external().1.to_string()));
        }
    }
    compared.extend(ids.iter().flatten());
    Ok(())
}

/// The rows of a chunk that can be stored, in the order of the table without doubles, and what the others may have
/// meant.
fn sorted_out(
    rows: &Rows,
    (ids, latest): (&[Meaning], i32),
    (earlier, out): (&mut Earlier, &mut Resolved),
) -> (Vec<Ordered>, Meant) {
    let mut meant = Meant::refused(rows, ids, earlier.unplaced);
    let mut order: Vec<Ordered> = Vec::with_capacity(rows.len());
    for at in 0..rows.len() {
        match &ids[rows.series[at] as usize] {
            Err(unclear) => {
                out.refused.push(unclear.refusal(rows, at));
                meant.anything(rows.numbers[at]);
            }
            Ok(id) if rows.revisions[at] > latest => {
                out.refused.push(not_yet_published(rows, at));
                meant.add(*id, rows.dates[at]);
            }
            Ok(id) => order.push((id.0.as_u128(), rows.dates[at], rows.revisions[at], at as u32)),
        }
    }
    order.sort_unstable();
    let order = without_doubles(rows, order, (&mut meant, out));
    earlier.unplaced = meant.unplaced();
    (order, meant)
}

/// Of rows with one key the first stays. A double with the same value is no harm, one with another value is refused: it
/// may have meant another date.
fn without_doubles(rows: &Rows, order: Vec<Ordered>, (meant, out): (&mut Meant, &mut Resolved)) -> Vec<Ordered> {
    let mut kept: Vec<Ordered> = Vec::with_capacity(order.len());
    for row in order {
        match kept.last() {
            Some(first) if (first.0, first.1, first.2) == (row.0, row.1, row.2) => {
                let (first, second) = (first.3 as usize, row.3 as usize);
                match rows.value(first) == rows.value(second) {
                    true => out.unchanged += 1,
                    false => {
                        out.refused.push(doubled(rows, (first, second)));
                        meant.add(SeriesId(uuid::Uuid::from_u128(row.0)), NO_DATE);
                    }
                }
            }
            _ => kept.push(row),
        }
    }
    kept
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
