//! How a service asks `security` whether somebody may do something, and how long it goes by the answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;
use platform_auth::{Identity, Kind, Principal};
use platform_error::{Code, Error, Result};
use platform_resilience::{Fault, Guard, Policy, Refused};
use platform_service::Context;
use tokio::sync::oneshot;
use tonic::Status;
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::grpc::security::v1::{
    CheckPermissionRequest, Kind as SubjectKind, Resource, Subject, security_service_client::SecurityServiceClient,
};

/// The service that decides.
const JUDGE: &str = "security";
/// How long an answer usually holds here. `security` remembers for longer and forgets what changed; here a list or
/// somebody who tries again and again asks it once.
const HOLDS: Duration = Duration::from_secs(2);
const ANSWERS: u64 = 10_000;
/// How long is waited for an answer: whoever waits is somebody whose request is answered after it.
const PATIENCE: u64 = 2;
/// Failures in a row after which it is not asked for a while, and the seconds of that while.
const FAILURES: u32 = 3;
const PAUSE: u64 = 5;

/// The names of all permissions, one a line: written by `cargo run -p security --example permissions`.
const NAMES: &str = include_str!("../permissions.txt");

/// Whether something is the name of a permission.
pub fn is_permission(name: &str) -> bool {
    NAMES.lines().any(|known| known == name)
}

/// What a question is about. Nothing of it is looked up: the service that keeps a thing says where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct About {
    thing: Option<(&'static str, Uuid)>,
    /// The person whom the thing belongs to, or whom it is.
    owner: Option<Uuid>,
    workspace: Option<Uuid>,
    /// What the person is in the workspace, as far as the asking service knows; empty for nothing.
    part: Option<&'static str>,
}

/// Asks what somebody may do. Cheap to clone; clones share their answers.
#[derive(Clone)]
pub struct Permissions(Arc<Inner>);

struct Inner {
    context: Context,
    identity: Identity,
    guard: Guard,
    answers: Option<Cache<Question, bool>>,
    forgotten: AtomicU64,
}

/// Whose question, for what, about what. Two tokens of one person that allow different things are two.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    /// How often answers were forgotten before it was asked: one that was on its way then does not count after.
    forgotten: u64,
    who: String,
    permission: &'static str,
    about: About,
}

impl About {
    /// What belongs to the whole system.
    pub fn everything() -> Self {
        Self::default()
    }

    /// One thing, such as a chart.
    pub fn thing(kind: &'static str, id: Uuid) -> Self {
        Self {
            thing: Some((kind, id)),
            ..Self::default()
        }
    }

    /// A person to whom something is done. An administrative permission allows it only to who holds all administrative
    /// ones that the person holds everywhere.
    pub fn person(id: Uuid) -> Self {
        Self {
            owner: Some(id),
            ..Self::thing("user", id)
        }
    }

    /// A workspace, asked about by a service that does not know who is in it.
    pub fn place(id: Uuid) -> Self {
        Self {
            workspace: Some(id),
            ..Self::default()
        }
    }

    /// A workspace, asked about by the service that keeps who is in it: it says what the person is there, which it
    /// knows before `security` hears of it.
    pub fn workspace(id: Uuid, part: Option<&'static str>) -> Self {
        Self {
            part: Some(part.unwrap_or_default()),
            ..Self::place(id)
        }
    }

    fn resource(&self) -> Option<Resource> {
        if *self == Self::default() {
            return None;
        }
        let (kind, id) = self.thing.unzip();
        let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        Some(Resource {
            r#type: kind.unwrap_or_default().into(),
            id: text(id),
            owner: text(self.owner),
            workspace: text(self.workspace),
            part: self.part.map(Into::into),
            ..Resource::default()
        })
    }
}

impl Permissions {
    /// Asks in the name of the service whose context and identity these are.
    pub fn open(context: &Context, identity: &Identity) -> Self {
        Self::holding(context, identity, HOLDS)
    }

    /// The same with answers that hold for so long; with zero each question is asked anew, also one that somebody else
    /// is asking at that moment.
    pub fn holding(context: &Context, identity: &Identity, holds: Duration) -> Self {
        let answers = Cache::builder().max_capacity(ANSWERS).time_to_live(holds).build();
        let policy = Policy {
            timeout: platform_config::Duration::from_secs(PATIENCE),
            retries: 0,
            breaker_failures: FAILURES,
            breaker_pause: platform_config::Duration::from_secs(PAUSE),
            ..Policy::default()
        };
        Self(Arc::new(Inner {
            context: context.clone(),
            identity: identity.clone(),
            guard: Guard::new(JUDGE, policy),
            answers: Some(answers).filter(|_| !holds.is_zero()),
            forgotten: AtomicU64::new(0),
        }))
    }

    /// Forgets all answers, those too that are on their way.
    pub fn forget(&self) {
        self.0.forgotten.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether the principal of a request may. It is an error where that cannot be decided now.
    pub async fn may(&self, principal: &Principal, permission: &'static str, about: &About) -> Result<bool> {
        let who = principal.identity().to_owned();
        self.answer(who, subject(principal)?, (permission, about)).await
    }

    /// Whether a person may whose token was verified when they began what is ended now. It is never asked for somebody
    /// whom a client names.
    pub async fn may_still(&self, person: Uuid, permission: &'static str, about: &About) -> Result<bool> {
        let who = format!("user:{person}");
        self.answer(who, subject_of(person), (permission, about)).await
    }

    async fn answer(&self, who: String, subject: Subject, (permission, about): (&'static str, &About)) -> Result<bool> {
        let question = Question {
            forgotten: self.0.forgotten.load(Ordering::Acquire),
            who,
            permission,
            about: *about,
        };
        let asking = self.ask(subject, (permission, about));
        match &self.0.answers {
            Some(answers) => answers.try_get_with(question, asking).await.map_err(|_| undecided()),
            None => asking.await,
        }
    }

    /// Asks beside the request that wants to know: in one process the question goes through all of another service, too
    /// deep for the stack of who comes through the gateway already. And others may wait for the answer who stay when
    /// that request is given up.
    async fn ask(&self, subject: Subject, (permission, about): (&'static str, &About)) -> Result<bool> {
        if self.0.context.peers().get(JUDGE).is_none() {
            return Err(undecided());
        }
        let request = CheckPermissionRequest {
            subject: Some(subject),
            permission: permission.into(),
            resource: about.resource(),
            explain: false,
        };
        let (tell, told) = oneshot::channel();
        let asking = self.clone();
        let ask = async move { drop(tell.send(asking.put(request).await)) };
        self.0.context.spawn("permission", ask.instrument(Span::current()));
        let answer = told.await.map_err(|_| undecided())?;
        answer.map_err(|_| undecided())
    }

    async fn put(&self, request: CheckPermissionRequest) -> Result<bool, Refused<Status>> {
        let attempt = || {
            let mut judge = SecurityServiceClient::new(self.0.identity.channel(JUDGE));
            let request = request.clone();
            async move { judge.check_permission(request).await }
        };
        let answer = self.0.guard.call(fault, attempt).await;
        // While it is left alone nothing new is known of it.
        if let Err(error @ (Refused::Failed(_) | Refused::Timeout { .. } | Refused::Full(_))) = &answer {
            tracing::warn!(%error, permission = request.permission, "nobody says who may do what");
        }
        Ok(answer?.into_inner().allowed)
    }
}

/// The principal of a request, as `security` is asked about it.
fn subject(principal: &Principal) -> Result<Subject> {
    let (kind, id) = match principal.kind {
        Kind::User => (SubjectKind::User, principal.user()?.to_string()),
        Kind::Key => (SubjectKind::Key, principal.user()?.to_string()),
        Kind::Service => (SubjectKind::Service, principal.service()?.to_owned()),
    };
    let workspace = principal.workspace.map(|workspace| workspace.to_string());
    Ok(Subject {
        kind: kind.into(),
        id,
        scopes: principal.scopes.iter().cloned().collect(),
        workspace: workspace.unwrap_or_default(),
    })
}

/// A person, as `security` is asked about them. Never whom a client names.
fn subject_of(person: Uuid) -> Subject {
    Subject {
        kind: SubjectKind::User.into(),
        id: person.to_string(),
        ..Subject::default()
    }
}

/// What a refusal to answer says of who was asked.
fn fault(status: &Status) -> Fault {
    match status.code() {
        tonic::Code::InvalidArgument | tonic::Code::PermissionDenied => Fault::Answer,
        _ => Fault::Once,
    }
}

/// That `security` does not say whether somebody may.
fn undecided() -> Error {
    Error::new(
        Code::Unavailable,
        "it cannot be decided now who may do this; try again in a moment",
    )
}
