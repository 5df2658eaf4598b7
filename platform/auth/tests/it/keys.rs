//! Keys of issuers: fetched, rotated, and not hammered for.

use std::sync::{Arc, atomic::Ordering::SeqCst};

use chrono::TimeDelta;
use platform_auth::{Claims, issue};
use platform_config::Config;
use platform_crypto::{Random, SigningKey};
use platform_service::{Clock, Host, Running, Service};
use platform_testing::{TestClient, TestIssuer};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::{Known, auth, forged, library};

const ADA: Uuid = Uuid::from_u128(0xada);

pub(crate) struct Both {
    pub(crate) running: Running,
    pub(crate) clock: Clock,
    _folder: TempDir,
}

impl Both {
    /// Several services in one process.
    pub(crate) async fn start(services: impl IntoIterator<Item = Service>, clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[host]\ndata = {:?}\n[identity]\nrevocation-poll = \"20ms\"",
            folder.path()
        );
        let config = Config::parse(&text).unwrap();
        let running = Host::new(config, clock.clone())
            .services(services)
            .embed()
            .await
            .unwrap();
        Self {
            running,
            clock,
            _folder: folder,
        }
    }

    pub(crate) fn client(&self, service: &str) -> TestClient {
        TestClient::new(self.running.router(service).unwrap())
    }
}

async fn with_auth(known: &Arc<Known>, issuer: &TestIssuer) -> Both {
    Both::start([auth(known), library()], issuer.clock().clone()).await
}

fn key() -> SigningKey {
    SigningKey::generate(Random::system())
}

#[tokio::test]
async fn ended_sessions_are_not_asked_for_without_a_pause() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[host]\ndata = {:?}\n[identity]\nrevocation-poll = \"0s\"",
        folder.path()
    );
    let host = Host::new(Config::parse(&text).unwrap(), Clock::system());

    let Err(refused) = host.services([library()]).embed().await else {
        panic!("it started");
    };

    assert_eq!(
        refused.message(),
        "identity.revocation-poll must be longer than nothing"
    );
}

#[tokio::test]
async fn keys_are_asked_for_once_and_tokens_verified_by_them() {
    let (issuer, known) = (TestIssuer::default(), Known::with(key()));
    let both = with_auth(&known, &issuer).await;

    for user in 0..50 {
        let token = known.sign(&issuer.claims(Uuid::from_u128(user)));
        assert_eq!(both.client("library").bearer(&token).get("/me").await.status, 200);
    }

    assert_eq!(known.asked_for_keys.load(SeqCst), 1);
}

#[tokio::test]
async fn who_comes_while_the_keys_are_fetched_is_verified_by_them() {
    let (issuer, known) = (TestIssuer::default(), Known::with(key()));
    let both = with_auth(&known, &issuer).await;
    let asking = (0..20).map(|user| {
        let token = known.sign(&issuer.claims(Uuid::from_u128(user)));
        let client = both.client("library").bearer(&token);
        async move { client.get("/me").await.status.as_u16() }
    });

    let statuses = futures::future::join_all(asking).await;

    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(known.asked_for_keys.load(SeqCst), 1);
}

#[tokio::test]
async fn a_new_key_is_found_as_soon_as_a_token_names_it() {
    let (issuer, known) = (TestIssuer::default(), Known::with(key()));
    let both = with_auth(&known, &issuer).await;
    let old = known.sign(&issuer.claims(ADA));
    assert_eq!(both.client("library").bearer(&old).get("/me").await.status, 200);
    both.clock.advance(TimeDelta::seconds(31));

    let new = key();
    known.keys.lock().unwrap().push(new.jwk());
    let token = issue(&new, &issuer.claims(ADA));

    assert_eq!(both.client("library").bearer(&token).get("/me").await.status, 200);
    assert_eq!(both.client("library").bearer(&old).get("/me").await.status, 200);
    assert_eq!(known.asked_for_keys.load(SeqCst), 2);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_does_not_hammer_the_issuer() {
    let (issuer, known) = (TestIssuer::default(), Known::with(key()));
    let both = with_auth(&known, &issuer).await;
    let good = known.sign(&issuer.claims(ADA));
    assert_eq!(both.client("library").bearer(&good).get("/me").await.status, 200);
    both.clock.advance(TimeDelta::seconds(31));

    let claims = serde_json::to_value(issuer.claims(ADA)).unwrap();
    let floods = (0..500).map(|number| {
        let token = forged(
            &json!({ "alg": "EdDSA", "kid": format!("k{number}") }),
            &claims,
            &[0; 64],
        );
        let client = both.client("library").bearer(&token);
        async move { client.get("/me").await.status.as_u16() }
    });
    let statuses = futures::future::join_all(floods).await;

    assert!(statuses.iter().all(|status| *status == 401));
    assert_eq!(known.asked_for_keys.load(SeqCst), 2);
    assert_eq!(both.client("library").bearer(&good).get("/me").await.status, 200);
}

#[tokio::test]
async fn an_issuer_that_starts_late_is_waited_for_a_second_and_not_half_a_minute() {
    let (issuer, known) = (TestIssuer::default(), Known::with(key()));
    let kept = std::mem::take(&mut *known.keys.lock().unwrap());
    let both = with_auth(&known, &issuer).await;
    let token = known.sign(&issuer.claims(ADA));
    let early = both.client("library").bearer(&token).get("/me").await;
    assert_eq!(early.status, 503, "{}", early.text());

    *known.keys.lock().unwrap() = kept;
    both.clock.advance(TimeDelta::seconds(1));

    assert_eq!(both.client("library").bearer(&token).get("/me").await.status, 200);
}

#[tokio::test]
async fn a_foreign_issuer_speaks_of_people_and_of_nothing_else() {
    let (issuer, foreign) = (TestIssuer::default(), key());
    let keys = json!({ "keys": [foreign.jwk()] }).to_string();
    let jwks = axum::Router::new().route("/jwks", axum::routing::get(|| async move { keys }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    let stop = platform_service::CancellationToken::new();
    let serving = platform_http::serve(listener, jwks, platform_http::ServeSettings::default(), stop.clone());
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[host]\ndata = {:?}\n[identity]\nissuers = [{{ issuer = \"https://id.example\", audience = \"us\", url = \"{url}\" }}]",
        folder.path()
    );
    let config = Config::parse(&text).unwrap();
    let running = Host::new(config, issuer.clock().clone())
        .services([library()])
        .embed()
        .await
        .unwrap();
    let client = TestClient::new(running.router("library").unwrap());
    let claims = Claims {
        iss: "https://id.example".into(),
        aud: "us".into(),
        sid: Some(Uuid::from_u128(1)),
        workspace: Some(Uuid::from_u128(2)),
        kind: platform_auth::Kind::Service,
        ..issuer.claims(ADA)
    };
    let ours = Claims {
        iss: "hansa".into(),
        aud: "hansa".into(),
        ..claims.clone()
    };

    let asking = async {
        let told = client.bearer(&issue(&foreign, &claims)).get("/me").await.json();
        let as_us = client.bearer(&issue(&foreign, &ours)).get("/me").await.status;
        let acting = client.bearer(&issue(&foreign, &claims)).graphql("{ me }").await;
        stop.cancel();
        (told, as_us, acting)
    };
    let ((told, as_us, acting), ()) = tokio::join!(asking, serving);

    assert_eq!(told["kind"], "user");
    assert_eq!((&told["session"], &told["workspace"]), (&json!(null), &json!(null)));
    assert_eq!(as_us, 401);
    assert_eq!(acting["errors"][0]["extensions"]["code"], "FORBIDDEN", "{acting}");
}
