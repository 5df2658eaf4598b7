//! What this service tells others.

use contracts::{
    privacy::ExportRequested,
    workspaces::{Deleted, MemberChanged},
};
use platform_database::Tx;
use platform_error::Error as Outer;
use platform_events::Cause;
use uuid::Uuid;

use crate::{error::Error, store::Store, workspace::Role};

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
        actor: Some(by.to_string()),
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
    store
        .events
        .publish(tx, &event, &Cause::default())
        .await
        .map_err(Outer::from)?;
    Ok(())
}
