//! What can be asked of a series, and the one place where it is answered for every interface.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use platform_error::{Error as Failure, Result};
use platform_lake::Moment;

use crate::aside::{aside, processors, waiting};
use crate::history::{DateRange, History, Points};
use crate::series::{Frequency, Series, SeriesId};
use crate::store::{State, Store};
use crate::transform::{Aggregation, Transform, TransformError, Units, transform};

/// So many series are read together, at most.
const NEIGHBOURS: usize = 16;

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
    pub(crate) fn repeats_dates(self) -> bool {
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
        if !self.computes() {
            return Ok(self.picked(history, self.range));
        }
        self.check(frequency)?;
        Ok(transform(&self.picked(history, DateRange::ALL), frequency, self.how())?.within(self.range))
    }

    /// The same for a history of any length, however long it takes.
    pub async fn answer(self, history: Arc<History>, frequency: Frequency) -> Result<Points> {
        Ok(aside(history.len(), move || self.points(&history, frequency)).await??)
    }

    /// Whether the question makes sense for a series of this frequency, before anything is read.
    pub fn check(&self, frequency: Frequency) -> Result<(), TransformError> {
        if self.computes() && self.pick.repeats_dates() {
            return Err(TransformError::SeveralRevisions);
        }
        transform(&Points::from_iter([]), frequency, self.how()).map(drop)
    }

    /// Whether the answer is made of stored points and not these themselves.
    pub(crate) fn computes(&self) -> bool {
        self.how() != Transform::default()
    }

    fn how(&self) -> Transform {
        Transform {
            aggregation: self.aggregation,
            units: self.units,
        }
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

/// A question that is being put to many series, all of which answer as of one commit.
#[derive(Clone)]
pub struct Asking {
    store: Store,
    question: Question,
    state: State,
}

impl Asking {
    /// The answer of one series.
    pub async fn answer(&self, series: &Series) -> Result<Points> {
        let history = self.store.histories(&self.state, &[series.id]).await?.swap_remove(0);
        self.question.answer(history, series.frequency).await
    }

    /// What `make` makes of the answer of each of some series, in their order. Only that stays in memory: the series
    /// are read in shares, by as many threads as there are processors. Neighbours share pages, so they are read together.
    pub async fn answers<T: Send + 'static>(
        &self,
        series: &[Arc<Series>],
        make: impl Fn(Points) -> Result<T> + Clone + Send + 'static,
    ) -> Result<Vec<T>> {
        let mut places: Vec<usize> = (0..series.len()).collect();
        places.sort_unstable_by_key(|at| series[*at].id);
        let share = places.len().div_ceil(processors()).clamp(1, NEIGHBOURS);
        let shares = places.chunks(share).map(|places| {
            let members: Vec<Arc<Series>> = places.iter().map(|at| series[*at].clone()).collect();
            self.clone().share(members, make.clone())
        });
        let shares: Vec<_> = shares.collect();
        let made: Vec<Vec<T>> = stream::iter(shares).buffered(processors()).try_collect().await?;
        let mut made: Vec<(usize, T)> = places.into_iter().zip(made.into_iter().flatten()).collect();
        made.sort_unstable_by_key(|(at, _)| *at);
        Ok(made.into_iter().map(|(_, made)| made).collect())
    }

    async fn share<T: Send + 'static>(
        self,
        series: Vec<Arc<Series>>,
        make: impl Fn(Points) -> Result<T> + Send + 'static,
    ) -> Result<Vec<T>> {
        let turn = self.store.reading().take(usize::MAX).await;
        let work = async move {
            let ids: Vec<SeriesId> = series.iter().map(|series| series.id).collect();
            let histories = self.store.histories(&self.state, &ids).await?;
            let made = series.iter().zip(histories).map(|(series, history)| {
                let points = self.question.points(&history, series.frequency)?;
                make(points)
            });
            let made: Result<Vec<T>> = made.collect();
            drop(turn);
            made
        };
        waiting(usize::MAX, work).await?
    }
}

impl Store {
    /// Answers a question about a series.
    pub async fn answer(&self, series: &Series, question: &Question) -> Result<Points> {
        Ok(self.answer_and_state(series, question).await?.0)
    }

    /// Answers a question about a series, and says which state the answer was read from.
    pub(crate) async fn answer_and_state(&self, series: &Series, question: &Question) -> Result<(Points, State)> {
        let (history, state) = self.history_and_state(series.id, question.moment).await?;
        Ok((question.answer(history, series.frequency).await?, state))
    }

    /// Prepares a question that many series will be asked, unless one of them cannot answer it.
    pub async fn ask(&self, question: Question, series: &[Arc<Series>]) -> Result<Asking> {
        for series in series {
            if let Err(error) = question.check(series.frequency) {
                let name = format!("{}:{}", self.source_name(series), series.external_id);
                return Err(Failure::from(error).with_details(serde_json::json!({ "series": name })));
            }
        }
        Ok(Asking {
            store: self.clone(),
            question,
            state: self.state(question.moment).await?,
        })
    }
}
