//! Histories from the rows of the table, and rows that are none.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, RecordBatch};

use super::*;

#[test]
fn a_history_is_read_from_the_table_as_it_is_stored() {
    let model: Model = [((1, 10), number("7731.70")), ((1, 20), None), ((2, 20), number("-3"))].into();
    let whole = batch(
        &model,
        vec![Some(2), None, None],
        Arc::new(BooleanArray::from(vec![None, Some(true), Some(false)])),
    );

    let history = History::from_batches([&whole.slice(0, 2), &whole.slice(2, 1)]).unwrap();

    let values: Vec<_> = history
        .revisions(DateRange::ALL)
        .iter()
        .map(|point| (point.value, point.is_original_release))
        .collect();
    assert_eq!(
        values,
        [(number("7731.70"), false), (None, true), (number("-3"), false)]
    );
    assert_eq!(history.bounds(), Some((1, 2)));
}

#[test]
fn rows_that_are_no_history_are_refused_with_their_place() {
    let rows = Revisions {
        dates: vec![1, 1],
        revisions: vec![10, 10],
        values: vec![0, 0],
        digits: vec![0, 0],
        declared: vec![-1, -1],
    };

    let refused = |rows| History::new(rows).unwrap_err();

    assert_eq!(refused(rows.clone()), HistoryError::Order { row: 1 });
    let distinct = Revisions {
        revisions: vec![10, 20],
        ..rows
    };
    assert_eq!(
        refused(Revisions {
            digits: vec![0, 11],
            ..distinct.clone()
        }),
        HistoryError::Value { row: 1 }
    );
    assert_eq!(
        refused(Revisions {
            digits: vec![-2, 0],
            ..distinct.clone()
        }),
        HistoryError::Value { row: 0 }
    );
    assert_eq!(
        refused(Revisions {
            values: vec![0, i128::MAX],
            ..distinct.clone()
        }),
        HistoryError::Value { row: 1 }
    );
    assert_eq!(
        refused(Revisions {
            declared: vec![],
            ..distinct
        }),
        HistoryError::Lengths([2, 2, 2, 2, 0])
    );
    let untyped = batch(&Model::new(), vec![], Arc::new(Int32Array::from(Vec::<i32>::new())));
    assert!(matches!(
        History::from_batch(&untyped),
        Err(HistoryError::Column {
            name: "is_original_release",
            ..
        })
    ));
}

fn batch(model: &Model, digits: Vec<Option<i32>>, declared: ArrayRef) -> RecordBatch {
    let values = Decimal128Array::from_iter(model.values().map(|value| value.map(Value::unscaled)));
    RecordBatch::try_from_iter_with_nullable([
        (
            "date",
            Arc::new(Date32Array::from_iter_values(model.keys().map(|key| key.0))) as ArrayRef,
            false,
        ),
        (
            "revision_date",
            Arc::new(Date32Array::from_iter_values(model.keys().map(|key| key.1))),
            false,
        ),
        (
            "value",
            Arc::new(values.with_precision_and_scale(28, 10).unwrap()),
            true,
        ),
        ("digits", Arc::new(Int32Array::from(digits)), true),
        ("is_original_release", declared, true),
    ])
    .unwrap()
}
