//! Several series in columns, all asked the same.

use std::sync::Arc;

use async_graphql::{Context, ID, SimpleObject};
use platform_error::Result;

use super::room::room;
use super::scalars::DataPointColumns;
use super::series::FinancialSeries;
use super::store;
use crate::error::Error;
use crate::history::Points;
use crate::output::{Columns, columnar};
use crate::question::Question;
use crate::series::Series;

/// The most series of one panel.
const MEMBERS: usize = 1_000;

/// A series of a panel with its points.
#[derive(SimpleObject)]
pub(crate) struct SeriesPanelMember {
    /// The series.
    pub series: FinancialSeries,
    /// Its points.
    pub columns: DataPointColumns,
}

/// Asks all of some series the same question.
pub(super) async fn panel(ctx: &Context<'_>, ids: &[ID], question: Question) -> Result<Vec<SeriesPanelMember>> {
    if ids.len() > MEMBERS {
        let reason = format!("has {} series, and at most {MEMBERS} fit a panel", ids.len());
        return Err(Error::field("seriesIds", reason).into());
    }
    let series: Vec<Arc<Series>> = ids
        .iter()
        .map(|id| store(ctx).find(id, None))
        .collect::<Result<_, Error>>()?;
    let room = room(ctx)?.clone();
    let write = move |points: Points| -> Result<DataPointColumns> {
        room.take(points.len())?;
        Ok(DataPointColumns(columnar(&points, Columns::Full)))
    };
    let columns = store(ctx).ask(question, &series).await?.answers(&series, write).await?;
    let member = |(series, columns)| SeriesPanelMember {
        series: FinancialSeries::new(series),
        columns,
    };
    Ok(series.into_iter().zip(columns).map(member).collect())
}
