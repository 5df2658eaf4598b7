//! A small service, run by a real host.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod grpc;
mod migrate;
mod tls;

use std::{
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use axum::{Router, body::Body, extract::Request, http::StatusCode, routing::get};
use chrono::{TimeDelta, TimeZone, Utc};
use platform_config::Config;
use platform_error::{Code, Error, Result};
use platform_http::{Client, ClientSettings, Problem};
use platform_service::{Clock, Context, Host, Peer, Running, Service};
use platform_testing::TestService;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Settings {
    greeting: String,
}

#[derive(Clone)]
struct Store {
    context: Context,
    greeting: String,
    events: Arc<Mutex<Vec<&'static str>>>,
    starts: Arc<AtomicU32>,
}

impl Store {
    async fn open(context: Context) -> Result<Self> {
        let Settings { greeting } = context.settings()?;
        Ok(Self {
            context,
            greeting,
            events: Arc::default(),
            starts: Arc::default(),
        })
    }

    fn note(&self, event: &'static str) {
        self.events.lock().unwrap().push(event);
    }

    async fn close(self) -> Result<()> {
        self.note("closed");
        Ok(())
    }
}

struct Query(Store);

#[Object]
impl Query {
    async fn today(&self) -> String {
        format!("{} {}", self.0.greeting, self.0.context.clock().today())
    }
}

fn schema(store: &Store) -> Schema<Query, EmptyMutation, EmptySubscription> {
    platform_graphql::schema(Query(store.clone()), EmptyMutation, EmptySubscription).finish()
}

fn routes(store: &Store) -> Router {
    let store = store.clone();
    let id = move || async move { store.context.ids().v7().to_string() };
    let refuse = || async { Err::<(), _>(Problem(Error::new(Code::Conflict, "taken"))) };
    Router::new().route("/id", get(id)).route("/taken", get(refuse))
}

async fn work(context: Context, store: Store) -> Result<()> {
    store.starts.fetch_add(1, Relaxed);
    context.shutdown().cancelled().await;
    store.note("task ended");
    Ok(())
}

fn calendar() -> Service {
    Service::new("calendar", 0)
        .open(Store::open)
        .graphql(schema)
        .rest(routes)
        .task("work", work)
        .close(Store::close)
        .into()
}

pub(crate) fn host(settings: &str) -> (tempfile::TempDir, Host) {
    let folder = tempfile::tempdir().unwrap();
    let config = format!("[host]\ndata = \"{}\"\n{settings}", folder.path().display());
    (folder, Host::new(Config::parse(&config).unwrap(), Clock::system()))
}

async fn refused(host: Host) -> Error {
    match host.start().await {
        Ok(_) => panic!("the host started"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_service_answers_with_its_settings_and_a_clock_that_tests_move() {
    let calendar = TestService::with(calendar(), &[("calendar.greeting", "it is")]).await;

    let before = calendar.graphql("{ today }").await;
    calendar.clock().advance(TimeDelta::days(1));
    let after = calendar.graphql("{ today }").await;

    assert_eq!(before["data"]["today"], "it is 2026-01-15");
    assert_eq!(after["data"]["today"], "it is 2026-01-16");
    let sdl = calendar.get("/graphql/schema.graphql").await.text();
    assert!(sdl.contains("today: String!"), "{sdl}");
}

#[tokio::test]
async fn an_id_carries_the_time_of_the_clock() {
    let calendar = TestService::start(calendar()).await;

    let id: uuid::Uuid = calendar.get("/id").await.text().parse().unwrap();

    let noon = Utc.with_ymd_and_hms(2026, 1, 15, 12, 0, 0).unwrap();
    assert_eq!(
        id.get_timestamp().unwrap().to_unix().0,
        u64::try_from(noon.timestamp()).unwrap()
    );
}

#[tokio::test]
async fn probes_and_problems_are_there_without_asking() {
    let calendar = TestService::start(calendar()).await;

    for path in ["/livez", "/readyz", "/startupz", "/health", "/metrics"] {
        assert_eq!(calendar.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(calendar.get("/readyz").await.json()["status"], "ready");
    assert_eq!(calendar.get("/taken").await.json()["code"], "CONFLICT");
    assert_eq!(calendar.get("/nothing").await.json()["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_service_that_cannot_answer_is_not_ready_and_still_alive() {
    let away = async |_: Store| Err::<(), _>(Error::new(Code::Unavailable, "the catalog is away"));
    let service = Service::new("calendar", 0).open(Store::open).ready(away);
    let calendar = TestService::start(service).await;

    assert_eq!(calendar.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(calendar.get("/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn stopping_ends_tasks_before_it_closes_the_store() {
    let calendar = TestService::start(calendar()).await;
    let store: Store = calendar.store();
    while store.starts.load(Relaxed) == 0 {
        tokio::task::yield_now().await;
    }

    calendar.stop().await;

    assert_eq!(*store.events.lock().unwrap(), ["task ended", "closed"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_is_started_again() {
    let panics_once = async |context: Context, store: Store| -> Result<()> {
        assert!(store.starts.fetch_add(1, Relaxed) > 0, "the first time goes wrong");
        work(context, store).await
    };
    let service = Service::new("calendar", 0).open(Store::open).task("work", panics_once);
    let calendar = TestService::start(service).await;
    let store: Store = calendar.store();

    tokio::time::sleep(Duration::from_secs(5)).await;

    assert_eq!(store.starts.load(Relaxed), 3);
    calendar.stop().await;
}

#[tokio::test]
async fn a_host_listens_says_where_and_stops() {
    let (_folder, host) = host("[calendar]\nport = 0");
    let running = host.services([calendar()]).start().await.unwrap();
    let address = running.addresses()["calendar"];
    assert!(address.ip().is_loopback());
    let client = Client::new(&ClientSettings::default()).unwrap();
    let url = format!("http://{address}/livez");
    assert_eq!(client.send(client.get(&url)).await.unwrap().status(), StatusCode::OK);

    running.run_until(async {}).await;

    assert!(client.send(client.get(&url)).await.is_err());
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_setting_to_change() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (_folder, host) = host(&format!("[calendar]\nport = {port}"));

    let error = refused(host.services([calendar()])).await;

    let said = error.message();
    assert!(
        said.contains(&port.to_string()) && said.contains("in use") && said.contains("calendar.port"),
        "{said}"
    );
}

#[tokio::test]
async fn a_port_answers_that_its_service_is_starting() {
    let (opening, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, awaited) = (opening.clone(), go.clone());
    let service = Service::new("calendar", 0).open(move |context: Context| {
        let (told, awaited) = (told.clone(), awaited.clone());
        async move {
            told.notify_one();
            awaited.notified().await;
            Store::open(context).await
        }
    });
    let port = platform_testing::free_port();
    let (_folder, host) = host(&format!("[calendar]\nport = {port}"));
    let look = async {
        opening.notified().await;
        let peer = Peer::Remote(format!("http://127.0.0.1:{port}").parse().unwrap(), client());
        let probe = peer
            .call(Request::get("/startupz").body(Body::empty()).unwrap())
            .await
            .unwrap();
        let request = peer
            .call(Request::get("/id").body(Body::empty()).unwrap())
            .await
            .unwrap();
        go.notify_one();
        (
            probe.status(),
            request.status(),
            request.headers()["retry-after"].clone(),
        )
    };

    let (running, seen) = tokio::join!(host.services([service.into()]).start(), look);

    assert_eq!(
        seen,
        (
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::SERVICE_UNAVAILABLE,
            "1".parse().unwrap()
        )
    );
    running.unwrap().stop().await;
}

#[tokio::test]
async fn a_misspelt_setting_stops_the_start() {
    let (_a, host_a) = host("[calendar]\ngreting = \"hi\"");
    let (_b, host_b) = host("[calender]\ngreeting = \"hi\"");

    let key = refused(host_a.services([calendar()])).await;
    let section = refused(host_b.services([calendar()])).await;

    assert_eq!(
        key.message(),
        "unknown setting calendar.greting; known are greeting, port"
    );
    assert!(section.message().starts_with("unknown section [calender]"), "{section}");
}

#[tokio::test]
async fn a_peer_answers_alike_in_process_and_over_a_socket() {
    let (_folder, host) = host("");
    let running: Running = host.services([calendar()]).start().await.unwrap();
    let address = format!("http://{}", running.addresses()["calendar"]);
    let peers = [
        running.peer("calendar").unwrap(),
        Peer::Remote(address.parse().unwrap(), client()),
    ];

    for peer in peers {
        let answer = peer
            .call(Request::get("/taken?a=b").body(Body::empty()).unwrap())
            .await
            .unwrap();

        assert_eq!(answer.status(), StatusCode::CONFLICT);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    running.stop().await;
}

pub(crate) fn client() -> Client {
    Client::new(&ClientSettings::default()).unwrap()
}
