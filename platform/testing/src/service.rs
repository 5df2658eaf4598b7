//! A service in process, on a folder of its own and a clock that stands still.

use std::{ops::Deref, path::Path};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
};
use bytes::Bytes;
use chrono::{DateTime, TimeZone, Utc};
use http_body_util::BodyExt;
use platform_config::{Config, Sources};
use platform_service::{Clock, Context, Host, Running, Service};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::TestIssuer;

/// A running service under test. Its data is gone when this is dropped. It is also its own [`TestClient`].
pub struct TestService {
    name: &'static str,
    running: Running,
    client: TestClient,
    clock: Clock,
    folder: TempDir,
    settings: Vec<(String, String)>,
}

impl TestService {
    /// Starts a service on an empty folder, at noon of 15 January 2026.
    pub async fn start(service: impl Into<Service>) -> Self {
        Self::with(service, &[]).await
    }

    /// Starts a service with settings such as `("lake.memory-limit", "64MB")`.
    pub async fn with(service: impl Into<Service>, settings: &[(&str, &str)]) -> Self {
        let settings = settings
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        Self::on(folder(), Clock::manual(noon()), service.into(), settings).await
    }

    /// Starts a service that believes the tokens of an issuer, and shares its clock.
    pub async fn believing(issuer: &TestIssuer, service: impl Into<Service>, settings: &[(&str, &str)]) -> Self {
        let settings = settings
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .chain(issuer.settings())
            .collect();
        Self::on(folder(), issuer.clock().clone(), service.into(), settings).await
    }

    /// Stops the service and starts `service` on the same folder, clock and settings: what was kept must still be
    /// there.
    pub async fn restart(self, service: impl Into<Service>) -> Self {
        self.running.stop().await;
        Self::on(self.folder, self.clock, service.into(), self.settings).await
    }

    async fn on(folder: TempDir, clock: Clock, service: Service, settings: Vec<(String, String)>) -> Self {
        let name = service.name();
        let mut overrides = settings.clone();
        overrides.push(("host.data".into(), folder.path().display().to_string()));
        let sources = Sources {
            file: None,
            environment: std::iter::empty(),
            overrides,
            aliases: &[],
        };
        let config = Config::load(sources).expect("the test's settings are keys and values");
        let started = Host::new(config, clock.clone()).services([service]).embed().await;
        let running = started.unwrap_or_else(|error| panic!("{name} does not start: {error} ({:?})", error.cause()));
        let router = running.router(name).expect("the host has the service it was given");
        Self {
            name,
            running,
            client: TestClient::new(router),
            clock,
            folder,
            settings,
        }
    }

    /// The clock, to be moved.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The service's context.
    pub fn context(&self) -> Context {
        self.running.context(self.name).expect("the service is open")
    }

    /// What the service keeps.
    ///
    /// # Panics
    /// When the service's store is not an `S`.
    pub fn store<S: Clone + 'static>(&self) -> S {
        self.running.store(self.name).expect("the store has the type asked for")
    }

    /// The service's router.
    pub fn router(&self) -> Router {
        self.client.router.clone()
    }

    /// The folder of the service's data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops the service as a host would and gives back its folder.
    pub async fn stop(self) -> TempDir {
        self.running.stop().await;
        self.folder
    }
}

impl Deref for TestService {
    type Target = TestClient;

    fn deref(&self) -> &TestClient {
        &self.client
    }
}

/// Calls a service through its real router, as somebody or as nobody.
#[derive(Clone)]
pub struct TestClient {
    router: Router,
    authorization: Option<HeaderValue>,
}

impl TestClient {
    /// A client that is nobody.
    pub fn new(router: Router) -> Self {
        Self {
            router,
            authorization: None,
        }
    }

    /// The same client with a token.
    pub fn bearer(&self, token: &str) -> Self {
        let authorization = HeaderValue::from_str(&format!("Bearer {token}")).expect("a token is plain text");
        Self {
            router: self.router.clone(),
            authorization: Some(authorization),
        }
    }

    /// Runs an operation and gives back the whole answer, with `data` and `errors`.
    pub async fn graphql(&self, query: &str) -> Value {
        self.graphql_with(query, json!({})).await
    }

    /// Runs an operation with variables.
    pub async fn graphql_with(&self, query: &str, variables: Value) -> Value {
        self.post("/graphql", &json!({ "query": query, "variables": variables }))
            .await
            .json()
    }

    /// GETs a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Request::get(path).body(Body::empty()).expect("the path is a URI"))
            .await
    }

    /// POSTs JSON to a path.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, "application/json", body.to_string())
            .await
    }

    /// Sends a body of any type.
    pub async fn send(&self, method: Method, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, content_type);
        self.request(
            request
                .body(body.into())
                .expect("method, path and content type are valid"),
        )
        .await
    }

    /// Sends any request through the service's real router.
    pub async fn request(&self, mut request: Request<Body>) -> Answer {
        if let Some(authorization) = &self.authorization {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, authorization.clone());
        }
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body arrives whole").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

/// An answer with its body read.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// Noon of 15 January 2026, when services under test start.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 15, 12, 0, 0)
        .single()
        .expect("that moment exists once")
}
