//! Months to quarters, days to weeks, and what becomes of partial periods.

use super::*;

#[test]
fn months_become_quarters_by_each_method() {
    let months = points(&[
        ("2020-01-01", "100.1"),
        ("2020-02-01", "100.4"),
        ("2020-03-01", "100.9"),
        ("2020-04-01", "1"),
        ("2020-05-01", "2.00"),
        ("2020-06-01", "1.50"),
    ]);

    assert_eq!(
        texts(&aggregated(&months, Frequency::Monthly, "q", "avg")),
        ["100.4666666667", "1.50"]
    );
    assert_eq!(
        texts(&aggregated(&months, Frequency::Monthly, "q", "sum")),
        ["301.4", "4.50"]
    );
    assert_eq!(
        texts(&aggregated(&months, Frequency::Monthly, "q", "eop")),
        ["100.9", "1.50"]
    );
    assert_eq!(
        dates(&aggregated(&months, Frequency::Monthly, "q", "avg")),
        ["2020-01-01", "2020-04-01"]
    );
}

#[test]
fn partial_periods_at_the_edges_are_missing_and_gaps_inside_are_passed_over() {
    let months = points(&[
        ("2020-02-01", "1"),
        ("2020-03-01", "1"),
        ("2020-04-01", "2"),
        ("2020-05-01", ""),
        ("2020-06-01", "4"),
        ("2020-07-01", ""),
        ("2020-08-01", ""),
        ("2020-09-01", ""),
        ("2020-10-01", "5"),
        ("2020-11-01", "5"),
        ("2020-12-01", "5"),
        ("2021-01-01", "9"),
    ]);

    for (method, middle) in [("avg", "3"), ("sum", "6"), ("eop", "4")] {
        let quarters = texts(&aggregated(&months, Frequency::Monthly, "q", method));
        assert_eq!(
            [quarters[0].as_str(), &quarters[1], &quarters[2], &quarters[4]],
            [".", middle, ".", "."],
            "{method}"
        );
        assert_ne!(quarters[3], ".", "{method}");
    }
    let withdrawn_first = points(&[
        ("2019-12-01", ""),
        ("2020-02-01", "1"),
        ("2020-03-01", "1"),
        ("2020-04-01", "1"),
    ]);
    assert_eq!(
        texts(&aggregated(&withdrawn_first, Frequency::Monthly, "q", "avg")),
        [".", ".", "."]
    );
}

#[test]
fn edges_of_daily_and_weekly_series_leave_room_for_holidays() {
    let value_of_last = |points: Points| texts(&points).pop().unwrap();

    assert_eq!(
        value_of_last(aggregated(&every(1, "2024-01-01", 17), Frequency::Daily, "m", "avg")),
        "9"
    );
    assert_eq!(
        value_of_last(aggregated(&every(1, "2024-01-01", 16), Frequency::Daily, "m", "avg")),
        "."
    );
    assert_eq!(
        value_of_last(aggregated(&every(7, "2024-01-05", 3), Frequency::Weekly, "m", "sum")),
        "6"
    );
    assert_eq!(
        value_of_last(aggregated(&every(7, "2024-01-05", 2), Frequency::Weekly, "m", "sum")),
        "."
    );
    assert_eq!(
        value_of_last(aggregated(&every(7, "2024-01-05", 39), Frequency::Weekly, "a", "eop")),
        "39"
    );
}

#[test]
fn weeks_carry_the_date_they_end_on() {
    // Monday to Sunday and one day more.
    let days = every(1, "2024-01-01", 8);
    let ends = [
        ("wem", "2024-01-01"),
        ("wetu", "2024-01-02"),
        ("wew", "2024-01-03"),
        ("weth", "2024-01-04"),
        ("wef", "2024-01-05"),
        ("wesa", "2024-01-06"),
        ("wesu", "2024-01-07"),
        ("w", "2024-01-05"),
        ("bwew", "2024-01-10"),
        ("bwem", "2024-01-08"),
        ("bw", "2024-01-10"),
    ];
    for (period, end) in ends {
        assert_eq!(
            dates(&aggregated(&days, Frequency::Daily, period, "eop"))[0],
            end,
            "{period}"
        );
    }
    let fortnights = dates(&aggregated(
        &every(1, "1984-02-02", 28),
        Frequency::Daily,
        "bwew",
        "sum",
    ));
    assert_eq!(fortnights, ["1984-02-15", "1984-02-29"]);
    let friday = aggregated(&every(7, "2024-08-30", 8), Frequency::Weekly, "m", "sum");
    assert_eq!(
        dates(&friday),
        ["2024-08-01", "2024-09-01", "2024-10-01"],
        "a week belongs to the month of its own date"
    );
}

#[test]
fn only_lower_frequencies_can_be_asked_for() {
    let months = points(&[("2020-01-01", "1"), ("2020-02-01", "2")]);
    let refused = |points: &Points, from, period| transform(points, from, aggregation(period, "avg")).unwrap_err();

    let weekly = TransformError::NotLower {
        from: Frequency::Monthly,
        to: Period::WeeklyEndingFriday,
    };
    assert_eq!(refused(&months, Frequency::Monthly, "wef"), weekly);
    assert_eq!(
        weekly.to_string(),
        "a monthly series cannot become wef: ask for a lower frequency"
    );
    assert_eq!(texts(&aggregated(&months, Frequency::Monthly, "m", "avg")), ["1", "2"]);
    let fridays = every(7, "2024-01-05", 3);
    assert_eq!(
        texts(&aggregated(&fridays, Frequency::Weekly, "wef", "avg")),
        ["1", "2", "3"]
    );
    assert!(matches!(
        refused(&fridays, Frequency::Weekly, "wew"),
        TransformError::NotLower { .. }
    ));
    assert!(matches!(
        refused(&months, Frequency::Irregular, "a"),
        TransformError::AggregationNeedsFrequency { .. }
    ));
}

#[test]
fn units_apply_to_what_was_aggregated() {
    let months: Vec<_> = (2020..2022)
        .flat_map(|year| (1..13).map(move |month| (format!("{year}-{month:02}-01"), (year - 2019).to_string())))
        .collect();
    let months: Vec<_> = months
        .iter()
        .map(|(date, value)| (date.as_str(), value.as_str()))
        .collect();

    let how = Transform {
        units: Units::Pc1,
        ..aggregation("a", "sum")
    };
    let years = transform(&points(&months), Frequency::Monthly, how).unwrap();

    assert_eq!(texts(&years), [".", "100"]);
    assert_eq!(
        years.get(1).revision_date,
        day("2021-12-01") + 30,
        "published with its newest part"
    );
}
