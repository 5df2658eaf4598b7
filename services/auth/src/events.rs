//! What this service tells the others, and what it answers when somebody asks what is known of them.

use contracts::{audit, privacy, sessions, users};
use platform_database::Tx;
use platform_events::{Cause, Event, Received};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    account, api_key, device, error::Result, identity, mail_change, passkey, recovery, session, store::Auth, totp,
};

/// Who does something to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Whose it is, or who has shown to be them.
    Owner,
    /// Somebody else, who may.
    Person(Uuid),
    /// Whoever runs the system.
    Operator,
}

/// Whoever runs the system, as the audit log names them.
const OPERATOR: &str = "service:operator";

impl By {
    fn actor(self, owner: Uuid) -> String {
        match self {
            Self::Owner => format!("user:{owner}"),
            Self::Person(id) => format!("user:{id}"),
            Self::Operator => OPERATOR.into(),
        }
    }
}

async fn publish(auth: &Auth, tx: &Tx, event: &impl Event, actor: String) -> Result<()> {
    let cause = Cause {
        actor: Some(actor),
        ..Cause::default()
    };
    auth.events.publish(tx, event, &cause).await?;
    Ok(())
}

async fn publish_of(auth: &Auth, tx: &Tx, event: &impl Event, user: Uuid) -> Result<()> {
    publish(auth, tx, event, By::Owner.actor(user)).await
}

/// Somebody has an account now.
pub(crate) async fn registered(auth: &Auth, tx: &Tx, account: &account::Model) -> Result<()> {
    let event = users::Registered {
        user: account.id,
        email: account.email.clone(),
        name: account.name.clone(),
        locale: account.locale.clone(),
    };
    publish_of(auth, tx, &event, account.id).await
}

/// An account has another mail address now.
pub(crate) async fn mail_changed(auth: &Auth, tx: &Tx, user: Uuid, email: &str) -> Result<()> {
    let email = email.to_owned();
    publish_of(auth, tx, &users::EmailChanged { user, email }, user).await?;
    audit(auth, tx, user, "mail_changed").await
}

/// An account is gone.
pub(crate) async fn deleted(auth: &Auth, tx: &Tx, user: Uuid) -> Result<()> {
    publish_of(auth, tx, &users::Deleted { user }, user).await
}

/// The tokens of a session, or of a key, are not to be believed any more.
pub(crate) async fn revoked(auth: &Auth, tx: &Tx, (session, user): (Uuid, Uuid), until: i64) -> Result<()> {
    publish_of(auth, tx, &sessions::Revoked { session, user, until }, user).await
}

/// Somebody who runs the system did something, which is to be found in the audit log.
pub(crate) async fn operated(auth: &Auth, tx: &Tx, action: &str, (kind, id): (&str, &str)) -> Result<()> {
    tracing::info!(action, target.id = id, "an operator changed something");
    let event = audit::Recorded {
        source: auth.context.service().to_owned(),
        action: action.into(),
        target_type: kind.into(),
        target_id: id.into(),
        outcome: audit::Outcome::Done,
        data: json!({}),
    };
    publish(auth, tx, &event, OPERATOR.into()).await
}

/// Somebody who may, or an operator, did something to an account.
pub(crate) async fn administrated(
    auth: &Auth,
    tx: &Tx,
    of_by: (Uuid, By),
    (action, data): (&'static str, Value),
) -> Result<()> {
    record(auth, tx, of_by, (action, audit::Outcome::Done, data)).await
}

/// Something happened to an account that its owner, or who looks after the system, may want to look up.
pub(crate) async fn audit(auth: &Auth, tx: &Tx, user: Uuid, action: &'static str) -> Result<()> {
    let done = (action, audit::Outcome::Done, json!({}));
    record(auth, tx, (user, By::Owner), done).await
}

/// The same of a session that begins or ends.
pub(crate) async fn of_session(auth: &Auth, tx: &Tx, session: &session::Model, done: Done) -> Result<()> {
    let (by, action, data) = match done {
        Done::Begun => {
            let data = json!({ "session": session.id, "method": session.method });
            (By::Owner, "signed_in", data)
        }
        Done::Ended(end) => {
            let data = json!({ "session": session.id, "why": end.why });
            (end.by, "session_ended", data)
        }
    };
    record(auth, tx, (session.account_id, by), (action, audit::Outcome::Done, data)).await
}

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// It began.
    Begun,
    /// It ended.
    Ended(session::End),
}

/// Somebody was refused what only the owner of an account can do.
pub(crate) async fn refused(auth: &Auth, tx: &Tx, user: Uuid, action: &'static str) -> Result<()> {
    let refused = (action, audit::Outcome::Refused, json!({}));
    record(auth, tx, (user, By::Owner), refused).await
}

async fn record(
    auth: &Auth,
    tx: &Tx,
    (user, by): (Uuid, By),
    (action, outcome, data): (&'static str, audit::Outcome, Value),
) -> Result<()> {
    tracing::info!(user.id = %user, action, ?outcome, "an account was used or changed");
    let event = audit::Recorded {
        source: auth.context.service().to_owned(),
        action: format!("accounts.{action}"),
        target_type: "user".into(),
        target_id: user.to_string(),
        outcome,
        data,
    };
    publish(auth, tx, &event, by.actor(user)).await
}

/// Answers with everything that is known here of somebody, and no secret.
pub(crate) async fn export(auth: &Auth, tx: &Tx, asked: Received<privacy::ExportRequested>) -> Result<()> {
    let user = asked.user;
    let Some(account) = account::find(tx, user).await? else {
        return Ok(());
    };
    let known = json!({
        "account": {
            "id": account.id,
            "email": account.email,
            "name": account.name,
            "locale": account.locale,
            "hasPassword": account.password_hash.is_some(),
            "passwordChangedAt": account.password_changed_at,
            "asksForCodes": totp::is_on(tx, user).await?,
            "recoveryCodes": recovery::left(tx, user).await?,
            "createdAt": account.created_at,
            "updatedAt": account.updated_at,
            "suspendedAt": account.suspended_at,
            "suspensionReason": account.suspension_reason,
        },
        "devices": device::list(tx, user).await?.iter().map(|device| json!({
            "createdAt": device.created_at, "lastUsedAt": device.last_used_at, "expiresAt": device.expires_at,
        })).collect::<Vec<_>>(),
        "mailChange": mail_change::of(tx, user).await?.map(|change| json!({
            "email": change.email, "createdAt": change.created_at, "expiresAt": change.expires_at,
        })),
        "sessions": session::all(tx, user).await?.iter().map(|session| {
            let mut known = json!(session);
            known["endedAt"] = json!(session.ended_at);
            known["endedWhy"] = json!(session.ended_why);
            known
        }).collect::<Vec<_>>(),
        "apiKeys": api_key::list(tx, user).await?,
        "passkeys": passkey::list(tx, user).await?,
        "identities": identity::list(tx, user).await?.iter().map(|identity| {
            let mut known = json!(identity);
            known["subject"] = json!(identity.subject);
            known
        }).collect::<Vec<_>>(),
    });
    for part in privacy::ExportPart::several(&asked, auth.context.service(), known) {
        auth.events.publish(tx, &part, &asked.cause()).await?;
    }
    Ok(())
}
