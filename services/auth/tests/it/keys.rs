//! API keys, and tokens for services.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use platform_auth::{Kind, ServiceSecret};
use serde_json::{Value, json};

use crate::support::{ADA, Agent, BOB, Site, bytes_in, ok, problem, sites};

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) async fn key(site: &Site, agent: &mut Agent, body: Value) -> Value {
    let answer = agent.post(site, "/auth/keys", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

/// What a service asks, with its credential.
pub(crate) async fn asked(site: &Site, path: &str, body: Value) -> platform_testing::Answer {
    let secret = ServiceSecret::open(&site.service.context()).unwrap();
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::AUTHORIZATION, secret.header("users"))
        .header(header::CONTENT_TYPE, "application/json");
    site.service
        .request(request.body(Body::from(body.to_string())).unwrap())
        .await
}

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_hash() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;

        let made = key(
            &site,
            &mut ada,
            json!({ "name": "nightly", "scopes": ["data:write", "data:read"] }),
        )
        .await;

        let text = made["key"].as_str().unwrap();
        let listed = ok(&ada.get(&site, "/auth/keys").await);
        assert!(text.starts_with("hk_") && text.starts_with(listed["keys"][0]["prefix"].as_str().unwrap()));
        assert!(!listed.to_string().contains(text));
        assert_eq!(listed["keys"][0]["scopes"], json!(["data:read", "data:write"]));
        assert_eq!(
            bytes_in(&site, "api_keys", "hash").await,
            [platform_crypto::sha256(text.as_bytes()).to_vec()]
        );
        site.stop().await;
    }
}

#[tokio::test]
async fn a_key_gives_a_token_of_its_owner_with_its_scopes_and_notes_its_use() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let me = ok(&ada.get(&site, "/auth/me").await)["id"].clone();
        let made = key(&site, &mut ada, json!({ "name": "nightly", "scopes": ["data:read"] })).await;

        let token = ok(&asked(&site, "/internal/key-tokens", json!({ "key": made["key"] })).await);

        let principal = site
            .auth()
            .identity
            .verify(token["token"].as_str().unwrap())
            .await
            .unwrap();
        assert_eq!((principal.kind, principal.subject()), (Kind::Key, me.as_str()));
        assert!(principal.require_scope("data:read").is_ok());
        assert_eq!(principal.session.unwrap().to_string(), made["id"].as_str().unwrap());
        assert!(ok(&ada.get(&site, "/auth/keys").await)["keys"][0]["lastUsedAt"].is_string());
        site.stop().await;
    }
}

#[tokio::test]
async fn a_key_is_made_for_permissions_and_what_the_operator_lists_and_for_nothing_else() {
    for site in sites(&[("auth.key-scopes", "shop:read")]).await {
        let mut ada = site.member(ADA).await;
        let scopes = ["data:read", "shop:read", "users:read", "users:write"];

        let made = key(&site, &mut ada, json!({ "name": "nightly", "scopes": scopes })).await;

        assert_eq!(
            ok(&ada.get(&site, "/auth/keys").await)["keys"][0]["scopes"],
            json!(scopes)
        );
        assert!(made["key"].is_string());
        for scope in ["shop:write", "hr:all", "data:*", "users:*", "*"] {
            let body = json!({ "name": "nightly", "scopes": ["data:read", scope] });
            let refused = problem(&ada.post(&site, "/auth/keys", body).await, 422);
            assert_eq!(refused["field"], "scopes", "{scope}");
            assert!(
                refused["detail"].as_str().unwrap().contains(&format!("{scope:?}")),
                "{refused}"
            );
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_key_that_was_made_for_more_does_only_what_keys_are_made_for_now() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let made = key(&site, &mut ada, json!({ "name": "nightly", "scopes": ["data:read"] })).await;
        site.change("update api_keys set scopes = 'data:read shop:read'").await;

        let token = ok(&asked(&site, "/internal/key-tokens", json!({ "key": made["key"] })).await);

        let identity = site.auth().identity.clone();
        let principal = identity.verify(token["token"].as_str().unwrap()).await.unwrap();
        assert!(principal.require_scope("data:read").is_ok());
        assert!(principal.require_scope("shop:read").is_err());
        site.stop().await;
    }
}

#[tokio::test]
async fn a_key_that_ended_or_was_revoked_gives_nothing_and_its_tokens_are_refused() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let end = site.service.clock().now() + chrono::TimeDelta::minutes(3);
        let short = key(&site, &mut ada, json!({ "name": "short", "expiresAt": end })).await;
        let long = key(&site, &mut ada, json!({ "name": "long" })).await;
        let token = ok(&asked(&site, "/internal/key-tokens", json!({ "key": long["key"] })).await);
        let short_token = ok(&asked(&site, "/internal/key-tokens", json!({ "key": short["key"] })).await);
        assert_eq!(short_token["expiresAt"], end.timestamp());

        let path = format!("/auth/keys/{}", long["id"].as_str().unwrap());
        assert_eq!(ada.delete(&site, &path).await.status, 204);
        site.wait(3 * MINUTE);

        assert!(
            site.auth()
                .identity
                .verify(token["token"].as_str().unwrap())
                .await
                .is_err()
        );
        problem(
            &asked(&site, "/internal/key-tokens", json!({ "key": long["key"] })).await,
            404,
        );
        problem(
            &asked(&site, "/internal/key-tokens", json!({ "key": short["key"] })).await,
            404,
        );
        problem(&ada.delete(&site, &path).await, 404);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_key_ends_in_the_future_and_in_a_year_of_four_digits() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        for end in ["2020-01-01T00:00:00Z", "+10000-01-01T00:00:00Z"] {
            let body = json!({ "name": "nightly", "expiresAt": end });
            let refused = ada.post(&site, "/auth/keys", body).await;
            assert_eq!(problem(&refused, 422)["field"], "expiresAt", "{end}");
        }

        let last = json!({ "name": "nightly", "expiresAt": "9999-12-31T23:59:59Z" });

        key(&site, &mut ada, last).await;
        site.stop().await;
    }
}

#[tokio::test]
async fn a_key_does_not_change_how_its_owner_signs_in() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let made = key(&site, &mut ada, json!({ "name": "nightly" })).await;
        let mut program = Agent::new("203.0.113.1");
        program.access = made["key"].as_str().map(str::to_owned);

        let more = program.post(&site, "/auth/keys", json!({ "name": "another" })).await;
        let sessions = program.get(&site, "/auth/sessions").await;

        problem(&more, 403);
        problem(&sessions, 403);
        site.stop().await;
    }
}

#[tokio::test]
async fn there_are_only_so_many_keys() {
    for site in sites(&[("auth.api-keys", "2")]).await {
        let mut ada = site.member(ADA).await;
        key(&site, &mut ada, json!({ "name": "one" })).await;
        key(&site, &mut ada, json!({ "name": "two" })).await;

        let third = ada.post(&site, "/auth/keys", json!({ "name": "three" })).await;

        problem(&third, 409);
        site.stop().await;
    }
}

#[tokio::test]
async fn a_service_gets_a_token_for_the_service_it_calls_and_for_no_other() {
    for site in sites(&[]).await {
        let token = ok(&asked(&site, "/internal/service-tokens", json!({ "audience": "auth" })).await);
        let other = ok(&asked(&site, "/internal/service-tokens", json!({ "audience": "security" })).await);

        let identity = site.auth().identity.clone();
        let principal = identity.verify(token["token"].as_str().unwrap()).await.unwrap();
        assert_eq!(principal.service().unwrap(), "users");
        // This service is not the audience of the other one.
        assert!(identity.verify(other["token"].as_str().unwrap()).await.is_err());
        // What people's tokens say would be believed by all of them.
        problem(
            &asked(&site, "/internal/service-tokens", json!({ "audience": "hansa" })).await,
            422,
        );
        site.stop().await;
    }
}

#[tokio::test]
async fn nobody_without_the_credential_gets_a_token_for_a_service() {
    for site in sites(&[]).await {
        let mut bob = site.member(BOB).await;

        let with_session = bob
            .post(&site, "/internal/service-tokens", json!({ "audience": "security" }))
            .await;
        bob.access = None;
        let with_nothing = bob
            .post(&site, "/internal/service-tokens", json!({ "audience": "security" }))
            .await;

        problem(&with_session, 401);
        problem(&with_nothing, 401);
        site.stop().await;
    }
}
