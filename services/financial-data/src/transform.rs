//! Growth rates and lower frequencies, by FRED's names and FRED's rules.
//!
//! Aggregation comes first, then units. Both work on one vintage: every date may stand once.
//!
//! **Arithmetic.** Changes and sums are exact decimals. Averages and percentages are divided exactly and
//! rounded half to even at the tenth digit after the point (FRED cuts averages to the digits of its input).
//! Compounding and logarithms (`pca cch cca log`) go through binary floating point and are rounded there too.
//! A figure that does not exist (a percentage of zero, the logarithm of what is not positive) or does not fit
//! decimal(28, 10) is missing.
//!
//! **Missing.** A date without a number stays, without a number. What is computed from a missing number, or from
//! a period that has no observation, is missing.
//!
//! **Earlier periods** are found by date, not by counting rows: the month, quarter, half or year before, the
//! week or fortnight before, and 12 months or 52 weeks (364 days, the same weekday) for the year. Only where
//! there is no grid to count on (daily, irregular) the previous observation is the one before in the list.
//!
//! **A derived figure** was published when the newest number in it was. In units it keeps the rank and the
//! original flag of its own date; an aggregate has the highest rank and is original when all its parts are.

mod aggregate;
mod arithmetic;
mod calendar;
mod period;
#[cfg(test)]
mod tests;
mod units;

pub use period::{Method, Period};
pub use units::Units;

use platform_error::{Code, Coded};

use crate::history::Points;
use crate::series::Frequency;

/// What is to be done to the observations of one vintage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transform {
    /// First, whether to put periods together, and how.
    pub aggregation: Option<Aggregation>,
    /// Then what to compute of each.
    pub units: Units,
}

/// How observations are put together to longer periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aggregation {
    /// The longer period.
    pub period: Period,
    /// What becomes of the observations in it.
    pub method: Method,
}

/// Why observations cannot be transformed as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransformError {
    /// The units compare with a year before or count the periods of a year.
    #[error("units {} need a series of a fixed frequency, and this one is {}; ask for lin, chg, pch, cch or log", .units.as_str(), .frequency.as_str())]
    UnitsNeedFrequency {
        /// The units asked for.
        units: Units,
        /// The frequency of the series.
        frequency: Frequency,
    },
    /// Only a series of a fixed frequency can be aggregated.
    #[error("only a series of a fixed frequency can be aggregated, and this one is {}", .frequency.as_str())]
    AggregationNeedsFrequency {
        /// The frequency of the series.
        frequency: Frequency,
    },
    /// The target is not a lower frequency.
    #[error("a {} series cannot become {}: ask for a lower frequency", .from.as_str(), .to.as_str())]
    NotLower {
        /// The frequency of the series.
        from: Frequency,
        /// The period asked for.
        to: Period,
    },
    /// More than one revision of a date is among the observations.
    #[error(
        "units and frequencies apply to one vintage: ask for the latest, an as-of or an n-th release read instead of several revisions of a date"
    )]
    SeveralRevisions,
}

impl Coded for TransformError {
    fn code(&self) -> Code {
        Code::Invalid
    }

    fn hint(&self) -> Option<String> {
        let (Self::UnitsNeedFrequency { frequency, .. } | Self::AggregationNeedsFrequency { frequency }) = self else {
            return None;
        };
        let hint = "describe the series with its frequency, for instance monthly";
        (*frequency == Frequency::Other).then(|| hint.to_string())
    }
}

/// Aggregates `points` of a series of this `frequency`, then computes the units.
/// Growth over a range of dates needs what was before it: transform first, then cut with [`Points::within`].
pub fn transform(points: &Points, frequency: Frequency, how: Transform) -> Result<Points, TransformError> {
    if how == Transform::default() {
        return Ok(points.clone());
    }
    if points.dates().windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(TransformError::SeveralRevisions);
    }
    match how.aggregation {
        None => units::apply(points, frequency, how.units),
        Some(aggregation) => {
            let aggregated = aggregate::apply(points, frequency, aggregation)?;
            units::apply(&aggregated, aggregation.period.frequency(), how.units)
        }
    }
}
