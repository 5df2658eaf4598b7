//! A history against the plainest model of it, and each rule once by example.

mod changes;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::value::Value;

/// The plainest thing that could be right: a map of what was published, asked row by row.
type Model = BTreeMap<(i32, i32), Option<Value>>;

fn number(text: &str) -> Option<Value> {
    Some(Value::parse(text).unwrap())
}

fn columns(model: &Model) -> Revisions {
    Revisions {
        dates: model.keys().map(|key| key.0).collect(),
        revisions: model.keys().map(|key| key.1).collect(),
        values: model.values().map(|value| value.map_or(0, Value::unscaled)).collect(),
        digits: model
            .values()
            .map(|value| value.map_or(-1, |value| value.digits() as i8))
            .collect(),
        declared: vec![-1; model.len()],
    }
}

fn history(model: &Model) -> History {
    History::new(columns(model)).unwrap()
}

fn of(rows: &[(i32, i32, &str)]) -> History {
    history(
        &rows
            .iter()
            .map(|&(date, revision, text)| ((date, revision), Value::parse(text).ok()))
            .collect(),
    )
}

fn keys(points: &Points) -> Vec<(i32, i32)> {
    points.iter().map(|point| (point.date, point.revision_date)).collect()
}

fn known(model: &Model, date: i32, day: i32) -> Option<(i32, Option<Value>)> {
    model
        .range((date, i32::MIN)..=(date, day))
        .next_back()
        .map(|(key, value)| (key.1, *value))
}

fn inside(range: DateRange, date: i32) -> bool {
    range.start.is_none_or(|start| start <= date) && range.end.is_none_or(|end| date <= end)
}

/// Dates that the frontier rule calls original releases, vintage by vintage as the rule is told.
fn originals(model: &Model) -> BTreeSet<(i32, i32)> {
    let vintages: BTreeSet<i32> = model.keys().map(|key| key.1).collect();
    let newer = |&(date, revision): &(i32, i32)| {
        let newest = model
            .keys()
            .filter(|earlier| earlier.1 < revision)
            .map(|earlier| earlier.0)
            .max();
        Some(&revision) != vintages.first() && newest.is_none_or(|newest| date > newest)
    };
    model.keys().copied().filter(newer).collect()
}

fn model() -> impl Strategy<Value = Model> {
    let value = prop_oneof![Just(None), Just(number("1")), Just(number("1.0")), Just(number("-2.5"))];
    proptest::collection::btree_map((0..9_i32, 0..9_i32), value, 0..40)
}

fn range() -> impl Strategy<Value = DateRange> {
    let bound = || proptest::option::of(-1..10_i32);
    (bound(), bound()).prop_map(|(start, end)| DateRange { start, end })
}

proptest! {
    #[test]
    fn an_as_of_answer_is_the_newest_revision_of_every_date_until_then(model in model(), range in range(), day in -1..10_i32) {
        let history = history(&model);
        let expected: Vec<_> = (0..9).filter(|&date| inside(range, date))
            .filter_map(|date| known(&model, date, day).map(|(revision, value)| (date, revision, value))).collect();

        let points = history.as_of(day, range);

        let answer: Vec<_> = points.iter().map(|point| (point.date, point.revision_date, point.value)).collect();
        prop_assert_eq!(answer, expected);
        prop_assert_eq!(keys(&history.latest(range)), keys(&history.as_of(8, range)));
    }

    #[test]
    fn windows_releases_and_originals_pick_the_revisions_they_name(model in model(), range in range(), first in -1..10_i32, last in -1..10_i32) {
        let history = history(&model);
        let all: Vec<_> = model.keys().copied().filter(|key| inside(range, key.0)).collect();
        let rank = |key: (i32, i32)| model.range((key.0, i32::MIN)..key).count() as u32;
        let original = originals(&model);

        prop_assert_eq!(keys(&history.revisions(range)), all.clone());
        let window: Vec<_> = all.iter().copied().filter(|key| first <= key.1 && key.1 <= last).collect();
        prop_assert_eq!(keys(&history.window(first, last, range)), window);
        let first_releases: Vec<_> = all.iter().copied().filter(|&key| original.contains(&key)).collect();
        prop_assert_eq!(keys(&history.original_releases(range)), first_releases);
        for release in 0..3 {
            let expected: Vec<_> = all.iter().copied().filter(|&key| rank(key) == release).collect();
            prop_assert_eq!(keys(&history.release(release, range)), expected);
        }
        for point in history.revisions(range).iter() {
            let key = (point.date, point.revision_date);
            prop_assert_eq!((point.release_rank, point.is_original_release), (rank(key), original.contains(&key)));
        }
        let vintages: BTreeSet<i32> = model.keys().map(|key| key.1).collect();
        prop_assert_eq!(history.vintages(), vintages.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_matrix_cell_is_the_as_of_answer_of_its_vintage(model in model(), range in range(), vintages in proptest::collection::vec(-1..10_i32, 0..5)) {
        let matrix = history(&model).matrix(&vintages, range);

        let dates: Vec<_> = (0..9).filter(|&date| inside(range, date) && vintages.iter().any(|&day| known(&model, date, day).is_some())).collect();
        prop_assert_eq!(matrix.dates(), &dates[..]);
        for (column, &day) in vintages.iter().enumerate() {
            let expected: Vec<_> = dates.iter().map(|&date| match known(&model, date, day) {
                None => Cell::Unpublished,
                Some((_, None)) => Cell::Withdrawn,
                Some((_, Some(value))) => Cell::Published(value),
            }).collect();
            prop_assert_eq!(matrix.vintage(column).collect::<Vec<_>>(), expected);
        }
    }
}

#[test]
fn a_withdrawal_is_a_revision() {
    let history = of(&[(1, 10, "5"), (1, 20, ""), (1, 30, "6")]);

    let values = |day| {
        history
            .as_of(day, DateRange::ALL)
            .iter()
            .map(|point| point.value)
            .collect::<Vec<_>>()
    };

    assert_eq!(values(9), []);
    assert_eq!(values(19), [number("5")]);
    assert_eq!(values(20), [None]);
    assert_eq!(values(30), [number("6")]);
    assert_eq!(history.release(1, DateRange::ALL).get(0).value, None);
}

#[test]
fn vintages_are_the_distinct_revision_dates_however_far_apart() {
    for days_apart in [1, 30, 100_000] {
        let rows: Vec<(i32, i32, &str)> = (0..40).map(|at| (at, (at * 7 % 10 - 5) * days_apart, "1")).collect();

        let history = of(&rows);

        let expected: Vec<i32> = (-5..5).map(|vintage| vintage * days_apart).collect();
        assert_eq!(history.vintages(), expected);
    }
}

#[test]
fn only_what_crosses_the_frontier_is_an_original_release() {
    let history = of(&[
        (0, 30, "1"),
        (1, 10, "1"),
        (2, 10, "1"),
        (2, 20, "2"),
        (3, 20, "1"),
        (4, 20, "1"),
        (4, 30, "2"),
        (5, 40, ""),
    ]);

    assert_eq!(
        keys(&history.original_releases(DateRange::ALL)),
        [(3, 20), (4, 20), (5, 40)]
    );
}

#[test]
fn what_the_source_declares_of_an_original_release_holds() {
    let model: Model = [((1, 10), number("1")), ((2, 20), number("2")), ((3, 30), number("3"))].into();
    let history = History::new(Revisions {
        declared: vec![1, 0, -1],
        ..columns(&model)
    })
    .unwrap();

    assert_eq!(keys(&history.original_releases(DateRange::ALL)), [(1, 10), (3, 30)]);
}

#[test]
fn an_answer_that_is_the_whole_history_shares_its_columns() {
    let history = of(&[(1, 10, "5"), (2, 20, "6"), (3, 30, "7")]);
    let all = history.revisions(DateRange::ALL);

    for points in [
        history.latest(DateRange::ALL),
        history.as_of(30, DateRange::ALL),
        history.window(10, 30, DateRange::ALL),
    ] {
        assert_eq!(points.values().as_ptr(), all.values().as_ptr());
    }
    assert_eq!(history.as_of(29, DateRange::ALL).dates().as_ptr(), all.dates().as_ptr());
}

#[test]
fn points_are_cut_by_range_and_by_page_like_a_list() {
    let history = of(&[(1, 10, "1"), (2, 10, "2"), (2, 20, "3"), (3, 10, "4"), (4, 10, "5")]);
    let points = history.latest(DateRange::ALL);

    let range = DateRange {
        start: Some(2),
        end: Some(3),
    };
    assert_eq!(keys(&points.within(range)), [(2, 20), (3, 10)]);
    assert_eq!(
        keys(&points.within(DateRange {
            start: Some(3),
            end: Some(2)
        })),
        []
    );
    assert_eq!(keys(&points.page(1, 2)), [(2, 20), (3, 10)]);
    assert_eq!(keys(&points.page(3, usize::MAX)), [(4, 10)]);
    assert_eq!(keys(&points.page(9, 1)), []);
    assert_eq!(points.values().len(), 4);
    assert_eq!(points.last().and_then(|point| point.value), number("5"));
}
