//! Input that is too large or points elsewhere, and what must not be in the log.

use platform_testing::Log;
use serde_json::json;
use tracing::Level;

use crate::support::{ADA, Agent, OTHER_PASSWORD, PASSWORD, Provider, ok, problem, sites};

#[tokio::test]
async fn what_is_too_large_is_refused() {
    for site in sites(&[("http.body", "64KiB")]).await {
        let mut ada = site.member(ADA).await;
        let long = "x".repeat(2_000);
        let many: Vec<_> = (0..51).map(|number| format!("scope:{number}")).collect();
        let attempts = [
            (
                "/auth/register",
                json!({ "email": "b@example.com", "password": long }),
                422,
            ),
            (
                "/auth/register",
                json!({ "email": "b@example.com", "password": PASSWORD, "name": long }),
                422,
            ),
            (
                "/auth/register",
                json!({ "email": "b@example.com", "password": PASSWORD, "locale": long }),
                422,
            ),
            ("/auth/sign-in", json!({ "email": ADA, "password": long }), 400),
            ("/auth/sign-in", json!({ "email": long, "password": PASSWORD }), 401),
            // PostgreSQL keeps no such letter.
            (
                "/auth/sign-in",
                json!({ "email": "a\0@example.com", "password": PASSWORD }),
                401,
            ),
            ("/auth/keys", json!({ "name": long }), 422),
            ("/auth/keys", json!({ "name": "nightly", "scopes": many }), 422),
            ("/auth/keys", json!({ "name": "nightly", "scopes": ["a b"] }), 422),
            ("/auth/refresh", json!({ "refreshToken": long }), 401),
            ("/auth/totp/confirm", json!({ "code": long }), 401),
            (
                "/auth/sign-in",
                json!({ "email": ADA, "password": "x".repeat(70_000) }),
                413,
            ),
        ];
        ok(&ada.post(&site, "/auth/totp", json!({})).await);
        for (path, body, status) in attempts {
            let answer = ada.post(&site, path, body).await;
            problem(&answer, status);
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_program_that_says_much_of_itself_is_cut_short() {
    use axum::{
        body::Body,
        http::{Request, header},
    };
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        site.wait(std::time::Duration::from_secs(1));
        let request = Request::post("/auth/sign-in")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "x".repeat(5_000));
        let body = json!({ "email": ADA, "password": PASSWORD }).to_string();
        ok(&site.service.request(request.body(Body::from(body)).unwrap()).await);

        let listed = ok(&ada.get(&site, "/auth/sessions").await);

        assert_eq!(listed["sessions"][0]["agent"].as_str().unwrap().len(), 200);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_provider_cannot_make_us_ask_within_our_network() {
    // Something of ours on the same machine, which must never be asked.
    let canary = Provider::start().await;
    for (name, path) in [("jwks_uri", "/jwks"), ("token_endpoint", "/token")] {
        let provider = Provider::start().await;
        for site in sites(&provider.settings()).await {
            provider.at(site.service.clock());
            for host in [
                canary.base().to_owned(),
                canary.base().replace("127.0.0.1", "localhost"),
            ] {
                provider.describes(name, format!("{host}{path}"));
                site.wait(std::time::Duration::from_secs(2 * 3600));
                let mut browser = Agent::new("192.0.2.1");

                let sent = browser.get(&site, "/auth/oidc/here/start").await;
                let answer = match sent.status.as_u16() {
                    303 => browser.get(&site, &provider.agree(sent.header("location"))).await,
                    _ => sent,
                };

                assert!(
                    matches!(answer.status.as_u16(), 400 | 503),
                    "{} {}",
                    answer.status,
                    answer.text()
                );
                assert!(!browser.cookies.contains_key("access"));
            }
            site.stop().await;
        }
    }
    assert_eq!(canary.asked(), 0);
}

#[tokio::test]
async fn a_provider_that_was_not_declared_private_is_not_asked_within_our_network() {
    let provider = Provider::start().await;
    let https = provider.base().replace("http://", "https://");
    let mut settings = provider.settings();
    settings.retain(|(name, _)| !name.ends_with("private") && !name.ends_with("issuer"));
    settings.push(("auth.providers.here.issuer", &https));
    for site in sites(&settings).await {
        let answer = Agent::new("192.0.2.1").get(&site, "/auth/oidc/here/start").await;

        problem(&answer, 503);
        assert!(!answer.text().contains("127.0.0.1"), "{}", answer.text());
        site.stop().await;
    }
    assert_eq!(provider.asked(), 0);
}

#[tokio::test]
async fn the_log_has_no_password_token_code_key_or_address() {
    let log = Log::listen(Level::TRACE);
    let provider = Provider::start().await;
    let mut secrets = vec![
        PASSWORD.to_owned(),
        OTHER_PASSWORD.to_owned(),
        "a shared secret".to_owned(),
    ];
    let mut sites = sites(&provider.settings()).await;
    for site in &sites {
        provider.at(site.service.clock());
        let mut ada = site.member(ADA).await;
        let (secret, codes) = site.with_totp(&mut ada).await;
        let mut thief = Agent::new("203.0.113.66");
        problem(&thief.sign_in(site, ADA, OTHER_PASSWORD, "bearer").await, 401);
        let asked = ok(&thief.sign_in(site, ADA, PASSWORD, "cookie").await);
        let body = json!({ "challenge": asked["secondFactor"]["challenge"], "code": codes[0], "mode": "cookie" });
        ok(&thief.post(site, "/auth/sign-in/code", body).await);
        let key = ok(&ada.post(site, "/auth/keys", json!({ "name": "nightly" })).await)["key"].clone();
        let mut program = Agent::new("203.0.113.67");
        program.access = key.as_str().map(str::to_owned);
        program.get(site, "/auth/me").await;
        ok(&ada.post(site, "/auth/password/forgot", json!({ "email": ADA })).await);
        let reset = site.link_to(ADA, "reset").await;
        let mut browser = Agent::new("192.0.2.3");
        let sent = browser.get(site, "/auth/oidc/here/start").await;
        let back = provider.agree(sent.header("location"));
        browser.get(site, &back).await;
        ok(&ada.renew(site).await);
        secrets.extend(thief.cookies.values().cloned());
        secrets.extend(codes);
        secrets.extend([secret, reset, key.as_str().unwrap().to_owned()]);
        secrets.extend([ada.access, ada.refresh, ada.device].into_iter().flatten());
        secrets.push(asked["secondFactor"]["challenge"].as_str().unwrap().to_owned());
        secrets.extend(back.split(['=', '&']).skip(1).step_by(2).map(str::to_owned));
    }
    for site in sites.drain(..) {
        site.stop().await;
    }

    let log = log.text();

    assert!(log.contains("an account was used or changed"), "nothing was logged");
    secrets.push(ADA.to_owned());
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret}");
    }
}
