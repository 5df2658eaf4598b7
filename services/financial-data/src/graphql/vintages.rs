//! The points of a series and their vintages, for both views of a series.

use std::sync::Arc;

use async_graphql::types::connection::PageInfo;
use async_graphql::{Context, ID, Object, ServerResult, SimpleObject};
use platform_graphql::Result;

use super::asked::{Asked, TimeRange};
use super::cursor::{Cursor, page_info, page_size};
use super::points::{DataPoint, EconomicDataPoint, PointPage};
use super::room::room;
use super::rows::{OnePoint, PointList};
use super::scalars::{DataPointColumns, Date, Instant, VintageMatrix};
use super::{LOOK, WHOLE, store};
use crate::aside::aside;
use crate::error::Error;
use crate::history::{History, Observation, Points};
use crate::output::{self, Columns, Media, columnar};
use crate::question::Question;
use crate::series::{Series, SeriesId};
use crate::store::{State, Store};
use crate::transform::{Method, Period, Units};

/// Points of a page, unless told otherwise.
const USUAL: usize = 1_000;
/// Vintages in a matrix, unless told otherwise.
const LAST: usize = 12;

/// What was published of a series.
#[derive(Clone)]
pub(crate) struct Vintages(pub(super) Arc<Series>);

/// What was published of a series.
#[Object]
#[expect(clippy::too_many_arguments, reason = "they are the arguments of the GraphQL fields")]
impl Vintages {
    /// What is known of a range of dates, now or as of a day. More points than fit one answer are refused:
    /// take a shorter range, pages of `observations`, or `columns`.
    #[graphql(complexity = "WHOLE + child_complexity")]
    async fn data_points(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The dates, first and last included")] time_range: TimeRange,
        #[graphql(desc = "As known at the end of this day instead of now")] as_of: Option<Date>,
    ) -> Result<PointList<DataPoint>> {
        self.known(store(ctx), time_range, as_of).await
    }

    /// A page of points. Without other arguments it is what is known now; `asOf`, `vintageFrom` and `vintageTo`,
    /// `release`, `original` and `allRevisions` pick other revisions, one of them at a time.
    #[graphql(
        complexity = "LOOK + page_cost(__ctx.param_value(__variables_definition, __field, \"first\", None)) + child_complexity"
    )]
    async fn observations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only dates of this range")] time_range: Option<TimeRange>,
        #[graphql(desc = "As known at the end of this day")] as_of: Option<Date>,
        #[graphql(desc = "All that was published from this day on")] vintage_from: Option<Date>,
        #[graphql(desc = "All that was published until this day")] vintage_to: Option<Date>,
        #[graphql(desc = "Of each date the release of this number, 0 the first")] release: Option<i32>,
        #[graphql(desc = "Original releases: the first publication of each new period")] original: Option<bool>,
        #[graphql(desc = "Every revision of every date")] all_revisions: Option<bool>,
        #[graphql(desc = "What to compute of each value")] units: Option<Units>,
        #[graphql(desc = "The periods to put together before that")] frequency: Option<Period>,
        #[graphql(desc = "What becomes of the observations of a period")] aggregation: Option<Method>,
        #[graphql(desc = "As stored here at this moment")] system_time: Option<Instant>,
        #[graphql(desc = "As stored here in this snapshot")] snapshot_id: Option<ID>,
        #[graphql(desc = "Points of the page, 1000 unless said")] first: Option<i32>,
        #[graphql(desc = "The cursor of the point before the page")] after: Option<String>,
    ) -> Result<PointPage> {
        let asked = Asked {
            time_range,
            as_of,
            vintage_from,
            vintage_to,
            release,
            original,
            all_revisions,
            units,
            frequency,
            aggregation,
            system_time,
            snapshot_id,
        };
        let size = page_size(first, USUAL, store(ctx).settings().page_limit)?;
        let after = Cursor::after_point(after.as_deref())?;
        let question = asked.question()?;
        let answer = store(ctx).answer_and_state(&self.0, &question).await?;
        Ok(page((self.0.id, question), answer, (after, size)))
    }

    /// All points at once and in columns: the fastest way to a whole series. The arguments are those of `observations`.
    #[graphql(complexity = "WHOLE")]
    async fn columns(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only dates of this range")] time_range: Option<TimeRange>,
        #[graphql(desc = "As known at the end of this day")] as_of: Option<Date>,
        #[graphql(desc = "All that was published from this day on")] vintage_from: Option<Date>,
        #[graphql(desc = "All that was published until this day")] vintage_to: Option<Date>,
        #[graphql(desc = "Of each date the release of this number, 0 the first")] release: Option<i32>,
        #[graphql(desc = "Original releases: the first publication of each new period")] original: Option<bool>,
        #[graphql(desc = "Every revision of every date")] all_revisions: Option<bool>,
        #[graphql(desc = "What to compute of each value")] units: Option<Units>,
        #[graphql(desc = "The periods to put together before that")] frequency: Option<Period>,
        #[graphql(desc = "What becomes of the observations of a period")] aggregation: Option<Method>,
        #[graphql(desc = "As stored here at this moment")] system_time: Option<Instant>,
        #[graphql(desc = "As stored here in this snapshot")] snapshot_id: Option<ID>,
    ) -> Result<DataPointColumns> {
        let asked = Asked {
            time_range,
            as_of,
            vintage_from,
            vintage_to,
            release,
            original,
            all_revisions,
            units,
            frequency,
            aggregation,
            system_time,
            snapshot_id,
        };
        let points = store(ctx).answer(&self.0, &asked.question()?).await?;
        room(ctx)?.take(points.len())?;
        let written = aside(points.len(), move || columnar(&points, Columns::Full)).await?;
        Ok(DataPointColumns(written))
    }

    /// The newest observation that has a value.
    #[graphql(complexity = "LOOK + child_complexity")]
    async fn latest(&self, ctx: &Context<'_>) -> Option<Result<OnePoint<EconomicDataPoint>>> {
        let question = Question::default();
        let (points, state) = match store(ctx).answer_and_state(&self.0, &question).await {
            Ok(answer) => answer,
            Err(error) => return Some(Err(error.into())),
        };
        let newest = points.iter().rev().find(|point| point.value.is_some())?;
        let list = PointList::new((self.0.id, question), Points::from_iter([newest]), state);
        Some(Ok(OnePoint(list)))
    }

    /// The days on which something was published, the earliest first.
    #[graphql(complexity = "LOOK + child_complexity")]
    async fn vintage_dates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Dates of the page, 1000 unless said")] first: Option<i32>,
        #[graphql(desc = "The cursor of the date before the page")] after: Option<String>,
    ) -> Result<VintageDatePage> {
        let size = page_size(first, USUAL, store(ctx).settings().page_limit)?;
        let after = Cursor::after_vintage(after.as_deref())?;
        let history = store(ctx).history(self.0.id).await?;
        let page = VintageDatePage::of(history.vintages(), after, size);
        room(ctx)?.take(page.nodes.len())?;
        Ok(page)
    }

    /// What each of some vintages says of each date: of those named, or of the last ones.
    #[graphql(complexity = "WHOLE")]
    async fn vintage_matrix(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The days as of which the columns are")] vintages: Option<Vec<Date>>,
        #[graphql(desc = "Instead of days: the newest so many vintages, 12 unless said")] last: Option<i32>,
        #[graphql(desc = "Only dates of this range")] time_range: Option<TimeRange>,
    ) -> Result<VintageMatrix> {
        let range = time_range.unwrap_or_default().dates()?;
        let history = store(ctx).history(self.0.id).await?;
        let vintages = chosen(&history, vintages, last)?;
        let (first, last) = (history.latest(range).len(), vintages.len());
        room(ctx)?.take(first.saturating_mul(last))?;
        let id = self.0.id.to_string();
        let write = move || output::matrix(Media::Json, &id, &history.matrix(&vintages, range));
        let matrix = aside(first.saturating_mul(last), write).await??;
        Ok(VintageMatrix(String::from_utf8_lossy(&matrix).into_owned()))
    }
}

impl Vintages {
    /// What is known of a range of dates, as long as it fits one answer.
    pub(super) async fn known(
        &self,
        store: &Store,
        range: TimeRange,
        as_of: Option<Date>,
    ) -> Result<PointList<DataPoint>> {
        let question = Asked {
            time_range: Some(range),
            as_of,
            ..Asked::default()
        }
        .question()?;
        let (points, state) = store.answer_and_state(&self.0, &question).await?;
        let most = store.settings().page_limit;
        if points.len() > most {
            let reason = format!(
                "holds {} points, and one answer has at most {most}; take a shorter one, or observations or columns",
                points.len()
            );
            return Err(Error::field("timeRange", reason).into());
        }
        Ok(PointList::new((self.0.id, question), points, state))
    }
}

/// What a page of points costs beside their fields, with `first` as in [`super::list::list_cost`].
fn page_cost(first: ServerResult<Option<i32>>) -> usize {
    first
        .unwrap_or_default()
        .map_or(USUAL, |first| usize::try_from(first).unwrap_or_default())
        / 10
}

/// The page after a point. It may have been revised since: where each date stands once, the next date follows.
fn page(
    (series, question): (SeriesId, Question),
    (points, state): (Points, State),
    (after, size): (Option<(i32, i32)>, usize),
) -> PointPage {
    let from = after.map_or(0, |(date, revision)| {
        let dates = points.dates();
        let past = dates.partition_point(|other| *other <= date);
        if !question.pick.repeats_dates() {
            return past;
        }
        let on = dates.partition_point(|other| *other < date);
        on + points.revisions()[on..past].partition_point(|other| *other <= revision)
    });
    let nodes = points.page(from, size);
    let cursor = |point: Observation| {
        let cursor = Cursor::Point {
            date: point.date,
            revision: point.revision_date,
        };
        cursor.encode()
    };
    let ends = (
        (!nodes.is_empty()).then(|| cursor(nodes.get(0))),
        nodes.last().map(cursor),
    );
    PointPage {
        page_info: page_info((from > 0, from + nodes.len() < points.len()), ends),
        nodes: PointList::new((series, question), nodes, state),
        total_count: points.len(),
    }
}

/// A page of the days on which something was published.
#[derive(SimpleObject)]
pub(crate) struct VintageDatePage {
    /// The days, the earliest first.
    pub nodes: Vec<Date>,
    /// Where the page ends.
    pub page_info: PageInfo,
    /// How many there are on all pages.
    pub total_count: usize,
}

impl VintageDatePage {
    fn of(vintages: &[i32], after: Option<i32>, size: usize) -> Self {
        let from = after.map_or(0, |after| vintages.partition_point(|day| *day <= after));
        let to = from.saturating_add(size).min(vintages.len());
        let page = &vintages[from..to];
        let ends = (
            page.first().map(|day| Cursor::Vintage(*day).encode()),
            page.last().map(|day| Cursor::Vintage(*day).encode()),
        );
        Self {
            page_info: page_info((from > 0, to < vintages.len()), ends),
            nodes: page.iter().copied().map(Date::of).collect(),
            total_count: vintages.len(),
        }
    }
}

/// The vintages of a matrix.
fn chosen(history: &History, named: Option<Vec<Date>>, last: Option<i32>) -> std::result::Result<Vec<i32>, Error> {
    match (named, last) {
        (Some(_), Some(_)) => Err(Error::field(
            "last",
            "cannot be asked for together with vintages: choose one",
        )),
        (Some(named), None) => Ok(named.into_iter().map(Date::days).collect()),
        (None, last) => {
            let last = last.map_or(Ok(LAST), usize::try_from);
            let last = last.map_err(|_| Error::field("last", "is negative; ask for one vintage or more"))?;
            let vintages = history.vintages();
            Ok(vintages[vintages.len().saturating_sub(last)..].to_vec())
        }
    }
}
