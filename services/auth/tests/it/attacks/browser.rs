//! What other sites try by somebody's browser.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::json;

use crate::support::{ADA, Agent, BOB, PASSWORD, Provider, granted, ok, problem, sites};

#[tokio::test]
async fn another_site_cannot_make_a_browser_change_anything() {
    for site in sites(&[]).await {
        let browser = site.visitor(ADA).await;
        let mut page = browser.seen_elsewhere();

        let attempts = [
            (Method::POST, "/auth/sign-out"),
            (Method::DELETE, "/auth/sessions"),
            (Method::POST, "/auth/keys"),
            (Method::PUT, "/auth/password"),
            (Method::POST, "/auth/mail"),
            (Method::DELETE, "/auth/me"),
            (Method::POST, "/auth/totp"),
            (Method::POST, "/auth/providers/here/link"),
            (Method::POST, "/auth/refresh"),
            (Method::POST, "/graphql"),
        ];
        for (method, path) in attempts {
            let answer = page.send(&site, method, path, Some(json!({}))).await;
            problem(&answer, 403);
        }
        ok(&browser.clone().get(&site, "/auth/me").await);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_csrf_token_of_another_session_is_none() {
    for site in sites(&[]).await {
        let mut ada = site.visitor(ADA).await;
        let bob = site.visitor(BOB).await;

        // As by a neighbour below the same domain, who can set cookies there.
        ada.cookies.insert("csrf".into(), bob.cookies["csrf"].clone());
        let planted = ada.post(&site, "/auth/sign-out", json!({})).await;
        ada.cookies.insert("csrf".into(), "made up".into());
        let made_up = ada.post(&site, "/auth/sign-out", json!({})).await;

        problem(&planted, 403);
        problem(&made_up, 403);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_cookie_of_a_neighbour_in_other_letters_hides_no_other() {
    for site in sites(&[]).await {
        let mut ada = site.visitor(ADA).await;

        ada.cookies.insert("a name".into(), "Zoë".into());

        ok(&ada.get(&site, "/auth/me").await);
        granted(&ada.renew(&site).await);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_form_of_another_site_cannot_sign_a_browser_in() {
    for site in sites(&[]).await {
        site.member(ADA).await;
        let body = json!({ "email": ADA, "password": PASSWORD, "mode": "cookie" }).to_string();

        for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let request = Request::post("/auth/sign-in").header(header::CONTENT_TYPE, content_type);
            let answer = site
                .service
                .request(request.body(Body::from(body.clone())).unwrap())
                .await;

            problem(&answer, 415);
            assert!(answer.header("set-cookie").is_empty());
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_session_that_was_planted_is_not_taken_over_by_signing_in() {
    for site in sites(&[]).await {
        let attacker = site.visitor(BOB).await;
        site.member(ADA).await;
        let mut victim = Agent::new("192.0.2.1");
        victim.cookies = attacker.cookies.clone();

        let session = granted(&victim.sign_in(&site, ADA, PASSWORD, "cookie").await)["session"].clone();

        for name in ["access", "refresh", "csrf", "device"] {
            assert_ne!(victim.cookies[name], attacker.cookies[name], "{name}");
        }
        let attackers = ok(&attacker.clone().get(&site, "/auth/me").await);
        assert_eq!(attackers["email"], BOB);
        assert_ne!(attackers["session"], session);
        site.stop().await;
    }
}

#[tokio::test]
async fn signing_in_never_leads_to_another_site() {
    let provider = Provider::start().await;
    for site in sites(&provider.settings()).await {
        provider.at(site.service.clock());
        let places = [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "/%0d%0aLocation:%20https://evil.example/",
            "\\\\evil.example",
            "javascript:alert(1)",
            "/%09/evil.example",
            "evil.example",
            "",
        ];
        for place in places {
            let query: String = place.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let path = format!("/auth/oidc/here/start?returnTo={query}");

            let answer = Agent::new("192.0.2.1").get(&site, &path).await;

            // What is not refused is a path of this site, whatever it looks like.
            if answer.status == 303 {
                let mut browser = Agent::new("192.0.2.1");
                let sent = browser.get(&site, &path).await;
                let back = provider.agree(sent.header("location"));
                let arrived = browser.get(&site, &back).await;
                let url: platform_http::Url = arrived.header("location").parse().unwrap();
                assert_eq!(url.origin().ascii_serialization(), "http://localhost:8081", "{place:?}");
            } else {
                problem(&answer, 422);
            }
        }
        let plain = Agent::new("192.0.2.1")
            .get(&site, "/auth/oidc/here/start?returnTo=https://evil.example/")
            .await;
        problem(&plain, 422);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_stale_cookie_keeps_nobody_from_signing_in() {
    for site in sites(&[]).await {
        let mut browser = site.visitor(ADA).await;
        browser.cookies.insert("access".into(), "stale.token.here".into());
        browser.cookies.remove("csrf");

        granted(&browser.sign_in(&site, ADA, PASSWORD, "cookie").await);

        ok(&browser.get(&site, "/auth/me").await);
        site.stop().await;
    }
}
