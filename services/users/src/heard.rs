//! What this service does when others tell it something.

use contracts::{
    privacy::{ExportPart, PERSONAL},
    users::{Deleted, EmailChanged, Registered},
};
use platform_database::Tx;
use platform_error::Error as Outer;
use platform_events::{Consumers, Received};

use crate::{error::Error, privacy, profile, store::Store};

/// The groups of this service.
pub(crate) fn consumers() -> Consumers<Store> {
    Consumers::new()
        .on("users", registered)
        .on("users", email_changed)
        .on("users", deleted)
        .on("users", export_part)
}

async fn registered(store: &Store, tx: &Tx, event: Received<Registered>) -> Result<(), Error> {
    let name = event.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let profile = profile::Model {
        id: event.user,
        name: name.unwrap_or(profile::NAMELESS).chars().take(100).collect(),
        email: event.email.to_lowercase(),
        first_name: None,
        last_name: None,
        organization: None,
        avatar_url: None,
        locale: event.locale.clone(),
        time_zone: None,
        created_at: event.envelope.time,
        updated_at: store.now(),
    };
    profile::register(store, tx, profile).await
}

async fn email_changed(store: &Store, tx: &Tx, event: Received<EmailChanged>) -> Result<(), Error> {
    profile::readdress(store, tx, (event.user, &event.email)).await
}

async fn deleted(store: &Store, tx: &Tx, event: Received<Deleted>) -> Result<(), Error> {
    privacy::erase(tx, store, event.user).await?;
    let forgotten = store.events.forget(tx, &event.envelope, &PERSONAL).await;
    Ok(forgotten.map_err(Outer::from)?)
}

async fn export_part(store: &Store, tx: &Tx, event: Received<ExportPart>) -> Result<(), Error> {
    privacy::collect(tx, store, &event).await
}
