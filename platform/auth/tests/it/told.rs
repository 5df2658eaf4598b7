//! What an operator hears of an `auth` that cannot be asked which sessions have ended.

use std::time::Duration;

use platform_auth::wire;
use platform_crypto::{Random, SigningKey};
use platform_error::Code;
use platform_testing::{Log, TestIssuer, eventually};
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
