//! What can be changed.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use platform_graphql::Result;

use super::batch::{Batch, Row};
use super::input::{BulkDataPointsInput, BulkUploadMode, FinancialDataInput};
use super::points::PointIds;
use super::report::{BulkDataPointsResult, BulkUploadError, BulkUploadResult, DataPointResult, UploadOutcome};
use super::series::FinancialSeries;
use super::{find, store};
use crate::access::May;
use crate::ingest::day;
use crate::question::Question;
use crate::store::{Missing, Mode, Store, Upload, days};

/// The root of all changes.
pub(crate) struct Mutation;

/// What can be changed.
#[Object]
#[expect(clippy::too_many_arguments, reason = "they are the arguments of the GraphQL fields")]
impl Mutation {
    /// Stores what is known of series, and points of them. Series unknown so far are created. What can be stored is, and
    /// the rest is reported, unless all or nothing is asked for. It is durable when this answers.
    #[graphql(guard = "May(\"data:write\")")]
    async fn bulk_upload_financial_data(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Series with points, or points one by one; at most 10,000 points in all")] data: Vec<
            FinancialDataInput,
        >,
        #[graphql(desc = "The source of external ids that name none")] source: Option<String>,
        #[graphql(desc = "A key of your own: sent again under it a batch is not stored again")] batch_id: Option<
            String,
        >,
        #[graphql(desc = "Whether one refused point refuses all")] all_or_nothing: Option<bool>,
    ) -> Result<BulkUploadResult> {
        let mut batch = Batch::default();
        data.into_iter()
            .try_for_each(|data| data.add_to(&mut batch, store(ctx), source.as_deref()))?;
        let atomic = all_or_nothing.unwrap_or_default();
        let upload = Upload {
            source,
            key: batch_id,
            atomic,
            ..Upload::default()
        };
        Ok(Arc::new(batch).send(store(ctx), upload).await?.into())
    }

    /// Changes what is known of a series and stores the points given with it, all or nothing.
    #[graphql(guard = "May(\"data:write\")")]
    async fn update_financial_series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Our id, SOURCE:EXTERNAL_ID, or an external id that only one source uses")] id: ID,
        #[graphql(desc = "What to change, and points; what is absent stays as it is")] data: FinancialDataInput,
    ) -> Result<FinancialSeries> {
        let series = store(ctx).find(&id, None)?;
        data.belongs_to(&series, store(ctx))?;
        let mut batch = Batch::default();
        data.of(&series).add_to(&mut batch, store(ctx), None)?;
        let upload = Upload {
            atomic: true,
            ..Upload::default()
        };
        Arc::new(batch).send(store(ctx), upload).await?;
        Ok(FinancialSeries::new(store(ctx).series(series.id)?))
    }

    /// Deletes a series with all its points; false when there is none. What older snapshots hold of it can be read by
    /// other engines until they expire.
    #[graphql(guard = "May(\"data:delete\")")]
    async fn delete_financial_series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Our id, SOURCE:EXTERNAL_ID, or an external id that only one source uses")] id: ID,
    ) -> Result<bool> {
        match find(store(ctx), &id, |series| series.id).transpose()? {
            Some(id) => Ok(store(ctx).delete(id).await.map(|()| true)?),
            None => Ok(false),
        }
    }

    /// Stores points. Series unknown so far are created. What can be stored is, and the rest is reported, unless all or
    /// nothing is asked for. It is durable when this answers.
    #[graphql(guard = "May(\"data:write\")")]
    async fn bulk_upsert_data_points(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The points, and how to store them")] input: BulkDataPointsInput,
    ) -> Result<BulkDataPointsResult> {
        let missing = if input.withdraw_missing {
            Missing::Withdrawn
        } else {
            Missing::Kept
        };
        let mode = match input.mode {
            BulkUploadMode::Upsert => Mode::Upsert,
            BulkUploadMode::Changes => Mode::Changes { missing },
        };
        let upload = Upload {
            source: input.source,
            key: input.batch_id,
            mode,
            atomic: input.all_or_nothing,
            revision_date: None,
        };
        let series = input.series_id.unwrap_or_default();
        let points = input.data_points.into_iter().map(|point| point.row(&series, None));
        let batch = Arc::new(Batch {
            data: points.collect(),
            ..Batch::default()
        });
        let report = batch.send(store(ctx), upload.clone()).await?;
        let (summary, revision) = (report.summary.into(), report.revision);
        let outcome = UploadOutcome::from(report);
        let results = (!outcome.repeated && !outcome.errors_truncated)
            .then(|| results(store(ctx), &batch.data, &outcome.errors, (&upload, revision)));
        Ok(BulkDataPointsResult {
            summary,
            outcome,
            results,
        })
    }
}

/// What became of each row of an upload; those without a revision date have this one.
fn results(
    store: &Store,
    rows: &[Row],
    errors: &[BulkUploadError],
    (upload, revision): (&Upload, i32),
) -> Vec<DataPointResult> {
    let mut refused: HashMap<u64, Vec<BulkUploadError>> = HashMap::new();
    errors
        .iter()
        .for_each(|error| refused.entry(error.row).or_default().push(error.clone()));
    let stored = |row: &Row| {
        let date = days(day(row.date.trim())?);
        let revision = match row.revision_date.as_deref() {
            None | Some("") => revision,
            Some(text) => days(day(text.trim())?),
        };
        let ids = PointIds::new(row.series(store, upload.source.as_deref())?, &Question::default());
        Some(ID::from(ids.of(date, revision)))
    };
    let result = |(at, row): (usize, &Row)| match refused.remove(&(at as u64 + 1)) {
        Some(errors) => DataPointResult {
            data_point_id: None,
            success: false,
            errors,
        },
        None => {
            let data_point_id = (upload.mode == Mode::Upsert).then(|| stored(row)).flatten();
            DataPointResult {
                data_point_id,
                success: true,
                errors: Vec::new(),
            }
        }
    };
    rows.iter().enumerate().map(result).collect()
}
