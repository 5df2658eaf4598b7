//! Who may read and who may write: everybody, or those to whom `security` gave the right.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context as Resolving, Guard};
use axum::{
    Router,
    extract::{Request, State},
    http::Method,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use contracts::permissions::{About, Permissions};
use platform_auth::{AuthError, Identity, Kind, Principal, caller};
use platform_database::DatabaseError;
use platform_error::{Code, Error, Result};
use platform_events::EventError;
use platform_graphql::to_graphql;
use platform_http::Problem;
use platform_service::{Context, HostSettings};
use serde::{Deserialize, Serialize};
use tokio::{sync::OnceCell, time::timeout};

use crate::deed::asked_by;
use crate::journal::Journal;
use crate::store::Store;

/// How long a decision holds here, where nobody tells of the change of a role.
const HOLDS: Duration = Duration::from_secs(10);
/// How long a start waits for the journal, without which everything can be read and nothing written.
const OPENING: Duration = Duration::from_secs(5);
const READ: &str = "data:read";
const WRITE: &str = "data:write";
const DELETE: &str = "data:delete";

/// To whom the service answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Everybody reads and writes: for one's own machine, where nobody else reaches it.
    Open,
    /// Everybody reads; those who may, write.
    Public,
    /// Those who may, read and write.
    Closed,
}

impl Access {
    /// What the settings say, or else what is usual.
    pub(crate) fn of(context: &Context, said: Option<Self>) -> Result<Self> {
        let host: HostSettings = context.section("host")?;
        let usual = if host.production { Self::Public } else { Self::Open };
        Ok(said.unwrap_or(usual))
    }
}

/// Asks who may do something, where not everybody may do everything. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Inner>);

struct Inner {
    access: Access,
    identity: Identity,
    permissions: Permissions,
    journal: OnceCell<Journal>,
}

impl Gate {
    /// A gate by the section `[identity]`; none where everybody may do everything.
    pub(crate) async fn open(context: &Context, access: Option<Access>) -> Result<Option<Self>> {
        let access = Access::of(context, access)?;
        if access == Access::Open {
            return Ok(None);
        }
        let identity = Identity::open(context)?;
        let gate = Self(Arc::new(Inner {
            access,
            permissions: Permissions::holding(context, &identity, HOLDS),
            identity,
            journal: OnceCell::new(),
        }));
        match timeout(OPENING, gate.opened(context)).await {
            Ok(Ok(_)) => {}
            Ok(Err(
                error @ (EventError::Bus(_) | EventError::Database(DatabaseError::Away(_) | DatabaseError::Busy(_))),
            )) => {
                let error = Error::from(error).in_full(usize::MAX);
                tracing::warn!(
                    error,
                    "nothing can be written until the service's own database is there"
                );
            }
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => tracing::warn!("nothing can be written until the service's own database answers"),
        }
        Ok(Some(gate))
    }

    /// The journal, once it is open.
    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.0.journal.get()
    }

    /// The journal, opened now if it is not.
    pub(crate) async fn opened(&self, context: &Context) -> Result<&Journal, EventError> {
        self.0.journal.get_or_try_init(|| Journal::open(context)).await
    }

    /// Forgets all decisions, those too that are on their way.
    pub(crate) fn forget(&self) {
        self.0.permissions.forget();
    }

    async fn may(&self, principal: Option<&Principal>, permission: &'static str) -> Result<()> {
        if self.0.access == Access::Public && permission == READ {
            return Ok(());
        }
        let principal = principal.ok_or(AuthError::Missing)?;
        // A key does at most what it was made for; a service of ours does its work.
        match principal.kind {
            Kind::Service => return Ok(()),
            Kind::Key => principal.require_scope(permission)?,
            Kind::User => {}
        }
        match self
            .0
            .permissions
            .may(principal, permission, &About::everything())
            .await?
        {
            true => Ok(()),
            false => Err(
                Error::new(Code::Forbidden, format!("you lack the permission {permission}"))
                    .with_hint("ask whoever manages roles for one that has it"),
            ),
        }
    }
}

/// Puts the questions who asks, and whether they may, before all routes of a store that has a gate.
pub(crate) fn protect(store: &Store, router: Router) -> Router {
    match store.gate() {
        None => router,
        Some(gate) => {
            let guarded = router.layer(from_fn_with_state(gate.clone(), check));
            gate.0.identity.protect(guarded)
        }
    }
}

async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let permission = permission(request.method(), request.uri().path());
    let principal = request.extensions().get::<Arc<Principal>>().cloned();
    match (gate.may(principal.as_deref(), permission).await, principal) {
        (Ok(()), Some(principal)) => asked_by(&principal, next.run(request)).await,
        (Ok(()), None) => next.run(request).await,
        (Err(error), _) => Problem::from(error).into_response(),
    }
}

/// What a request needs. Mutations are asked again, by [`May`].
fn permission(method: &Method, path: &str) -> &'static str {
    let only_reads = path.starts_with("/graphql") || path == "/api/v1/financial-data/panel";
    match *method {
        // Where files are is no business of readers.
        Method::GET | Method::HEAD if path.starts_with("/api/v1/lake/") => WRITE,
        Method::GET | Method::HEAD | Method::OPTIONS => READ,
        Method::POST if only_reads => READ,
        // Upkeep forgets history.
        Method::POST if path.starts_with("/api/v1/lake/") => DELETE,
        Method::DELETE => DELETE,
        _ => WRITE,
    }
}

/// Guards a field of GraphQL by a permission.
pub(crate) struct May(pub(crate) &'static str);

impl Guard for May {
    async fn check(&self, ctx: &Resolving<'_>) -> async_graphql::Result<()> {
        let store: &Store = ctx.data_unchecked();
        match store.gate() {
            None => Ok(()),
            Some(gate) => gate.may(caller(ctx), self.0).await.map_err(to_graphql),
        }
    }
}
