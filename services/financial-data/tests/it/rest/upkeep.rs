//! Upkeep of the lake by the service itself.

use std::fs::File;
use std::time::{Duration, SystemTime};

use financial_data::rest;
use financial_data::store::Store;
use platform_service::Service;
use platform_testing::TestService;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{put, rows};

fn service() -> impl Into<Service> {
    Service::new("financial-data", 8001)
        .open(Store::open)
        .rest(rest::router)
        .task("maintenance", Store::maintain)
}

#[tokio::test]
async fn a_table_whose_compaction_is_paused_holds_up_no_other() {
    let service = TestService::with(service(), &[("financial-data.refresh", "10ms")]).await;
    let pause = "/api/v1/lake/pause?table=data_points";
    assert_eq!(service.post(pause, &json!(null)).await.status, 200);
    for day in 1..=14 {
        let stored = rows(&service, "?source=S", &format!("X,2024-01-{day:02},1,2024-02-01\n")).await;
        assert_eq!(stored.status, 200);
    }

    for turn in 0..14 {
        let described = put(&service, "S:X", &format!(r#"{{"title":"X {turn}"}}"#)).await;
        assert_eq!(described.status, 200, "{}", described.text());
    }

    let merged = async {
        let is_merge = |snapshot: &Value| snapshot["operation"] == "replace";
        loop {
            let listed = service.get("/api/v1/lake/snapshots?table=series").await.json();
            if listed["snapshots"].as_array().unwrap().iter().any(is_merge) {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), merged)
        .await
        .expect("the table of series is merged");
}

#[tokio::test]
async fn a_start_sweeps_nothing() {
    let service = TestService::with(self::service(), &[("financial-data.refresh", "20ms")]).await;
    assert_eq!(
        rows(&service, "?source=S", "X,2024-01-01,1,2024-02-01\n").await.status,
        200
    );
    let stray = service
        .folder()
        .join("lake/financial_data/data_points/data/stray.parquet");
    let file = File::create_new(&stray).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();

    let _service = service.restart(self::service()).await;
    sleep(Duration::from_millis(500)).await;

    assert!(
        stray.exists(),
        "whoever started it on files of another lake has time to see it"
    );
}
