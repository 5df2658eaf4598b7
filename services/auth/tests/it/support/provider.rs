//! An OpenID provider on this machine, with keys of its own: it knows one person and answers by the book, unless told
//! to answer wrongly.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use platform_crypto::{Random, SigningKey, base64url, sha256};
use platform_http::Url;
use platform_service::Clock;
use serde_json::{Value, json};

/// What tells more of the person.
const ACCESS: &str = "tells-more";

/// A provider. Its server ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Provider(Arc<Inner>);

struct Inner {
    base: String,
    key: SigningKey,
    clock: Mutex<Option<Clock>>,
    person: Mutex<Person>,
    codes: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
    description: Mutex<Value>,
    changed: Mutex<Value>,
    asked: AtomicUsize,
}

/// Whom the provider signs in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) subject: &'static str,
    pub(crate) email: &'static str,
    pub(crate) is_verified: bool,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let person = Person {
            subject: "sub-1",
            email: "ada@example.com",
            is_verified: true,
        };
        let provider = Self(Arc::new(Inner {
            key: SigningKey::generate(Random::system()),
            clock: Mutex::default(),
            person: Mutex::new(person),
            codes: Mutex::default(),
            description: Mutex::new(json!({
                "issuer": base,
                "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"),
                "jwks_uri": format!("{base}/jwks"),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["EdDSA"],
            })),
            changed: Mutex::new(json!({})),
            asked: AtomicUsize::new(0),
            base,
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(more))
            .with_state(provider.clone());
        #[expect(clippy::disallowed_methods, reason = "the server ends with the test")]
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    pub(crate) fn base(&self) -> &str {
        &self.0.base
    }

    /// The settings of a service that knows this provider as `here`.
    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        vec![
            ("auth.providers.here.issuer", self.base()),
            ("auth.providers.here.client-id", "hansa"),
            ("auth.providers.here.client-secret", "a shared secret"),
            ("auth.providers.here.private", "true"),
            ("auth.providers.here.trusted-domains", "example.com"),
        ]
    }

    /// Tokens are made at the time of this clock.
    pub(crate) fn at(&self, clock: &Clock) {
        *self.0.clock.lock().unwrap() = Some(clock.clone());
    }

    pub(crate) fn knows(&self, person: Person) {
        *self.0.person.lock().unwrap() = person;
    }

    /// Says something else in the description.
    pub(crate) fn describes(&self, name: &str, value: impl Into<Value>) {
        self.0.description.lock().unwrap()[name] = value.into();
    }

    /// Says something else in identity tokens, or nothing of it (null); `alg` is their header's.
    pub(crate) fn lies(&self, name: &str, value: Value) {
        self.0.changed.lock().unwrap()[name] = value;
    }

    /// How many requests came.
    pub(crate) fn asked(&self) -> usize {
        self.0.asked.load(Relaxed)
    }

    /// What the provider's page does when somebody agrees: gives the path to go back to.
    pub(crate) fn agree(&self, location: &str) -> String {
        let url: Url = location.parse().unwrap();
        assert_eq!(
            format!("{}/authorize", self.base()),
            location.split('?').next().unwrap()
        );
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["client_id"], "hansa");
        let code = base64url(&Random::system().bytes::<16>());
        let back: Url = asked["redirect_uri"].parse().unwrap();
        let state = asked["state"].clone();
        self.0.codes.lock().unwrap().insert(code.clone(), asked);
        format!("{}?code={code}&state={state}", back.path())
    }

    fn identity(&self, asked: &BTreeMap<String, String>) -> String {
        let person = self.0.person.lock().unwrap().clone();
        let now = self.0.clock.lock().unwrap().as_ref().unwrap().now().timestamp();
        let mut claims = json!({
            "iss": self.base(), "sub": person.subject, "aud": "hansa", "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "email": person.email, "email_verified": person.is_verified, "name": "Ada",
        });
        let mut header = json!({ "alg": "EdDSA", "kid": self.0.key.id() });
        for (name, value) in self.0.changed.lock().unwrap().as_object().unwrap() {
            match name.as_str() {
                "alg" => header["alg"] = value.clone(),
                name if value.is_null() => drop(claims.as_object_mut().unwrap().remove(name)),
                name => claims[name] = value.clone(),
            }
        }
        let signed = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        match header["alg"] == "none" {
            true => format!("{signed}."),
            false => format!("{signed}.{}", base64url(&self.0.key.sign(signed.as_bytes()))),
        }
    }
}

async fn describe(State(provider): State<Provider>) -> Json<Value> {
    provider.0.asked.fetch_add(1, Relaxed);
    Json(provider.0.description.lock().unwrap().clone())
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    provider.0.asked.fetch_add(1, Relaxed);
    Json(json!({ "keys": [provider.0.key.jwk()] }))
}

async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(sent): Form<BTreeMap<String, String>>,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    provider.0.asked.fetch_add(1, Relaxed);
    let refused = |status, error| {
        (
            status,
            Json(json!({ "error": error, "error_description": sent["code"] })),
        )
    };
    let secret = BASE64_STANDARD.encode("hansa:a+shared+secret");
    let ways = provider.0.description.lock().unwrap()["token_endpoint_auth_methods_supported"].clone();
    let header = headers.get(header::AUTHORIZATION);
    let is_known = match ways == json!(["client_secret_post"]) {
        true => header.is_none() && sent["client_secret"] == "a shared secret",
        false => header.is_some_and(|value| value == &format!("Basic {secret}")),
    };
    if !is_known {
        return Err(refused(StatusCode::UNAUTHORIZED, "invalid_client"));
    }
    let asked = provider
        .0
        .codes
        .lock()
        .unwrap()
        .remove(&sent["code"])
        .ok_or_else(|| refused(StatusCode::BAD_REQUEST, "invalid_grant"))?;
    let challenge = base64url(&sha256(sent["code_verifier"].as_bytes()));
    if challenge != asked["code_challenge"] || sent["redirect_uri"] != asked["redirect_uri"] {
        return Err(refused(StatusCode::BAD_REQUEST, "invalid_grant"));
    }
    Ok(Json(json!({
        "access_token": ACCESS, "token_type": "Bearer", "id_token": provider.identity(&asked),
    })))
}

async fn more(State(provider): State<Provider>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    provider.0.asked.fetch_add(1, Relaxed);
    match headers.get(header::AUTHORIZATION) {
        Some(value) if value == &format!("Bearer {ACCESS}") => {
            let person = provider.0.person.lock().unwrap().clone();
            Ok(Json(json!({
                "sub": person.subject, "email": person.email, "email_verified": person.is_verified, "name": "Ada",
            })))
        }
        _ => Err(StatusCode::UNAUTHORIZED),
    }
}
