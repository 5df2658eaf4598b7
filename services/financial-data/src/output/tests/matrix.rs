//! Vintages beside each other.

use super::*;
use crate::history::{DateRange, History, Revisions};
use crate::output::matrix;

fn history() -> History {
    let (first, second, third) = (day("2020-01-01"), day("2020-04-01"), day("2020-07-01"));
    let vintages = [day("2020-04-29"), day("2020-07-30")];
    History::new(Revisions {
        dates: vec![first, first, second, third],
        revisions: vec![vintages[0], vintages[1], vintages[1], vintages[1]],
        values: ["21538.0", "21561.1", "19408.8", "0"]
            .map(|text| Value::parse(text).unwrap().unscaled())
            .to_vec(),
        digits: vec![1, 1, 1, -1],
        declared: vec![-1; 4],
    })
    .unwrap()
}

#[test]
fn a_matrix_has_a_column_per_vintage() {
    let known = history().matrix(&[day("2020-04-29"), day("2020-07-30")], DateRange::ALL);
    let written = |media| matrix(media, "GDP", &known).unwrap();
    assert_eq!(
        text(&written(Media::Csv)),
        "date,GDP_20200429,GDP_20200730\n2020-01-01,21538.0,21561.1\n2020-04-01,,19408.8\n2020-07-01,,.\n"
    );
    assert_eq!(
        text(&written(Media::Json)),
        r#"{"seriesId":"GDP","vintages":["2020-04-29","2020-07-30"],"rows":[{"date":"2020-01-01","values":["21538.0","21561.1"]},{"date":"2020-04-01","values":[null,"19408.8"]},{"date":"2020-07-01","values":[null,"."]}]}"#
    );
    assert_eq!(
        text(&written(Media::Ndjson)).lines().nth(1).unwrap(),
        r#"{"date":"2020-04-01","GDP_20200429":null,"GDP_20200730":"19408.8"}"#
    );
    for batches in [
        read_arrow(&written(Media::Arrow)),
        read_parquet(written(Media::Parquet)),
    ] {
        let newest = batches[0].column_by_name("GDP_20200730").unwrap();
        assert_eq!(
            newest.as_primitive::<Decimal128Type>().value(1),
            Value::parse("19408.8").unwrap().unscaled()
        );
        assert_eq!((newest.null_count(), batches[0].column(1).null_count()), (1, 2));
    }
}
