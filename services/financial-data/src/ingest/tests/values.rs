//! What a field may say, in the format that says it with the least around it.

use super::*;

/// The value of one CSV row.
fn value(text: &str) -> Result<String, String> {
    let upload = format!("series_id,date,value\nGDP,2024-01-01,{text}\n");
    let (rows, decoded) = read(Format::Csv, upload.as_bytes()).expect("readable");
    match decoded.errors.first() {
        Some(error) => Err(error.suggested_fix.clone().unwrap_or_default()),
        None => Ok(rows[0].split(' ').nth(2).unwrap_or_default().to_owned()),
    }
}

/// The date of one CSV row.
fn date(text: &str) -> Result<String, String> {
    let upload = format!("series_id,date,value\nGDP,{text},1\n");
    let (rows, decoded) = read(Format::Csv, upload.as_bytes()).expect("readable");
    match decoded.errors.first() {
        Some(error) => Err(error.suggested_fix.clone().unwrap_or_default()),
        None => Ok(rows[0].split(' ').nth(1).unwrap_or_default().to_owned()),
    }
}

#[test]
fn a_value_keeps_its_digits_and_is_never_rounded() {
    for exact in [
        "28269.174",
        "3.70",
        "-0.5",
        "0",
        "999999999999999999.9999999999",
        "0.1",
        "9007199254740993",
    ] {
        assert_eq!(value(exact).as_deref(), Ok(exact));
    }
    assert_eq!(value("1.5e3").as_deref(), Ok("1500"));
}

#[test]
fn an_empty_value_is_a_withdrawal() {
    for withdrawn in ["", " ", ".", "NA", "null"] {
        assert_eq!(value(withdrawn).as_deref(), Ok("-"), "{withdrawn:?}");
    }
}

#[test]
fn a_value_that_cannot_be_stored_is_refused_with_a_way_out() {
    for (text, fix) in [
        ("NaN", "leave it empty"),
        ("n/a", "leave it empty"),
        ("-Infinity", "leave the row out"),
        ("\"1,234.5\"", "write a point before the decimals"),
        ("1e999999999", "publish it in a larger unit"),
        ("1e-999999999", "round it"),
        ("0.30000000000000004", "round it"),
        ("12%", "write digits"),
        ("١٢", "write digits"),
    ] {
        let refused = value(text).expect_err(text);
        assert!(refused.starts_with(fix), "{text}: {refused}");
    }
}

#[test]
fn a_date_is_a_day_of_the_calendar_between_1600_and_2200() {
    for day in [
        "1600-01-01",
        "2200-12-31",
        "2024-02-29",
        "2000-02-29",
        "1970-01-01",
        "1969-12-31",
    ] {
        assert_eq!(date(day).as_deref(), Ok(day));
    }
    for (text, fix) in [
        ("2023-02-29", "write the day as YYYY-MM-DD, for instance 2024-01-31"),
        ("1900-02-29", "write the day as YYYY-MM-DD, for instance 2024-01-31"),
        ("1599-12-31", "write the day as YYYY-MM-DD, for instance 2024-01-31"),
        ("99999-01-01", "write the day as YYYY-MM-DD, for instance 2024-01-31"),
        ("01/02/2024", "write the day as YYYY-MM-DD, for instance 2024-01-31"),
        ("2024-1-5", "write 2024-01-05"),
        ("20240105", "write 2024-01-05"),
        ("2024-01-05T00:00:00Z", "write 2024-01-05"),
        ("5.1.2024", "write 2024-01-05"),
        ("2024Q2", "write 2024-04-01"),
        ("2024-02", "write 2024-02-01"),
        ("", "write the first day of the observed period as YYYY-MM-DD"),
        ("日本日本", "write the day as YYYY-MM-DD, for instance 2024-01-31"),
    ] {
        assert_eq!(date(text), Err(fix.to_owned()), "{text}");
    }
}

#[test]
fn every_calendar_day_is_counted_as_chrono_counts_it() {
    let first = chrono::NaiveDate::from_ymd_opt(1600, 1, 1).expect("a day");
    let days: Vec<_> = first
        .iter_days()
        .take_while(|day| chrono::Datelike::year(day) <= 2200)
        .collect();
    let upload: String = days.iter().map(|day| format!("a,{day},1\n")).collect();
    let rows = rows(Format::Csv, format!("series_id,date,value\n{upload}").as_bytes());
    assert_eq!(rows.len(), days.len());
    assert!(
        rows.iter()
            .zip(&days)
            .all(|(row, day)| row.split(' ').nth(1) == Some(day.to_string().as_str()))
    );
}

#[test]
fn a_series_is_named_by_our_id_or_by_its_source() {
    let upload = format!(
        "series_id,date,value\n6F2D8F0E-5A3B-5C64-9A51-1B0C7D642E90,2024-01-01,1\n{},2024-01-01,1\n,2024-01-01,1\na\tb,2024-01-01,1\n{},2024-01-01,1\n",
        "ü".repeat(255),
        "x".repeat(256)
    );
    let (rows, decoded) = read(Format::Csv, upload.as_bytes()).expect("readable");
    assert!(rows[0].starts_with("6f2d8f0e-5a3b-5c64-9a51-1b0c7d642e90 "));
    assert!(rows[1].starts_with("üü"));
    let types: Vec<_> = decoded
        .errors
        .iter()
        .map(|error| (error.row, error.error_type))
        .collect();
    let wrong = RowErrorType::InvalidSeriesReference;
    assert_eq!(types, [(3, RowErrorType::MissingRequiredField), (4, wrong), (5, wrong)]);
}

#[test]
fn digits_of_a_column_of_their_own_hold_the_value_or_are_refused() {
    let upload = b"series_id,date,value,digits\nGDP,2024-01-01,1.5,3\nGDP,2024-01-02,1.55,1\nGDP,2024-01-03,1,11\nGDP,2024-01-04,,2\nGDP,2024-01-05,1,two\n";
    let (rows, decoded) = read(Format::Csv, upload).expect("readable");
    assert_eq!(rows, ["GDP 2024-01-01 1.500 - - -", "GDP 2024-01-04 - - - -"]);
    assert!(decoded.errors.iter().all(|error| error.field == "digits"));
    assert_eq!(decoded.failed, 3);
}

#[test]
fn metadata_is_an_object_that_can_be_read_back() {
    let metadata = |text: &str| {
        let upload = format!(
            "series_id,date,value,metadata\nGDP,2024-01-01,1,\"{}\"\n",
            text.replace('"', "\"\"")
        );
        read(Format::Csv, upload.as_bytes())
            .expect("readable")
            .1
            .errors
            .first()
            .map(|error| error.error_type)
    };
    assert_eq!(metadata(r#"{"note": {"by": ["BEA"]}}"#), None);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(2000), "]".repeat(2000));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(65_536));
    for bad in [
        "[]",
        "1",
        "{\"a\":}",
        "{\"a\":1e999}",
        "{\"a\":\"\\ud800\"}",
        &deep,
        &large,
    ] {
        assert_eq!(
            metadata(bad),
            Some(RowErrorType::DataTypeMismatch),
            "{}",
            &bad[..bad.len().min(40)]
        );
    }
}
