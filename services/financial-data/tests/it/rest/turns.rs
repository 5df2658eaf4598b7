//! How many uploads are read at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use platform_testing::{TestService, eventually};
use tokio::sync::watch;

use super::{get, rows, service, upload};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_large_uploads_as_many_are_read_at_once_as_fit_into_memory_and_a_small_one_waits_for_none() {
    let service = TestService::with(service(), &[("lake.memory-limit", "64MB")]).await;
    let (open, gate) = watch::channel(false);
    let open_now = Arc::new(AtomicUsize::new(0));
    // More than a megabyte, and then it waits.
    let large = |at: usize| {
        let header = "series_id,date,value,revision_date\n".to_owned();
        let piece = |day: u32| format!("L{at},2024-01-0{day},1,2024-02-01\n{}", "\n".repeat(512 << 10));
        let pieces = std::iter::once(header).chain((1..=3).map(piece));
        let pieces: Vec<_> = pieces
            .map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece)))
            .collect();
        let (open_now, mut gate) = (open_now.clone(), gate.clone());
        let end = stream::once(async move {
            open_now.fetch_add(1, Ordering::SeqCst);
            gate.wait_for(|is_open| *is_open).await.expect("the test goes on");
            Ok(Bytes::new())
        });
        upload(
            &service,
            "?source=S",
            "text/csv",
            Body::from_stream(stream::iter(pieces).chain(end)),
        )
    };

    let (stored, (small, at_once)) = tokio::join!(join_all((0..12).map(large)), async {
        eventually("eight are being read", async || open_now.load(Ordering::SeqCst) >= 8).await;
        let small = rows(&service, "?source=S", "X,2024-01-01,1,2024-02-01\n").await;
        let at_once = open_now.load(Ordering::SeqCst);
        open.send_replace(true);
        (small, at_once)
    });

    assert_eq!((small.status.as_u16(), at_once), (200, 8));
    for stored in stored {
        assert_eq!(stored.json()["summary"]["successful"], 3, "{}", stored.text());
    }
    assert_eq!(get(&service, "/series").await.json()["total"], 13);
}
