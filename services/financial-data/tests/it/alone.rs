//! The service without any other, where not everybody may do everything.

use platform_testing::{TestIssuer, TestService};
use serde_json::json;

#[tokio::test]
async fn a_token_is_refused_where_nobody_is_known_who_gives_tokens() {
    let service = TestService::with(financial_data::service(), &[("financial-data.access", "public")]).await;
    let somebody = service.bearer(&TestIssuer::default().user(service.context().ids().v7()));

    let refused = somebody.get("/api/v1/financial-data/series").await;
    let asked = somebody.graphql("{ sources { name } }").await;

    assert_eq!(refused.status, 401, "{}", refused.text());
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("no issuer of tokens is configured here"), "{detail}");
    assert_eq!(asked["code"], "UNAUTHENTICATED", "{asked}");
    assert_eq!(
        service.graphql("{ sources { name } }").await["data"],
        json!({ "sources": [] })
    );
}
