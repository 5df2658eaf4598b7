//! The two views of a data point. Points are made by [`super::rows`]; the types here say what is in them.

use async_graphql::{ID, SimpleObject};
use platform_lake::Moment;
use uuid::Uuid;

use super::rows::PointList;
use super::scalars::{Date, Decimal, Instant};
use async_graphql::types::connection::PageInfo;

use crate::question::{Pick, Question};
use crate::series::SeriesId;
use crate::store::date;
use crate::transform::Units;

/// What was observed at a time, as far as it is known.
#[derive(SimpleObject)]
pub(crate) struct DataPoint {
    /// The first moment of the observation date in UTC.
    pub timestamp: Instant,
    /// The exact value with the digits it was published with; null when its source took it back.
    pub value: Option<Decimal>,
    /// What the source says beside it, as a JSON object.
    pub metadata: Option<serde_json::Value>,
}

/// What one revision published about an observation date.
#[derive(SimpleObject)]
pub(crate) struct EconomicDataPoint {
    /// Made of the series, the date and the revision date; of a computed point also of what was computed, and of which
    /// revisions.
    pub id: ID,
    /// The series.
    pub series_id: ID,
    /// The observation date: the first day of the period.
    pub date: Date,
    /// The exact value with the digits it was published with; null when its source took it back.
    pub value: Option<Decimal>,
    /// When this value was published; of a computed point when the newest value in it was.
    pub revision_date: Date,
    /// Whether it was the first publication of a new period.
    pub is_original_release: bool,
    /// How many revisions of the same date came before it.
    pub release_rank: i32,
    /// What the source says beside it, as a JSON object; null for a computed point.
    pub metadata: Option<serde_json::Value>,
    /// When it was first stored here; null for a computed point.
    pub created_at: Option<Instant>,
    /// When it was last stored here; null for a computed point.
    pub updated_at: Option<Instant>,
}

/// A page of the points of a series, by date and then by revision date.
#[derive(SimpleObject)]
#[graphql(name = "EconomicDataPointPage")]
pub(crate) struct PointPage {
    /// The points.
    pub nodes: PointList<EconomicDataPoint>,
    /// Where the page ends.
    pub page_info: PageInfo,
    /// How many points there are on all pages.
    pub total_count: usize,
}

/// Makes the ids of points that answer one question about one series.
pub(super) struct PointIds {
    series: SeriesId,
    /// What tells computed points and those of another moment from the stored ones: caches keep objects by their id.
    suffix: String,
}

impl PointIds {
    pub(super) fn new(series: SeriesId, question: &Question) -> Self {
        let mut suffix = match question.pick {
            // A stored point is the same whoever picks it; a computed one is made of the revisions that were picked.
            _ if !question.computes() => String::new(),
            Pick::AsOf(day) => format!("/as of {}", date(day)),
            Pick::Release(number) => format!("/release {number}"),
            Pick::Original => "/original".to_string(),
            Pick::Latest | Pick::Window(..) | Pick::All => String::new(),
        };
        if question.units != Units::default() {
            suffix += &format!("/{}", question.units.as_str());
        }
        if let Some(aggregation) = question.aggregation {
            suffix += &format!("/{}/{}", aggregation.period.as_str(), aggregation.method.as_str());
        }
        match question.moment {
            None => {}
            Some(Moment::Snapshot(id)) => suffix += &format!("/snapshot {id}"),
            Some(Moment::Time(time)) => suffix += &format!("/{}", time.to_rfc3339()),
        }
        Self { series, suffix }
    }

    /// The id of the point of this date and revision date.
    pub(super) fn of(&self, day: i32, revision: i32) -> Uuid {
        let key = format!("{}/{}{}", date(day), date(revision), self.suffix);
        Uuid::new_v5(&self.series.0, key.as_bytes())
    }
}
