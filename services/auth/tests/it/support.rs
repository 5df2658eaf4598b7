//! The service on a database of each kind, browsers and programs that use it, and the mails it sends.

mod agent;
mod authenticator;
mod judge;
mod mailbox;
mod provider;
mod smtp;

use std::{collections::BTreeMap, time::Duration};

use auth::store::Auth;
use axum::http::HeaderMap;
use platform_jobs::{Filter, JobState};
use platform_testing::{Answer, TestPostgres, TestService};
use serde_json::{Value, json};

pub(crate) use agent::Agent;
pub(crate) use authenticator::Authenticator;
pub(crate) use judge::Judge;
pub(crate) use mailbox::token_in;
pub(crate) use provider::{Person, Provider};
pub(crate) use smtp::{GONE, MailServer};

pub(crate) const PASSWORD: &str = "a quiet harbour at dawn";
pub(crate) const OTHER_PASSWORD: &str = "seven lanterns over water";
pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const BOB: &str = "bob@example.com";

/// Hashes cost next to nothing here; how many there are is the same.
const CHEAP: [(&str, &str); 5] = [
    ("passwords.memory", "64KiB"),
    ("passwords.iterations", "1"),
    ("auth.longest-pause", "20ms"),
    ("jobs.poll", "20ms"),
    ("events.poll", "20ms"),
];

/// A running service.
pub(crate) struct Site {
    pub(crate) service: TestService,
    _postgres: Option<TestPostgres>,
}

/// The service on each kind of database that this machine has.
pub(crate) async fn sites(settings: &[(&str, &str)]) -> Vec<Site> {
    let mut sites = vec![Site::start(settings, None).await];
    if let Some(postgres) = TestPostgres::start().await {
        sites.push(Site::start(settings, Some(postgres)).await);
    }
    sites
}

impl Site {
    /// The service on a file, or on a server.
    pub(crate) async fn start(settings: &[(&str, &str)], postgres: Option<TestPostgres>) -> Self {
        let mut all: BTreeMap<&str, &str> = CHEAP.into();
        all.extend([("database.min-connections", "0"), ("database.max-connections", "8")]);
        // The log of events has tests of its own, and keeps its connections.
        all.insert("database.services.events", "");
        all.extend(postgres.iter().map(|postgres| ("database.url", postgres.url())));
        all.extend(settings.iter().copied());
        let all: Vec<_> = all.into_iter().collect();
        Self {
            service: TestService::with(auth::service(), &all).await,
            _postgres: postgres,
        }
    }

    /// Stops the service, and gives its connections back.
    pub(crate) async fn stop(self) {
        self.service.stop().await;
    }

    pub(crate) fn auth(&self) -> Auth {
        self.service.store()
    }

    /// Changes the database behind the service's back.
    pub(crate) async fn change(&self, sql: &str) {
        use platform_database::orm::ConnectionTrait;
        let tx = self.auth().db.begin().await.unwrap();
        tx.execute_unprepared(sql).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, time: Duration) {
        self.service.clock().advance(chrono::TimeDelta::from_std(time).unwrap());
    }

    /// Somebody who has registered, proven the address, and is signed in as a program.
    pub(crate) async fn member(&self, email: &str) -> Agent {
        let mut agent = Agent::new("192.0.2.1");
        let token = self.registered(email).await;
        let answer = agent
            .post(
                self,
                "/auth/register/verify",
                json!({ "token": token, "password": PASSWORD }),
            )
            .await;
        agent.take(&granted(&answer));
        agent
    }

    /// The same in a browser, with cookies.
    pub(crate) async fn visitor(&self, email: &str) -> Agent {
        self.member(email).await;
        let mut agent = Agent::new("192.0.2.1");
        let answer = agent.sign_in(self, email, PASSWORD, "cookie").await;
        granted(&answer);
        agent
    }

    /// Registers an address and gives the token of the mail.
    pub(crate) async fn registered(&self, email: &str) -> String {
        let mut agent = Agent::new("192.0.2.1");
        let body = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
        let answer = agent.post(self, "/auth/register", body).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        self.link_to(email, "verify").await
    }

    /// The newest token of a kind that was mailed to an address.
    pub(crate) async fn link_to(&self, email: &str, what: &str) -> String {
        let mails = mailbox::wait_for(self.service.folder(), email, &format!("#{what}=")).await;
        mailbox::token_in(mails.last().unwrap(), what)
    }

    /// All mails to an address, once there is one with this text.
    pub(crate) async fn mails_to(&self, email: &str, text: &str) -> Vec<String> {
        mailbox::wait_for(self.service.folder(), email, text).await
    }

    /// All mails to an address until now, once nothing more is under way.
    pub(crate) async fn all_mails_to(&self, email: &str) -> Vec<String> {
        self.settled().await;
        mailbox::to(self.service.folder(), email)
    }

    /// Waits until no mail waits to be sent.
    pub(crate) async fn settled(&self) {
        let jobs = self.auth().jobs.clone();
        let under_way = async |state| {
            let filter = Filter {
                state: Some(state),
                kind: Some("auth.mail".into()),
                ..Filter::default()
            };
            !jobs.list(&filter, 1).await.unwrap().is_empty()
        };
        while under_way(JobState::Ready).await || under_way(JobState::Running).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Switches codes on for somebody and gives the secret and the recovery codes.
    pub(crate) async fn with_totp(&self, agent: &mut Agent) -> (String, Vec<String>) {
        let begun = ok(&agent.post(self, "/auth/totp", json!({})).await);
        let secret = begun["secret"].as_str().unwrap().to_owned();
        let code = self.code(&secret);
        let enabled = ok(&agent.post(self, "/auth/totp/confirm", json!({ "code": code })).await);
        let codes = enabled["recoveryCodes"].as_array().unwrap();
        let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        self.wait(Duration::from_secs(30));
        (secret, codes)
    }

    /// What an authenticator shows now.
    pub(crate) fn code(&self, secret: &str) -> String {
        let now = u64::try_from(self.service.clock().now().timestamp()).unwrap();
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        let totp = totp_rs::Builder::new()
            .with_secret(secret.as_bytes().to_vec())
            .build_noncompliant();
        totp.generate(now).to_string()
    }
}

/// The body of an answer that must be good.
pub(crate) fn ok(answer: &Answer) -> Value {
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text());
    match answer.body.is_empty() {
        true => Value::Null,
        false => answer.json(),
    }
}

/// The body of an answer to somebody who must be signed in by it.
pub(crate) fn granted(answer: &Answer) -> Value {
    let body = ok(answer);
    assert!(body["session"].is_string(), "{body}");
    body
}

/// Asserts that an answer is a problem document with this status, and gives it.
pub(crate) fn problem(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    answer.json()
}

/// The token of a header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("authorization")?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.to_owned())
}

/// A column of bytes of a table, all rows.
pub(crate) async fn bytes_in(site: &Site, table: &str, column: &str) -> Vec<Vec<u8>> {
    use platform_database::orm::{ConnectionTrait, Statement};
    let auth = site.auth();
    let db = auth.db.read();
    let select = Statement::from_string(db.get_database_backend(), format!("select {column} from {table}"));
    let rows = db.query_all_raw(select).await.unwrap();
    rows.iter().map(|row| row.try_get("", column).unwrap()).collect()
}
