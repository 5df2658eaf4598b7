//! What can be asked of a series, and the one place where it is answered for every interface.

use std::sync::Arc;

use platform_error::Result;
use platform_lake::{Moment, Snapshot};

use crate::aside::aside;
use crate::history::{DateRange, History, Points};
use crate::series::{Frequency, Series};
use crate::store::Store;
use crate::transform::{Aggregation, Transform, TransformError, Units, transform};

/// Which revisions of a date are wanted. Days count from 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pick {
    /// The newest one.
    #[default]
    Latest,
    /// The newest one published until the end of this day.
    AsOf(i32),
    /// All that were published from the first of these days to the second, both included.
    Window(i32, i32),
    /// The release of this number, counted from 0.
    Release(u32),
    /// The original release.
    Original,
    /// All of them.
    All,
}

impl Pick {
    /// The day that an answer is as of, where it is as of one.
    pub fn as_of(self) -> Option<i32> {
        match self {
            Self::AsOf(day) => Some(day),
            _ => None,
        }
    }

    /// Whether a date may be in the answer more than once.
    fn repeats_dates(self) -> bool {
        matches!(self, Self::Window(..) | Self::All)
    }
}

/// A question about the points of a series. The default is everything as known now, as published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Which observation dates.
    pub range: DateRange,
    /// Which revisions of them.
    pub pick: Pick,
    /// What to compute of each value.
    pub units: Units,
    /// Whether to put periods together first, and how.
    pub aggregation: Option<Aggregation>,
    /// The moment of the lake's own history to ask; `None` is now.
    pub moment: Option<Moment>,
}

impl Question {
    /// The answer out of a history of a series of this frequency.
    ///
    /// Growth at the start of the range is computed from what was before it.
    pub fn points(&self, history: &History, frequency: Frequency) -> Result<Points, TransformError> {
        let how = Transform {
            aggregation: self.aggregation,
            units: self.units,
        };
        if how == Transform::default() {
            return Ok(self.picked(history, self.range));
        }
        self.check(frequency)?;
        Ok(transform(&self.picked(history, DateRange::ALL), frequency, how)?.within(self.range))
    }

    /// The same for a history of any length, however long it takes.
    pub async fn answer(self, history: Arc<History>, frequency: Frequency) -> Result<Points> {
        Ok(aside(history.len(), move || self.points(&history, frequency)).await??)
    }

    /// Whether the question makes sense for a series of this frequency, before anything is read.
    pub fn check(&self, frequency: Frequency) -> Result<(), TransformError> {
        let how = Transform {
            aggregation: self.aggregation,
            units: self.units,
        };
        if how != Transform::default() && self.pick.repeats_dates() {
            return Err(TransformError::SeveralRevisions);
        }
        transform(&Points::from_iter([]), frequency, how).map(drop)
    }

    fn picked(&self, history: &History, range: DateRange) -> Points {
        match self.pick {
            Pick::Latest => history.latest(range),
            Pick::AsOf(day) => history.as_of(day, range),
            Pick::Window(first, last) => history.window(first, last, range),
            Pick::Release(rank) => history.release(rank, range),
            Pick::Original => history.original_releases(range),
            Pick::All => history.revisions(range),
        }
    }
}

/// A question that is being put to one series after the other. The moment it asks about is looked up once.
pub struct Asking {
    store: Store,
    question: Question,
    past: Option<Arc<Snapshot>>,
}

impl Asking {
    /// The answer of one series.
    pub async fn answer(&self, series: &Series) -> Result<Points> {
        let history = match &self.past {
            Some(past) => Store::history_in(past, series.id).await?,
            None => self.store.history(series.id).await?,
        };
        self.question.answer(history, series.frequency).await
    }
}

impl Store {
    /// Answers a question about a series.
    pub async fn answer(&self, series: &Series, question: &Question) -> Result<Points> {
        let history = self.history_at(series.id, question.moment).await?;
        question.answer(history, series.frequency).await
    }

    /// Prepares a question that many series will be asked.
    pub async fn ask(&self, question: Question) -> Result<Asking> {
        let past = match question.moment {
            Some(moment) => Some(self.points_table().snapshot_at(moment).await?),
            None => None,
        };
        Ok(Asking {
            store: self.clone(),
            question,
            past,
        })
    }
}
