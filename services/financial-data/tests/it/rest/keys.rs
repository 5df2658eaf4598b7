//! What an idempotency key means: a batch under it is stored once.

use axum::body::Body;
use axum::http::Request;
use platform_testing::{Answer, TestService};
use serde_json::json;

use super::{API, csv, get, problem, put, rows, said, start, upload};

#[tokio::test]
async fn a_batch_under_one_key_is_stored_once() {
    let service = start().await;
    let batch = "X,2024-01-01,1,2024-02-01\n";

    let first = rows(&service, "?source=S&batch_id=b1", batch).await.json();
    let again = with_header(&service, ("idempotency-key", "b1"), batch).await.json();
    let third = with_header(&service, ("x-batch-id", "b1"), batch).await.json();

    assert_eq!((&first["repeated"], &first["batchId"]), (&json!(false), &json!("b1")));
    assert_eq!(
        (&again["repeated"], &again["summary"]),
        (&json!(true), &first["summary"])
    );
    assert_eq!(third["repeated"], true);
    let snapshots = service.get("/api/v1/lake/snapshots").await.json();
    assert_eq!(snapshots["snapshots"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_that_is_said_twice_is_refused_also_where_both_are_the_same() {
    let service = start().await;
    let batch = "series_id,date,value,revision_date\nX,2024-01-01,1,2024-02-01\n";

    for (name, values) in [
        ("idempotency-key", ["b1", "b2"]),
        ("idempotency-key", ["b1", "b1"]),
        ("x-batch-id", ["b1", "b2"]),
        ("x-source", ["S", "T"]),
    ] {
        let request = Request::post(format!("{API}/bulk?source=S")).header("content-type", "text/csv");
        let request = values
            .iter()
            .fold(request, |request, value| request.header(name, *value));
        let refused = service.request(request.body(Body::from(batch)).unwrap()).await;

        let said = said(&refused, 400);
        assert!(said.contains(&format!("more than one header {name}")), "{said}");
    }
    assert_eq!(get(&service, "/series/S:X").await.status, 404);
}

#[tokio::test]
async fn a_key_is_refused_for_another_batch() {
    let service = start().await;
    rows(&service, "?source=S&batch_id=b1", "X,2024-01-01,1,2024-02-01\n").await;

    let other = rows(&service, "?source=S&batch_id=b1", "X,2024-01-01,2,2024-02-01\n").await;

    assert_eq!(
        said(&other, 422),
        "the idempotency key b1 was used for a batch with other content or other parameters"
    );
    assert_eq!(csv(&service, "/series/X/points").await, "date,value\n2024-01-01,1\n");
}

#[tokio::test]
async fn names_and_keys_in_a_url_are_utf_8() {
    let service = start().await;
    let batch = "X,2024-01-01,1,2024-02-01\n";

    for argument in [
        "source=Z%FCrich",
        "source=S&batch_id=%FF",
        "source=S&batch_id=%EF%BF%BD",
    ] {
        let refused = rows(&service, &format!("?{argument}"), batch).await;

        assert!(said(&refused, 400).contains("is not UTF-8"), "{argument}");
    }
    let stored = rows(&service, "?source=Z%C3%BCrich&batch_id=%C3%BF", batch)
        .await
        .json();
    assert_eq!(
        (&stored["batchId"], &stored["summary"]["failed"]),
        (&json!("ÿ"), &json!(0))
    );
}

#[tokio::test]
async fn a_key_is_refused_for_the_same_rows_of_another_source_or_another_day() {
    let service = start().await;
    let batch = "X,2024-01-01,1,\n";
    rows(&service, "?source=A&batch_id=b1&revision_date=2024-02-01", batch).await;

    for other in ["source=B&revision_date=2024-02-01", "source=A&revision_date=2024-03-01"] {
        let refused = rows(&service, &format!("?batch_id=b1&{other}"), batch).await;

        assert!(said(&refused, 422).contains("other parameters"), "{other}");
    }
    assert_eq!(get(&service, "/series/B:X").await.status, 404);
}

#[tokio::test]
async fn a_batch_that_said_nothing_new_undoes_nothing_when_it_is_sent_again() {
    let service = start().await;
    let (one, two) = ("X,2024-01-01,1,2024-02-01\n", "X,2024-01-01,2,2024-02-01\n");
    rows(&service, "?source=S", one).await;
    let nothing = rows(&service, "?source=S&mode=changes&batch_id=b1", one).await.json();
    rows(&service, "?source=S&batch_id=b2", two).await;

    let again = rows(&service, "?source=S&mode=changes&batch_id=b1", one).await.json();

    assert_eq!(
        (&nothing["repeated"], &nothing["summary"]["unchanged"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(
        (&again["repeated"], &again["summary"]),
        (&json!(true), &nothing["summary"])
    );
    assert_eq!(csv(&service, "/series/X/points").await, "date,value\n2024-01-01,2\n");
}

#[tokio::test]
async fn a_batch_of_which_every_row_was_refused_leaves_its_key_free() {
    let service = start().await;
    let id = contracts::series::SeriesId::named("S:X").unwrap();
    let batch = format!("{id},2024-01-01,1,2024-02-01\n");
    let refused = rows(&service, "?batch_id=b1", &batch).await;
    assert_eq!(problem(&refused, 422)["report"]["summary"]["failed"], 1);
    put(&service, "S:X", "{}").await;

    let again = rows(&service, "?batch_id=b1", &batch).await;

    assert_eq!(again.status, 200, "{}", again.text());
    let again = again.json();
    assert_eq!(
        (&again["repeated"], &again["summary"]["successful"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(csv(&service, "/series/S:X/points").await, "date,value\n2024-01-01,1\n");
}

#[tokio::test]
async fn url_and_body_may_not_name_different_keys() {
    let service = start().await;
    let batch = r#"{"batchId":"b1","source":"S","data":[{"series_id":"X","date":"2024-01-01","value":1}]}"#;

    let refused = upload(&service, "?batch_id=b2", "application/json", batch).await;
    let stored = upload(&service, "?batch_id=b1", "application/json", batch).await;

    assert_eq!(
        said(&refused, 400),
        "batch_id and the batchId in the body contradict each other: send one of them"
    );
    assert_eq!(
        (&stored.json()["repeated"], &stored.json()["batchId"]),
        (&json!(false), &json!("b1"))
    );
}

#[tokio::test]
async fn url_and_headers_may_not_contradict_each_other() {
    let service = start().await;
    let request = Request::post(format!("{API}/bulk?source=A&batch_id=b1"));
    let request = request
        .header("content-type", "text/csv")
        .header("x-source", "A")
        .header("x-batch-id", "b2");

    let refused = service
        .request(request.body(Body::from("series_id,date,value\n")).unwrap())
        .await;

    assert!(said(&refused, 400).contains("batch_id and the header x-batch-id contradict each other"));
}

async fn with_header(service: &TestService, (name, value): (&str, &str), batch: &str) -> Answer {
    let request = Request::post(format!("{API}/bulk?source=S"))
        .header("content-type", "text/csv")
        .header(name, value);
    let body = format!("series_id,date,value,revision_date\n{batch}");
    service.request(request.body(Body::from(body)).unwrap()).await
}
