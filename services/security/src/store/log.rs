//! Writing changes into the audit log, telling others of them, and looking into the log.

use std::slice;

use contracts::access::{GrantsChanged, RolesChanged};
use platform_database::{Connection, PageArgs, orm::sea_query::Expr};
use serde_json::Value;
use uuid::Uuid;

use super::{Ask, Store, memory};
use crate::{
    actor::Actor,
    audit::{self, Anchor, Chain, Entry, Outcome, Search, Verified},
    catalog::RoleKey,
    error::Error,
    filter::{Columns, Ids},
    grant,
    place::Target,
    role,
    subject::Subject,
};

/// A change of roles or grants.
pub(super) struct Change {
    action: &'static str,
    target: (String, String),
    workspace: Option<Uuid>,
    facts: Value,
    /// Whose standing it changes: one subject's, or everybody's.
    whose: Option<Subject>,
}

impl Change {
    pub(super) fn role(action: &'static str, row: &role::Model, facts: Value) -> Self {
        Self {
            action,
            target: ("role".into(), RoleKey::custom(row.id).to_string()),
            workspace: row.workspace,
            facts,
            whose: None,
        }
    }

    pub(super) fn grant(action: &'static str, row: &grant::Model, facts: Value) -> Self {
        Self {
            action,
            target: ("subject".into(), row.subject.clone()),
            workspace: row.workspace,
            facts,
            whose: memory::subject_of(&row.subject),
        }
    }

    /// A subject lost roles by what happened elsewhere.
    pub(super) fn erased(subject: &Subject, (workspace, facts): (Option<Uuid>, Value)) -> Self {
        Self {
            action: "grants.erased",
            target: ("subject".into(), subject.to_string()),
            workspace,
            facts,
            whose: Some(subject.clone()),
        }
    }

    /// A workspace is gone, and with it its roles and grants.
    pub(super) fn dissolved(workspace: Uuid, facts: Value) -> Self {
        Self {
            action: "roles.dissolved",
            target: ("workspace".into(), workspace.to_string()),
            workspace: Some(workspace),
            facts,
            whose: None,
        }
    }
}

impl Store {
    /// Writes a change down, and forgets what it changes once it is committed.
    pub(super) async fn log(&self, chain: &mut Chain<'_>, actor: &Actor, change: Change) -> Result<(), Error> {
        let entry = Entry {
            id: self.0.ids.v7(),
            actor: actor.subject.to_string(),
            source: "security".into(),
            workspace: change.workspace,
            action: change.action.into(),
            target: change.target,
            outcome: Outcome::Done,
            data: change.facts,
        };
        let role = Some(entry.target.1.clone()).filter(|_| entry.target.0 == "role");
        chain.append(entry).await?;
        match &change.whose {
            Some(subject) => {
                let subject = subject.to_string();
                self.publish(chain.tx(), &GrantsChanged { subject }, &actor.cause)
                    .await?;
            }
            None => {
                let workspace = change.workspace;
                self.publish(chain.tx(), &RolesChanged { role, workspace }, &actor.cause)
                    .await?;
            }
        }
        let (store, whose) = (self.clone(), change.whose);
        chain.tx().on_commit(move || match &whose {
            Some(subject) => store.0.memory.forget(subject),
            None => store.0.memory.forget_all(),
        });
        Ok(())
    }

    /// Writes down that an order was refused, when it was refused for want of rights.
    pub(crate) async fn noted<T>(
        &self,
        actor: &Actor,
        action: &'static str,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        let Err(error) = &result else { return result };
        let is_attempt = matches!(
            error,
            Error::NotAllowed { .. } | Error::Escalation(_) | Error::BuiltIn(_) | Error::LastAdministrator(_)
        );
        if is_attempt && self.0.memory.is_first_refusal(&actor.subject, action) {
            let entry = Entry {
                id: self.0.ids.v7(),
                actor: actor.subject.to_string(),
                source: "security".into(),
                workspace: None,
                action: action.into(),
                target: (String::new(), String::new()),
                outcome: Outcome::Refused,
                data: serde_json::json!({ "reason": error.to_string() }),
            };
            self.record(entry).await?;
        }
        result
    }

    /// Writes down what another service saw. The same id is written down once.
    pub async fn record(&self, entry: Entry) -> Result<(), Error> {
        let tx = self.db().begin().await?;
        self.record_in(&tx, entry).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn record_in(&self, tx: &platform_database::Tx, entry: Entry) -> Result<(), Error> {
        let mut chain = Chain::hold(tx, &self.0.ring, self.0.clock.now()).await?;
        chain.append(entry).await
    }

    /// A page of the entries that the actor may see, the newest first.
    pub async fn search_audit(
        &self,
        actor: &Actor,
        wanted: &Search,
        args: &PageArgs,
    ) -> Result<Connection<audit::Model>, Error> {
        let ask = Ask::own(actor, "audit:view", Target::resource("audit", "")?);
        let visible = self.filter(&ask).await?;
        if visible.clauses.is_empty() {
            return self.nothing_to_see(actor, "audit:view");
        }
        let columns = Columns {
            workspace: Some(Expr::col(audit::Column::Workspace)),
            owner: None,
            id: Expr::col(audit::Column::Id),
            ids: Ids::Uuid,
        };
        audit::search(self.db().read(), wanted, visible.condition(&columns), args).await
    }

    /// Checks that the whole log is what was written.
    pub async fn verify_audit(&self, actor: &Actor, anchor: Option<&Anchor>) -> Result<Verified, Error> {
        self.require(actor, "audit:verify", &Target::everywhere()).await?;
        self.verify(anchor).await
    }

    /// The same for the command line, where nobody is asked who they are.
    pub async fn verify(&self, anchor: Option<&Anchor>) -> Result<Verified, Error> {
        let verified = audit::verify(self.db().read(), &self.0.ring, anchor.map_or(&[], slice::from_ref)).await?;
        if let Some(broken) = &verified.broken {
            tracing::error!(seq = broken.seq, what = %broken.what, "the audit log is not what was written");
        }
        Ok(verified)
    }

    pub(super) fn nothing_to_see<T>(&self, actor: &Actor, permission: &str) -> Result<T, Error> {
        match actor.subject {
            Subject::Nobody => Err(Error::SignIn),
            _ => Err(super::guard::missing(permission, &Target::everywhere())),
        }
    }
}
