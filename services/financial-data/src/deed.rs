//! What somebody does here, for the audit log.
//!
//! It is written down before it is done, and the log is told of it with how it ended. So nothing is done that cannot be
//! written down, and nothing is missing from the log, wherever the process dies. The log is told who, what, of which
//! series and how many rows, and never a value. What the service does of its own accord is nobody's deed.

use std::sync::Arc;

use contracts::audit::{Outcome, Recorded};
use platform_auth::{Kind, Principal};
use platform_error::{Code, Error, Result};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::Gate;
use crate::journal::Deed;
use crate::series::{Series, SeriesId};
use crate::store::Store;

/// The series that an entry names; of others it says that they are there.
pub(crate) const NAMED: usize = 20;
/// The longest name in an entry: one that somebody chose must not make it larger than the log takes.
const LONGEST: usize = 200;

tokio::task_local! {
    /// Who asks, while their request is answered.
    static ASKER: Asker;
}

#[derive(Clone, Debug)]
struct Asker {
    name: String,
    /// The session or the key by which they ask.
    by: Option<(&'static str, Uuid)>,
}

/// Answers the request of a principal: what is done meanwhile is their deed.
pub(crate) async fn asked_by<T>(principal: &Principal, answer: impl Future<Output = T>) -> T {
    let name = match (principal.service(), principal.user()) {
        (Ok(service), _) => format!("service:{service}"),
        (_, Ok(user)) => format!("user:{user}"),
        _ => "nobody".to_owned(),
    };
    let by = match principal.kind {
        Kind::Key => "key",
        Kind::User | Kind::Service => "session",
    };
    let by = principal.session.map(|id| (by, id));
    ASKER.scope(Asker { name, by }, answer).await
}

/// What is about to be done, and what is known of it before.
pub(crate) struct Intent {
    /// What: `series.deleted`.
    pub(crate) action: &'static str,
    /// To what kind of thing: `series`.
    pub(crate) kind: &'static str,
    /// To which one, where there is only one.
    pub(crate) id: String,
    /// Other facts, an object.
    pub(crate) facts: Value,
}

impl Store {
    /// Does something that changes what is kept. Where somebody asks for it, it is written down; `told` adds what only
    /// the end shows.
    pub(crate) async fn record<T: Send>(
        &self,
        intent: Intent,
        act: impl Future<Output = Result<T>> + Send,
        told: impl FnOnce(&T, &mut Recorded) + Send,
    ) -> Result<T> {
        let Ok(asker) = ASKER.try_with(Asker::clone) else {
            return act.await;
        };
        let journal = self.gate().and_then(Gate::journal).ok_or_else(unwritten)?;
        let action = intent.action;
        let mut deed = self.deed(asker, intent);
        journal.begin(&deed).await.map_err(|error| {
            tracing::warn!(%error, action, "what somebody would do cannot be written down");
            unwritten()
        })?;
        let done = act.await;
        match &done {
            Ok(done) => told(done, &mut deed.event),
            Err(error) => {
                deed.event.outcome = Outcome::Failed;
                deed.event.data["code"] = error.code().as_str().into();
            }
        }
        if let Err(error) = journal.end(&deed).await {
            tracing::warn!(%error, action, "the audit log will be told that the end of a deed is not known");
        }
        done
    }

    fn deed(&self, asker: Asker, intent: Intent) -> Deed {
        let mut data = intent.facts;
        if let Some((by, id)) = asker.by {
            data[by] = json!(id);
        }
        if let Some(request) = platform_http::request_id() {
            data["request"] = request.into();
        }
        Deed {
            id: self.context().ids().v7(),
            actor: asker.name,
            event: Recorded {
                source: self.context().service().to_owned(),
                action: intent.action.to_owned(),
                target_type: intent.kind.to_owned(),
                target_id: short(&intent.id),
                outcome: Outcome::Done,
                data,
            },
        }
    }
}

fn unwritten() -> Error {
    let text = "this cannot be written down for the audit log now, and so it is not done; try again in a moment";
    Error::new(Code::Unavailable, text)
}

/// Some series that somebody does something with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched(Vec<SeriesId>);

impl Touched {
    /// These too, as long as there is room.
    pub(crate) fn add(&mut self, series: impl IntoIterator<Item = SeriesId>) {
        for id in series {
            if self.0.len() > NAMED {
                return;
            }
            if !self.0.contains(&id) {
                self.0.push(id);
            }
        }
    }

    /// What another part of the batch is about too.
    pub(crate) fn join(&mut self, other: Self) {
        self.add(other.0);
    }

    /// Names them in an entry. Where there is only one, it is the target.
    pub(crate) fn tell(&self, store: &Store, event: &mut Recorded) {
        let known: Vec<Arc<Series>> = self.0.iter().filter_map(|id| store.series(*id).ok()).collect();
        if let ([only], [_]) = (&known[..], &self.0[..]) {
            event.target_id = only.id.to_string();
        }
        let named = |series: &Arc<Series>| name(&store.source_name(series), &series.external_id);
        event.data["series"] = known.iter().take(NAMED).map(named).collect();
        if self.0.len() > NAMED {
            event.data["moreSeries"] = true.into();
        }
    }
}

/// The name of a series in an entry.
pub(crate) fn name(source: &str, external_id: &str) -> Value {
    short(&format!("{source}:{external_id}")).into()
}

/// The beginning of a name that somebody chose.
pub(crate) fn short(name: &str) -> String {
    name.chars().take(LONGEST).collect()
}
