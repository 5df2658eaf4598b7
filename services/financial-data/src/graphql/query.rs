//! What can be read.

use async_graphql::{Context, ID, Object};
use platform_graphql::Result;

use super::asked::{Asked, TimeRange};
use super::cursor::page_size;
use super::list::{Filter, USUAL, connection, list_cost, most, search_offset};
use super::panel::{SeriesPanelMember, panel};
use super::points::DataPoint;
use super::rows::PointList;
use super::scalars::{Date, Instant};
use super::series::{EconomicSeries, FinancialSeries, FinancialSeriesConnection, SeriesSearchResult};
use super::source::{self, Source};
use super::vintages::Vintages;
use super::{LOOK, WHOLE, find, store};
use crate::error::Error;
use crate::transform::{Method, Period, Units};

/// The root of all reading.
pub(crate) struct Query;

/// What can be read.
#[Object]
#[expect(clippy::too_many_arguments, reason = "they are the arguments of the GraphQL fields")]
impl Query {
    /// A series, or null when there is none.
    async fn financial_series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Our id, SOURCE:EXTERNAL_ID, or an external id that only one source uses")] id: ID,
    ) -> Option<Result<FinancialSeries>> {
        find(store(ctx), &id, FinancialSeries::new)
    }

    /// A series by the names of its source, or null when there is none.
    async fn economic_series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Our id, SOURCE:EXTERNAL_ID, or an external id that only one source uses")] id: ID,
    ) -> Option<Result<EconomicSeries>> {
        find(store(ctx), &id, EconomicSeries::new)
    }

    /// Series in the order of their external ids; with a search in the order of how well they fit.
    #[graphql(
        complexity = "1 + list_cost(__ctx.param_value(__variables_definition, __field, \"first\", None)) * child_complexity"
    )]
    async fn financial_series_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only series for which all of this holds")] filter: Option<Filter>,
        #[graphql(desc = "Series of the page, 50 unless said, at most 1000")] first: Option<i32>,
        #[graphql(desc = "The id of the series before the page, or its cursor")] after: Option<String>,
    ) -> Result<Vec<FinancialSeries>> {
        let size = page_size(first, USUAL, most(store(ctx)))?;
        let after = after.map(|after| store(ctx).place(&after)).transpose()?;
        let wanted = filter.unwrap_or_default().wanted(store(ctx));
        let page = store(ctx).page(&wanted, (after, size)).await?;
        Ok(page.series.into_iter().map(FinancialSeries::new).collect())
    }

    /// A page of series, with cursors and the number of all.
    #[graphql(
        complexity = "1 + list_cost(__ctx.param_value(__variables_definition, __field, \"first\", None)) * child_complexity"
    )]
    async fn series_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only series for which all of this holds")] filter: Option<Filter>,
        #[graphql(desc = "Only series that fit this text, as `searchQuery` of the filter says")] search: Option<String>,
        #[graphql(desc = "Series of the page, 50 unless said, at most 1000")] first: Option<i32>,
        #[graphql(desc = "The cursor of the series before the page")] after: Option<String>,
    ) -> Result<FinancialSeriesConnection> {
        let mut filter = filter.unwrap_or_default();
        if search.is_some() && filter.search_query.is_some() {
            return Err(Error::field(
                "search",
                "cannot be asked for together with filter.searchQuery: choose one",
            )
            .into());
        }
        filter.search_query = search.or(filter.search_query);
        let size = page_size(first, USUAL, most(store(ctx)))?;
        let after = after.map(|after| store(ctx).place(&after)).transpose()?;
        let wanted = filter.wanted(store(ctx));
        Ok(connection(store(ctx).page(&wanted, (after, size)).await?))
    }

    /// Series that fit a text, the best first: titles, descriptions, external ids and sources, with other words for the
    /// same thing and some tolerance of typos.
    #[graphql(
        complexity = "1 + list_cost(__ctx.param_value(__variables_definition, __field, \"first\", None)) * child_complexity"
    )]
    async fn search_series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the series is about, or the beginning of a name")] text: String,
        #[graphql(desc = "Only series for which all of this holds")] filter: Option<Filter>,
        #[graphql(desc = "Series of the page, 50 unless said, at most 1000")] first: Option<i32>,
        #[graphql(desc = "How many of the best to leave out")] offset: Option<i32>,
    ) -> Result<SeriesSearchResult> {
        let filter = filter.unwrap_or_default();
        if filter.search_query.is_some() {
            return Err(Error::field(
                "filter.searchQuery",
                "cannot be asked for together with text: choose one",
            )
            .into());
        }
        let size = page_size(first, USUAL, most(store(ctx)))?;
        let offset = search_offset(offset)?;
        let wanted = filter.wanted(store(ctx));
        let (series, total_count) = store(ctx).best(&wanted, &text, (offset, size)).await?;
        Ok(SeriesSearchResult {
            nodes: series.into_iter().map(FinancialSeries::new).collect(),
            total_count,
        })
    }

    /// What is known of a range of dates of a series, now or as of a day.
    #[graphql(complexity = "WHOLE + child_complexity")]
    async fn financial_data_points(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Our id, SOURCE:EXTERNAL_ID, or an external id that only one source uses")] series_id: ID,
        #[graphql(desc = "The dates, first and last included")] time_range: TimeRange,
        #[graphql(desc = "As known at the end of this day instead of now")] as_of: Option<Date>,
    ) -> Result<PointList<DataPoint>> {
        let series = store(ctx).find(&series_id, None)?;
        Vintages(series).known(store(ctx), time_range, as_of).await
    }

    /// Several series in columns, all asked the same and read at one commit. The arguments are those of `observations`.
    #[graphql(complexity = "WHOLE + series_ids.len() * (LOOK / 10 + child_complexity)")]
    async fn panel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The series, at most 1000")] series_ids: Vec<ID>,
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
    ) -> Result<Vec<SeriesPanelMember>> {
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
        Ok(panel(ctx, &series_ids, asked.question()?).await?)
    }

    /// All sources by name.
    async fn sources(&self, ctx: &Context<'_>) -> Vec<Source> {
        store(ctx).sources().into_iter().map(Source).collect()
    }

    /// A source, or null when there is none.
    async fn source(&self, ctx: &Context<'_>, #[graphql(desc = "Its name or id")] id: ID) -> Option<Source> {
        source::find(store(ctx), &id)
    }

    #[graphql(entity)]
    async fn find_financial_series_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<FinancialSeries> {
        Ok(FinancialSeries::new(store(ctx).find(&id, None)?))
    }

    #[graphql(entity)]
    async fn find_economic_series_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<EconomicSeries> {
        Ok(EconomicSeries::new(store(ctx).find(&id, None)?))
    }

    #[graphql(entity)]
    async fn find_source_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<Source> {
        source::find(store(ctx), &id)
    }
}
