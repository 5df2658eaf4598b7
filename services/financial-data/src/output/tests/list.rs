//! Descriptions of series, read back.

use chrono::DateTime;

use super::*;
use crate::series::{Frequency, Series, SeriesId, SourceId};

fn listed() -> Series {
    let source = SourceId::of("FRED");
    Series {
        id: SeriesId::of(source, "GDP"),
        source_id: source,
        external_id: "GDP".to_owned(),
        title: "@Gross \"Domestic\" Product, United States".to_owned(),
        description: Some("Two\nlines".to_owned()),
        units: Some("Billions of Dollars".to_owned()),
        frequency: Frequency::Quarterly,
        seasonal_adjustment: None,
        start_date: NaiveDate::from_ymd_opt(1947, 1, 1),
        end_date: None,
        is_active: true,
        metadata: None,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_list_of_series_is_read_back_and_holds_no_formula() {
    let series = listed();
    let list = [Listed {
        series: &series,
        source: "FRED",
    }];
    let csv = series_list(Media::Csv, &list, 7).unwrap();
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(&csv[..])
        .into_records()
        .map(Result::unwrap)
        .collect();
    let cells: Vec<_> = rows[0].iter().skip(1).collect();
    assert_eq!(
        cells,
        [
            "FRED",
            "GDP",
            "'@Gross \"Domestic\" Product, United States",
            "Billions of Dollars",
            "quarterly",
            "",
            "1947-01-01",
            "",
            "true",
            "Two\nlines"
        ]
    );
    let json: serde_json::Value = serde_json::from_slice(&series_list(Media::Json, &list, 7).unwrap()).unwrap();
    assert_eq!(
        (&json["total"], &json["series"][0]["source"]),
        (&7.into(), &"FRED".into())
    );
    assert_eq!(json["series"][0]["title"], series.title);
    let read: Series = serde_json::from_slice(&series_list(Media::Ndjson, &list, 7).unwrap()).unwrap();
    assert_eq!(read, series);
    assert!(matches!(
        series_list(Media::Parquet, &list, 7),
        Err(OutputError::NotInThisFormat(Media::Parquet))
    ));
}
