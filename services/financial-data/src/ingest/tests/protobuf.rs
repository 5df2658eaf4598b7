//! Protobuf.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};

use super::super::{BulkDataRequest, DataPointData, SeriesData};
use super::*;

fn request() -> BulkDataRequest {
    let point = |date: &str, value: Option<&str>| DataPointData {
        series_id: "GDP".to_owned(),
        date: date.to_owned(),
        value: value.map(str::to_owned),
        ..DataPointData::default()
    };
    BulkDataRequest {
        batch_id: "b-1".to_owned(),
        source: "FRED".to_owned(),
        series: vec![SeriesData {
            external_id: "GDP".to_owned(),
            source: Some("BEA".to_owned()),
            title: Some("Gross Domestic Product".to_owned()),
            description: Some("of the United States".to_owned()),
            units: Some("Billions of Dollars".to_owned()),
            frequency: Some("quarterly".to_owned()),
            seasonal_adjustment: Some("SAAR".to_owned()),
            start_date: Some("1947-01-01".to_owned()),
            end_date: Some("2024-07-01".to_owned()),
            is_active: Some(true),
            metadata: Some("{\"release\":53}".to_owned()),
        }],
        data_points: vec![
            DataPointData {
                revision_date: Some("2024-04-25".to_owned()),
                is_original_release: Some(true),
                metadata: Some("{\"a\":1}".to_owned()),
                source: Some("ECB".to_owned()),
                ..point("2024-01-01", Some("28269.1740"))
            },
            point("2024-04-01", None),
            point("2024-13-01", Some("1")),
        ],
    }
}

#[test]
fn a_request_is_decoded_field_by_field() {
    let (rows, decoded) = read(Format::Protobuf, &request().encode_to_vec()).expect("readable");

    assert_eq!(
        rows,
        [
            "ECB:GDP 2024-01-01 28269.1740 2024-04-25 original {\"a\":1}",
            "FRED:GDP 2024-04-01 - - - -"
        ]
    );
    assert_eq!(
        (decoded.errors[0].row, decoded.errors[0].error_type),
        (3, RowErrorType::InvalidDateFormat)
    );
    assert_eq!(decoded.head.batch_id.as_deref(), Some("b-1"));
    let series = &decoded.head.series[0];
    assert_eq!(
        (series.source.as_deref(), &series.start_date),
        (Some("BEA"), &Some(Some("1947-01-01".to_owned())))
    );
    assert_eq!(series.metadata, Some(Some(serde_json::json!({"release": 53}))));
    assert_eq!(refusal(Format::Protobuf, b"").0, 400);
}

#[test]
fn the_messages_are_those_of_the_published_file() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let files = protox::compile(["bulk.proto"], [folder]).expect("bulk.proto compiles");
    let pool = DescriptorPool::from_file_descriptor_set(files).expect("bulk.proto is whole");
    let message = pool
        .get_message_by_name("hansa.financial_data.v1.BulkDataRequest")
        .expect("the request is in it");

    let ours = request().encode_to_vec();
    let theirs = DynamicMessage::decode(message, ours.as_slice()).expect("they read what we write");

    let unknown = |message: &DynamicMessage| message.unknown_fields().count();
    assert_eq!(unknown(&theirs), 0);
    for list in ["series", "data_points"] {
        let value = theirs.get_field_by_name(list).expect("a field of the request");
        for item in value.as_list().expect("a list") {
            assert_eq!(unknown(item.as_message().expect("a message")), 0);
        }
    }
    assert_eq!(
        BulkDataRequest::decode(theirs.encode_to_vec().as_slice()),
        Ok(request())
    );
}

#[test]
fn hostile_bytes_are_refused_where_they_stand() {
    for (bytes, status) in [
        (b"\x22\xff\xff\xff\xff\x0f".as_slice(), 413),
        (b"\x22\x05ab", 400),
        (b"\x22\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 400),
        (b"\x20\x01", 400),
        (b"\x00", 400),
        (b"\x0b", 400),
        (b"\x12\x02\xff\xff", 400),
    ] {
        assert_eq!(refusal(Format::Protobuf, bytes).0, status, "{bytes:?}");
    }
    assert_eq!(
        faults(Format::Protobuf, b"\x22\x02\xff\xff")[0].1,
        RowErrorType::SchemaMismatch
    );
    // A field of a later version is passed over.
    assert!(rows(Format::Protobuf, b"\x32\x02ab\x28\x01\x29\0\0\0\0\0\0\0\0\x2d\0\0\0\0").is_empty());
}
