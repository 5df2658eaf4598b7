//! The GraphQL API.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{ADA, Agent, BOB, PASSWORD, Site, granted, ok, sites};

async fn ask(site: &Site, agent: &mut Agent, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables });
    agent.send(site, Method::POST, "/graphql", Some(body)).await.json()
}

#[tokio::test]
async fn me_is_who_asks_and_nothing_for_nobody() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let query = "{ account { email hasPassword asksForCodes recoveryCodesLeft user { id } session { current method }
            sessions(first: 10) { nodes { current address } } apiKeys { nodes { name } } passkeys { id } identities { id } } }";

        let answer = ask(&site, &mut ada, query, json!({})).await;
        let nobody = ask(&site, &mut Agent::new("192.0.2.1"), query, json!({})).await;

        let me = &answer["data"]["account"];
        assert_eq!(me["email"], ADA, "{answer}");
        assert_eq!(me["user"]["id"], ok(&ada.get(&site, "/auth/me").await)["id"]);
        assert_eq!(me["session"], json!({ "current": true, "method": "PASSWORD" }));
        assert_eq!(me["sessions"]["nodes"][0]["current"], true);
        assert_eq!(nobody["data"]["account"], Value::Null);
        assert!(nobody["errors"].is_null());
        site.stop().await;
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        for _ in 0..3 {
            granted(&Agent::new("192.0.2.1").sign_in(&site, ADA, PASSWORD, "bearer").await);
        }
        let query = "query($after: String) { account { sessions(first: 3, after: $after) { nodes { id }
            pageInfo { hasNextPage endCursor } } } }";

        let first = ask(&site, &mut ada, query, json!({})).await["data"]["account"]["sessions"].clone();
        let after = first["pageInfo"]["endCursor"].clone();
        let second =
            ask(&site, &mut ada, query, json!({ "after": after })).await["data"]["account"]["sessions"].clone();

        assert_eq!(
            (
                first["nodes"].as_array().unwrap().len(),
                &first["pageInfo"]["hasNextPage"]
            ),
            (3, &json!(true))
        );
        assert_eq!(
            (
                second["nodes"].as_array().unwrap().len(),
                &second["pageInfo"]["hasNextPage"]
            ),
            (1, &json!(false))
        );
        site.stop().await;
    }
}

#[tokio::test]
async fn keys_are_made_and_revoked_by_mutations() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let create =
            "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { text apiKey { id scopes prefix } } }";

        let made = ask(
            &site,
            &mut ada,
            create,
            json!({ "input": { "name": "nightly", "scopes": ["data:read"] } }),
        )
        .await;
        let id = &made["data"]["createApiKey"]["apiKey"]["id"];
        let revoke = "mutation($id: UUID!) { revokeApiKey(id: $id) }";
        let revoked = ask(&site, &mut ada, revoke, json!({ "id": id })).await;

        assert!(
            made["data"]["createApiKey"]["text"]
                .as_str()
                .unwrap()
                .starts_with("hk_"),
            "{made}"
        );
        assert_eq!(revoked["data"]["revokeApiKey"], true, "{revoked}");
        site.stop().await;
    }
}

#[tokio::test]
async fn mutations_are_for_who_is_signed_in_and_for_their_own() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;
        let session = ok(&ada.get(&site, "/auth/me").await)["session"].clone();
        let mut bob = site.member(BOB).await;
        let revoke = "mutation($id: UUID!) { revokeSession(id: $id) }";

        let nobody = ask(&site, &mut Agent::new("192.0.2.1"), revoke, json!({ "id": session })).await;
        let other = ask(&site, &mut bob, revoke, json!({ "id": session })).await;
        let own = ask(&site, &mut ada, revoke, json!({ "id": session })).await;

        assert_eq!(nobody["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(other["errors"][0]["extensions"]["code"], "NOT_FOUND");
        assert_eq!(own["data"]["revokeSession"], true);
        site.stop().await;
    }
}

#[tokio::test]
async fn signing_out_by_a_mutation_ends_the_session() {
    for site in sites(&[]).await {
        let mut ada = site.member(ADA).await;

        let out = ask(&site, &mut ada, "mutation { signOut }", json!({})).await;

        assert_eq!(out["data"]["signOut"], true, "{out}");
        assert_eq!(ada.get(&site, "/auth/me").await.status, 401);
        site.stop().await;
    }
}

#[tokio::test]
async fn no_field_gives_a_secret_away() {
    for site in sites(&[]).await {
        let sdl = site.service.get("/graphql/schema.graphql").await.text();

        for word in ["hash", "passwordHash", "sealed", "accountId", "refreshToken"] {
            assert!(!sdl.contains(&format!(" {word}:")), "{word}");
        }
        assert!(
            sdl.contains("type User @key(fields: \"id\", resolvable: false)"),
            "{sdl}"
        );
        site.stop().await;
    }
}
