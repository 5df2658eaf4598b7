//! What an operator hears of an `auth` that cannot be asked, and of none at all.

use std::time::Duration;

use platform_auth::wire;
use platform_config::Config;
use platform_crypto::{Random, SigningKey, Token};
use platform_error::Code;
use platform_service::Host;
use platform_testing::{Log, TestClient, TestIssuer, eventually};
use tracing::Level;
use uuid::Uuid;

use crate::{
    keys::Both,
    support::{Known, Store, auth, library},
};

#[tokio::test]
async fn each_reason_for_which_ended_sessions_cannot_be_asked_for_is_told_once() {
    let log = Log::listen(Level::INFO);
    let issuer = TestIssuer::default();
    let known = Known::with(SigningKey::generate(Random::system()));
    let both = Both::start([auth(&known), library()], issuer.clock().clone()).await;
    let revocations = both
        .running
        .store::<Store>("library")
        .unwrap()
        .identity
        .revocations()
        .clone();
    let fails = |code, text| *known.trouble.lock().unwrap() = Some((code, text));
    // Many polls long.
    let meanwhile = async || tokio::time::sleep(Duration::from_millis(300)).await;
    let told = async |starting: usize, secret: usize| {
        eventually("both are told", async || {
            (
                log.count("503 Service Unavailable: starting"),
                log.count("401 Unauthorized: another secret"),
            ) == (starting, secret)
        })
        .await;
        meanwhile().await;
        assert_eq!(log.count("WARN"), starting + secret, "each of them once");
    };

    fails(Code::Unavailable, "starting");
    told(1, 0).await;
    fails(Code::Unauthenticated, "another secret");
    told(1, 1).await;
    fails(Code::Unavailable, "starting");
    told(1, 1).await;

    let (session, until) = (Uuid::from_u128(7), both.clock.now().timestamp() + 300);
    known.revoked.lock().unwrap().push(wire::Revoked { session, until });
    *known.trouble.lock().unwrap() = None;
    eventually("they can be asked for again", async || revocations.has(session)).await;
    fails(Code::Unavailable, "starting");
    told(2, 1).await;
}

#[tokio::test]
async fn where_no_issuer_is_known_every_token_is_refused_for_that_and_the_operator_hears_it_once() {
    let log = Log::listen(Level::INFO);
    let issuer = TestIssuer::default();
    let alone = Both::start([library()], issuer.clock().clone()).await;
    let key = Token::mint("hk", Random::system()).text.expose().clone();

    for token in [issuer.user(Uuid::from_u128(1)), key, issuer.user(Uuid::from_u128(2))] {
        let refused = alone.client("library").bearer(&token).get("/anybody").await;

        assert_eq!(refused.status, 401, "{}", refused.text());
        assert_eq!(refused.json()["code"], "UNAUTHENTICATED");
        let detail = refused.json()["detail"].to_string();
        assert!(detail.contains("no issuer of tokens is configured here"), "{detail}");
    }

    assert_eq!(alone.client("library").get("/anybody").await.status, 200);
    assert_eq!(log.count("WARN"), 1, "{}", log.text());
    assert_eq!(log.count("no issuer is configured here"), 1);
}

#[tokio::test]
async fn an_issuer_that_is_known_and_away_is_waited_for() {
    let issuer = TestIssuer::default();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[host]\ndata = {:?}\n[peers]\nauth = \"http://127.0.0.1:1\"",
        folder.path()
    );
    let host = Host::new(Config::parse(&text).unwrap(), issuer.clock().clone());
    let running = host.services([library()]).embed().await.unwrap();
    let client = TestClient::new(running.router("library").unwrap());
    let key = Token::mint("hk", Random::system()).text.expose().clone();

    for token in [issuer.user(Uuid::from_u128(1)), key] {
        let refused = client.bearer(&token).get("/anybody").await;

        assert_eq!(refused.status, 503, "{}", refused.text());
    }
}
