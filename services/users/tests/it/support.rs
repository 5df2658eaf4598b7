//! The service with people in it, who ask with tokens of their own.

use std::sync::{Arc, Mutex};

use axum::{body::Body, http::Request};
use contracts::audit::Recorded;
use platform_database::Tx;
use platform_error::Error;
use platform_events::{Cause, Consumers, Event, Received};
use platform_testing::{Answer, TestIssuer, TestPostgres, TestRedis, TestService, eventually};
use serde_json::{Value, json};
use users::store::Store;
use uuid::Uuid;

/// The service under test.
pub(crate) struct Users {
    pub(crate) service: TestService,
    pub(crate) issuer: Arc<TestIssuer>,
    _postgres: Option<Arc<TestPostgres>>,
}

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) token: String,
}

/// What was written down for the audit log.
#[derive(Clone, Default)]
pub(crate) struct Deeds(Arc<Mutex<Vec<Recorded>>>);

impl Deeds {
    /// Those whose action begins so.
    pub(crate) fn of(&self, action: &str) -> Vec<Recorded> {
        let deeds = self.0.lock().unwrap();
        let found = deeds.iter().filter(|deed| deed.action.starts_with(action));
        found.cloned().collect()
    }
}

async fn recorded(deeds: &Deeds, _: &Tx, event: Received<Recorded>) -> Result<(), Error> {
    deeds.0.lock().unwrap().push(event.event);
    Ok(())
}

impl Users {
    async fn start(postgres: Option<TestPostgres>, other: &[(&str, &str)]) -> Self {
        Self::among(Arc::default(), (postgres.map(Arc::new), None), other).await
    }

    /// Two processes over one database and one Redis, where the machine has both.
    pub(crate) async fn replicas() -> Option<([Self; 2], TestRedis)> {
        let (postgres, redis) = (Arc::new(TestPostgres::start().await?), TestRedis::start().await?);
        let issuer = Arc::<TestIssuer>::default();
        let start = async || Self::among(issuer.clone(), (Some(postgres.clone()), Some(&redis)), &[]).await;
        Some(([start().await, start().await], redis))
    }

    async fn among(
        issuer: Arc<TestIssuer>,
        (postgres, redis): (Option<Arc<TestPostgres>>, Option<&TestRedis>),
        other: &[(&str, &str)],
    ) -> Self {
        let mut settings = issuer.settings();
        // Many tests share one PostgreSQL.
        settings.push(("database.min-connections".into(), "0".into()));
        settings.push(("database.max-connections".into(), "3".into()));
        settings.extend(other.iter().map(|(key, value)| ((*key).into(), (*value).into())));
        settings.extend(
            postgres
                .as_ref()
                .map(|postgres| ("database.url".into(), postgres.url().into())),
        );
        settings.extend(redis.map(|redis| ("cache.redis".into(), redis.url())));
        let settings: Vec<_> = settings
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let service = TestService::with(users::service(), &settings).await;
        Self {
            service,
            issuer,
            _postgres: postgres,
        }
    }

    /// The service on PostgreSQL, where several write at once.
    pub(crate) async fn on_postgres() -> Option<Self> {
        let some = &[("database.max-connections", "6")];
        Some(Self::start(Some(TestPostgres::start().await?), some).await)
    }

    /// The service stopped and started again over what it kept.
    pub(crate) async fn restarted(self) -> Self {
        let service = self.service.restart(users::service()).await;
        Self { service, ..self }
    }

    /// What is written down for the audit log from now on.
    pub(crate) fn deeds(&self) -> Deeds {
        let (deeds, events) = (Deeds::default(), self.service.store::<Store>().events);
        let listener = deeds.clone();
        self.service.context().spawn("listener", async move {
            let consumers = Consumers::new().on("listener", recorded);
            consumers.run(&events, &listener).await.unwrap();
        });
        deeds
    }

    /// The service on every database that this machine has.
    pub(crate) async fn everywhere() -> Vec<Self> {
        Self::everywhere_with(&[]).await
    }

    /// The same with other settings.
    pub(crate) async fn everywhere_with(other: &[(&str, &str)]) -> Vec<Self> {
        let mut all = vec![Self::start(None, other).await];
        if let Some(postgres) = TestPostgres::start().await {
            all.push(Self::start(Some(postgres), other).await);
        }
        all
    }

    /// Tells the service something, as another would.
    pub(crate) async fn tell<E: Event>(&self, event: &E) {
        let store: Store = self.service.store();
        let tx = store.db.begin().await.unwrap();
        store.events.publish(&tx, event, &Cause::default()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Ada, Bob and Eve.
    pub(crate) async fn three(&self) -> (Person, Person, Person) {
        (
            self.person("ada").await,
            self.person("bob").await,
            self.person("eve").await,
        )
    }

    /// Saves the series FRED:GDP with a note.
    pub(crate) async fn save_gdp(&self, person: &Person) {
        let save = "mutation { saveSeries(series: \"FRED:GDP\", note: \"output\") { note } }";
        self.data(person, save, json!({})).await;
    }

    /// Somebody who has registered, and whose profile has arrived.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let id = self.service.context().ids().v7();
        let person = Person {
            id,
            token: self.issuer.user(id),
        };
        let (email, name) = (format!("{name}@example.com"), Some(name.to_owned()));
        self.tell(&contracts::users::Registered {
            user: id,
            email,
            name,
            locale: None,
        })
        .await;
        self.until("the profile arrives", async || {
            self.ask(&person, "{ me { name } }").await["data"]["me"].is_object()
        })
        .await;
        person
    }

    /// What a person is answered, with `data` and `errors`.
    pub(crate) async fn ask(&self, person: &Person, query: &str) -> Value {
        self.ask_with(person, query, json!({})).await
    }

    /// The same with variables.
    pub(crate) async fn ask_with(&self, person: &Person, query: &str, variables: Value) -> Value {
        // Ids sort by the time they were made at.
        self.service.clock().advance(chrono::TimeDelta::milliseconds(1));
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = Request::post("/graphql").header("content-type", "application/json");
        self.send(
            request
                .header("authorization", format!("Bearer {}", person.token))
                .body(body.into())
                .unwrap(),
        )
        .await
        .json()
    }

    /// The data of an answer without errors.
    pub(crate) async fn data(&self, person: &Person, query: &str, variables: Value) -> Value {
        let answer = self.ask_with(person, query, variables).await;
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// The code of the first error.
    pub(crate) async fn refusal(&self, person: &Person, query: &str, variables: Value) -> String {
        let answer = self.ask_with(person, query, variables).await;
        let code = &answer["errors"][0]["extensions"]["code"];
        code.as_str()
            .unwrap_or_else(|| panic!("{query} is not refused: {answer}"))
            .to_owned()
    }

    /// The answer to a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.service.request(request).await
    }

    /// Waits for what follows from an event.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        eventually(what, holds).await;
    }
}
