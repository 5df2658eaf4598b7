//! Gateways that answer nobody whom they do not know, whichever of the two settings says so.

use std::net::SocketAddr;

use federation_gateway::{Gateway, Peers};
use platform_config::Config;
use platform_service::{Clock, Context};
use serde_json::{Value, json};

use super::asked;
use crate::support::{in_process_with, settings, staff, supergraph, tokens};

/// What `[gateway.jwt]` says beside `sources`, and the rest of the settings.
fn required(sources: &Value) -> [(Value, Config); 2] {
    let identity = Config::parse("[identity]\nrequired = true").expect("these are settings");
    [
        (json!({ "sources": sources, "required": true }), Config::default()),
        (json!({ "sources": sources }), identity),
    ]
}

#[tokio::test]
async fn nobody_enters_without_a_token_where_one_is_required() {
    for (jwt, config) in required(&json!([{ "jwks": tokens::trusted().to_string() }])) {
        let around = (Clock::system(), config);
        let gateway = in_process_with(vec![staff::staff()], settings(json!({ "jwt": jwt })), around).await;

        let (status, _) = asked(&gateway, None, "{ now }").await;
        let (entered, _) = asked(&gateway, Some(&tokens::token(json!({ "sub": "ada" }))), "{ now }").await;

        assert_eq!((status, entered), (401, 200), "{jwt}");
        let schema = format!("{}/schema.graphql", gateway.url);
        assert_eq!(gateway.client.get(&schema).send().await.unwrap().status(), 401);
    }
}

#[tokio::test]
async fn a_gateway_that_requires_tokens_and_believes_nobody_does_not_start() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let parts = [("staff", staff::staff().sdl, SocketAddr::from(([127, 0, 0, 1], 9)))];
    let sdl = supergraph(&parts.each_ref().map(|(name, sdl, at)| (*name, sdl.as_str(), *at)));
    for (jwt, config) in required(&json!([])) {
        let context = Context::standalone("gateway", config, Clock::system(), folder.path());

        let refused = Gateway::new(&sdl, settings(json!({ "jwt": jwt })), Peers::new(), &context);

        let told = refused.err().expect("it is refused").to_string();
        assert!(told.contains("jwt.sources"), "{told}");
    }
}
