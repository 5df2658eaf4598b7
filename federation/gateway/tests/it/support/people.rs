//! A process in which `auth` signs people in, with a gateway in front of it and of other subgraphs.

use std::net::SocketAddr;

use auth::{seed, store::Auth};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use platform_config::{Config, Secret};
use platform_error::Error;
use platform_http::{Client, ClientSettings};
use platform_service::{Clock, Host, Running, Service};
use platform_testing::TestClient;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Part, serve};

const PASSWORD: &str = "a quiet harbour at dawn";

/// The process.
pub(crate) struct Process {
    pub(crate) running: Running,
    /// The gateway's endpoint.
    pub(crate) url: String,
    pub(crate) client: Client,
    auth: TestClient,
    _folder: TempDir,
}

/// Somebody who has signed in: with tokens in the hand, or with cookies in a browser.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) token: Option<String>,
    /// The cookies, as a browser sends them.
    pub(crate) cookies: String,
    /// What a page of ours can read and sends back.
    pub(crate) csrf: String,
}

impl Process {
    /// Starts `auth`, these subgraphs and a gateway, with settings as an operator writes them.
    pub(crate) async fn start(parts: Vec<Part>, settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let running = host(parts, settings, &folder).embed().await;
        let running = running.unwrap_or_else(|error| panic!("the services do not start: {error}"));
        let router = |name| running.router(name).expect("the host has the service it was given");
        let address: SocketAddr = serve(router("gateway")).await;
        Self {
            auth: TestClient::new(router("auth")),
            url: format!("http://{address}/graphql"),
            client: Client::new(&ClientSettings::default()).expect("a client can be made"),
            running,
            _folder: folder,
        }
    }

    /// Why a process with these settings does not start.
    pub(crate) async fn refusal(settings: &str) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let started = host(Vec::new(), settings, &folder).embed().await;
        started.err().expect("the settings are refused").to_string()
    }

    /// Makes an account.
    pub(crate) async fn register(&self, name: &str) {
        let store: Auth = self.running.store("auth").expect("auth is open");
        let person = seed::Person {
            email: format!("{name}@example.com"),
            name: Some(name.to_owned()),
            password: Secret::new(PASSWORD.to_owned()),
        };
        seed::account(&store, person).await.expect("the account can be made");
    }

    /// Signs somebody in as a program, or as a browser.
    pub(crate) async fn sign_in(&self, name: &str, mode: &str) -> SignedIn {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD, "mode": mode });
        let answer = self.auth.post("/auth/sign-in", &body).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        let said = answer.json();
        let text = |name: &str| said[name].as_str().map(str::to_owned);
        SignedIn {
            token: text("accessToken"),
            cookies: cookies(&answer.headers),
            csrf: text("csrfToken").unwrap_or_default(),
        }
    }

    /// An API key of somebody with a token.
    pub(crate) async fn key(&self, owner: &SignedIn, scopes: &[&str]) -> Value {
        let token = owner.token.as_deref().expect("the owner has a token");
        let body = json!({ "name": "nightly", "scopes": scopes });
        let answer = self.auth.bearer(token).post("/auth/keys", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// Asks `auth` itself, with a token.
    pub(crate) async fn ask_auth(&self, owner: &SignedIn, query: &str) -> Value {
        let token = owner.token.as_deref().expect("the owner has a token");
        self.auth.bearer(token).graphql(query).await
    }

    /// Asks the gateway with these headers: the status and the answer.
    pub(crate) async fn ask(&self, headers: &[(&str, &str)], query: &str) -> (u16, Value) {
        let request = headers
            .iter()
            .fold(self.client.post(&self.url), |request, (name, value)| {
                request.header(*name, *value)
            });
        let answer = request.json(&json!({ "query": query })).send().await;
        let answer = answer.expect("the gateway answers");
        (
            answer.status().as_u16(),
            answer.json().await.expect("the answer is JSON"),
        )
    }

    /// The same with a token or an API key.
    pub(crate) async fn ask_as(&self, token: &str, query: &str) -> (u16, Value) {
        let authorization = format!("Bearer {token}");
        self.ask(&[("authorization", &authorization)], query).await
    }
}

fn host(parts: Vec<Part>, settings: &str, folder: &TempDir) -> Host {
    // Hashes cost next to nothing here.
    let text = format!(
        "host.data = {:?}\npasswords = {{ memory = \"64KiB\", iterations = 1 }}\nidentity.revocation-poll = \"20ms\"\n{settings}",
        folder.path().display().to_string()
    );
    let config = Config::parse(&text).expect("the test's settings are TOML");
    let services = std::iter::once(auth::service())
        .chain(parts.into_iter().map(service))
        .chain(std::iter::once(federation_gateway::service(None)));
    Host::new(config, Clock::system()).services(services)
}

fn cookies(headers: &HeaderMap) -> String {
    let set = headers.get_all(header::SET_COOKIE).iter();
    let pairs = set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

/// A subgraph as a service of the process, which says its schema when it is asked for it.
fn service(part: Part) -> Service {
    let Part { name, sdl, router } = part;
    let router = router.layer(from_fn_with_state(sdl, telling));
    Service::new(name, 0)
        .open(|_| async { Ok::<_, Error>(()) })
        .rest(move |_| router.clone())
        .into()
}

async fn telling(State(sdl): State<String>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    match String::from_utf8_lossy(&body).contains("_service") {
        true => axum::Json(json!({ "data": { "_service": { "sdl": sdl } } })).into_response(),
        false => next.run(Request::from_parts(parts, Body::from(body))).await,
    }
}
