//! The arguments of everything that gives points, and the question they ask.

use async_graphql::{ID, InputObject};
use chrono::NaiveTime;
use platform_lake::Moment;

use super::scalars::{Date, Instant};
use crate::error::Error;
use crate::history::DateRange;
use crate::question::{Pick, Question};
use crate::store::days;
use crate::transform::{Aggregation, Method, Period, Units};

/// Observation dates from `start` to `end`, both included. What is left out is open.
#[derive(Clone, Copy, Debug, Default, InputObject)]
pub(crate) struct TimeRange {
    /// The first moment, or the first date.
    pub start: Option<Instant>,
    /// The last moment, or the last date.
    pub end: Option<Instant>,
}

impl TimeRange {
    /// The dates whose first moment in UTC lies in the range.
    pub(super) fn dates(self) -> Result<DateRange, Error> {
        if let (Some(start), Some(end)) = (self.start, self.end)
            && start.0 > end.0
        {
            return Err(Error::field(
                "timeRange",
                "ends before it starts; exchange start and end",
            ));
        }
        let from = |start: Instant| days(start.0.date_naive()) + i32::from(start.0.time() > NaiveTime::MIN);
        let to = |end: Instant| days(end.0.date_naive());
        Ok(DateRange {
            start: self.start.map(from),
            end: self.end.map(to),
        })
    }
}

/// What may be asked of the points of a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) time_range: Option<TimeRange>,
    pub(super) as_of: Option<Date>,
    pub(super) vintage_from: Option<Date>,
    pub(super) vintage_to: Option<Date>,
    pub(super) release: Option<i32>,
    pub(super) original: Option<bool>,
    pub(super) all_revisions: Option<bool>,
    pub(super) units: Option<Units>,
    pub(super) frequency: Option<Period>,
    pub(super) aggregation: Option<Method>,
    pub(super) system_time: Option<Instant>,
    pub(super) snapshot_id: Option<ID>,
}

impl Asked {
    /// The question, or which arguments do not go together.
    pub(super) fn question(&self) -> Result<Question, Error> {
        Ok(Question {
            range: self.time_range.unwrap_or_default().dates()?,
            pick: self.pick()?,
            units: self.units.unwrap_or_default(),
            aggregation: self.put_together()?,
            moment: moment(self.system_time, self.snapshot_id.as_ref())?,
        })
    }

    fn pick(&self) -> Result<Pick, Error> {
        let picks = [
            ("asOf", self.as_of.map(|day| Pick::AsOf(day.days()))),
            ("vintageFrom and vintageTo", self.window()?),
            ("release", self.release.map(release).transpose()?),
            (
                "original",
                self.original.filter(|wanted| *wanted).map(|_| Pick::Original),
            ),
            (
                "allRevisions",
                self.all_revisions.filter(|wanted| *wanted).map(|_| Pick::All),
            ),
        ];
        let mut given = picks.into_iter().filter_map(|(name, pick)| Some((name, pick?)));
        match (given.next(), given.next()) {
            (None, _) => Ok(Pick::Latest),
            (Some((_, pick)), None) => Ok(pick),
            (Some((first, _)), Some((second, _))) => Err(Error::field(
                second,
                format!("cannot be asked for together with {first}: they pick different revisions"),
            )),
        }
    }

    fn window(&self) -> Result<Option<Pick>, Error> {
        if self.vintage_from.is_none() && self.vintage_to.is_none() {
            return Ok(None);
        }
        let first = self.vintage_from.map_or(i32::MIN, Date::days);
        let last = self.vintage_to.map_or(i32::MAX, Date::days);
        match first <= last {
            true => Ok(Some(Pick::Window(first, last))),
            false => Err(Error::field("vintageTo", "is before vintageFrom; exchange the two")),
        }
    }

    fn put_together(&self) -> Result<Option<Aggregation>, Error> {
        match (self.frequency, self.aggregation) {
            (Some(period), method) => Ok(Some(Aggregation {
                period,
                method: method.unwrap_or_default(),
            })),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Error::field(
                "aggregation",
                "needs frequency: the periods to put together",
            )),
        }
    }
}

fn release(number: i32) -> Result<Pick, Error> {
    let number = u32::try_from(number);
    number
        .map(Pick::Release)
        .map_err(|_| Error::field("release", "is negative; releases are counted from 0"))
}

/// The moment of the lake's own history that is asked for.
pub(super) fn moment(time: Option<Instant>, snapshot: Option<&ID>) -> Result<Option<Moment>, Error> {
    match (time, snapshot) {
        (None, None) => Ok(None),
        (Some(time), None) => Ok(Some(Moment::Time(time.0))),
        (None, Some(id)) => {
            let id = id
                .parse()
                .map_err(|_| Error::field("snapshotId", "is not the number of a snapshot"))?;
            Ok(Some(Moment::Snapshot(id)))
        }
        (Some(_), Some(_)) => Err(Error::field(
            "snapshotId",
            "cannot be asked for together with systemTime: choose one",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<Date> {
        Some(Date(text.parse().unwrap()))
    }

    #[test]
    fn arguments_that_pick_different_revisions_are_refused_by_name() {
        let asked = Asked {
            as_of: day("2020-01-01"),
            release: Some(0),
            ..Asked::default()
        };
        let refusal = asked.question().unwrap_err().to_string();
        assert_eq!(
            refusal,
            "release cannot be asked for together with asOf: they pick different revisions"
        );

        let asked = Asked {
            as_of: day("2020-01-01"),
            original: Some(false),
            ..Asked::default()
        };
        assert_eq!(asked.question().unwrap().pick, Pick::AsOf(18_262));
        let asked = Asked {
            vintage_from: day("2020-01-02"),
            vintage_to: day("2020-01-01"),
            ..Asked::default()
        };
        assert!(asked.question().is_err());
        assert!(
            Asked {
                aggregation: Some(Method::Sum),
                ..Asked::default()
            }
            .question()
            .is_err()
        );
    }

    #[test]
    fn a_range_of_moments_holds_the_dates_that_begin_in_it() {
        let at = |text: &str| Some(Instant(text.parse().unwrap()));
        let range = TimeRange {
            start: at("1970-01-02T00:00:00Z"),
            end: at("1970-01-04T00:00:00Z"),
        };
        assert_eq!(
            range.dates().unwrap(),
            DateRange {
                start: Some(1),
                end: Some(3)
            }
        );
        let range = TimeRange {
            start: at("1970-01-02T00:00:01Z"),
            end: at("1970-01-03T23:59:59Z"),
        };
        assert_eq!(
            range.dates().unwrap(),
            DateRange {
                start: Some(2),
                end: Some(2)
            }
        );
        assert!(
            TimeRange {
                start: at("1970-01-02T00:00:00Z"),
                end: at("1970-01-01T00:00:00Z")
            }
            .dates()
            .is_err()
        );
    }
}
