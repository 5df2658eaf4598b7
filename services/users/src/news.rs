//! What this service tells others.

use contracts::{
    audit::{Outcome, Recorded},
    privacy::ExportRequested,
    workspaces::{Deleted, MemberChanged},
};
use platform_database::Tx;
use platform_error::Error as Outer;
use platform_events::Cause;
use serde_json::Value;
use uuid::Uuid;

use crate::{error::Error, store::Store, workspace::Role};

/// Something that people may want to look up later: who did it, what, to which kind of thing, and facts without secrets.
pub(crate) struct Deed<'a> {
    pub(crate) by: Uuid,
    pub(crate) workspace: Option<Uuid>,
    pub(crate) action: &'static str,
    pub(crate) target: (&'a str, Uuid),
    pub(crate) facts: Value,
}

/// Has something written down in the audit log.
pub(crate) async fn done(tx: &Tx, store: &Store, deed: Deed<'_>) -> Result<(), Error> {
    let event = Recorded {
        source: store.context.service().to_owned(),
        action: deed.action.to_owned(),
        target_type: deed.target.0.to_owned(),
        target_id: deed.target.1.to_string(),
        outcome: Outcome::Done,
        data: deed.facts,
    };
    let cause = Cause {
        actor: Some(format!("user:{}", deed.by)),
        workspace: deed.workspace,
        ..Cause::default()
    };
    store.events.publish(tx, &event, &cause).await.map_err(Outer::from)?;
    Ok(())
}

/// The same for what was done to a workspace.
pub(crate) async fn of_workspace(
    tx: &Tx,
    store: &Store,
    (by, workspace): (Uuid, Uuid),
    (action, facts): (&'static str, Value),
) -> Result<(), Error> {
    let deed = Deed {
        by,
        workspace: Some(workspace),
        action,
        target: ("workspace", workspace),
        facts,
    };
    done(tx, store, deed).await
}

/// Somebody's part in a workspace changed.
pub(crate) async fn member_changed(
    tx: &Tx,
    store: &Store,
    (workspace, user): (Uuid, Uuid),
    role: Option<Role>,
) -> Result<(), Error> {
    let role = role.map(|role| role.name().to_owned());
    let event = MemberChanged { workspace, user, role };
    let cause = Cause {
        workspace: Some(workspace),
        ..Cause::default()
    };
    store.events.publish(tx, &event, &cause).await.map_err(Outer::from)?;
    Ok(())
}

/// A workspace is gone.
pub(crate) async fn workspace_deleted(tx: &Tx, store: &Store, by: Uuid, workspace: Uuid) -> Result<(), Error> {
    let cause = Cause {
        actor: Some(format!("user:{by}")),
        workspace: Some(workspace),
        ..Cause::default()
    };
    store
        .events
        .publish(tx, &Deleted { workspace }, &cause)
        .await
        .map_err(Outer::from)?;
    Ok(())
}

/// Somebody wants to know what is known of them.
pub(crate) async fn export_requested(tx: &Tx, store: &Store, export: Uuid, user: Uuid) -> Result<(), Error> {
    let event = ExportRequested { export, user };
    let published = store.events.publish(tx, &event, &Cause::default()).await;
    published.map_err(Outer::from)?;
    let deed = Deed {
        by: user,
        workspace: None,
        action: "privacy.export_requested",
        target: ("user", user),
        facts: Value::Null,
    };
    done(tx, store, deed).await
}
