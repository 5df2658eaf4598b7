//! Questions about points as they are written in a URL.

use platform_lake::Moment;

use super::arguments::{Argument, Arguments, Kind, argument};
use crate::error::Error;
use crate::history::DateRange;
use crate::output::Columns;
use crate::question::{Pick, Question};
use crate::transform::{Aggregation, Method, Period, Units};

/// Which observation dates.
pub(super) const RANGE: &[Argument] = &[
    argument("start", Kind::Date, "The first observation date."),
    argument("end", Kind::Date, "The last observation date."),
];

/// Which revisions of a date. Without any of them: what is known now.
pub(super) const PICK: &[Argument] = &[
    argument("as_of", Kind::Date, "What was known at the end of this day."),
    argument(
        "vintage_from",
        Kind::Date,
        "Every revision published on or after this day.",
    ),
    argument(
        "vintage_to",
        Kind::Date,
        "Every revision published on or before this day.",
    ),
    argument(
        "release",
        Kind::Count,
        "The release of this number of every date; 0 is the first one recorded.",
    ),
    argument(
        "original",
        Kind::Flag,
        "Original releases only: first publications of new periods.",
    ),
    argument("revisions", Kind::OneOf(&["all"]), "Every revision of every date."),
];

/// What to compute of one vintage.
pub(super) const TRANSFORM: &[Argument] = &[
    argument(
        "units",
        Kind::OneOf(&UNITS),
        "What to compute of each value, by FRED's codes.",
    ),
    argument(
        "frequency",
        Kind::OneOf(&PERIODS),
        "The lower frequency to put observations together to, by FRED's codes.",
    ),
    argument(
        "aggregation",
        Kind::OneOf(&METHODS),
        "What becomes of the observations of a period; avg unless told otherwise.",
    ),
];

/// Which state of the store.
pub(super) const MOMENT: &[Argument] = &[
    argument(
        "system_time",
        Kind::Instant,
        "The points as they were stored at this time.",
    ),
    argument(
        "snapshot",
        Kind::Integer,
        "The points as they were stored in this snapshot of the store's history.",
    ),
];

/// Which columns.
pub(super) const COLUMNS: &[Argument] = &[argument(
    "columns",
    Kind::OneOf(&["short", "full"]),
    "short: date and value. full: also revision_date, is_original_release and release_rank.",
)];

/// A part of the answer.
pub(super) const PAGE: &[Argument] = &[
    argument("offset", Kind::Count, "How many to leave out at the beginning."),
    argument("limit", Kind::Count, "How many there may be at most."),
];

const UNITS: [&str; 9] = ["lin", "chg", "ch1", "pch", "pc1", "pca", "cch", "cca", "log"];
const PERIODS: [&str; 15] = [
    "w", "bw", "m", "q", "sa", "a", "wef", "weth", "wew", "wetu", "wem", "wesu", "wesa", "bwew", "bwem",
];
const METHODS: [&str; 3] = ["avg", "sum", "eop"];

/// A question about points and how its answer is laid out; points, panels and exports share it.
#[derive(Clone, Copy, Debug)]
pub(super) struct PointsQuery {
    pub(super) question: Question,
    pub(super) columns: Columns,
}

impl PointsQuery {
    pub(super) fn of(arguments: &Arguments) -> Result<Self, Error> {
        let question = Question {
            range: range(arguments)?,
            pick: pick(arguments)?,
            units: arguments
                .parsed("units", &format!("one of {}", UNITS.join(", ")), Units::parse)?
                .unwrap_or_default(),
            aggregation: aggregation(arguments)?,
            moment: moment(arguments)?,
        };
        let columns = match arguments.word("columns", &["short", "full"])? {
            Some("full") => Columns::Full,
            _ => Columns::Short,
        };
        Ok(Self { question, columns })
    }
}

/// The range of observation dates.
pub(super) fn range(arguments: &Arguments) -> Result<DateRange, Error> {
    let range = DateRange {
        start: arguments.day("start")?,
        end: arguments.day("end")?,
    };
    match (range.start, range.end) {
        (Some(start), Some(end)) if start > end => Err(Error::field("start", "is after end")),
        _ => Ok(range),
    }
}

/// The moment of the store's own history.
pub(super) fn moment(arguments: &Arguments) -> Result<Option<Moment>, Error> {
    arguments.exclusive(&["system_time", "snapshot"])?;
    let snapshot = arguments.parsed("snapshot", "the id of a snapshot", |text| text.parse().ok())?;
    Ok(snapshot
        .map(Moment::Snapshot)
        .or(arguments.instant("system_time")?.map(Moment::Time)))
}

fn pick(arguments: &Arguments) -> Result<Pick, Error> {
    for vintage in ["vintage_from", "vintage_to"] {
        arguments.exclusive(&["as_of", vintage, "release", "original", "revisions"])?;
    }
    let release = arguments.parsed("release", "a number from 0 on", |text| text.parse().ok())?;
    let (from, to) = (arguments.day("vintage_from")?, arguments.day("vintage_to")?);
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(Error::field("vintage_from", "is after vintage_to"));
    }
    Ok(if let Some(day) = arguments.day("as_of")? {
        Pick::AsOf(day)
    } else if let Some(rank) = release {
        Pick::Release(rank)
    } else if arguments.flag("original")? {
        Pick::Original
    } else if arguments.word("revisions", &["all"])?.is_some() {
        Pick::All
    } else if from.is_some() || to.is_some() {
        Pick::Window(from.unwrap_or(i32::MIN), to.unwrap_or(i32::MAX))
    } else {
        Pick::Latest
    })
}

fn aggregation(arguments: &Arguments) -> Result<Option<Aggregation>, Error> {
    let period = arguments.parsed("frequency", &format!("one of {}", PERIODS.join(", ")), Period::parse)?;
    let method = arguments.parsed("aggregation", &format!("one of {}", METHODS.join(", ")), Method::parse)?;
    match (period, method) {
        (None, Some(_)) => Err(Error::field(
            "aggregation",
            "needs frequency: say which periods to put together",
        )),
        (period, method) => Ok(period.map(|period| Aggregation {
            period,
            method: method.unwrap_or_default(),
        })),
    }
}
