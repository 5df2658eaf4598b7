//! When the service says that it can answer.

use platform_testing::{TestIssuer, TestPostgres, TestService, eventually};

#[tokio::test]
async fn without_its_catalog_or_its_journal_the_service_is_not_ready() {
    let Some(postgres) = TestPostgres::alone().await else {
        return;
    };
    let (issuer, service) = (TestIssuer::default(), financial_data::service);
    let journal = [
        ("financial-data.access", "closed"),
        ("database.url", postgres.url()),
        ("database.min-connections", "0"),
    ];
    let services = [
        TestService::with(service(), &[("lake.catalog", postgres.url())]).await,
        TestService::believing(&issuer, service(), &journal).await,
    ];
    for service in &services {
        assert_eq!(service.get("/readyz").await.json()["status"], "ready");
    }

    drop(postgres);

    for service in &services {
        let is_not_ready = async || service.get("/readyz").await.json()["status"] == "not ready";
        eventually("it is not ready", is_not_ready).await;
        let said = service.get("/readyz").await.text();
        assert!(!said.contains("postgres"), "{said}");
    }
}
