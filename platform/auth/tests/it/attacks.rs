//! Attacks by what a token says, and what a good one says.

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::TimeDelta;
use platform_auth::{Claims, JwtSettings, KeySource, Kind, Verifier};
use platform_http::{Client, ClientSettings};
use platform_testing::{TestIssuer, TestService};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{forged_by, library};

const ADA: Uuid = Uuid::from_u128(0xada);

pub(crate) async fn refusal(service: &TestService, token: &str) -> (u16, String) {
    let answer = service.bearer(token).get("/anybody").await;
    let problem = answer.json();
    assert_eq!(problem["code"], "UNAUTHENTICATED", "{problem}");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    (answer.status.as_u16(), problem["detail"].as_str().unwrap().to_owned())
}

async fn refused(claims: impl FnOnce(&mut Claims), because: &str) {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let mut changed = issuer.claims(ADA);
    claims(&mut changed);

    let (status, detail) = refusal(&service, &issuer.sign(&changed)).await;

    assert_eq!(status, 401);
    assert!(detail.contains(because), "{detail}");
}

pub(crate) fn payload(issuer: &TestIssuer) -> Value {
    serde_json::to_value(issuer.claims(ADA)).unwrap()
}

#[tokio::test]
async fn a_good_token_says_who_asks_and_no_token_is_nobody() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let claims = Claims {
        scope: "books:read books:lend".into(),
        sid: Some(Uuid::from_u128(1)),
        workspace: Some(Uuid::from_u128(2)),
        ..issuer.claims(ADA)
    };

    let told = service.bearer(&issuer.sign(&claims)).get("/me").await.json();
    let nobody = service.get("/anybody").await;
    let refused = service.get("/me").await;

    let expected = json!({
        "kind": "user", "subject": ADA, "session": Uuid::from_u128(1), "workspace": Uuid::from_u128(2),
        "scopes": ["books:lend", "books:read"], "verified": true,
    });
    assert_eq!(told, expected);
    assert_eq!((nobody.status.as_u16(), nobody.json()), (200, Value::Null));
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    refused(|claims| claims.exp = claims.iat - 31, "expired").await;
}

#[tokio::test]
async fn a_token_that_was_believed_a_moment_ago_expires_too() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let token = issuer.user(ADA);
    assert_eq!(service.bearer(&token).get("/me").await.status, 200);

    service.clock().advance(TimeDelta::seconds(631));

    let (_, detail) = refusal(&service, &token).await;
    assert!(detail.contains("expired"), "{detail}");
}

#[tokio::test]
async fn a_token_for_later_or_without_an_end_is_refused() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let now = issuer.claims(ADA).iat;
    let sign = |claims: &Value| {
        let header = json!({ "alg": "EdDSA", "kid": issuer.key().id() });
        forged_by(&header, claims, |signed| issuer.key().sign(signed).to_vec())
    };
    let with = |name: &str, value: Value| {
        let mut claims = payload(&issuer);
        claims[name] = value;
        sign(&claims)
    };

    let later = refusal(&service, &with("nbf", json!(now + 60))).await.1;
    let no_time = refusal(&service, &with("exp", json!("never"))).await.1;
    let endless = refusal(&service, &with("exp", Value::Null)).await.1;
    let other_kind = refusal(&service, &with("kind", json!("emperor"))).await.1;
    let no_id = refusal(&service, &with("sid", json!("1; drop table sessions"))).await.1;

    assert!(later.contains("not valid yet"), "{later}");
    for detail in [no_time, endless, other_kind, no_id] {
        assert!(detail.contains("cannot be read"), "{detail}");
    }
    let good = service.bearer(&with("nbf", json!(now + 29))).get("/me").await;
    assert_eq!(good.status, 200, "{}", good.text());
}

#[tokio::test]
async fn a_token_for_another_audience_is_refused() {
    refused(|claims| claims.aud = "archive".into(), "audience").await;
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused() {
    refused(|claims| claims.iss = "https://mallory.example".into(), "issuer").await;
}

#[tokio::test]
async fn a_token_for_this_service_alone_is_good_here() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;

    let told = service
        .bearer(&issuer.service("archive", "library"))
        .get("/me")
        .await
        .json();

    assert_eq!(
        (&told["kind"], &told["subject"]),
        (&json!("service"), &json!("archive"))
    );
}

#[tokio::test]
async fn a_token_is_required_where_that_is_set() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[("identity.required", "true")]).await;

    let nobody = service.get("/anybody").await;
    let somebody = service.bearer(&issuer.user(ADA)).get("/anybody").await;

    assert_eq!(nobody.status, 401);
    assert_eq!(somebody.status, 200);
}

#[tokio::test]
async fn a_revoked_session_ends_at_once_and_other_sessions_go_on() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let identity = service.store::<crate::support::Store>().identity;
    let of_session = |session| Claims {
        sid: Some(Uuid::from_u128(session)),
        ..issuer.claims(ADA)
    };
    let (ended, other) = (issuer.sign(&of_session(1)), issuer.sign(&of_session(2)));
    assert_eq!(service.bearer(&ended).get("/me").await.status, 200);

    identity.revocations().revoke(Uuid::from_u128(1), of_session(1).exp);

    let (_, detail) = refusal(&service, &ended).await;
    assert!(detail.contains("session has ended"), "{detail}");
    assert_eq!(service.bearer(&other).get("/me").await.status, 200);
}

#[tokio::test]
async fn a_user_cannot_pass_for_a_service_nor_a_service_for_a_user() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(&issuer, library(), &[]).await;
    let named_like_a_service = Claims {
        sub: "archive".into(),
        ..issuer.claims(ADA)
    };
    let named_like_a_user = Claims {
        kind: Kind::Service,
        ..issuer.claims(ADA)
    };

    let as_service = service
        .bearer(&issuer.sign(&named_like_a_service))
        .graphql("{ internals }")
        .await;
    let as_user = service.bearer(&issuer.sign(&named_like_a_user)).graphql("{ me }").await;

    for answer in [as_service, as_user] {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    }
}

#[tokio::test]
async fn a_cookie_of_a_neighbour_in_other_letters_hides_no_token() {
    let issuer = TestIssuer::default();
    let keys = json!({ "keys": [issuer.key().jwk()] });
    let settings = JwtSettings {
        sources: vec![KeySource {
            jwks: Some(keys.to_string()),
            ..KeySource::default()
        }],
        cookie: Some("access".into()),
        ..JwtSettings::default()
    };
    let client = Client::new(&ClientSettings::default()).unwrap();
    let verifier = Verifier::new(&settings, &client, issuer.clock()).unwrap();
    let cookies = format!("name=Zoë; access={}", issuer.user(ADA));
    let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(cookies).unwrap())]);

    let principal = verifier.principal(&headers).await.unwrap().unwrap();

    assert_eq!(principal.subject(), Some(ADA.to_string().as_str()));
}

#[tokio::test]
async fn secrets_stay_out_of_what_is_printed() {
    let issuer = TestIssuer::default();
    let service = TestService::believing(
        &issuer,
        library(),
        &[("identity.service-secret", "a secret of many letters")],
    )
    .await;

    let settings: platform_auth::IdentitySettings = service.context().section("identity").unwrap();

    assert!(!format!("{settings:?}").contains("many letters"));
    assert!(!serde_json::to_string(&settings).unwrap().contains("many letters"));
}
