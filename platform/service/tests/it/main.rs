//! A small service, run by a real host.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod grpc;
mod hosted;
mod migrate;
mod probes;
mod stopping;
mod tls;
mod traced;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use axum::{Router, http::StatusCode, routing::get};
use chrono::{TimeDelta, TimeZone, Utc};
use platform_config::Config;
use platform_error::{Code, Error, Result};
use platform_http::{Client, ClientSettings, Problem};
use platform_service::{Clock, Context, Host, Service};
use platform_testing::TestService;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Settings {
    greeting: String,
}

#[derive(Clone)]
pub(crate) struct Store {
    context: Context,
    greeting: String,
    events: Arc<Mutex<Vec<&'static str>>>,
    starts: Arc<AtomicU32>,
}

impl Store {
    pub(crate) async fn open(context: Context) -> Result<Self> {
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

pub(crate) fn calendar() -> Service {
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

pub(crate) fn client() -> Client {
    Client::new(&ClientSettings::default()).unwrap()
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

    let ready = calendar.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json()["status"], "not ready");
    assert_eq!(ready.json()["reason"], "the catalog is away");
    assert_eq!(calendar.get("/livez").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_say_whether_it_can_answer_is_not_ready() {
    let silent = async |_: Store| std::future::pending::<Result<()>>().await;
    let service = Service::new("calendar", 0).open(Store::open).ready(silent);
    let calendar = TestService::start(service).await;

    let probe = tokio::time::timeout(Duration::from_secs(5), calendar.get("/readyz")).await;

    let ready = probe.expect("a probe is answered");
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json()["status"], "not ready");
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
