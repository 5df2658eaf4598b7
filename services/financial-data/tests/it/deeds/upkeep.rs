//! Upkeep of the lake as the audit log is told of it.

use platform_testing::TestIssuer;
use serde_json::json;

use super::{closed, crawler, listen};

#[tokio::test]
async fn upkeep_that_cannot_be_understood_is_not_begun() {
    let issuer = TestIssuer::default();
    let service = closed(&issuer, None).await;
    let (heard, crawler) = (listen(&service).await, crawler(&issuer, &service));
    let ask = async |what: &str| crawler.post(&format!("/api/v1/lake/{what}"), &json!(null)).await;

    for what in [
        "compact?table=users",
        "compact?effort=some",
        "expire?keep=few",
        "sweep?older_than=1m",
        "pause?table=users",
        "resume?table=users",
    ] {
        assert_eq!(ask(what).await.status, 400, "{what}");
    }
    assert_eq!(ask("compact?table=SERIES").await.status, 200);

    let told = heard.wait_for(1).await;
    let targets: Vec<_> = told
        .iter()
        .map(|(_, entry)| (&*entry.action, &*entry.target_id))
        .collect();
    assert_eq!(targets, [("lake.compacted", "series")]);
    service.stop().await;
}
