//! What can be read of rows that are refused.

use std::sync::Arc;

use ::arrow::array::{Date32Array, StringArray};

use super::*;
use crate::ingest::{NO_DATE, RefusedRow};

/// Series, date and number of refused rows, and the first of which not even the series can be read.
type Placed = (Vec<(String, Option<i32>, u64)>, Option<u64>);

fn placed(format: Format, bytes: &[u8]) -> Placed {
    let limits = Limits {
        place_refused: true,
        ..limits()
    };
    let (mut refused, mut unplaced) = (Vec::new(), None);
    let decoded = decode(format, bytes, &limits, &mut |_, rows| {
        unplaced = rows.unplaced;
        let name = |row: &RefusedRow| match &rows.names[row.series as usize] {
            SeriesName::Id { id, .. } => id.to_string(),
            SeriesName::External { source, external_id } => {
                format!("{}:{external_id}", source.as_deref().unwrap_or("-"))
            }
        };
        let date = |row: &RefusedRow| Some(row.date).filter(|date| *date != NO_DATE);
        refused.extend(rows.refused.iter().map(|row| (name(row), date(row), row.number)));
        Ok(())
    });
    assert_eq!(decoded.expect("readable").unplaced, unplaced);
    (refused, unplaced)
}

/// 2024-01-01.
const DAY: i32 = 19_723;

#[test]
fn a_line_says_what_it_is_about_although_it_is_refused() {
    let text = "series_id,date,value,source\n\
                GDP,2024-01-01,x,\n\
                GDP,2024-01-32,1,FRED\n\
                GDP,,1,\n\
                GDP,2024-01-01,1,\n";

    let expected = [("-:GDP", Some(DAY), 1), ("FRED:GDP", None, 2), ("-:GDP", None, 3)];

    let expected = expected.map(|(series, date, row)| (series.to_owned(), date, row));
    assert_eq!(placed(Format::Csv, text.as_bytes()), (expected.to_vec(), None));
}

#[test]
fn a_line_of_another_shape_or_without_a_series_may_mean_anything() {
    for line in [
        "GDP,2024-01-01,1,234",
        ",2024-01-01,1",
        "\u{1}GDP,2024-01-01,1",
        "GDP,2024-01-01,\"1\nGDP,2024-02-01,2\"",
    ] {
        let text = format!("series_id,date,value\nGDP,2024-01-01,1\n{line}\n{line}\nGDP,2024-03-01,1\n");
        assert_eq!(placed(Format::Csv, text.as_bytes()), (Vec::new(), Some(2)), "{line}");
    }
}

#[test]
fn a_json_row_says_what_it_is_about_where_its_names_can_be_read() {
    let of = |line: &str| placed(Format::Ndjson, line.as_bytes());
    let about = |series: &str, date| (vec![(series.to_owned(), date, 1)], None);

    for (line, expected) in [
        (
            r#"{"series_id":"GDP","date":"2024-01-01","value":1,"colour":"red"}"#,
            about("-:GDP", Some(DAY)),
        ),
        (
            r#"{"series_id":" GDP ","date":"2024-01-01"}"#,
            about("-:GDP", Some(DAY)),
        ),
        (
            r#"{"series_id":"GDP","date":"2024-01-01","value":true,"source":"S"}"#,
            about("S:GDP", Some(DAY)),
        ),
        (r#"{"series_id":"GDP","date":20240101,"value":1}"#, about("-:GDP", None)),
        (
            r#"{"series_id":"GDP","date":"2024-01-01","value":1,"source":{}}"#,
            (Vec::new(), Some(1)),
        ),
        (
            r#"{"series_id":7,"date":"2024-01-01","value":1}"#,
            (Vec::new(), Some(1)),
        ),
        (
            r#"{"series_id":"GDP","seriesId":"CPI","date":"2024-01-01","value":1}"#,
            (Vec::new(), Some(1)),
        ),
        ("nonsense", (Vec::new(), Some(1))),
    ] {
        let good = r#"{"series_id":"M2","date":"2024-01-01","value":1}"#;
        assert_eq!(of(&format!("{line}\n{good}\n")), expected, "{line}");
    }
}

#[test]
fn a_row_of_columns_says_what_it_is_about() {
    let upload = arrow::stream(
        &arrow::batch(vec![
            (
                "series_id",
                Arc::new(StringArray::from(vec![Some("GDP"), Some("CPI"), None])),
            ),
            ("date", Arc::new(Date32Array::from(vec![Some(DAY), None, Some(DAY)]))),
            ("value", Arc::new(StringArray::from(vec!["x", "1", "1"]))),
        ]),
        None,
    );

    let expected = vec![("-:GDP".to_owned(), Some(DAY), 1), ("-:CPI".to_owned(), None, 2)];

    assert_eq!(placed(Format::ArrowStream, &upload), (expected, Some(3)));
}
