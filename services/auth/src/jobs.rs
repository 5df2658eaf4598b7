//! What is done beside requests: mails are sent, keys are tended, and what is over is forgotten.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use platform_database::{
    Statements, Tx,
    orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter},
    sql,
};
use platform_jobs::{Job, Policy, Run};
use serde::{Deserialize, Serialize};

use crate::{
    api_key, challenge, device,
    error::Result,
    letters::{self, Letter},
    mail_change, refresh, revocation, sealed, session,
    settings::span,
    signing_key,
    store::Auth,
};

/// How long what is over can still be looked up.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// Sends a mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SendMail {
    letter: Letter,
}

/// Tends the keys that sign tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TendKeys {}

/// Forgets what is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Forget {}

impl Job for SendMail {
    const KIND: &'static str = "auth.mail";
    const POLICY: Policy = Policy {
        attempts: 10,
        limit: Duration::from_secs(60),
        ..Policy::USUAL
    };
}

impl Job for TendKeys {
    const KIND: &'static str = "auth.keys";
}

impl Job for Forget {
    const KIND: &'static str = "auth.forget";
}

/// Has a mail sent once `tx` is committed.
pub(crate) async fn send(auth: &Auth, tx: &Tx, letter: Letter) -> Result<()> {
    auth.jobs.enqueue(tx, &SendMail { letter }).await?;
    Ok(())
}

/// Writes a mail and sends it. When sending fails it is written anew, with another link; the link before it is void.
pub(crate) async fn mail(auth: &Auth, _run: &Run, job: SendMail) -> Result<()> {
    let tx = auth.db.begin().await?;
    let mail = letters::write(auth, &tx, job.letter).await?;
    tx.commit().await?;
    match mail {
        Some(mail) => auth.mailer.send(&auth.context, mail).await,
        None => Ok(()),
    }
}

/// Lets keys begin and end to sign, and seals anew what an older key of the ring sealed.
pub(crate) async fn tend_keys(auth: &Auth, _run: &Run, _job: TendKeys) -> Result<()> {
    signing_key::tend(auth).await?;
    let unopened = sealed::anew(&auth.db, &auth.ring).await?.unopened;
    if unopened > 0 {
        tracing::warn!(
            unopened,
            "secrets of authenticators cannot be opened by any key of the ring"
        );
    }
    Ok(())
}

/// Forgets what is over, each kind by itself: somebody may wait for a row of one while there is much of another.
pub(crate) async fn forget(auth: &Auth, _run: &Run, _job: Forget) -> Result<()> {
    let now = auth.now();
    let graced = now - span(auth.settings.refresh_grace);
    let db = auth.db.alone();
    let forgotten = over::<challenge::Entity>(db, challenge::Column::ExpiresAt, now).await?
        + over::<mail_change::Entity>(db, mail_change::Column::ExpiresAt, now).await?
        + over::<device::Entity>(db, device::Column::ExpiresAt, now).await?
        + failures(db, now).await?
        + over::<revocation::Entity>(db, revocation::Column::Until, now).await?
        + refresh::clean(db, now, graced).await?
        + session::clean(db, now - REMEMBERED).await?
        + api_key::clean(db, now - REMEMBERED).await?;
    tracing::debug!(forgotten, "what is over was forgotten");
    Ok(())
}

/// Forgets failures that are over, but for those that an attempt counts at this moment: an attempt holds several, and of
/// two who wait for each other one fails.
async fn failures(db: &Statements, now: DateTime<Utc>) -> Result<u64> {
    let lock = match db.get_database_backend() {
        DbBackend::Postgres => "for update skip locked",
        _ => "",
    };
    let delete = format!(
        "with over as materialized (select name from throttles where expires_at <= $1 {lock})
        delete from throttles where name in (select name from over)"
    );
    Ok(sql::execute(db, &delete, [now.into()]).await?)
}

async fn over<E: EntityTrait>(db: &Statements, end: E::Column, now: DateTime<Utc>) -> Result<u64> {
    Ok(E::delete_many().filter(end.lte(now)).exec(db).await?.rows_affected)
}
