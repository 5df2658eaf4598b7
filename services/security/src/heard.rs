//! What this service does when others tell it something.

use contracts::{
    audit::Recorded,
    privacy::{ExportPart, ExportRequested, PERSONAL},
    users::{Deleted, Registered},
    workspaces::{self, MemberChanged},
};
use platform_database::Tx;
use platform_events::{Consumers, Events, Received};

use crate::{actor::Actor, audit, error::Error, store::Store, subject::Subject};

/// The groups of this service.
pub(crate) fn consumers() -> Consumers<Store> {
    Consumers::new()
        .on("security", registered)
        .on("security", deleted)
        .on("security", member_changed)
        .on("security", workspace_deleted)
        .on("security", export_requested)
        .on("security.audit", recorded)
}

/// The system, in the course of what the event began.
fn actor<E>(event: &Received<E>) -> Actor {
    let mut actor = Actor::from(Subject::Service("security".into()));
    actor.cause = event.cause();
    actor
}

async fn registered(store: &Store, tx: &Tx, event: Received<Registered>) -> Result<(), Error> {
    store.welcome(tx, &actor(&event), event.user).await
}

async fn deleted(store: &Store, tx: &Tx, event: Received<Deleted>) -> Result<(), Error> {
    store.forget_user(tx, &actor(&event), event.user).await?;
    let events: &Events = store.as_ref();
    Ok(events.forget(tx, &event.envelope, &PERSONAL).await?)
}

async fn member_changed(store: &Store, tx: &Tx, event: Received<MemberChanged>) -> Result<(), Error> {
    let member = (event.workspace, event.user);
    store
        .set_member(tx, &actor(&event), (member, event.role.as_deref()))
        .await
}

async fn workspace_deleted(store: &Store, tx: &Tx, event: Received<workspaces::Deleted>) -> Result<(), Error> {
    store.forget_workspace(tx, &actor(&event), event.workspace).await
}

async fn export_requested(store: &Store, tx: &Tx, event: Received<ExportRequested>) -> Result<(), Error> {
    let known = store.known_of(tx, event.user).await?;
    for part in ExportPart::several(&event, "security", known) {
        store.publish(tx, &part, &event.cause()).await?;
    }
    Ok(())
}

async fn recorded(store: &Store, tx: &Tx, event: Received<Recorded>) -> Result<(), Error> {
    let entry = audit::Entry::heard(&event.envelope, &event.event);
    store.record_in(tx, entry).await
}
