//! Pages of other origins, as a browser asks for them before it lets them call.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request},
    routing::post,
};
use platform_config::Config;
use platform_http::{Limits, stack};

use crate::send;

const PAGE: &str = "https://app.example.com";

/// What a browser is told of `origin` before a request with a token.
async fn preflight(allowed: &str, origin: &str) -> HeaderMap {
    let limits = Limits {
        cors: vec![allowed.parse().unwrap()],
        ..Limits::default()
    };
    let app = stack(Router::new().route("/graphql", post(async || "{}")), &limits);
    let asked = Request::builder()
        .method(Method::OPTIONS)
        .uri("/graphql")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    let answer = send(&app, asked.body(Body::empty()).unwrap()).await;
    answer.headers().clone()
}

#[tokio::test]
async fn a_page_that_may_call_may_send_a_token_but_no_cookie() {
    for allowed in [PAGE, "*"] {
        let told = preflight(allowed, PAGE).await;

        let origin = if allowed == "*" { "*" } else { PAGE };
        assert_eq!(told["access-control-allow-origin"], origin);
        assert_eq!(told["access-control-allow-headers"], "authorization,content-type");
        assert_eq!(told.get("access-control-allow-credentials"), None);
        assert!(told.contains_key("access-control-max-age"));
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_call() {
    let told = preflight(PAGE, "https://other.example.com").await;

    assert_eq!(told.get("access-control-allow-origin"), None, "{told:?}");
}

#[test]
fn what_no_browser_calls_an_origin_is_refused() {
    let read = |origin: &str| {
        let settings = Config::parse(&format!("[http]\ncors = [\"{origin}\"]")).unwrap();
        settings.section::<Limits>("http")
    };

    for origin in [
        PAGE,
        "http://localhost:3000",
        "http://[::1]:3000",
        "tauri://localhost",
        "*",
    ] {
        assert!(read(origin).is_ok(), "{origin}");
    }
    for wrong in [
        "https://app.example.com/",
        "https://app.example.com/app",
        "https://App.example.com",
        "https://app.example.com:443",
        "https://ada@app.example.com",
        "app.example.com",
        "null",
    ] {
        let refused = read(wrong).unwrap_err().to_string();
        assert!(refused.contains("http.cors") && refused.contains(wrong), "{refused}");
    }
}
