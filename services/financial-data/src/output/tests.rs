//! Answers read back by the readers of their formats, and what they look like to the byte.

mod list;
mod matrix;
mod panel;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Decimal128Type, Int32Type, UInt32Type};
use arrow::ipc::reader::StreamReader;
use bytes::Bytes;
use chrono::NaiveDate;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;
use crate::history::{Observation, Points};
use crate::value::Value;

fn day(text: &str) -> i32 {
    text.parse::<NaiveDate>().unwrap().to_epoch_days()
}

fn observation(date: &str, value: Option<&str>, revision: &str, release_rank: u32) -> Observation {
    Observation {
        date: day(date),
        value: value.map(|text| Value::parse(text).unwrap()),
        revision_date: day(revision),
        is_original_release: release_rank == 0,
        release_rank,
    }
}

/// A published, a revised, a withdrawn and a negative number.
fn gdp() -> Points {
    [
        observation("2020-01-01", Some("21538.0"), "2020-04-29", 0),
        observation("2020-04-01", Some("19636.731"), "2021-07-29", 2),
        observation("2020-07-01", None, "2021-01-28", 1),
        observation("2020-10-01", Some("-0.50"), "2021-01-28", 0),
    ]
    .into_iter()
    .collect()
}

fn one(media: Media, columns: Columns) -> Bytes {
    Encoder::one(media, columns, Some(day("2021-08-01")))
        .unwrap()
        .finish_with("GDP", &gdp())
        .unwrap()
}

fn text(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn read_arrow(bytes: &[u8]) -> Vec<RecordBatch> {
    StreamReader::try_new(bytes, None)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn read_parquet(bytes: Bytes) -> Vec<RecordBatch> {
    ParquetRecordBatchReaderBuilder::try_new(bytes)
        .unwrap()
        .build()
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// The observations of full record batches, with the name of their series where they say it.
fn observations(batches: &[RecordBatch]) -> Vec<(String, Observation)> {
    let mut found = Vec::new();
    for batch in batches {
        let column = |name: &str| {
            batch
                .column_by_name(name)
                .unwrap_or_else(|| panic!("{name} is missing"))
        };
        let (date, value, digits) = (column("date"), column("value"), column("digits"));
        for row in 0..batch.num_rows() {
            let unscaled = value.as_primitive::<Decimal128Type>().value(row);
            let digits = digits.as_primitive::<Int32Type>().value(row) as u8;
            let series = batch
                .column_by_name("series_id")
                .map_or("", |series| series.as_string::<i32>().value(row));
            let observation = Observation {
                date: date.as_primitive::<Date32Type>().value(row),
                value: value.is_valid(row).then(|| Value::new(unscaled, digits).unwrap()),
                revision_date: column("revision_date").as_primitive::<Date32Type>().value(row),
                is_original_release: column("is_original_release").as_boolean().value(row),
                release_rank: column("release_rank").as_primitive::<UInt32Type>().value(row),
            };
            found.push((series.to_owned(), observation));
        }
    }
    found
}

#[test]
fn points_in_csv_begin_with_date_and_value() {
    assert_eq!(
        text(&one(Media::Csv, Columns::Short)),
        "date,value\n2020-01-01,21538.0\n2020-04-01,19636.731\n2020-07-01,\n2020-10-01,-0.50\n"
    );
    assert_eq!(
        text(&one(Media::Csv, Columns::Full)),
        "date,value,revision_date,is_original_release,release_rank\n\
         2020-01-01,21538.0,2020-04-29,true,0\n\
         2020-04-01,19636.731,2021-07-29,false,2\n\
         2020-07-01,,2021-01-28,false,1\n\
         2020-10-01,-0.50,2021-01-28,true,0\n"
    );
}

#[test]
fn points_in_json_keep_their_digits_and_their_withdrawals() {
    assert_eq!(
        text(&one(Media::Json, Columns::Short)),
        r#"{"seriesId":"GDP","asOf":"2021-08-01","points":[{"date":"2020-01-01","value":"21538.0"},{"date":"2020-04-01","value":"19636.731"},{"date":"2020-07-01","value":null},{"date":"2020-10-01","value":"-0.50"}]}"#
    );
    assert_eq!(
        text(&one(Media::Ndjson, Columns::Full)).lines().nth(2).unwrap(),
        r#"{"date":"2020-07-01","value":null,"revisionDate":"2021-01-28","isOriginalRelease":false,"releaseRank":1}"#
    );
    let latest = Encoder::one(Media::Json, Columns::Full, None)
        .unwrap()
        .finish_with("a\"b", &gdp().page(0, 1))
        .unwrap();
    assert_eq!(
        text(&latest),
        r#"{"seriesId":"a\"b","asOf":null,"points":[{"date":"2020-01-01","value":"21538.0","revisionDate":"2020-04-29","isOriginalRelease":true,"releaseRank":0}]}"#
    );
}

#[test]
fn a_whole_series_is_one_json_value_of_columns() {
    assert_eq!(
        columnar(&gdp(), Columns::Full),
        r#"{"dates":["2020-01-01","2020-04-01","2020-07-01","2020-10-01"],"values":["21538.0","19636.731",null,"-0.50"],"revisionDates":["2020-04-29","2021-07-29","2021-01-28","2021-01-28"],"isOriginalRelease":[true,false,false,true],"releaseRanks":[0,2,1,0]}"#
    );
    assert_eq!(
        columnar(&gdp().page(0, 0), Columns::Short),
        r#"{"dates":[],"values":[]}"#
    );
}

#[test]
fn arrow_and_parquet_give_back_every_observation() {
    let expected: Vec<_> = gdp().iter().collect();
    for (media, batches) in [
        (Media::Arrow, read_arrow(&one(Media::Arrow, Columns::Full))),
        (Media::Parquet, read_parquet(one(Media::Parquet, Columns::Full))),
    ] {
        let read: Vec<_> = observations(&batches)
            .into_iter()
            .map(|(_, observation)| observation)
            .collect();
        assert_eq!(read, expected, "{media:?}");
        assert_eq!(
            batches[0].column_by_name("value").unwrap().data_type().to_string(),
            "Decimal128(28, 10)"
        );
    }
    let short = read_arrow(&one(Media::Arrow, Columns::Short));
    let names: Vec<_> = short[0]
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    assert_eq!(names, ["date", "value", "digits"]);
}

#[test]
fn no_points_are_still_an_answer() {
    let none = gdp().page(0, 0);
    let whole = |media| {
        Encoder::one(media, Columns::Short, None)
            .unwrap()
            .finish_with("GDP", &none)
            .unwrap()
    };
    assert_eq!(text(&whole(Media::Csv)), "date,value\n");
    assert_eq!(
        text(&whole(Media::Json)),
        r#"{"seriesId":"GDP","asOf":null,"points":[]}"#
    );
    assert_eq!(text(&whole(Media::Ndjson)), "");
    assert!(read_arrow(&whole(Media::Arrow)).is_empty());
    assert!(read_parquet(whole(Media::Parquet)).is_empty());
    let panel = Encoder::many(Media::Json, Columns::Short, None)
        .unwrap()
        .finish()
        .unwrap();
    assert_eq!(text(&panel), r#"{"asOf":null,"series":[]}"#);
}

#[test]
fn a_format_is_known_by_each_of_its_names() {
    for media in Media::ALL {
        assert_eq!(Media::parse(&media.as_str().to_uppercase()), Some(media));
        assert_eq!(Media::parse(media.extension()), Some(media));
        for name in media.media_types() {
            assert_eq!(Media::parse(name), Some(media));
        }
    }
    assert_eq!(Media::parse("xml"), None);
}
