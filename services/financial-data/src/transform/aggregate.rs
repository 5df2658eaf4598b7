//! Observations put together to longer periods.
//!
//! As FRED documents it: an observation belongs to the period its date lies in. Missing numbers inside a
//! series are passed over, so a period is missing only when all of it is. The first and the last period that
//! hold a number are the exception: with fewer numbers than a threshold they are partial and missing, whatever
//! the method. The thresholds are FRED's; those of daily and weekly series leave room for holidays.

use super::arithmetic::{average, sum};
use super::{Aggregation, Method, TransformError};
use crate::history::{Observation, Points};
use crate::series::Frequency;
use crate::value::Value;

pub(super) fn apply(points: &Points, from: Frequency, to: Aggregation) -> Result<Points, TransformError> {
    let Aggregation { period, method } = to;
    if from.per_year().is_none() {
        return Err(TransformError::AggregationNeedsFrequency { frequency: from });
    }
    let Some(threshold) = threshold(from, period.frequency()) else {
        let as_asked = !period.names_its_end() || points.dates().iter().all(|&day| period.date(day) == day);
        let same = from == period.frequency() && as_asked;
        return if same {
            Ok(points.clone())
        } else {
            Err(TransformError::NotLower { from, to: period })
        };
    };
    let observations: Vec<Observation> = points.iter().collect();
    let mut counts = Vec::new();
    let mut periods = Vec::new();
    for part in observations.chunk_by(|one, next| period.date(one.date) == period.date(next.date)) {
        let values: Vec<Value> = part.iter().filter_map(|observation| observation.value).collect();
        counts.push(values.len());
        periods.push(Observation {
            date: period.date(part[0].date),
            value: together(&values, method),
            revision_date: part
                .iter()
                .map(|observation| observation.revision_date)
                .fold(i32::MIN, i32::max),
            is_original_release: part.iter().all(|observation| observation.is_original_release),
            release_rank: part
                .iter()
                .map(|observation| observation.release_rank)
                .fold(0, u32::max),
        });
    }
    let edges = [
        counts.iter().position(|&count| count > 0),
        counts.iter().rposition(|&count| count > 0),
    ];
    for edge in edges.into_iter().flatten().filter(|&edge| counts[edge] < threshold) {
        periods[edge].value = None;
    }
    Ok(periods.into_iter().collect())
}

fn together(values: &[Value], method: Method) -> Option<Value> {
    match method {
        _ if values.is_empty() => None,
        Method::Average => average(values),
        Method::Sum => sum(values),
        Method::EndOfPeriod => values.last().copied(),
    }
}

/// How many numbers the first and the last period need; `None` where `to` is not lower than `from`.
fn threshold(from: Frequency, to: Frequency) -> Option<usize> {
    use Frequency::{Annual, Biweekly, Daily, Monthly, Quarterly, Semiannual, Weekly};
    let targets = [Weekly, Biweekly, Monthly, Quarterly, Semiannual, Annual];
    let thresholds: [usize; 6] = match from {
        Daily => [4, 8, 17, 52, 104, 208],
        Weekly => [0, 2, 3, 10, 20, 39],
        Biweekly => [0, 0, 2, 7, 13, 26],
        Monthly => [0, 0, 0, 3, 6, 12],
        Quarterly => [0, 0, 0, 0, 2, 4],
        Semiannual => [0, 0, 0, 0, 0, 2],
        _ => [0; 6],
    };
    targets
        .iter()
        .zip(thresholds)
        .find(|(target, _)| **target == to)
        .map(|(_, threshold)| threshold)
        .filter(|&threshold| threshold > 0)
}
