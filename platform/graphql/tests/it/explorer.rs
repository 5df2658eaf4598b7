//! The page for people who look around.

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use platform_graphql::Settings;
use tower::ServiceExt;

use crate::{app, get};

#[tokio::test]
async fn a_browser_gets_a_page_that_needs_no_network() {
    let request = Request::get("/graphql")
        .header(header::ACCEPT, "text/html,*/*;q=0.8")
        .body(Body::empty())
        .unwrap();

    let response = app(Settings::default()).oneshot(request).await.unwrap();

    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-eval") && !policy.contains('*'));
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let page = String::from_utf8_lossy(&body);
    assert!(page.contains("id=\"explorer\"") && !page.contains("http"), "{page}");
    let named: Vec<_> = page.split('"').filter(|text| text.starts_with("graphql/")).collect();
    let expected = ["style.css", "csrf.js", "explorer.js"].map(|file| format!("graphql/explorer/{file}"));
    assert_eq!(named, expected);
    for file in named {
        let asset = app(Settings::default())
            .oneshot(get(&format!("/{file}")))
            .await
            .unwrap();
        assert_eq!(asset.status(), StatusCode::OK, "{file}");
    }
}

#[tokio::test]
async fn a_browser_keeps_the_explorer_and_takes_it_compressed() {
    let file = |name: header::HeaderName, value: &str| {
        let request = Request::get("/graphql/explorer/style.css").header(name, value);
        app(Settings::default()).oneshot(request.body(Body::empty()).unwrap())
    };

    let plain = file(header::ACCEPT, "*/*").await.unwrap();
    let packed = file(header::ACCEPT_ENCODING, "gzip, deflate").await.unwrap();
    let tag = plain.headers()[header::ETAG].to_str().unwrap().to_owned();
    let again = file(header::IF_NONE_MATCH, &tag).await.unwrap();

    assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
    assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    let packed = to_bytes(packed.into_body(), usize::MAX).await.unwrap();
    let plain = to_bytes(plain.into_body(), usize::MAX).await.unwrap();
    assert!(plain.len() > 3 * packed.len(), "{} and {}", plain.len(), packed.len());
    assert!(String::from_utf8_lossy(&plain).contains(".graphiql-container"));
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}
