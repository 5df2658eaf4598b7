//! Several series in columns, all asked the same.

use std::sync::Arc;

use async_graphql::{ID, SimpleObject};
use platform_error::Result;

use super::scalars::DataPointColumns;
use super::series::FinancialSeries;
use crate::aside::aside;
use crate::error::Error;
use crate::history::Points;
use crate::output::{Columns, columnar};
use crate::question::Question;
use crate::series::{Series, SeriesId};
use crate::store::Store;

/// The most series of one panel.
const MEMBERS: usize = 1_000;
/// Pages of points that fit one answer in columns.
const PAGES: usize = 100;

/// A series of a panel with its points.
#[derive(SimpleObject)]
pub struct SeriesPanelMember {
    /// The series.
    pub series: FinancialSeries,
    /// Its points.
    pub columns: DataPointColumns,
}

/// How many points fit one answer in columns.
pub(super) fn room(store: &Store) -> usize {
    store.settings().page_limit.saturating_mul(PAGES)
}

/// Takes up room for points.
pub(super) fn take(room: &mut usize, points: usize) -> Result<(), Error> {
    *room = room.checked_sub(points).ok_or_else(|| {
        Error::field(
            "timeRange",
            "holds more points than fit one answer; take a shorter one, fewer series or fewer vintages",
        )
    })?;
    Ok(())
}

/// Points in columns, as long as there is room for them.
pub(super) async fn columns(points: Points, room: &mut usize) -> Result<DataPointColumns> {
    take(room, points.len())?;
    let written = aside(points.len(), move || columnar(&points, Columns::Full)).await?;
    Ok(DataPointColumns(written))
}

/// Asks all of some series the same question.
pub(super) async fn panel(store: &Store, ids: &[ID], question: Question) -> Result<Vec<SeriesPanelMember>> {
    if ids.len() > MEMBERS {
        return Err(Error::field(
            "seriesIds",
            format!("has {} series, and at most {MEMBERS} fit a panel", ids.len()),
        )
        .into());
    }
    let series: Vec<Arc<Series>> = ids
        .iter()
        .map(|id| store.find(id, None))
        .collect::<Result<_, Error>>()?;
    let mut room = room(store);
    let mut members = Vec::with_capacity(series.len());
    if question.moment.is_none() {
        let ids: Vec<SeriesId> = series.iter().map(|series| series.id).collect();
        for (series, history) in store.panel(&ids).await?.members {
            let points = question.answer(history, series.frequency).await?;
            members.push(member(series, points, &mut room).await?);
        }
        return Ok(members);
    }
    for series in series {
        let points = store.answer(&series, &question).await?;
        members.push(member(series, points, &mut room).await?);
    }
    Ok(members)
}

async fn member(series: Arc<Series>, points: Points, room: &mut usize) -> Result<SeriesPanelMember> {
    Ok(SeriesPanelMember {
        columns: columns(points, room).await?,
        series: FinancialSeries::new(series),
    })
}
