//! What is computed of each observation and an earlier one.

use super::TransformError;
use super::arithmetic::{difference, nearest, percent_change};
use super::calendar::month;
use crate::history::{Observation, Points};
use crate::series::Frequency;
use crate::value::Value;

/// The units of an answer, by FRED's codes; x is a number, x₋₁ that of the period before, x₋ₙ that of a year
/// before, n the number of periods in a year.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, async_graphql::Enum,
)]
#[serde(rename_all = "lowercase")]
#[graphql(name = "UnitsTransformation")]
pub enum Units {
    /// x, the number as published.
    #[default]
    Lin,
    /// x − x₋₁, the change.
    Chg,
    /// x − x₋ₙ, the change from a year ago.
    #[graphql(name = "CH1")]
    Ch1,
    /// (x / x₋₁ − 1) · 100, the change in percent.
    Pch,
    /// (x / x₋ₙ − 1) · 100, the change from a year ago in percent.
    #[graphql(name = "PC1")]
    Pc1,
    /// ((x / x₋₁)ⁿ − 1) · 100, the compounded annual rate of change.
    Pca,
    /// (ln x − ln x₋₁) · 100, the continuously compounded rate of change.
    Cch,
    /// (ln x − ln x₋₁) · 100 · n, the continuously compounded annual rate of change.
    Cca,
    /// ln x, the natural logarithm.
    Log,
}

impl Units {
    /// Every unit, in FRED's order.
    pub const ALL: [Self; 9] = [
        Self::Lin,
        Self::Chg,
        Self::Ch1,
        Self::Pch,
        Self::Pc1,
        Self::Pca,
        Self::Cch,
        Self::Cca,
        Self::Log,
    ];

    /// FRED's code, for instance `pc1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lin => "lin",
            Self::Chg => "chg",
            Self::Ch1 => "ch1",
            Self::Pch => "pch",
            Self::Pc1 => "pc1",
            Self::Pca => "pca",
            Self::Cch => "cch",
            Self::Cca => "cca",
            Self::Log => "log",
        }
    }

    /// Reads FRED's code, whatever its case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        Self::ALL.into_iter().find(|units| units.as_str() == text)
    }
}

pub(super) fn apply(points: &Points, frequency: Frequency, units: Units) -> Result<Points, TransformError> {
    let year = match units {
        Units::Lin => return Ok(points.clone()),
        Units::Ch1 | Units::Pc1 | Units::Pca | Units::Cca => frequency
            .per_year()
            .ok_or(TransformError::UnitsNeedFrequency { units, frequency })?,
        Units::Chg | Units::Pch | Units::Cch | Units::Log => 0,
    };
    let dates = points.dates();
    let earlier = match units {
        Units::Log => (0..dates.len()).map(Some).collect(),
        Units::Ch1 | Units::Pc1 => a_year_before(&dates, frequency),
        _ => a_period_before(&dates, frequency),
    };
    let derived = points.iter().zip(earlier).map(|(now, earlier)| {
        let Some(earlier) = earlier.map(|index| points.get(index)) else {
            return Observation { value: None, ..now };
        };
        let value = now
            .value
            .zip(earlier.value)
            .and_then(|(now, earlier)| figure(units, year, now, earlier));
        Observation {
            value,
            revision_date: now.revision_date.max(earlier.revision_date),
            ..now
        }
    });
    Ok(derived.collect())
}

fn figure(units: Units, year: u32, now: Value, earlier: Value) -> Option<Value> {
    let (x, y) = (now.to_f64(), earlier.to_f64());
    let growth = || (x > 0.0 && y > 0.0).then(|| (x / y).ln() * 100.0);
    match units {
        Units::Lin => Some(now),
        Units::Chg | Units::Ch1 => difference(now, earlier),
        Units::Pch | Units::Pc1 => percent_change(now, earlier),
        Units::Pca => nearest(((x / y).powi(year as i32) - 1.0) * 100.0),
        Units::Cch => nearest(growth()?),
        Units::Cca => nearest(growth()? * f64::from(year)),
        Units::Log => (x > 0.0).then(|| nearest(x.ln())).flatten(),
    }
}

/// Per date the index of the observation one period before, if there is one.
fn a_period_before(dates: &[i32], frequency: Frequency) -> Vec<Option<usize>> {
    let back = match frequency {
        Frequency::Daily | Frequency::Irregular | Frequency::Other => {
            return (0..dates.len()).map(|index| index.checked_sub(1)).collect();
        }
        Frequency::Biweekly => 2,
        _ => 1,
    };
    before(dates, frequency, back)
}

/// Per date the index of the observation of the same period a year before, if there is one.
fn a_year_before(dates: &[i32], frequency: Frequency) -> Vec<Option<usize>> {
    let back = match frequency {
        Frequency::Daily => 364,
        Frequency::Weekly | Frequency::Biweekly => 52,
        other => other.per_year().unwrap_or_default() as i32,
    };
    before(dates, frequency, back)
}

fn before(dates: &[i32], frequency: Frequency, back: i32) -> Vec<Option<usize>> {
    let periods: Vec<i32> = dates.iter().map(|&day| number(day, frequency)).collect();
    let mut from = 0;
    let earlier = |&period: &i32| {
        while periods[from] < period - back {
            from += 1;
        }
        (periods[from] == period - back).then_some(from)
    };
    periods.iter().map(earlier).collect()
}

/// The number of the period a day lies in; fortnights are numbered by their weeks, which begin on Monday.
fn number(day: i32, frequency: Frequency) -> i32 {
    match frequency {
        Frequency::Weekly | Frequency::Biweekly => (day + 3).div_euclid(7),
        Frequency::Monthly => month(day),
        Frequency::Quarterly => month(day).div_euclid(3),
        Frequency::Semiannual => month(day).div_euclid(6),
        Frequency::Annual => month(day).div_euclid(12),
        Frequency::Daily | Frequency::Irregular | Frequency::Other => day,
    }
}
