//! A script that people follow on a system: what each step was answered, made comparable, is kept.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use platform_http::Method;
use serde_json::{Value, json};

use super::{plain::Plain, system::System};

/// Longer than anything takes that follows from an event, also on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a session may go on somewhere that has ended: services ask every two seconds.
const SECONDS: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(50);

/// Somebody who uses the system.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) id: Value,
    pub(crate) token: String,
}

impl Person {
    /// The same with another token: another session, or a key.
    pub(crate) fn by(&self, name: &'static str, token: &Value) -> Self {
        Self {
            name,
            token: token.as_str().expect("a token is text").to_owned(),
            ..self.clone()
        }
    }

    /// How roles name them.
    pub(crate) fn subject(&self) -> String {
        format!("user:{}", self.id.as_str().expect("an id is text"))
    }
}

/// One step and its answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) what: String,
    pub(crate) answer: Value,
}

/// People at work on a system.
pub(crate) struct Script<'s> {
    pub(crate) system: &'s System,
    /// What must be in no log.
    pub(crate) secrets: BTreeSet<String>,
    plain: Plain,
    steps: Vec<Step>,
}

impl<'s> Script<'s> {
    pub(crate) fn new(system: &'s System) -> Self {
        Self {
            system,
            secrets: BTreeSet::new(),
            plain: Plain::default(),
            steps: Vec::new(),
        }
    }

    /// All steps until now.
    pub(crate) fn steps(self) -> Vec<Step> {
        self.steps
    }

    /// Keeps a step.
    pub(crate) fn note(&mut self, what: String, answer: &Value) {
        let (what, answer) = (self.plain.text(&what), self.plain.value(answer, &mut self.secrets));
        self.steps.push(Step { what, answer });
    }

    /// What somebody gets by the gateway who may have it.
    pub(crate) async fn data(&mut self, who: &Person, query: &str, variables: Value) -> Value {
        let answer = self.ask(who, query, &variables).await;
        assert!(
            answer["errors"].is_null(),
            "{}: {} {query}: {answer}",
            self.system.name,
            who.name
        );
        self.note(format!("{}: {query}", who.name), &answer);
        answer["data"].clone()
    }

    /// The same for somebody who is refused with a code.
    pub(crate) async fn refused(&mut self, who: &Person, (query, variables): (&str, Value), code: &str) {
        let answer = self.ask(who, query, &variables).await;
        let given = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(given, code, "{}: {} {query}: {answer}", self.system.name, who.name);
        self.note(format!("{}: {query}", who.name), &answer);
    }

    /// The same for somebody who waits for what follows from an event.
    pub(crate) async fn until(&mut self, who: &Person, query: (&str, Value), holds: impl Fn(&Value) -> bool) -> Value {
        let what = format!("{}, in a while: {}", who.name, query.0);
        let data = self.wait_for(who, query, holds).await;
        self.note(what, &data);
        data
    }

    /// The same for an answer whose order is not told.
    pub(crate) async fn wait_for(
        &self,
        who: &Person,
        (query, variables): (&str, Value),
        holds: impl Fn(&Value) -> bool,
    ) -> Value {
        let started = Instant::now();
        loop {
            let answer = self.ask(who, query, &variables).await;
            if holds(&answer["data"]) {
                return answer["data"].clone();
            }
            let waited = started.elapsed();
            assert!(
                waited < PATIENCE,
                "{}: {} waits for {query}: {answer}",
                self.system.name,
                who.name
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What `auth` answers by REST, with this status.
    pub(crate) async fn auth(&mut self, who: &Person, call: (Method, &str, Value), status: u16) -> Value {
        self.rest(who, ("auth", call.0, call.1, call.2), status).await
    }

    /// What a service answers by REST, with this status.
    pub(crate) async fn rest(&mut self, who: &Person, call: (&str, Method, &str, Value), status: u16) -> Value {
        let what = format!("{}: {} {} of {}: {status}", who.name, call.1, call.2, call.0);
        let answer = self.reply(who, call, status).await;
        self.note(what, &answer);
        answer
    }

    /// The same for an answer of which a part comes in its own time.
    pub(crate) async fn reply(&self, who: &Person, call: (&str, Method, &str, Value), status: u16) -> Value {
        let (service, method, path, body) = call;
        let what = format!("{}: {}: {method} {path} of {service}", self.system.name, who.name);
        let (given, answer) = self.send(&who.token, (service, method, path), &body).await;
        assert_eq!(given, status, "{what}: {answer}");
        answer
    }

    /// Waits until the gateway and each service refuse a token, and notes how.
    pub(crate) async fn shut_out(&mut self, who: &Person) {
        let doors: Vec<_> = self.system.urls.keys().copied().collect();
        let started = Instant::now();
        for door in doors {
            loop {
                let call = (door, Method::POST, "/graphql");
                let (status, answer) = self.send(&who.token, call, &json!({ "query": "{ __typename }" })).await;
                let code = &answer["errors"][0]["extensions"]["code"];
                if status == 401 || code == "UNAUTHENTICATED" {
                    self.note(format!("{} at {door}: {status}", who.name), &answer);
                    break;
                }
                let waited = started.elapsed();
                assert!(
                    waited < SECONDS,
                    "{}: {} comes in at {door}: {answer}",
                    self.system.name,
                    who.name
                );
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn ask(&self, who: &Person, query: &str, variables: &Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        self.send(&who.token, ("gateway", Method::POST, "/graphql"), &body)
            .await
            .1
    }

    async fn send(&self, token: &str, (service, method, path): (&str, Method, &str), body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.system.urls[service]);
        system_tests::send(method, &url, token, body).await
    }
}
