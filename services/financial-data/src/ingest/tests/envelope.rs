//! What stands around the rows of a JSON upload.

use super::*;

/// Each row behind the batch it came with, and what was decoded.
type Uploaded = (Vec<(Option<String>, String)>, Decoded);

fn upload(chunk_bytes: usize, text: &str) -> Result<Uploaded, DecodeError> {
    let mut seen = Vec::new();
    let limits = Limits {
        chunk_bytes,
        ..limits()
    };
    let decoded = decode(Format::Json, text.as_bytes(), &limits, &mut |head, rows| {
        seen.extend((0..rows.len()).map(|at| (head.batch_id.clone(), line(&rows, at))));
        Ok(())
    })?;
    Ok((seen, decoded))
}

const ROW: &str = r#"{"seriesId":"GDP","date":"2024-01-01","value":1}"#;

#[test]
fn the_envelope_is_known_when_rows_are_handed_over() {
    let text = format!(
        r#"{{"batch_id":"b-1","source":"FRED","series":[{{"external_id":"GDP","frequency":"q","metadata":{{"a":1}}}}],"rows":[{ROW},{ROW}]}}"#
    );
    let (seen, decoded) = upload(1, &text).expect("readable");

    assert_eq!(
        seen,
        vec![(Some("b-1".to_owned()), "FRED:GDP 2024-01-01 1 - - -".to_owned()); 2]
    );
    assert_eq!(decoded.head.series[0].external_id, "GDP");
    assert_eq!(decoded.head.series[0].frequency, Some(Some("q".to_owned())));
}

#[test]
fn an_envelope_behind_its_rows_is_used_while_no_row_has_been_handed_over() {
    let text = format!(r#"{{"data":[{ROW}],"source":"FRED","batchId":"b-1"}}"#);
    let (seen, _) = upload(1 << 20, &text).expect("readable");
    assert_eq!(
        seen,
        [(Some("b-1".to_owned()), "FRED:GDP 2024-01-01 1 - - -".to_owned())]
    );

    let late = upload(1, &text).expect_err("too late");
    assert_eq!(
        (late.http_status(), late.to_string().as_str()),
        (422, "`source` stands after the rows it is about or stands twice")
    );
}

#[test]
fn a_description_behind_its_rows_is_used_while_no_row_has_been_handed_over() {
    let text = format!(r#"{{"data":[{ROW}],"series":[{{"externalId":"GDP"}}]}}"#);

    let (_, decoded) = upload(1 << 20, &text).expect("readable");
    let late = upload(1, &text).expect_err("too late");

    assert_eq!(decoded.head.series[0].external_id, "GDP");
    assert_eq!(
        (late.http_status(), late.to_string().as_str()),
        (422, "`series` stands after the rows it is about or stands twice")
    );
}

#[test]
fn a_field_that_no_request_has_is_refused() {
    for (text, reason) in [
        (ROW.to_owned(), "`seriesId` is not a field of a request"),
        (
            r#"{"data":[],"colour":1}"#.to_owned(),
            "`colour` is not a field of a request",
        ),
        ("{}".to_owned(), "the object has neither `data` nor `series`"),
        (
            r#"{"data":[],"rows":[]}"#.to_owned(),
            "`rows` or another name of it is there twice",
        ),
        (
            r#"{"source":"a","source":"b","data":[]}"#.to_owned(),
            "`source` stands after",
        ),
    ] {
        let error = upload(1, &text).expect_err(&text);
        assert!(error.to_string().contains(reason), "{text}: {error}");
    }
}

#[test]
fn a_description_that_does_not_fit_a_series_is_refused_by_number_and_name() {
    for (series, reason) in [
        (r#"{"title":"GDP"}"#, "missing field `externalId`"),
        (r#"{"externalId":" "}"#, "external_id needs"),
        (r#"{"externalId":"GDP","source":""}"#, "source needs"),
        (r#"{"externalId":"GDP","source":"FR\nED"}"#, "source needs"),
        (
            r#"{"externalId":"GDP","frequency":"hourly"}"#,
            "frequency is none of daily",
        ),
        (
            r#"{"externalId":"GDP","startDate":"2024-02-30"}"#,
            "start_date is not a calendar date",
        ),
        (
            r#"{"externalId":"GDP","startDate":"2024-01-02","endDate":"2024-01-01"}"#,
            "end_date is before",
        ),
        (r#"{"externalId":"GDP","metadata":[]}"#, "metadata is not a JSON object"),
        (r#"{"externalId":"GDP","title":"a","title":"b"}"#, "duplicate field"),
        (r#"{"externalId":"GDP","colour":"red"}"#, "unknown field"),
    ] {
        let error = upload(1, &format!(r#"{{"series":[{{"externalId":"X"}},{series}]}}"#)).expect_err(series);
        assert_eq!(error.http_status(), 422);
        let error = error.to_string();
        let (place, said) = error.split_once(" of the request is refused: ").expect("a refusal");
        assert!(said.contains(reason), "{error}");
        let is_read = series.contains("GDP") && !reason.contains(" field");
        assert_eq!(place, if is_read { "series 2 (GDP)" } else { "series 2" }, "{error}");
    }
}

#[test]
fn white_space_around_names_means_nothing() {
    let (_, decoded) = upload(1, r#"{"series":[{"externalId":" GDP ","source":" FRED "}]}"#).expect("readable");

    let described = &decoded.head.series[0];
    assert_eq!(
        (&*described.external_id, described.source.as_deref()),
        ("GDP", Some("FRED"))
    );
}

#[test]
fn a_batch_is_called_what_can_be_printed() {
    for name in ["", "a\\u0000b"] {
        let error = upload(1, &format!(r#"{{"batchId":"{name}","data":[]}}"#)).expect_err(name);
        assert_eq!(
            error.to_string(),
            "the columns do not fit: a batchId has 1 to 255 printable characters"
        );
    }
}

#[test]
fn descriptions_are_held_up_to_a_number_of_bytes() {
    let metadata = format!(r#"{{"a":[{}0]}}"#, "0,".repeat(32_000));
    let series = format!(r#"{{"externalId":"GDP","metadata":{metadata}}}"#);
    let described = |count: usize| {
        upload(
            1 << 20,
            &format!(r#"{{"series":[{}]}}"#, vec![series.as_str(); count].join(",")),
        )
    };

    assert!(described(10).is_ok());
    let error = described(100).expect_err("too much");

    assert_eq!(error.http_status(), 413, "{error}");
    assert!(
        error
            .to_string()
            .starts_with("the descriptions of series have more than 67108864 bytes together")
    );
}
