//! What happens while rows of an upload are on their way.

use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use chrono::TimeDelta;
use futures::channel::mpsc;
use platform_testing::{Answer, TestService, eventually};
use serde_json::json;

use super::{API, get, put, said, service};

/// How many files of points there are.
fn files(folder: &Path) -> usize {
    let data = folder.join("lake/financial_data/data_points/data");
    std::fs::read_dir(data).map_or(0, Iterator::count)
}

/// A service with so little memory that 100,000 rows are more than two chunks.
async fn start() -> TestService {
    TestService::with(service(), &[("lake.memory-limit", "64MB")]).await
}

/// 100,000 rows of two series, all of one revision date or of none.
fn many(revision: &str) -> String {
    let row = |at: i32| {
        let date = chrono::NaiveDate::from_epoch_days(at % 60_000).unwrap();
        format!("{},{date},{at},{revision}\n", ["Y", "Z"][at as usize / 60_000])
    };
    (0..100_000).map(row).collect()
}

/// Uploads rows, and does something when the first of them are on the disk and the last have not come.
async fn meanwhile<T>(service: &TestService, rows: String, act: impl AsyncFnOnce() -> T) -> (Answer, T) {
    let (body, sent) = mpsc::unbounded::<Result<Bytes, std::io::Error>>();
    let upload = Request::post(format!("{API}/bulk?source=S")).header("content-type", "text/csv");
    let upload = upload.body(Body::from_stream(sent)).unwrap();
    let sending = async {
        body.unbounded_send(Ok("series_id,date,value,revision_date\n".into()))
            .unwrap();
        body.unbounded_send(Ok(rows.into())).unwrap();
        eventually("a chunk is on the disk", async || files(service.folder()) > 0).await;
        let done = act().await;
        drop(body);
        done
    };
    tokio::join!(service.request(upload), sending)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_whose_series_is_deleted_meanwhile_is_refused_as_a_whole() {
    let service = start().await;
    put(&service, "S:X", "{}").await;
    let rows = format!("X,2024-01-01,1,2024-02-01\n{}", many("2024-02-01"));

    let (refused, deleted) = meanwhile(&service, rows, async || {
        service.send(Method::DELETE, &format!("{API}/series/S:X"), "", "").await
    })
    .await;

    assert_eq!(deleted.status, 204);
    let id = contracts::series::SeriesId::named("S:X").unwrap();
    assert_eq!(
        said(&refused, 409),
        format!("the series {id} was deleted while its rows were being stored, and nothing of the upload was stored")
    );
    assert_eq!(get(&service, "/series/S:X").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_over_midnight_is_published_on_the_day_it_began() {
    let service = start().await;

    let (stored, ()) = meanwhile(&service, many(""), async || {
        service.clock().advance(TimeDelta::hours(13))
    })
    .await;

    assert_eq!(stored.json()["summary"]["successful"], 100_000, "{}", stored.text());
    for series in ["S:Y", "S:Z"] {
        let vintages = get(&service, &format!("/series/{series}/vintages")).await.json();
        assert_eq!(vintages["vintages"], json!(["2026-01-15"]), "{series}");
    }
}
