//! Several processes on one lake.

use axum::http::Method;
use platform_testing::TestService;

use super::{API, csv, get, put, rows, said, service, start};

/// Another process on the lake of `first`, which does not look for commits of others by itself.
async fn beside(first: &TestService) -> TestService {
    let path = |name: &str| first.folder().join(name).display().to_string();
    let settings = [
        ("lake.warehouse", &*path("lake")),
        ("lake.catalog", &*path("catalog.db")),
        ("financial-data.refresh", "1h"),
    ];
    TestService::with(service(), &settings).await
}

const GDP: &str = r#"{"title":"Gross Domestic Product","units":"Billions","frequency":"quarterly"}"#;

#[tokio::test]
async fn points_from_a_process_that_does_not_know_a_series_leave_its_description() {
    let first = start().await;
    let second = beside(&first).await;
    put(&first, "FRED:GDP", GDP).await;
    assert_eq!(get(&second, "/series/FRED:GDP").await.status, 404, "not heard of yet");

    let stored = rows(&second, "?source=FRED", "GDP,2024-01-01,1,2024-02-01\n").await;

    assert_eq!(stored.json()["summary"]["newSeries"], 0, "{}", stored.text());
    let third = beside(&first).await;
    for process in [&second, &third] {
        let series = get(process, "/series/FRED:GDP").await.json();
        assert_eq!(
            (&series["title"], &series["units"], &series["frequency"]),
            (
                &"Gross Domestic Product".into(),
                &"Billions".into(),
                &"quarterly".into()
            )
        );
    }
}

#[tokio::test]
async fn a_row_may_name_a_series_by_the_id_that_another_process_has_just_made() {
    let first = start().await;
    let second = beside(&first).await;
    let id = put(&first, "FRED:GDP", GDP).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(get(&second, "/series/FRED:GDP").await.status, 404, "not heard of yet");

    let stored = rows(&second, "", &format!("{id},2024-01-01,1,2024-02-01\n")).await;

    assert_eq!(stored.json()["summary"]["successful"], 1, "{}", stored.text());
    assert_eq!(
        csv(&second, "/series/FRED:GDP/points").await,
        "date,value\n2024-01-01,1\n"
    );
}

#[tokio::test]
async fn a_row_without_a_source_is_refused_for_a_series_that_another_process_has_just_made() {
    let first = start().await;
    let second = beside(&first).await;
    put(&first, "FRED:GDP", GDP).await;
    assert_eq!(get(&second, "/series/FRED:GDP").await.status, 404, "not heard of yet");

    let refused = rows(&second, "", "GDP,2024-01-01,1,2024-02-01\n").await;

    assert_eq!(said(&refused, 422), "the only row was refused and nothing was stored");
    assert_eq!(get(&second, "/series").await.json()["total"], 1);
}

#[tokio::test]
async fn a_change_of_one_process_keeps_what_another_has_just_changed() {
    let first = start().await;
    put(&first, "FRED:GDP", GDP).await;
    let second = beside(&first).await;
    put(&first, "FRED:GDP", r#"{"units":"Billions of Dollars"}"#).await;

    let changed = put(&second, "FRED:GDP", r#"{"title":"GDP"}"#).await;

    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["title"], "GDP");
    assert_eq!(changed.json()["units"], "Billions of Dollars");
}

#[tokio::test]
async fn changes_that_two_processes_make_at_once_are_both_kept() {
    let first = start().await;
    put(&first, "FRED:GDP", GDP).await;
    let second = beside(&first).await;

    for turn in 0..5 {
        let (title, units) = (
            format!(r#"{{"title":"GDP {turn}"}}"#),
            format!(r#"{{"units":"B{turn}"}}"#),
        );
        tokio::join!(put(&first, "FRED:GDP", &title), put(&second, "FRED:GDP", &units));

        let third = beside(&first).await;
        let series = get(&third, "/series/FRED:GDP").await.json();
        assert_eq!(series["title"], format!("GDP {turn}"));
        assert_eq!(series["units"], format!("B{turn}"));
    }
}

#[tokio::test]
async fn rows_of_a_series_that_another_process_has_just_deleted_are_not_kept_for_it() {
    let first = start().await;
    put(&first, "FRED:GDP", GDP).await;
    let second = beside(&first).await;
    let row = "GDP,2024-01-01,1,2024-02-01\n";
    let deleted = first
        .send(Method::DELETE, &format!("{API}/series/FRED:GDP"), "", "")
        .await;
    assert_eq!(deleted.status, 204);
    assert_eq!(get(&second, "/series/FRED:GDP").await.status, 200, "not heard of yet");

    let refused = rows(&second, "?source=FRED&batch_id=b1", row).await;

    assert!(said(&refused, 409).contains("was deleted while its rows were being stored"));
    put(&first, "FRED:GDP", GDP).await;
    let third = beside(&first).await;
    assert_eq!(csv(&third, "/series/FRED:GDP/points").await, "date,value\n");
    let again = rows(&second, "?source=FRED&batch_id=b1", row).await.json();
    assert_eq!(
        (&again["repeated"], &again["summary"]["successful"]),
        (&false.into(), &1.into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_one_process_stores_while_another_deletes_their_series_go_with_it() {
    let first = start().await;
    let path = format!("{API}/series/S:X");
    for turn in 0..5 {
        put(&first, "S:X", "{}").await;
        let second = beside(&first).await;
        let row = format!("X,2024-01-01,{turn},2024-02-01\n");

        let (deleted, stored) = tokio::join!(
            first.send(Method::DELETE, &path, "", ""),
            rows(&second, "?source=S", &row)
        );

        assert_eq!(deleted.status, 204);
        assert!([200, 409].contains(&stored.status.as_u16()), "{}", stored.text());
        put(&first, "S:X", "{}").await;
        let third = beside(&first).await;
        let points = csv(&third, "/series/S:X/points").await;
        assert_eq!(points, "date,value\n", "{}", stored.text());
    }
}
