//! Whoever says who belongs to a workspace and who administrates: answers on the wire as `security` does, for those that it
//! was told of.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::post,
};

use super::bearer;

const ASKED: &str = "/security.v1.SecurityService/CheckPermission";

/// A judge. Its server ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Judge {
    address: String,
    said: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    members: BTreeSet<(String, String)>,
    holders: BTreeSet<(String, String)>,
    /// Whom nobody administrates: they may administrate more.
    above: BTreeSet<String>,
    is_away: bool,
    /// The tokens of those who asked.
    asked_by: Vec<String>,
}

impl Judge {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let judge = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            said: Arc::default(),
        };
        let router = Router::new().route(ASKED, post(answer)).with_state(judge.clone());
        #[expect(clippy::disallowed_methods, reason = "the server ends with the test")]
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        judge
    }

    /// The setting that lets a service ask here.
    pub(crate) fn setting(&self) -> (&str, &str) {
        ("peers.security", &self.address)
    }

    /// From now on somebody belongs to a workspace.
    pub(crate) fn lets_in(&self, user: &str, workspace: &str) {
        let member = (user.to_owned(), workspace.to_owned());
        self.said.lock().unwrap().members.insert(member);
    }

    /// From now on somebody has these permissions everywhere.
    pub(crate) fn gives(&self, user: &str, permissions: &[&str]) {
        let held = permissions.iter().map(|held| (user.to_owned(), (*held).to_owned()));
        self.said.lock().unwrap().holders.extend(held);
    }

    /// From now on nobody administrates this person.
    pub(crate) fn is_above_all(&self, user: &str) {
        self.said.lock().unwrap().above.insert(user.to_owned());
    }

    /// From now on nobody belongs anywhere.
    pub(crate) fn turns_all_out(&self) {
        self.said.lock().unwrap().members.clear();
    }

    /// Does not answer any more, or again.
    pub(crate) fn is_away(&self, is_away: bool) {
        self.said.lock().unwrap().is_away = is_away;
    }

    /// The token of whoever asked last.
    pub(crate) fn asked_by(&self) -> String {
        self.said.lock().unwrap().asked_by.last().cloned().unwrap()
    }
}

impl Said {
    /// In a question come first who would act, then the permission, then what it is about.
    fn is_administrator(&self, question: &[u8]) -> bool {
        let at = |text: &str| question.windows(text.len()).position(|part| part == text.as_bytes());
        self.holders.iter().any(|(user, permission)| {
            let Some(place) = at(permission) else { return false };
            let is_above = self
                .above
                .iter()
                .any(|above| at(above).is_some_and(|above| above > place));
            at(user).is_some_and(|user| user < place) && !is_above
        })
    }
}

/// Texts stand in a message as they are.
async fn answer(State(judge): State<Judge>, headers: HeaderMap, question: Bytes) -> Response {
    let mut said = judge.said.lock().unwrap();
    said.asked_by.extend(bearer(&headers));
    let has = |text: &str| question.windows(text.len()).any(|part| part == text.as_bytes());
    let is_member = said.members.iter().any(|(user, workspace)| has(user) && has(workspace));
    let may = (is_member && has("workspace:view")) || said.is_administrator(&question);
    let message: &[u8] = match may {
        true => &[0, 0, 0, 0, 2, 0x08, 1],
        false => &[0, 0, 0, 0, 0],
    };
    let status = if said.is_away { "14" } else { "0" };
    let headers = [("content-type", "application/grpc"), ("grpc-status", status)];
    (headers, message.to_vec()).into_response()
}
