//! Passwords: changed by who knows the present one, reset by who reads the account's mail.

use platform_config::Secret;
use platform_crypto::Verdict;
use platform_database::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account::{self, Change},
    api_key,
    caller::Caller,
    challenge::{self, Kind},
    client::Client,
    device,
    error::{Error, Result},
    events, identity, input, jobs,
    letters::{Letter, Notice},
    mail_change, passkey,
    session::{self, Why},
    sign_in,
    store::Auth,
    throttle::{self, Guess},
    totp,
};

/// Uses of one link, each of which hashes a password.
const ATTEMPTS: i32 = 10;

/// Whose password is to be reset.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Forgotten {
    pub(crate) email: String,
}

/// Changes the password, or sets the first one. All other sessions end. Where signing in asks for a code, the password
/// proves nothing by itself, here neither.
pub(crate) async fn change(
    auth: &Auth,
    caller: &Caller,
    (present, new): (Option<Secret<String>>, Secret<String>),
) -> Result<()> {
    let account = &caller.account;
    input::password(new.expose(), &account.email)?;
    let has_code = totp::is_on(auth.db.read(), account.id).await?;
    if has_code {
        caller.is_confirmed(auth)?;
    }
    match (&account.password_hash, present) {
        (None, _) => caller.is_confirmed(auth)?,
        (Some(_), None) => return Err(Error::field("currentPassword", "must be given")),
        (Some(hash), Some(present)) => {
            let attempt = throttle::admit_again(auth, Guess::Password, caller).await?;
            if auth.verify(present, Some(hash.clone())).await? == Verdict::Wrong {
                return Err(sign_in::refused(auth, account.id, "confirmation", Error::Credentials).await?);
            }
            let tx = auth.db.begin().await?;
            attempt.passed(&tx).await?;
            tx.commit().await?;
        }
    }
    let hash = auth.hash(new).await?;
    let tx = auth.db.begin().await?;
    // Whoever set another one meanwhile has ended this session, and keeps theirs.
    if caller.hold(auth, &tx).await?.account.password_changed_at != account.password_changed_at {
        return Err(Error::Over);
    }
    set(auth, &tx, (account.id, hash), Some(caller.session.id)).await?;
    if !has_code {
        session::confirmed(&tx, caller.session.id, auth.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// Has a link sent, if there is such an account. What is done here is the same if there is none.
pub(crate) async fn forgot(auth: &Auth, email: &str, client: &Client) -> Result<()> {
    let email = input::email(email)?;
    let tx = auth.db.begin().await?;
    throttle::mails(auth, &tx, client).await?;
    let lifetime = auth.settings.link_lifetime;
    let challenge = challenge::open(auth, &tx, (Kind::Reset, None), &Forgotten { email }, lifetime).await?;
    jobs::send(auth, &tx, Letter::Reset(challenge.id)).await?;
    Ok(tx.commit().await?)
}

/// What becomes of API keys, passkeys and identities when the password is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// They go: whoever had the account may have added them.
    Removed,
    /// They stay, as the owner wants who has merely forgotten the password.
    Kept,
}

/// Sets a new password for who has the link. All sessions end, and what else opens the account goes unless it is kept.
pub(crate) async fn reset(auth: &Auth, token: &str, (new, access): (Secret<String>, Access)) -> Result<()> {
    let challenge = challenge::attempt(auth, Kind::Reset, token, ATTEMPTS).await?;
    let id = challenge.account_id.ok_or(Error::Spent)?;
    let sent: Forgotten = challenge.data()?;
    let account = account::find(auth.db.read(), id).await?.ok_or(Error::Spent)?;
    input::password(new.expose(), &account.email)?;
    let hash = auth.hash(new).await?;
    let tx = auth.db.begin().await?;
    // Held first, as whoever suspends the account holds it. A link that went out while the account was moving to another
    // address is in the mailbox that it left.
    let now = account::hold(&tx, id).await?;
    let now = now.filter(|now| now.email_key == account::key_of(&sent.email));
    now.ok_or(Error::Spent)?.is_let_in()?;
    challenge::take(auth, &tx, Kind::Reset, token).await?;
    set(auth, &tx, (id, hash), None).await?;
    if access == Access::Removed {
        remove_access(auth, &tx, id).await?;
    }
    Ok(tx.commit().await?)
}

/// Takes away what opens an account beside the password. All of it: nobody can tell what its owner added and what a
/// thief did, whose additions may be old.
async fn remove_access(auth: &Auth, tx: &Tx, account: Uuid) -> Result<()> {
    let removed = [
        ("api_key_revoked", api_key::revoke_all(auth, tx, account).await?),
        ("passkey_removed", passkey::forget(tx, account).await?),
        ("identity_unlinked", identity::forget(tx, account).await?),
    ];
    if removed.iter().all(|(_, count)| *count == 0) {
        return Ok(());
    }
    for (action, count) in removed {
        if count > 0 {
            events::audit(auth, tx, account, action).await?;
        }
    }
    jobs::send(auth, tx, Letter::Notice(account, Notice::AccessRemoved)).await
}

/// Sets a password. No device is known any more, for nobody knows who had the one before.
async fn set(auth: &Auth, tx: &Tx, new: (Uuid, String), but: Option<Uuid>) -> Result<()> {
    let id = new.0;
    account::set_hash(auth, tx, new, Change::Password).await?;
    void(tx, id).await?;
    device::forget_all(tx, id, &Client::default()).await?;
    session::end_all(auth, tx, (id, but), Why::Password).await?;
    events::audit(auth, tx, id, "password_changed").await?;
    jobs::send(auth, tx, Letter::Notice(id, Notice::Password)).await
}

/// Voids what an account had under way: links, sign-ins that wait for a code, passkeys, another mail address.
pub(crate) async fn void(tx: &Tx, account: Uuid) -> Result<()> {
    for kind in [Kind::Reset, Kind::Code, Kind::NewPasskey] {
        challenge::forget(tx, account, kind).await?;
    }
    mail_change::forget(tx, account).await
}
