//! What becomes of a batch of which rows are refused: what they may have meant is not lost.

use platform_testing::TestService;
use serde_json::{Value, json};

use super::{csv, get, rows, said, start, upload};

const CRAWL: &str = "?source=S&mode=changes&missing=withdraw";

/// Stores four months of series, published in May.
async fn publish(service: &TestService, series: &[&str]) {
    let months = |series: &&str| {
        let row = |month| format!("{series},2024-0{month}-01,{month},2024-05-01\n");
        (1..=4).map(row).collect::<String>()
    };
    let stored = rows(service, "?source=S", &series.iter().map(months).collect::<String>()).await;
    assert_eq!(stored.json()["summary"]["failed"], 0);
}

/// How many dates are withdrawn, and how many are not although they are missing.
fn counts(report: &Value) -> (u64, u64) {
    let count = |name: &str| report["summary"][name].as_u64().unwrap();
    (count("withdrawn"), count("notWithdrawn"))
}

/// The values of the four months, as known now.
async fn values(service: &TestService, series: &str) -> String {
    let points = csv(service, &format!("/series/{series}/points")).await;
    let value = |line: &str| line.split(',').nth(1).unwrap().to_owned();
    points.lines().skip(1).map(value).collect::<Vec<_>>().join(",")
}

#[tokio::test]
async fn a_row_with_a_mistake_is_not_absent() {
    let service = start().await;
    publish(&service, &["X"]).await;

    let crawl = "X,2024-01-01,1,2024-06-01\nX,2024-02-01,2O,2024-06-01\nX,2024-04-01,4,2024-06-01\n";
    let report = rows(&service, CRAWL, crawl).await.json();

    assert_eq!(report["summary"]["failed"], 1);
    assert_eq!(counts(&report), (1, 1));
    assert_eq!(values(&service, "X").await, "1,2,,4");
}

#[tokio::test]
async fn a_row_without_a_readable_date_may_mean_any_date_of_its_series() {
    let service = start().await;
    publish(&service, &["X", "Y"]).await;

    let crawl = "X,2024-01-01,1,2024-06-01\nX,2024-02-3O,2,2024-06-01\nX,2024-04-01,4,2024-06-01\n\
                 Y,2024-01-01,1,2024-06-01\nY,2024-04-01,4,2024-06-01\n";
    let report = rows(&service, CRAWL, crawl).await.json();

    assert_eq!(counts(&report), (2, 2));
    assert_eq!(values(&service, "X").await, "1,2,3,4");
    assert_eq!(values(&service, "Y").await, "1,,,4");
}

#[tokio::test]
async fn a_row_without_a_readable_series_may_mean_any_series() {
    let service = start().await;
    for (series, refused) in [
        ("A", ",2024-02-01,2,2024-06-01"),
        ("B", "B,2024-02-01,2,000,2024-06-01"),
        ("C", "019a2b1e-0000-7000-8000-000000000000,2024-02-01,2,2024-06-01"),
        ("D", "019a2b1e-0000-7000-8000-000000000000,2024-02-01,x,2024-06-01"),
    ] {
        publish(&service, &[series]).await;

        let crawl = format!("{series},2024-01-01,1,2024-06-01\n{series},2024-04-01,4,2024-06-01\n{refused}\n");
        let report = rows(&service, CRAWL, &crawl).await.json();

        assert_eq!(
            (report["summary"]["failed"].as_u64(), counts(&report)),
            (Some(1), (0, 2)),
            "{refused}"
        );
        assert_eq!(values(&service, series).await, "1,2,3,4", "{refused}");
    }
}

#[tokio::test]
async fn rows_of_tomorrow_and_doubles_are_not_absent_either() {
    let service = start().await;
    publish(&service, &["X", "Y"]).await;

    let crawl = "X,2024-01-01,1,2024-06-01\nX,2024-02-01,2,2030-06-01\nX,2024-04-01,4,2024-06-01\n\
                 Y,2024-01-01,1,2024-06-01\nY,2024-01-01,2,2024-06-01\nY,2024-04-01,4,2024-06-01\n";
    let report = rows(&service, CRAWL, crawl).await.json();

    assert_eq!(counts(&report), (1, 3));
    assert_eq!(values(&service, "X").await, "1,2,,4");
    assert_eq!(values(&service, "Y").await, "1,2,3,4");
}

#[tokio::test]
async fn a_json_row_is_not_absent_because_of_a_field_too_many() {
    let service = start().await;
    publish(&service, &["X"]).await;
    let row = |month: u32| json!({ "series_id": "X", "date": format!("2024-0{month}-01"), "value": month });
    let mut wrong = row(2);
    wrong["unit"] = json!("m");

    let crawl = json!([row(1), wrong, row(4)]).to_string();
    let report = upload(&service, CRAWL, "application/json", crawl).await.json();

    assert_eq!(counts(&report), (1, 1));
    assert_eq!(values(&service, "X").await, "1,2,,4");
}

#[tokio::test]
async fn a_series_all_of_whose_rows_are_refused_is_not_created() {
    let service = start().await;

    let refused = rows(&service, "?source=S", "X,2024-01-01,1,2030-01-01\n").await;

    assert_eq!(said(&refused, 422), "the only row was refused and nothing was stored");
    assert_eq!(get(&service, "/series").await.json()["total"], 0);
}

#[tokio::test]
async fn a_description_is_stored_although_all_rows_are_refused_and_the_answer_says_so() {
    let service = start().await;
    let batch =
        r#"{"source":"S","series":[{"externalId":"X"}],"data":[{"series_id":"X","date":"2024-01-01","value":"x"}]}"#;

    let refused = upload(&service, "", "application/json", batch).await;

    assert_eq!(
        said(&refused, 422),
        "the only row was refused and only what is said of series was stored"
    );
    assert_eq!(get(&service, "/series").await.json()["total"], 1);
}

#[tokio::test]
async fn a_number_of_any_length_is_stored_exactly_or_told_what_is_wrong_with_it() {
    let service = start().await;
    let zeros = "0".repeat(60);
    let batch = [
        format!("X,2024-01-01,0.1{zeros},2024-06-01"),
        format!("X,2024-01-02,{zeros}7.50,2024-06-01"),
        format!("X,2024-01-03,1{zeros}e-58,2024-06-01"),
        "X,2024-01-04,123.4567890123456789012345678901234567890123,2024-06-01".to_owned(),
        "X,2024-01-05,170141183460469231731687303715884105728,2024-06-01".to_owned(),
        format!("X,2024-01-06,1{zeros}.5,2024-06-01"),
        format!("X,2024-01-07,1{zeros}.5x,2024-06-01"),
    ];

    let report = rows(&service, "?source=S", &format!("{}\n", batch.join("\n")))
        .await
        .json();

    let told = report["errors"].as_array().unwrap().iter();
    let told: Vec<_> = told
        .map(|error| (error["row"].as_u64().unwrap(), error["message"].as_str().unwrap()))
        .collect();
    let large = "does not fit: at most 18 digits before the decimal point";
    let precise = "does not fit: at most 10 digits after the decimal point, and nothing is rounded";
    assert_eq!(
        told,
        [(4, precise), (5, large), (6, large), (7, "is not a decimal number")]
    );
    assert_eq!(
        csv(&service, "/series/X/points").await,
        "date,value\n2024-01-01,0.1000000000\n2024-01-02,7.50\n2024-01-03,100.0000000000\n"
    );
}
