//! CSV.

use super::*;
use crate::ingest::RowError;

#[test]
fn columns_stand_in_any_order_and_are_called_in_snake_or_camel_case() {
    let text = b"\xef\xbb\xbfvalue,revisionDate,source, external_id ,date,id,created_at\r\n 1.50 ,2024-02-01,ECB,\"EUR, USD\",2024-01-01,x,y\r\n\r\n";
    assert_eq!(rows(Format::Csv, text), ["ECB:EUR, USD 2024-01-01 1.50 2024-02-01 - -"]);
}

#[test]
fn an_upload_of_a_header_alone_has_no_rows() {
    assert!(rows(Format::Csv, b"series_id,date,value").is_empty());
    assert_eq!(
        refusal(Format::Csv, b""),
        (400, "the upload is empty, expected a header line".to_owned())
    );
}

#[test]
fn a_header_says_at_once_all_that_is_wrong_with_it() {
    let (status, text) = refusal(Format::Csv, b"series_id,seriesId,date,colour,amount\n");
    assert_eq!(status, 422);
    assert_eq!(
        text,
        "the columns do not fit: series_id is there twice; value is missing; unknown: `colour`, `amount`"
    );

    let (status, text) = refusal(Format::Csv, b"series_id;date;value\nGDP;2024-01-01;1,5\n");
    assert_eq!(
        (status, text.as_str()),
        (
            422,
            "the columns do not fit: the fields of a line are to be separated by commas"
        )
    );

    assert_eq!(refusal(Format::Csv, b"series_id,date,value\xff\n").0, 400);
}

#[test]
fn a_line_with_too_few_or_too_many_fields_is_refused_alone() {
    let text = b"series_id,date,value\nGDP,2024-01-01\nGDP,2024-01-01,1,234\nGDP,2024-01-01,1\n";
    let fix = "quote fields that have commas in them".to_owned();
    assert_eq!(
        faults(Format::Csv, text),
        [
            (1, RowErrorType::SchemaMismatch, "row", fix.clone()),
            (2, RowErrorType::SchemaMismatch, "row", fix)
        ]
    );
    assert_eq!(read(Format::Csv, text).expect("readable").0, ["GDP 2024-01-01 1 - - -"]);
}

#[test]
fn a_quote_that_is_never_closed_does_not_swallow_memory() {
    let mut text = b"series_id,date,value\n\"GDP,2024-01-01,1\n".to_vec();
    text.extend(std::iter::repeat_n(b"GDP,2024-01-01,1\n", 200_000).flatten());
    let (status, text) = refusal(Format::Csv, &text);
    assert_eq!(status, 413);
    assert!(text.starts_with("a row is larger than 1048576 bytes"), "{text}");
}

#[test]
fn a_quote_that_takes_other_lines_with_it_is_told() {
    let text = b"series_id,date,value\nGDP,2024-01-01,\"1\nGDP,2024-02-01,2\nGDP,2024-03-01,3\n";
    let (rows, decoded) = read(Format::Csv, text).expect("readable");
    assert!(rows.is_empty());
    let told = &decoded.errors[0];
    assert_eq!(told.message, "has a quote that is not closed; the row takes up 4 lines");
    assert_eq!(
        told.suggested_fix.as_deref(),
        Some("look for a quote that is not closed")
    );
}

#[test]
fn a_quote_that_takes_other_lines_into_a_column_that_is_passed_over_is_told() {
    let text = b"series_id,date,value,id\nGDP,2024-01-01,1,\"x\nGDP,2024-02-01,2,y\nGDP,2024-03-01,3,z\n\"\n";
    let (rows, decoded) = read(Format::Csv, text).expect("readable");
    assert!(rows.is_empty(), "{rows:?}");
    let told = &decoded.errors[0];
    assert_eq!(
        told.message,
        "has a line break in a column that is passed over; the row takes up 4 lines"
    );
    assert_eq!(
        told.suggested_fix.as_deref(),
        Some("look for a quote that is not closed")
    );
}

#[test]
fn a_byte_order_mark_is_passed_over_however_it_arrives() {
    struct Bytewise(&'static [u8]);
    impl std::io::Read for Bytewise {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let few = buffer.len().min(1);
            std::io::Read::read(&mut self.0, &mut buffer[..few])
        }
    }
    let input = Bytewise(b"\xef\xbb\xbfseries_id,date,value\nGDP,2024-01-01,1\n");
    let decoded = decode(Format::Csv, input, &limits(), &mut |_, _| Ok(())).expect("readable");
    assert_eq!((decoded.rows, decoded.failed), (1, 0));
}

#[test]
fn bytes_that_are_not_utf_8_spoil_their_row_only() {
    let text = b"series_id,date,value,metadata\n\xff\xfe,2024-01-01,1,\nGDP,2024-01-01,\xff,\nGDP,2024-01-01,1,\xff\nGDP,2024-01-01,1,\n";
    let (rows, decoded) = read(Format::Csv, text).expect("readable");
    assert_eq!(rows.len(), 1);
    let types: Vec<_> = decoded.errors.iter().map(|error| error.error_type).collect();
    assert_eq!(
        types,
        [
            RowErrorType::InvalidSeriesReference,
            RowErrorType::InvalidNumericValue,
            RowErrorType::DataTypeMismatch
        ]
    );
}

/// The values that are read of cells, and of each that is refused its number, its field and why.
fn cells(cells: &[&str]) -> (Vec<String>, Vec<(u64, &'static str, String)>) {
    let lines: String = cells.iter().map(|cell| format!("GDP,2024-01-01,{cell}\r\n")).collect();
    let (rows, decoded) = read(Format::Csv, format!("series_id,date,value\r\n{lines}").as_bytes()).expect("readable");
    let why = |error: RowError| (error.row, error.field, error.message);
    (rows, decoded.errors.into_iter().map(why).collect())
}

#[test]
fn text_behind_a_closing_quote_is_refused_and_never_joined() {
    let (rows, refused) = cells(&["1", "\"1\"2", "\"3\"", "\"1\"2\"", "\"4\" ", " \"5\"", "\"6\"\"7\""]);

    assert_eq!(
        rows,
        ["1", "3", "4"].map(|value| format!("GDP 2024-01-01 {value} - - -"))
    );
    let behind = "has text behind its closing quote".to_owned();
    let expected = [
        (2, "value", behind.clone()),
        (4, "value", behind),
        (6, "value", "has white space before its quote".to_owned()),
        (7, "value", "is not a decimal number".to_owned()),
    ];
    assert_eq!(refused, expected);
}

#[test]
fn quotes_inside_of_quotes_and_lines_inside_of_cells_are_what_they_were() {
    let text = b"\"series_id\",date,value,metadata\r\n\"a\"\"b\",2024-01-01,1,\"{\"\"note\"\":\r\n\"\"x, y\"\"}\"\r\n\r\nC,2024-01-01,2,{\"a\":1}\n\"\"\"\",2024-01-01,3,\"\"\n";

    let rows = rows(Format::Csv, text);

    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(
        rows[0].starts_with("a\"b 2024-01-01 1") && rows[2].starts_with("\" 2024-01-01 3"),
        "{rows:?}"
    );
}

#[test]
fn a_wrong_quote_is_found_wherever_the_pieces_of_an_upload_end() {
    struct Piecewise<'a>(&'a [u8], usize);
    impl std::io::Read for Piecewise<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let few = buffer.len().min(self.1);
            std::io::Read::read(&mut self.0, &mut buffer[..few])
        }
    }
    let text = b"\xef\xbb\xbf\"series_id\",date,value\n\"GDP\",2024-01-01,\"1\"\r\n\nGDP,2024-01-02,\"1\"2\nGDP,2024-01-03,3\n";
    for size in 1..text.len() {
        let decoded = decode(Format::Csv, Piecewise(text, size), &limits(), &mut |_, _| Ok(())).expect("readable");

        let numbers: Vec<_> = decoded.errors.iter().map(|error| error.row).collect();
        assert_eq!((decoded.rows, numbers), (3, vec![2]), "in pieces of {size}");
    }
}
