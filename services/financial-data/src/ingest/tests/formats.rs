//! One upload in every format, and how formats are recognised.

use std::path::Path;

use super::*;

const CSV: &[u8] = include_bytes!("../../../tests/data/bulk/points.csv");
const NDJSON: &[u8] = include_bytes!("../../../tests/data/bulk/points.ndjson");
const JSON: &[u8] = include_bytes!("../../../tests/data/bulk/points.json");
const ARROW: &[u8] = include_bytes!("../../../tests/data/bulk/points.arrow");
const ARROW_LZ4: &[u8] = include_bytes!("../../../tests/data/bulk/points-lz4.arrow");
const PARQUET: &[u8] = include_bytes!("../../../tests/data/bulk/points.parquet");
const PARQUET_GZIP: &[u8] = include_bytes!("../../../tests/data/bulk/points-gzip.parquet");

const PROTOBUF: &[u8] = include_bytes!("../../../tests/data/bulk/points.binpb");

const POINTS: [&str; 5] = [
    "GDP 2024-01-01 28269.174 2024-04-25 original -",
    "GDP 2024-01-01 28255.928 2024-05-30 revised -",
    "GDP 2024-04-01 - 2024-07-25 - -",
    r#"UNRATE 2024-01-01 3.70 2024-02-02 original {"note":"as first published"}"#,
    "UNRATE 2024-02-01 -0.5 - - -",
];

#[test]
fn an_upload_says_the_same_in_every_format() {
    for (format, bytes) in [
        (Format::Csv, CSV),
        (Format::Ndjson, NDJSON),
        (Format::ArrowStream, ARROW),
        (Format::ArrowStream, ARROW_LZ4),
        (Format::Parquet, PARQUET),
        (Format::Parquet, PARQUET_GZIP),
        (Format::Protobuf, PROTOBUF),
    ] {
        assert_eq!(rows(format, bytes), POINTS, "{format}");
    }
    let of_the_source = POINTS.map(|row| format!("FRED:{row}"));
    assert_eq!(rows(Format::Json, JSON), of_the_source);
}

#[test]
fn a_format_is_recognised_by_media_type_file_name_and_first_bytes() {
    for format in Format::ALL {
        assert_eq!(Format::from_content_type(format.content_type()), Some(format));
    }
    assert_eq!(
        Format::from_content_type("Text/CSV; charset=utf-8; header=present"),
        Some(Format::Csv)
    );
    assert_eq!(Format::from_content_type("application/jsonl"), Some(Format::Ndjson));
    assert_eq!(Format::from_content_type("text/html"), None);

    assert_eq!(Format::from_path(Path::new("in/gdp.CSV.gz")), Some(Format::Csv));
    assert_eq!(Format::from_path(Path::new("gdp.parquet")), Some(Format::Parquet));
    assert_eq!(Format::from_path(Path::new("csv")), None);

    for (format, bytes) in [
        (Format::Csv, CSV),
        (Format::Ndjson, NDJSON),
        (Format::Json, JSON),
        (Format::Json, b" [{".as_slice()),
        (Format::Json, br#"{"batchId":"b-1","series":[{"externalId":"GDP"}]}"#),
        (Format::ArrowStream, ARROW),
        (Format::Parquet, PARQUET),
        (Format::Protobuf, PROTOBUF),
    ] {
        assert_eq!(Format::sniff(bytes), Some(format));
    }
    assert_eq!(Format::sniff(b"<html>"), None);
}
