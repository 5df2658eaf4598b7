//! What is said of a series, and what is taken back.

use serde_json::json;

use super::{get, put, said, start, upload};

#[tokio::test]
async fn null_takes_back_what_was_said_and_what_is_absent_stays() {
    let service = start().await;
    let all = json!({
        "title": "Old", "description": "d", "units": "u", "frequency": "monthly", "seasonalAdjustment": "SA",
        "startDate": "2000-01-01", "endDate": "2020-12-01", "isActive": false, "metadata": { "a": 1 },
    });
    let created = put(&service, "S:X", &all.to_string()).await.json();

    let ended = put(&service, "S:X", r#"{"endDate":null}"#).await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    let ended = ended.json();
    for (field, value) in all.as_object().unwrap() {
        let expected = if field == "endDate" { &json!(null) } else { value };
        assert_eq!(&ended[field], expected, "{field}");
    }

    let nothing: serde_json::Map<_, _> = all
        .as_object()
        .unwrap()
        .keys()
        .map(|field| (field.clone(), json!(null)))
        .collect();
    let emptied = put(&service, "S:X", &json!(nothing).to_string()).await.json();

    let fresh = put(&service, "S:FRESH", "{}").await.json();
    for field in nothing.keys().filter(|field| *field != "title") {
        assert_eq!(emptied[field], fresh[field], "{field}");
    }
    assert_eq!((&emptied["title"], &emptied["id"]), (&json!("X"), &created["id"]));
}

#[tokio::test]
async fn a_series_does_not_end_before_it_starts_whenever_the_two_are_said() {
    let service = start().await;
    put(&service, "S:X", r#"{"startDate":"2000-01-01"}"#).await;

    let refused = put(&service, "S:X", r#"{"endDate":"1999-12-31"}"#).await;
    let batch = json!({ "source": "S", "series": [{ "externalId": "X", "end_date": "1999-12-31" }] });
    let batch = upload(&service, "", "application/json", batch.to_string()).await;

    for refused in [refused, batch] {
        assert_eq!(
            said(&refused, 400),
            "end_date 1999-12-31 of S:X is before its start_date 2000-01-01"
        );
    }
    assert_eq!(get(&service, "/series/X").await.json()["endDate"], json!(null));
    let moved = put(&service, "S:X", r#"{"startDate":null,"endDate":"1999-12-31"}"#).await;
    assert_eq!(moved.json()["endDate"], "1999-12-31", "{}", moved.text());
}

#[tokio::test]
async fn a_date_of_a_description_is_checked_as_those_of_rows_are_and_named() {
    let service = start().await;
    for (date, reason) in [
        (
            "2024-1-5",
            "start_date is not a calendar date in YYYY-MM-DD: write 2024-01-05",
        ),
        (
            "24-03-05",
            "start_date is not a calendar date in YYYY-MM-DD: write the day as YYYY-MM-DD, for instance 2024-01-31",
        ),
        (
            "0024-03-05",
            "start_date is outside 1600-01-01 to 2200-12-31: write the day as YYYY-MM-DD, for instance 2024-01-31",
        ),
    ] {
        let refused = put(&service, "S:X", &json!({ "startDate": date }).to_string()).await;
        let batch = json!({ "source": "S", "series": [{ "externalId": "X", "startDate": date }] });
        let batch = upload(&service, "", "application/json", batch.to_string()).await;

        assert_eq!(said(&refused, 400), format!("series is refused: {reason}"));
        assert_eq!(
            said(&batch, 422),
            format!("series 1 (X) of the request is refused: {reason}")
        );
    }
    assert_eq!(get(&service, "/series").await.json()["total"], 0);
}
