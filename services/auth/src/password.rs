//! Passwords: changed by who knows the present one, reset by who reads the account's mail.

use platform_config::Secret;
use platform_crypto::Verdict;
use platform_database::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account::{self, Change},
    caller::Caller,
    challenge::{self, Kind},
    client::Client,
    device,
    error::{Error, Result},
    events, input, jobs,
    letters::{Letter, Notice},
    mail_change,
    session::{self, Why},
    store::Auth,
    throttle::{self, Guess},
};

/// Uses of one link, each of which hashes a password.
const ATTEMPTS: i32 = 10;

/// Whose password is to be reset.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Forgotten {
    pub(crate) email: String,
}

/// Changes the password, or sets the first one. All other sessions end.
pub async fn change(
    auth: &Auth,
    caller: &Caller,
    (present, new): (Option<Secret<String>>, Secret<String>),
) -> Result<()> {
    let account = &caller.account;
    input::password(new.expose(), &account.email)?;
    match (&account.password_hash, present) {
        (None, _) => caller.is_confirmed(auth)?,
        (Some(_), None) => return Err(Error::field("currentPassword", "must be given")),
        (Some(hash), Some(present)) => {
            let attempt = throttle::admit_again(auth, Guess::Password, caller).await?;
            if auth.verify(present, Some(hash.clone())).await? == Verdict::Wrong {
                return Err(Error::Credentials);
            }
            let tx = auth.db.begin().await?;
            attempt.passed(&tx).await?;
            tx.commit().await?;
        }
    }
    let hash = auth.hash(new).await?;
    let tx = auth.db.begin().await?;
    // Whoever set another one meanwhile has ended this session, and keeps theirs.
    let is_same = |now: &account::Model| now.password_changed_at == account.password_changed_at;
    let now = account::hold(&tx, account.id).await?;
    now.filter(is_same).ok_or(Error::Over)?;
    session::live(&tx, caller.session.id, auth.now()).await?;
    set(auth, &tx, (account.id, hash), Some(caller.session.id)).await?;
    session::confirmed(&tx, caller.session.id, auth.now()).await?;
    Ok(tx.commit().await?)
}

/// Has a link sent, if there is such an account. What is done here is the same if there is none.
pub async fn forgot(auth: &Auth, email: &str, client: &Client) -> Result<()> {
    let email = input::email(email)?;
    let tx = auth.db.begin().await?;
    throttle::mails(auth, &tx, client).await?;
    let lifetime = auth.settings.link_lifetime;
    let challenge = challenge::open(auth, &tx, (Kind::Reset, None), &Forgotten { email }, lifetime).await?;
    jobs::send(auth, &tx, Letter::Reset(challenge.id)).await?;
    Ok(tx.commit().await?)
}

/// Sets a new password for who has the link. All sessions end, and no device is known any more.
pub async fn reset(auth: &Auth, token: &str, new: Secret<String>) -> Result<()> {
    let challenge = challenge::attempt(auth, Kind::Reset, token, ATTEMPTS).await?;
    let id = challenge.account_id.ok_or(Error::Spent)?;
    let account = account::find(auth.db.read(), id).await?.ok_or(Error::Spent)?;
    input::password(new.expose(), &account.email)?;
    let hash = auth.hash(new).await?;
    let tx = auth.db.begin().await?;
    challenge::take(auth, &tx, Kind::Reset, token).await?;
    set(auth, &tx, (id, hash), None).await?;
    device::forget_all(&tx, id).await?;
    Ok(tx.commit().await?)
}

async fn set(auth: &Auth, tx: &Tx, new: (Uuid, String), but: Option<Uuid>) -> Result<()> {
    let id = new.0;
    account::set_hash(auth, tx, new, Change::Password).await?;
    challenge::forget(tx, id, Kind::Reset).await?;
    challenge::forget(tx, id, Kind::Code).await?;
    mail_change::forget(tx, id).await?;
    session::end_all(auth, tx, (id, but), Why::Password).await?;
    events::audit(auth, tx, id, "password_changed").await?;
    jobs::send(auth, tx, Letter::Notice(id, Notice::Password)).await
}
