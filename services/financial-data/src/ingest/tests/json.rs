//! JSON and NDJSON rows.

use super::*;

#[test]
fn a_number_is_read_as_it_is_written() {
    let text = br#"[{"seriesId":"GDP","date":"2024-01-01","value":12345678901234567.8901234500},
        {"series_id":"GDP","date":"2024-01-02","value":"3.70"},
        {"external_id":"GDP","date":"2024-01-03","value":-1.5E1,"isOriginalRelease":null},
        {"s\u0065riesId":"G\u0044P","date":"2024-01-04","value":".","metadata":"{\"a\":1}","createdAt":{"x":[1]}}]"#;
    assert_eq!(
        rows(Format::Json, text),
        [
            "GDP 2024-01-01 12345678901234567.8901234500 - - -",
            "GDP 2024-01-02 3.70 - - -",
            "GDP 2024-01-03 -15 - - -",
            "GDP 2024-01-04 - - - {\"a\":1}",
        ]
    );
}

#[test]
fn rows_of_the_wrong_shape_are_refused_alone() {
    use RowErrorType::*;
    let lines = br#"{"series_id":"GDP","date":"2024-01-01","value":1,"colour":"red"}
{"series_id":"GDP","date":"2024-01-01","value":1,"value":2}
{"series_id":"GDP","seriesId":"GDP","date":"2024-01-01","value":1}
{"series_id":"GDP","date":"2024-01-01"}
{"series_id":7,"date":"2024-01-01","value":1}
{"series_id":"GDP","date":20240101,"value":1}
{"series_id":"GDP","date":"2024-01-01","value":true}
{"series_id":"GDP","date":"2024-01-01","value":NaN}
{"series_id":"GDP","date":"2024-01-01","value":"NaN"}
{"series_id":"GDP","date":"2024-01-01","value":1,"is_original_release":1}
{"series_id":"GDP","date":"2024-01-01","value":1,"metadata":[]}
{"series_id":"GDP","date":"2024-01-01","value":1,"source":{}}
[1]
{"series_id":"GDP","date":"2024-01-01"
nonsense
"#;
    let found: Vec<_> = faults(Format::Ndjson, lines)
        .into_iter()
        .map(|(row, error, field, _)| (row, error, field))
        .collect();
    let expected = [
        (SchemaMismatch, "row"),
        (SchemaMismatch, "row"),
        (SchemaMismatch, "row"),
        (MissingRequiredField, "value"),
        (DataTypeMismatch, "series_id"),
        (DataTypeMismatch, "date"),
        (DataTypeMismatch, "value"),
        (SchemaMismatch, "row"),
        (InvalidNumericValue, "value"),
        (DataTypeMismatch, "is_original_release"),
        (DataTypeMismatch, "metadata"),
        (DataTypeMismatch, "source"),
        (SchemaMismatch, "row"),
        (SchemaMismatch, "row"),
        (SchemaMismatch, "row"),
    ];
    assert_eq!(
        found,
        (1..)
            .zip(expected)
            .map(|(row, (error, field))| (row, error, field))
            .collect::<Vec<_>>()
    );
}

#[test]
fn lines_may_be_empty_and_the_last_may_have_no_end() {
    let text = b"\xef\xbb\xbf\r\n{\"series_id\":\"GDP\",\"date\":\"2024-01-01\",\"value\":1}\r\n\n  \n{\"series_id\":\"GDP\",\"date\":\"2024-01-02\",\"value\":2}";
    assert_eq!(
        rows(Format::Ndjson, text),
        ["GDP 2024-01-01 1 - - -", "GDP 2024-01-02 2 - - -"]
    );
    assert_eq!(refusal(Format::Ndjson, b"").0, 400);
}

#[test]
fn json_nested_without_end_is_refused_and_costs_no_stack() {
    let deep = |closed: usize| {
        let nest = "[".repeat(300_000) + &"]".repeat(closed);
        format!(r#"[{{"series_id":"GDP","date":"2024-01-01","value":1,"metadata":{{"a":{nest}}}}}]"#)
    };
    assert_eq!(
        faults(Format::Json, deep(300_000).as_bytes())[0].1,
        RowErrorType::DataTypeMismatch
    );
    assert_eq!(refusal(Format::Json, deep(0).as_bytes()).0, 400);
    assert_eq!(refusal(Format::Json, "[".repeat(3_000_000).as_bytes()).0, 413);
}

#[test]
fn a_document_that_is_cut_off_or_goes_on_says_where() {
    for (text, reason) in [
        ("[", "it ends too early (at byte 1)"),
        ("[{\"a\":1}", "it ends too early (at byte 8)"),
        ("[{\"a\":1} {}]", "expected `,` (at byte 9)"),
        ("[{\"a\":1},]", "expected a value (at byte 9)"),
        ("[] []", "something stands after the end (at byte 3)"),
        ("7", "expected an array of rows, or an object with `data` (at byte 0)"),
        ("{\"data\":{}}", "expected `[` (at byte 8)"),
        ("{\"data\":[],}", "expected a value (at byte 11)"),
        ("{\"data\" []}", "expected `:` (at byte 8)"),
    ] {
        assert_eq!(
            refusal(Format::Json, text.as_bytes()),
            (400, format!("the upload is not JSON: {reason}")),
            "{text}"
        );
    }
    assert_eq!(
        refusal(Format::Json, b"").1,
        "the upload is empty, expected an array of rows, or an object with `data`"
    );
}
