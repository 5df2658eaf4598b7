//! What crawls of whole histories add, vintage by vintage, however an upload is cut.

use platform_testing::TestService;
use serde_json::json;

use super::{csv, get, problem, rows, said, service, start};

/// Every revision, each date's in the order they were published.
async fn revisions(service: &TestService) -> String {
    let full = csv(service, "/series/S:X/points?revisions=all&columns=full").await;
    let kept = |line: &str| line.split(',').take(3).collect::<Vec<_>>().join(",");
    full.lines().skip(1).map(kept).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_crawl_is_compared_with_the_newest_vintage_of_its_day() {
    let service = start().await;
    rows(
        &service,
        "?source=S",
        "X,2024-01-01,5,2024-01-10\nX,2024-01-01,7,2024-03-10\n",
    )
    .await;

    let crawls = "X,2024-01-01,6,2024-02-10\nX,2024-01-01,6,2024-04-10\n";
    let stored = rows(&service, "?source=S&mode=changes", crawls).await.json();

    assert_eq!(stored["summary"]["unchanged"], 0);
    for (day, value) in [
        ("2024-01-10", "5"),
        ("2024-02-10", "6"),
        ("2024-03-10", "7"),
        ("2024-04-10", "6"),
    ] {
        let then = csv(&service, &format!("/series/X/points?as_of={day}")).await;
        assert_eq!(then, format!("date,value\n2024-01-01,{value}\n"), "{day}");
    }
}

#[tokio::test]
async fn dates_that_a_later_vintage_of_the_same_upload_lacks_are_withdrawn() {
    let service = start().await;
    let (april, may) = ("2024-04-01", "2024-05-01");
    let crawls = format!(
        "X,2024-01-01,1,{april}\nX,2024-02-01,2,{april}\nX,2024-03-01,3,{april}\n\
         X,2024-01-01,1,{may}\nX,2024-03-01,3,{may}\n"
    );

    let stored = rows(&service, "?source=S&mode=changes&missing=withdraw", &crawls).await;

    assert_eq!(stored.json()["summary"]["withdrawn"], 1, "{}", stored.text());
    assert_eq!(stored.json()["summary"]["unchanged"], 2);
    let now = csv(&service, "/series/X/points?as_of=2024-05-01").await;
    assert_eq!(now, "date,value\n2024-01-01,1\n2024-02-01,\n2024-03-01,3\n");
    let before = csv(&service, "/series/X/points?as_of=2024-04-30").await;
    assert_eq!(before, "date,value\n2024-01-01,1\n2024-02-01,2\n2024-03-01,3\n");
}

/// So little memory that 45,000 rows are more than one chunk.
async fn small() -> TestService {
    TestService::with(service(), &[("lake.memory-limit", "64MB")]).await
}

/// Rows of one series on consecutive days, in one vintage.
fn many(series: &str, count: i32) -> String {
    let row = |day| {
        let date = chrono::NaiveDate::from_epoch_days(day).unwrap();
        format!("{series},{date},1,2024-02-01\n")
    };
    (0..count).map(row).collect()
}

#[tokio::test]
async fn a_series_whose_rows_end_up_in_two_chunks_is_refused_with_a_way_out() {
    let service = small().await;
    rows(
        &service,
        "?source=S",
        "X,2024-01-01,1,2024-04-01\nX,2024-02-01,2,2024-04-01\nX,2024-03-01,3,2024-04-01\n",
    )
    .await;
    let others = many("Y", 45_000);
    let (ends, middle) = (
        "X,2024-01-01,1,2024-05-01\nX,2024-03-01,3,2024-05-01\n",
        "X,2024-02-01,2,2024-05-01\n",
    );

    let query = "?source=S&mode=changes&missing=withdraw";
    let scattered = rows(&service, query, &format!("{ends}{others}{middle}")).await;
    let before = revisions(&service).await;
    let sorted = rows(&service, query, &format!("{ends}{middle}{others}")).await.json();

    assert!(said(&scattered, 422).starts_with("the rows of the series X do not follow each other"));
    assert!(
        problem(&scattered, 422)["hint"]
            .as_str()
            .unwrap()
            .contains("sort the rows by series")
    );
    assert_eq!(
        before,
        "2024-01-01,1,2024-04-01\n2024-02-01,2,2024-04-01\n2024-03-01,3,2024-04-01"
    );
    assert_eq!(
        (&sorted["summary"]["unchanged"], &sorted["summary"]["withdrawn"]),
        (&json!(3), &json!(0))
    );
    assert_eq!(revisions(&service).await, before);
}

#[tokio::test]
async fn a_series_longer_than_a_chunk_is_compared_as_a_whole() {
    let service = small().await;
    let (old, new) = ("2024-04-01", "2024-05-01");
    rows(
        &service,
        "?source=S",
        &format!("X,2024-01-01,1,{old}\nX,2024-02-01,2,{old}\n"),
    )
    .await;
    let long = many("Y", 60_000);
    let crawls = format!("{long}X,2024-01-01,1,{new}\nX,2024-02-01,2,{new}\n");

    let stored = rows(&service, "?source=S&mode=changes&missing=withdraw", &crawls)
        .await
        .json();
    let again = rows(&service, "?source=S&mode=changes&missing=withdraw", &crawls)
        .await
        .json();

    assert_eq!(stored["summary"]["withdrawn"], 0);
    assert_eq!(stored["summary"]["unchanged"], 2);
    assert_eq!(again["summary"]["unchanged"], 60_002);
}

#[tokio::test]
async fn a_series_too_long_to_be_compared_as_a_whole_is_refused() {
    let service = small().await;

    let refused = rows(
        &service,
        "?source=S&mode=changes",
        &many("Y", 84_000).replace("Y", "X").repeat(2),
    )
    .await;

    assert!(said(&refused, 413).contains("are too many to be compared together"));
    assert!(
        problem(&refused, 413)["hint"]
            .as_str()
            .unwrap()
            .contains("vintages in several uploads")
    );
    assert_eq!(get(&service, "/series").await.json()["total"], 0);
}

#[tokio::test]
async fn a_row_of_no_series_behind_withdrawals_that_are_written_refuses_the_upload() {
    let service = small().await;
    let known = "X,2024-01-01,1,2024-04-01\nX,2024-02-01,2,2024-04-01\nX,2024-03-01,3,2024-04-01\n";
    rows(&service, "?source=S", known).await;
    let before = revisions(&service).await;
    let (ends, others) = (
        "X,2024-01-01,1,2024-05-01\nX,2024-03-01,3,2024-05-01\n",
        many("Y", 45_000) + "Z,2024-01-01,1,2024-05-01\n",
    );

    let query = "?source=S&mode=changes&missing=withdraw";
    let behind = rows(&service, query, &format!("{ends}{others},2024-02-01,2,2024-05-01\n")).await;
    let after_refusal = revisions(&service).await;
    let ahead = rows(&service, query, &format!(",2024-02-01,2,2024-05-01\n{ends}{others}")).await;

    assert!(said(&behind, 422).starts_with("row 45004 was refused and does not say which series it is of"));
    assert_eq!(after_refusal, before);
    let summary = &ahead.json()["summary"];
    assert_eq!(
        (&summary["withdrawn"], &summary["notWithdrawn"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(revisions(&service).await, before);
}
