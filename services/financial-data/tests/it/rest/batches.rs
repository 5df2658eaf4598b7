//! What becomes of a batch: reports, all or nothing, repetition, crawls, withdrawals.

use serde_json::json;

use super::{csv, get, problem, put, rows, said, start, upload};

const HALF_GOOD: &str = "X,2024-01-01,1.50,2024-02-01\n\
                         X,2024-13-01,2,2024-02-01\n\
                         X,2024-03-01,abc,2024-04-01\n\
                         X,2024-04-01,4,2024-05-01\n";

#[tokio::test]
async fn good_rows_are_stored_and_every_bad_one_is_explained() {
    let service = start().await;

    let stored = rows(&service, "?source=S", HALF_GOOD).await;

    assert_eq!(stored.status, 200);
    let report = stored.json();
    assert_eq!(report["summary"]["totalProcessed"], 4);
    assert_eq!(report["summary"]["successful"], 2);
    assert_eq!(report["summary"]["failed"], 2);
    assert_eq!(report["errorsTruncated"], false);
    let errors = report["errors"].as_array().unwrap();
    let told: Vec<_> = errors
        .iter()
        .map(|error| (&error["row"], &error["field"], &error["errorType"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!(2), &json!("date"), &json!("InvalidDateFormat")),
            (&json!(3), &json!("value"), &json!("InvalidNumericValue")),
        ]
    );
    assert!(
        errors
            .iter()
            .all(|error| error["message"].is_string() && error["suggestedFix"].is_string())
    );
    assert_eq!(
        csv(&service, "/series/X/points").await,
        "date,value\n2024-01-01,1.50\n2024-04-01,4\n"
    );
}

#[tokio::test]
async fn all_or_nothing_stores_nothing_when_one_row_is_bad() {
    let service = start().await;

    let refused = rows(&service, "?source=S&all_or_nothing=true", HALF_GOOD).await;

    assert_eq!(problem(&refused, 422)["report"]["summary"]["failed"], 2);
    assert_eq!(get(&service, "/series/S:X").await.status, 404);
    assert_eq!(get(&service, "/sources").await.json(), json!({ "sources": [] }));
}

#[tokio::test]
async fn a_batch_of_which_nothing_can_be_stored_is_refused_with_its_report() {
    let service = start().await;

    let refused = rows(
        &service,
        "?source=S",
        "X,2024-01-01,NaN,2024-02-01\nX,yesterday,1,2024-02-01\n",
    )
    .await;

    let problem = problem(&refused, 422);
    assert_eq!(problem["report"]["summary"]["failed"], 2);
    assert_eq!(problem["report"]["errors"][0]["field"], "value");
}

#[tokio::test]
async fn rows_of_an_unknown_id_and_of_tomorrows_news_are_refused() {
    let service = start().await;

    let batch = "019a2b1e-0000-7000-8000-000000000000,2024-01-01,1,2024-02-01\n\
                 X,2024-01-01,1,2030-01-01\n\
                 X,2024-01-01,1,\n";
    let stored = rows(&service, "?source=S", batch).await.json();

    assert_eq!(stored["errors"][0]["errorType"], "InvalidSeriesReference");
    assert_eq!(stored["errors"][1]["field"], "revision_date");
    assert_eq!(stored["summary"]["successful"], 1);
    let full = csv(&service, "/series/X/points?columns=full").await;
    assert!(
        full.contains("2024-01-01,1,2026-01-15,"),
        "without a revision date it is today: {full}"
    );
}

#[tokio::test]
async fn url_and_body_may_not_name_different_sources() {
    let service = start().await;
    let batch =
        r#"{"source":"B","series":[{"externalId":"X"}],"data":[{"series_id":"X","date":"2024-01-01","value":1}]}"#;

    let refused = upload(&service, "?source=A", "application/json", batch).await;
    let stored = upload(&service, "?source=b", "application/json", batch).await;

    assert_eq!(
        said(&refused, 400),
        "source and the source in the body contradict each other: send one of them"
    );
    assert_eq!(stored.status, 200, "{}", stored.text());
    let series = get(&service, "/series").await.json();
    assert_eq!(
        (&series["total"], &series["series"][0]["source"]),
        (&json!(1), &json!("b"))
    );
}

#[tokio::test]
async fn a_crawl_of_a_whole_history_stores_only_what_changed() {
    let service = start().await;
    let crawl =
        |day: &str, value: &str| format!("X,2024-01-01,1,{day}\nX,2024-02-01,{value},{day}\nX,2024-03-01,3,{day}\n");

    let first = rows(&service, "?source=S&mode=changes", &crawl("2024-04-01", "2"))
        .await
        .json();
    let same = rows(&service, "?source=S&mode=changes", &crawl("2024-05-01", "2"))
        .await
        .json();
    let revised = rows(&service, "?source=S&mode=changes", &crawl("2024-06-01", "2.5"))
        .await
        .json();

    assert_eq!(
        (&first["summary"]["unchanged"], &same["summary"]["unchanged"]),
        (&json!(0), &json!(3))
    );
    assert_eq!(same["snapshotId"], json!(null));
    assert_eq!(revised["summary"]["unchanged"], 2);
    let vintages = get(&service, "/series/X/vintages").await.json();
    assert_eq!(vintages["vintages"], json!(["2024-04-01", "2024-06-01"]));
}

#[tokio::test]
async fn dates_that_a_crawl_no_longer_has_are_withdrawn_when_it_says_so() {
    let service = start().await;
    rows(
        &service,
        "?source=S",
        "X,2024-01-01,1,2024-04-01\nX,2024-02-01,2,2024-04-01\nX,2024-03-01,3,2024-04-01\n",
    )
    .await;
    let without = "X,2024-01-01,1,2024-05-01\nX,2024-03-01,3,2024-05-01\n";

    let kept = rows(&service, "?source=S&mode=changes", without).await.json();
    let withdrawn = rows(&service, "?source=S&mode=changes&missing=withdraw", without)
        .await
        .json();

    assert_eq!(
        (&kept["summary"]["withdrawn"], &withdrawn["summary"]["withdrawn"]),
        (&json!(0), &json!(1))
    );
    let before = csv(&service, "/series/X/points?as_of=2024-04-30").await;
    assert_eq!(before, "date,value\n2024-01-01,1\n2024-02-01,2\n2024-03-01,3\n");
    let after = csv(&service, "/series/X/points?as_of=2024-05-01").await;
    assert_eq!(after, "date,value\n2024-01-01,1\n2024-02-01,\n2024-03-01,3\n");
}

#[tokio::test]
async fn a_withdrawal_is_an_answer_and_the_latest_value_passes_over_it() {
    let service = start().await;
    rows(
        &service,
        "?source=S",
        "X,2024-01-01,1,2024-02-01\nX,2024-02-01,2,2024-03-01\nX,2024-02-01,,2024-04-01\n",
    )
    .await;

    let points = get(&service, "/series/X/points").await.json();
    let (now, then) = (
        get(&service, "/series/X/latest").await.json(),
        get(&service, "/series/X/latest?as_of=2024-03-15").await.json(),
    );

    assert_eq!(points["points"][1], json!({ "date": "2024-02-01", "value": null }));
    assert_eq!((&now["date"], &now["value"]), (&json!("2024-01-01"), &json!("1")));
    assert_eq!((&then["date"], &then["value"]), (&json!("2024-02-01"), &json!("2")));
}

#[tokio::test]
async fn missing_dates_are_a_matter_of_whole_histories() {
    let service = start().await;

    let refused = rows(&service, "?missing=withdraw", "X,2024-01-01,1,2024-02-01\n").await;

    assert!(said(&refused, 400).starts_with("missing needs mode=changes"));
}

#[tokio::test]
async fn the_envelope_of_a_json_batch_describes_its_series() {
    let service = start().await;
    let batch = json!({
        "batchId": "crawl-7",
        "source": "FRED",
        "series": [{ "externalId": "UNRATE", "title": "Unemployment Rate", "frequency": "monthly" }],
        "data": [{ "series_id": "UNRATE", "date": "2024-01-01", "value": 3.70, "revision_date": "2024-02-02" }],
    });
    put(&service, "OECD:UNRATE", "{}").await;

    let stored = upload(&service, "", "application/json", batch.to_string()).await.json();

    assert_eq!(
        (&stored["batchId"], &stored["summary"]["successful"]),
        (&json!("crawl-7"), &json!(1))
    );
    assert_eq!(
        get(&service, "/series/FRED:UNRATE").await.json()["title"],
        "Unemployment Rate"
    );
    assert!(
        said(&get(&service, "/series/UNRATE").await, 400).contains("FRED:UNRATE"),
        "two sources have it"
    );
}
