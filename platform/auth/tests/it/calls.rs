//! What services do in their own name: service tokens, API keys, ended sessions.

use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderMap, Request, header},
};
use chrono::TimeDelta;
use contracts::grpc::users::v1::{GetProfileDataRequest, user_service_client::UserServiceClient};
use platform_auth::{Claims, ServiceSecret, wire};
use platform_config::Config;
use platform_crypto::{Random, SigningKey, Token};
use platform_service::{Clock, Context};
use platform_testing::{TestIssuer, eventually};
use uuid::Uuid;

use crate::{
    keys::Both,
    support::{Known, Store, archive, auth, library},
};

const ADA: Uuid = Uuid::from_u128(0xada);

async fn system() -> (TestIssuer, Arc<Known>, Both) {
    let issuer = TestIssuer::default();
    let known = Known::with(SigningKey::generate(Random::system()));
    let both = Both::start([auth(&known), library(), archive()], issuer.clock().clone()).await;
    (issuer, known, both)
}

#[tokio::test]
async fn a_service_calls_another_in_its_own_name() {
    let (_, known, both) = system().await;
    let identity = both.running.store::<Store>("library").unwrap().identity;
    let mut client = UserServiceClient::new(identity.channel("archive"));
    let mut ask = async || {
        let request = GetProfileDataRequest {
            user_id: ADA.to_string(),
        };
        client
            .get_profile_data(request)
            .await
            .unwrap()
            .into_inner()
            .display_name
    };

    assert_eq!(ask().await, "library");
    assert_eq!(ask().await, "library");
    assert_eq!(known.asked_for_tokens.load(SeqCst), 1);
    both.clock.advance(TimeDelta::seconds(280));
    assert_eq!(ask().await, "library");
    assert_eq!(known.asked_for_tokens.load(SeqCst), 2);
}

#[tokio::test]
async fn an_auth_that_does_not_answer_holds_nobody_up_while_there_is_a_token() {
    let (_, known, both) = system().await;
    let identity = both.running.store::<Store>("library").unwrap().identity;
    let first = identity.authorize("archive").await.unwrap();
    known.is_silent.store(true, SeqCst);
    both.clock.advance(TimeDelta::seconds(280));

    let meanwhile = async {
        eventually("a new token is asked for", async || {
            known.asked_for_tokens.load(SeqCst) == 2
        })
        .await;
        tokio::time::timeout(Duration::from_secs(10), identity.authorize("archive")).await
    };
    let meanwhile = tokio::select! {
        answer = identity.authorize("archive") => panic!("nobody answers, and yet: {answer:?}"),
        meanwhile = meanwhile => meanwhile,
    };

    assert_eq!(meanwhile.expect("the token holds for 20s more").unwrap(), first);
}

#[tokio::test]
async fn a_token_for_one_service_opens_no_other() {
    let (_, _, both) = system().await;
    let identity = both.running.store::<Store>("library").unwrap().identity;
    let authorization = identity.authorize("archive").await.unwrap();

    let ask = async |service: &str| {
        let request = Request::get("/me").header(header::AUTHORIZATION, authorization.clone());
        let client = both.client(service);
        client
            .request(request.body(Body::empty()).unwrap())
            .await
            .status
            .as_u16()
    };

    assert_eq!(ask("archive").await, 200);
    assert_eq!(ask("library").await, 401);
}

#[tokio::test]
async fn an_api_key_is_its_owner_until_it_is_revoked() {
    let (_, known, both) = system().await;
    let (key, id) = (Token::mint("hk", Random::system()), Uuid::from_u128(0x1d));
    let text = key.text.expose().clone();
    known.api_keys.lock().unwrap().push((text.clone(), ADA, id));
    let client = both.client("library").bearer(&text);

    let told = client.get("/me").await.json();
    let again = client.get("/me").await.status;
    assert_eq!(
        (told["kind"].as_str(), told["subject"].as_str()),
        (Some("key"), Some(ADA.to_string().as_str()))
    );
    assert_eq!(again, 200);
    assert_eq!(known.asked_for_tokens.load(SeqCst), 1);

    let until = both.clock.now().timestamp() + 300;
    known.revoked.lock().unwrap().push(wire::Revoked { session: id, until });

    eventually("the key is refused", async || client.get("/me").await.status == 401).await;
}

#[tokio::test]
async fn keys_that_nobody_holds_are_refused_and_nonsense_is_not_even_asked_about() {
    let (_, known, both) = system().await;
    let stranger = Token::mint("hk", Random::system());

    let unknown = both
        .client("library")
        .bearer(stranger.text.expose())
        .get("/anybody")
        .await;
    let nonsense = both.client("library").bearer("hk_nonsense").get("/anybody").await;

    assert_eq!((unknown.status.as_u16(), nonsense.status.as_u16()), (401, 401));
    assert_eq!(known.asked_for_tokens.load(SeqCst), 1);
}

#[tokio::test]
async fn a_service_with_another_secret_says_of_no_key_that_it_was_revoked() {
    let (_, known, both) = system().await;
    let key = Token::mint("hk", Random::system()).text.expose().clone();
    known
        .api_keys
        .lock()
        .unwrap()
        .push((key.clone(), ADA, Uuid::from_u128(0x1d)));
    known.trusts_nobody.store(true, SeqCst);

    let refused = both.client("library").bearer(&key).get("/me").await;

    assert_eq!(refused.status, 503, "{}", refused.text());
}

#[tokio::test]
async fn a_session_that_ends_elsewhere_ends_in_every_service() {
    let (issuer, known, both) = system().await;
    let claims = Claims {
        sid: Some(Uuid::from_u128(7)),
        ..issuer.claims(ADA)
    };
    let token = known.sign(&claims);
    let status = async |service: &str| both.client(service).bearer(&token).get("/me").await.status.as_u16();
    assert_eq!((status("library").await, status("archive").await), (200, 200));

    known.revoked.lock().unwrap().push(wire::Revoked {
        session: Uuid::from_u128(7),
        until: claims.exp,
    });

    eventually("both refuse it", async || {
        status("library").await == 401 && status("archive").await == 401
    })
    .await;
}

#[test]
fn services_believe_each_other_through_every_step_of_a_rotation_of_the_key_ring() {
    let folder = tempfile::tempdir().unwrap();
    let process = |reload: &str| {
        let config = Config::parse(&format!("keys.reload = {reload:?}")).unwrap();
        let context = Context::standalone("library", config, Clock::system(), folder.path());
        ServiceSecret::open(&context).unwrap()
    };
    // One that looks now, and one that has not looked since the step before.
    let (ahead, random) = (process("0s"), platform_crypto::Random::system());
    let file = platform_crypto::RingFile::in_folder(folder.path());
    let believes = |one: &ServiceSecret, other: &ServiceSecret| {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, other.header("library"))]);
        one.check(&headers).is_ok()
    };
    let first = process("1h");

    for step in 0..3 {
        let behind = process("1h");
        match step {
            0 => drop(file.add(None, random).unwrap()),
            1 => drop(file.promote().unwrap()),
            _ => file.retire("k1").unwrap(),
        }
        assert!(believes(&ahead, &behind) && believes(&behind, &ahead), "step {step}");
    }

    assert!(!believes(&ahead, &first), "who never looked");
}

#[test]
fn a_service_cannot_pass_for_another_without_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let secret = |text: &str| {
        let config = Config::parse(text).unwrap();
        ServiceSecret::open(&Context::standalone("library", config, Clock::system(), folder.path()))
    };
    let (derived, same) = (secret("").unwrap(), secret("").unwrap());
    let given = secret("identity.service-secret = \"0123456789abcdef\"").unwrap();
    let with = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        headers
    };
    let header = derived.header("library");
    let text = header.to_str().unwrap();

    assert_eq!(same.check(&with(text)).unwrap(), "library");
    assert!(header.is_sensitive());
    for wrong in [
        text.replace("library", "archive"),
        text.replace("Service ", "Bearer "),
        text[..text.len() - 1].to_owned(),
        "Service library:".to_owned(),
        "Service library".to_owned(),
    ] {
        assert!(same.check(&with(&wrong)).is_err(), "{wrong}");
    }
    assert!(given.check(&with(text)).is_err());
    assert!(same.check(&HeaderMap::new()).is_err());
    assert!(secret("identity.service-secret = \"short\"").is_err());
    let next = "identity.service-secret = \"fedcba9876543210\"\nidentity.service-secret-before = \"0123456789abcdef\"";
    let (old, next) = (given.header("library"), secret(next).unwrap());
    assert_eq!(
        next.check(&with(old.to_str().unwrap())).unwrap(),
        "library",
        "who was not restarted yet"
    );
    assert!(given.check(&with(next.header("library").to_str().unwrap())).is_err());
}
