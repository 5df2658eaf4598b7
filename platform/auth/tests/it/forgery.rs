//! Attacks on how a token is signed and written.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use platform_auth::Claims;
use platform_crypto::{Random, SigningKey, mac};
use platform_testing::{TestIssuer, TestService};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    attacks::{payload, refusal},
    support::{forged, forged_by, library},
};

const ADA: Uuid = Uuid::from_u128(0xada);

#[tokio::test]
async fn a_token_that_nobody_has_signed_is_refused() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;

    for algorithm in ["none", "None", "NONE", ""] {
        let header = json!({ "alg": algorithm, "typ": "JWT", "kid": issuer.key().id() });
        refusal(&service, &forged(&header, &payload(&issuer), b"")).await;
        refusal(&service, &forged(&header, &payload(&issuer), b"signature")).await;
    }
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let jwk = issuer.key().jwk();
    let x = jwk["x"].as_str().unwrap();
    let raw = BASE64_URL_SAFE_NO_PAD.decode(x).unwrap();

    for secret in [raw.as_slice(), x.as_bytes(), jwk.to_string().as_bytes()] {
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": issuer.key().id() });
        let token = forged_by(&header, &payload(&issuer), |signed| mac(secret, signed).to_vec());
        refusal(&service, &token).await;
    }
}

#[tokio::test]
async fn a_key_inside_the_token_is_not_believed() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let own = SigningKey::generate(Random::system());

    for header in [
        json!({ "alg": "EdDSA", "kid": issuer.key().id(), "jwk": own.jwk() }),
        json!({ "alg": "EdDSA", "jwk": own.jwk() }),
        json!({ "alg": "EdDSA", "kid": own.id(), "jku": "https://mallory.example/jwks.json" }),
        json!({ "alg": "EdDSA", "kid": "../../etc/passwd" }),
        json!({ "alg": "EdDSA", "kid": issuer.key().id(), "crit": ["mallory"], "mallory": true }),
    ] {
        let token = forged_by(&header, &payload(&issuer), |signed| own.sign(signed).to_vec());
        refusal(&service, &token).await;
    }
}

#[tokio::test]
async fn every_changed_letter_of_a_token_is_noticed() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let token = issuer.user(ADA);
    assert_eq!(service.bearer(&token).get("/me").await.status, 200);

    for at in 0..token.len() {
        let letter = if &token[at..=at] == "A" { "B" } else { "A" };
        // The last letter of a part has bits that stand for nothing; the decoder refuses those that are set.
        let mut changed = token.clone();
        changed.replace_range(at..=at, letter);
        let status = service.bearer(&changed).get("/me").await.status;
        assert_eq!(status, 401, "letter {at}");
    }
}

#[tokio::test]
async fn an_oversized_token_is_refused_unread() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let claims = Claims {
        scope: "x ".repeat(10_000),
        ..issuer.claims(ADA)
    };

    let (_, detail) = refusal(&service, &issuer.sign(&claims)).await;

    assert!(detail.contains("too long"), "{detail}");
}

#[tokio::test]
async fn what_is_no_token_is_refused_and_other_schemes_are_nobody() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;

    for nonsense in ["x", "a.b.c", "...", "hk_short", "e30.e30.e30", &"a.".repeat(500)] {
        refusal(&service, nonsense).await;
    }

    let request = axum::http::Request::get("/anybody").header("authorization", "Basic YWRhOnNlY3JldA==");
    let answer = service.request(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.json(), Value::Null);
}
