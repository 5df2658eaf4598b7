//! Units by example, and the decimal arithmetic against plain fractions.

mod aggregation;
mod arithmetic;

use chrono::NaiveDate;

use super::*;
use crate::history::{DateRange, History, Observation, Revisions};
use crate::value::Value;

fn day(text: &str) -> i32 {
    text.parse::<NaiveDate>().unwrap().to_epoch_days()
}

fn points(rows: &[(&str, &str)]) -> Points {
    let observation = |&(date, text): &(&str, &str)| Observation {
        date: day(date),
        value: Value::parse(text).ok(),
        revision_date: day(date) + 30,
        is_original_release: true,
        release_rank: 0,
    };
    rows.iter().map(observation).collect()
}

/// A run of daily or weekly observations with the value 1, 2, 3 …
fn every(step: i32, first: &str, count: i32) -> Points {
    let observation = |index: i32| Observation {
        date: day(first) + index * step,
        value: Value::parse(&(index + 1).to_string()).ok(),
        revision_date: 0,
        is_original_release: false,
        release_rank: 0,
    };
    (0..count).map(observation).collect()
}

fn texts(points: &Points) -> Vec<String> {
    points
        .iter()
        .map(|point| point.value.map_or(".".into(), |value| value.to_string()))
        .collect()
}

fn dates(points: &Points) -> Vec<String> {
    points
        .iter()
        .map(|point| NaiveDate::from_epoch_days(point.date).unwrap().to_string())
        .collect()
}

fn units(points: &Points, frequency: Frequency, code: &str) -> Vec<String> {
    let how = Transform {
        units: Units::parse(code).unwrap(),
        aggregation: None,
    };
    texts(&transform(points, frequency, how).unwrap())
}

fn aggregated(points: &Points, frequency: Frequency, period: &str, method: &str) -> Points {
    transform(points, frequency, aggregation(period, method)).unwrap()
}

fn aggregation(period: &str, method: &str) -> Transform {
    let aggregation = Aggregation {
        period: Period::parse(period).unwrap(),
        method: Method::parse(method).unwrap(),
    };
    Transform {
        units: Units::Lin,
        aggregation: Some(aggregation),
    }
}

#[test]
fn changes_and_percentages_are_decimals() {
    let quarters = points(&[
        ("2020-01-01", "100.0"),
        ("2020-04-01", "90"),
        ("2020-07-01", "99.0"),
        ("2020-10-01", "99.33"),
        ("2021-01-01", "103"),
        ("2021-04-01", "-45"),
    ]);

    assert_eq!(
        units(&quarters, Frequency::Quarterly, "lin"),
        ["100.0", "90", "99.0", "99.33", "103", "-45"]
    );
    assert_eq!(
        units(&quarters, Frequency::Quarterly, "chg"),
        [".", "-10.0", "9.0", "0.33", "3.67", "-148"]
    );
    assert_eq!(
        units(&quarters, Frequency::Quarterly, "ch1"),
        [".", ".", ".", ".", "3.0", "-135"]
    );
    assert_eq!(
        units(&quarters, Frequency::Quarterly, "pch"),
        [".", "-10", "10", "0.3333333333", "3.6947548575", "-143.6893203883"]
    );
    assert_eq!(
        units(&quarters, Frequency::Quarterly, "pc1"),
        [".", ".", ".", ".", "3", "-150"]
    );
}

#[test]
fn compounding_and_logarithms_follow_their_formulas() {
    let quarters = points(&[("2020-01-01", "100"), ("2020-04-01", "101")]);

    assert_eq!(units(&quarters, Frequency::Quarterly, "pca"), [".", "4.060401"]);
    assert_eq!(units(&quarters, Frequency::Quarterly, "cch"), [".", "0.9950330853"]);
    assert_eq!(units(&quarters, Frequency::Quarterly, "cca"), [".", "3.9801323413"]);
    assert_eq!(
        units(&quarters, Frequency::Quarterly, "log"),
        ["4.605170186", "4.6151205168"]
    );
    assert_eq!(
        units(&quarters, Frequency::Irregular, "log"),
        ["4.605170186", "4.6151205168"]
    );
}

#[test]
fn a_missing_number_makes_missing_figures_and_drops_no_date() {
    let months = points(&[
        ("2020-01-01", "1"),
        ("2020-02-01", ""),
        ("2020-03-01", "3"),
        ("2020-05-01", "5"),
        ("2020-06-01", "6"),
    ]);

    for code in ["chg", "pch", "pca", "cch", "cca"] {
        let figures = units(&months, Frequency::Monthly, code);
        assert_eq!(
            figures[..4],
            [".", ".", ".", "."],
            "{code}: a month without an observation is missing as well"
        );
        assert_ne!(figures[4], ".", "{code}");
    }
    assert_eq!(units(&months, Frequency::Irregular, "chg"), [".", ".", ".", "2", "1"]);
}

#[test]
fn a_figure_that_does_not_exist_or_does_not_fit_is_missing() {
    let months = points(&[
        ("2020-01-01", "0"),
        ("2020-02-01", "5"),
        ("2020-03-01", "-5"),
        ("2020-04-01", "0.0000000001"),
        ("2020-05-01", "999999999999999999"),
    ]);

    assert_eq!(
        units(&months, Frequency::Monthly, "pch"),
        [".", ".", "-200", "-100.000000002", "."]
    );
    assert_eq!(units(&months, Frequency::Monthly, "pca")[4], ".");
    assert_eq!(units(&months, Frequency::Monthly, "cch")[..3], [".", ".", "."]);
    assert_eq!(
        units(&months, Frequency::Monthly, "log")[..3],
        [".", "1.6094379124", "."]
    );
}

#[test]
fn the_year_before_is_found_by_date_and_not_by_counting_rows() {
    let month_ends = points(&[
        ("2023-02-28", "100"),
        ("2023-04-30", "7"),
        ("2024-02-29", "110"),
        ("2024-03-31", "8"),
        ("2025-02-28", "121"),
    ]);
    assert_eq!(
        units(&month_ends, Frequency::Monthly, "pc1"),
        [".", ".", "10", ".", "10"]
    );

    assert_eq!(
        units(&every(7, "2023-01-06", 53), Frequency::Weekly, "ch1")[51..],
        [".", "52"]
    );
    assert_eq!(
        units(&every(14, "2023-01-04", 27), Frequency::Biweekly, "ch1")[25..],
        [".", "26"]
    );
    assert_eq!(
        units(&every(14, "2023-01-04", 3), Frequency::Biweekly, "chg"),
        [".", "1", "1"]
    );
    let days = points(&[("2023-03-06", "1"), ("2024-03-01", "3"), ("2024-03-04", "5")]);
    assert_eq!(
        units(&days, Frequency::Daily, "ch1"),
        [".", ".", "4"],
        "52 weeks before a Monday is a Monday"
    );
    assert_eq!(
        units(&days, Frequency::Daily, "chg"),
        [".", "2", "2"],
        "a weekend is no missing day"
    );
}

#[test]
fn growth_over_a_year_needs_a_frequency_and_one_vintage() {
    let months = points(&[("2020-01-01", "1"), ("2021-01-01", "2")]);
    for code in ["ch1", "pc1", "pca", "cca"] {
        let units = Units::parse(code).unwrap();
        let refused = transform(
            &months,
            Frequency::Irregular,
            Transform {
                units,
                aggregation: None,
            },
        );
        assert_eq!(
            refused.unwrap_err(),
            TransformError::UnitsNeedFrequency {
                units,
                frequency: Frequency::Irregular
            }
        );
    }

    let rows = Revisions {
        dates: vec![1, 1],
        revisions: vec![10, 20],
        values: vec![0, 1],
        digits: vec![0, 0],
        declared: vec![-1, -1],
    };
    let both = History::new(rows).unwrap().revisions(DateRange::ALL);
    assert_eq!(
        transform(&both, Frequency::Monthly, aggregation("a", "sum")).unwrap_err(),
        TransformError::SeveralRevisions
    );
    assert_eq!(
        transform(&both, Frequency::Monthly, Transform::default())
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_figure_is_as_new_as_the_newest_number_in_it() {
    let row = |date: &str, revision, rank| Observation {
        date: day(date),
        value: Value::parse("1").ok(),
        revision_date: revision,
        is_original_release: rank == 0,
        release_rank: rank,
    };
    let months: Points = [row("2020-01-01", 90, 3), row("2020-02-01", 50, 0)]
        .into_iter()
        .collect();

    let change = transform(
        &months,
        Frequency::Monthly,
        Transform {
            units: Units::Chg,
            aggregation: None,
        },
    )
    .unwrap()
    .get(1);

    assert_eq!(
        (change.revision_date, change.release_rank, change.is_original_release),
        (90, 0, true)
    );
}

#[test]
fn codes_are_read_as_they_are_written() {
    assert!(
        Units::ALL
            .into_iter()
            .all(|units| Units::parse(units.as_str()) == Some(units))
    );
    for code in [
        "w", "bw", "m", "q", "sa", "a", "wef", "weth", "wew", "wetu", "wem", "wesu", "wesa", "bwew", "bwem",
    ] {
        assert_eq!(Period::parse(code).map(Period::as_str), Some(code));
    }
    assert_eq!(Period::parse("Quarterly"), Some(Period::Quarterly));
    assert_eq!(
        (Units::parse("pct"), Period::parse("d"), Method::parse("mean")),
        (None, None, None)
    );
}
