//! A service that says who asks, and a stand-in for the other side of `auth`'s endpoints.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use async_graphql::{EmptyMutation, EmptySubscription, Object};
use axum::{
    Json, Router,
    extract::Query,
    http::HeaderMap,
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use contracts::grpc::users::v1::{
    GetProfileDataRequest, GetProfileDataResponse,
    user_service_server::{UserService, UserServiceServer},
};
use platform_auth::{
    AuthError, Claims, Identity, Kind, Principal, ServiceSecret, SignedIn, caller, issue, principal, principal_of, wire,
};
use platform_crypto::SigningKey;
use platform_error::{Code, Error, Result};
use platform_http::Problem;
use platform_service::{Blueprint, Context, Service, status};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// A store that is only its identity.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) identity: Identity,
}

async fn open(context: Context) -> Result<Store> {
    let identity = Identity::open(&context)?;
    Ok(Store { identity })
}

pub(crate) struct Root;

#[Object]
impl Root {
    async fn anybody(&self, ctx: &async_graphql::Context<'_>) -> Option<String> {
        caller(ctx)?.subject().map(Into::into)
    }

    #[graphql(guard = "SignedIn")]
    async fn me(&self, ctx: &async_graphql::Context<'_>) -> platform_graphql::Result<String> {
        Ok(principal(ctx)?.user()?.to_string())
    }

    async fn internals(&self, ctx: &async_graphql::Context<'_>) -> platform_graphql::Result<String> {
        Ok(principal(ctx)?.service()?.to_owned())
    }
}

struct Grpc;

#[tonic::async_trait]
impl UserService for Grpc {
    async fn get_profile_data(
        &self,
        request: tonic::Request<GetProfileDataRequest>,
    ) -> Result<tonic::Response<GetProfileDataResponse>, tonic::Status> {
        let service = principal_of(&request)?.service().map_err(status)?.to_owned();
        let id = request.into_inner().user_id;
        Ok(tonic::Response::new(GetProfileDataResponse {
            id,
            display_name: service,
            ..GetProfileDataResponse::default()
        }))
    }
}

fn said(principal: &Principal) -> Value {
    json!({
        "kind": principal.kind, "subject": principal.subject(), "session": principal.session,
        "workspace": principal.workspace, "scopes": principal.scopes, "verified": principal.is_email_verified,
    })
}

fn routes() -> Router {
    let me = |principal: Principal| async move { Json(said(&principal)) };
    let anybody = |principal: Option<Principal>| async move { Json(principal.as_ref().map(said)) };
    Router::new().route("/me", get(me)).route("/anybody", get(anybody))
}

fn blueprint(name: &'static str) -> Blueprint<Store> {
    Service::new(name, 0)
        .open(open)
        .graphql(|_| platform_graphql::schema(Root, EmptyMutation, EmptySubscription).finish())
        .rest(|_| routes())
        .grpc(contracts::grpc::DESCRIPTORS, |_| {
            tonic::service::Routes::new(UserServiceServer::new(Grpc))
        })
        .wrap(|store, router| store.identity.protect(router))
}

/// A service that says who asks.
pub(crate) fn library() -> Service {
    blueprint("library").into()
}

/// Another one, which the first can call.
pub(crate) fn archive() -> Service {
    blueprint("archive").into()
}

/// What the stand-in knows, to be changed by a test.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) keys: Mutex<Vec<Value>>,
    pub(crate) signing: Mutex<Option<SigningKey>>,
    pub(crate) api_keys: Mutex<Vec<(String, Uuid, Uuid)>>,
    pub(crate) revoked: Mutex<Vec<wire::Revoked>>,
    pub(crate) asked_for_keys: AtomicUsize,
    pub(crate) asked_for_tokens: AtomicUsize,
    /// Whether tokens are asked for in vain: nothing is answered.
    pub(crate) is_silent: AtomicBool,
    /// Whether nobody who asks for the token of a key is taken for a service: their secret is another one.
    pub(crate) trusts_nobody: AtomicBool,
    /// What who asks for ended sessions is told instead.
    pub(crate) trouble: Mutex<Option<(Code, &'static str)>>,
}

impl Known {
    pub(crate) fn with(key: SigningKey) -> Arc<Self> {
        Arc::new(Self {
            keys: Mutex::new(vec![key.jwk()]),
            signing: Mutex::new(Some(key)),
            ..Self::default()
        })
    }

    pub(crate) fn sign(&self, claims: &Claims) -> String {
        issue(self.signing.lock().unwrap().as_ref().unwrap(), claims)
    }
}

#[derive(Deserialize)]
struct Since {
    since: i64,
}

/// The endpoints of `auth` that other services ask, over what a test has put there.
pub(crate) fn auth(known: &Arc<Known>) -> Service {
    let known = known.clone();
    let service = Service::new("auth", 0).open(move |context: Context| {
        let known = known.clone();
        async move { Ok::<_, Error>((known, ServiceSecret::open(&context)?, context)) }
    });
    service
        .rest(|(known, secret, context)| endpoints(known, secret, context))
        .into()
}

fn endpoints(known: &Arc<Known>, secret: &ServiceSecret, context: &Context) -> Router {
    let keys = known.clone();
    let keys = move || async move {
        keys.asked_for_keys.fetch_add(1, SeqCst);
        // Others come meanwhile.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        Json(json!({ "keys": *keys.keys.lock().unwrap() }))
    };
    let (ended, checked) = (known.clone(), secret.clone());
    let revocations = move |headers: HeaderMap, Query(Since { since }): Query<Since>| async move {
        checked.check(&headers)?;
        if let Some((code, text)) = *ended.trouble.lock().unwrap() {
            return Err(Error::new(code, text).into());
        }
        let all = ended.revoked.lock().unwrap();
        let start = usize::try_from(since).unwrap();
        Ok::<_, Problem>(Json(wire::Revocations {
            revoked: all[start..].to_vec(),
            next: i64::try_from(all.len()).unwrap(),
        }))
    };
    let (issuer, checked, clock) = (known.clone(), secret.clone(), context.clock().clone());
    let service_tokens = move |headers: HeaderMap, Json(request): Json<wire::ServiceTokenRequest>| async move {
        let name = checked.check(&headers)?;
        issuer.asked_for_tokens.fetch_add(1, SeqCst);
        if issuer.is_silent.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        let claims = claims(clock.now().timestamp(), (&name, &request.audience), Kind::Service, None);
        let token = issuer.sign(&claims);
        Ok::<_, Problem>(Json(wire::Token {
            token,
            expires_at: claims.exp,
        }))
    };
    let (issuer, checked, clock) = (known.clone(), secret.clone(), context.clock().clone());
    let key_tokens = move |headers: HeaderMap, Json(request): Json<wire::KeyTokenRequest>| async move {
        checked.check(&headers)?;
        if issuer.trusts_nobody.load(SeqCst) {
            return Err(AuthError::NotAService.into());
        }
        issuer.asked_for_tokens.fetch_add(1, SeqCst);
        let found = issuer
            .api_keys
            .lock()
            .unwrap()
            .iter()
            .find(|key| key.0 == request.key)
            .cloned();
        let (_, user, id) = found.ok_or(Error::new(Code::NotFound, "there is no such key"))?;
        let claims = claims(
            clock.now().timestamp(),
            (&user.to_string(), "hansa"),
            Kind::Key,
            Some(id),
        );
        let token = issuer.sign(&claims);
        Ok::<_, Problem>(Json(wire::Token {
            token,
            expires_at: claims.exp,
        }))
    };
    Router::new()
        .route(wire::JWKS, get(keys))
        .route(wire::REVOCATIONS, get(revocations))
        .route(wire::SERVICE_TOKENS, post(service_tokens))
        .route(wire::KEY_TOKENS, post(key_tokens))
}

fn claims(now: i64, (sub, aud): (&str, &str), kind: Kind, sid: Option<Uuid>) -> Claims {
    Claims {
        iss: "hansa".into(),
        sub: sub.into(),
        aud: aud.into(),
        exp: now + 300,
        iat: now,
        jti: Uuid::nil(),
        sid,
        scope: String::new(),
        kind,
        email_verified: true,
        workspace: None,
    }
}

/// A token of two parts of JSON and whatever signature.
pub(crate) fn forged(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.{}",
        part(header),
        part(claims),
        BASE64_URL_SAFE_NO_PAD.encode(signature)
    )
}

/// A token that `sign` signs, whatever its header and claims say.
pub(crate) fn forged_by(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let unsigned = forged(header, claims, b"");
    let signed = unsigned.trim_end_matches('.');
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(sign(signed.as_bytes())))
}
