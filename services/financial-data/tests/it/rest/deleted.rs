//! A series that is deleted while rows of it are on their way.

use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use futures::channel::mpsc;
use platform_testing::{TestService, eventually};

use super::{API, get, put, said, service};

/// How many files of points there are.
fn files(folder: &Path) -> usize {
    let data = folder.join("lake/financial_data/data_points/data");
    std::fs::read_dir(data).map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_whose_series_is_deleted_meanwhile_is_refused_as_a_whole() {
    // So little memory that the rows are more than one chunk; that with the series is written before the last has come.
    let service = TestService::with(service(), &[("lake.memory-limit", "64MB")]).await;
    put(&service, "S:X", "{}").await;
    let (body, sent) = mpsc::unbounded::<Result<Bytes, std::io::Error>>();
    let others = (0..100_000).map(|row| {
        let date = chrono::NaiveDate::from_epoch_days(row % 60_000).unwrap();
        format!("Y,{date},{row},2024-02-{:02}\n", 1 + row / 60_000)
    });
    let rows: String = std::iter::once("X,2024-01-01,1,2024-02-01\n".to_owned())
        .chain(others)
        .collect();
    let upload = Request::post(format!("{API}/bulk?source=S")).header("content-type", "text/csv");
    let upload = upload.body(Body::from_stream(sent)).unwrap();
    let sending = async {
        body.unbounded_send(Ok("series_id,date,value,revision_date\n".into()))
            .unwrap();
        body.unbounded_send(Ok(rows.into())).unwrap();
        eventually("a chunk is on the disk", async || files(service.folder()) > 0).await;
        let deleted = service.send(Method::DELETE, &format!("{API}/series/S:X"), "", "").await;
        drop(body);
        deleted
    };

    let (refused, deleted) = tokio::join!(service.request(upload), sending);

    assert_eq!(deleted.status, 204);
    let id = contracts::series::SeriesId::named("S:X").unwrap();
    assert_eq!(
        said(&refused, 409),
        format!("the series {id} was deleted while its rows were being stored, and nothing of the upload was stored")
    );
    assert_eq!(get(&service, "/series/S:X").await.status, 404);
}
