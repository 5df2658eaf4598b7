//! Accounts of others: looked at, suspended, let in again, signed out, and given back to their owner.
//!
//! `security` says who may; it refuses who would do something to a person that may administrate more. An operator, who has
//! the databases anyway, is not asked.

mod search;

use chrono::{DateTime, Utc};
use contracts::permissions::About;
use platform_database::{
    Connection, PageArgs, Tx,
    orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel, QueryOrder, QuerySelect, Set},
};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    account::{self, Column, Model},
    api_key,
    caller::Caller,
    client::Client,
    device,
    error::{Error, Result},
    events::{self, By},
    identity, input, jobs,
    letters::{Letter, Notice},
    passkey, password, recovery, revocation,
    session::{self, End, Why},
    store::Auth,
    totp,
};

pub use search::{Filter, State};

/// The permissions that allow something, of which one is enough: each system that has accounts names its own.
type Needs = &'static [&'static str];

const LOOK: Needs = &["users:view", "view_users"];
const SEE_SESSIONS: Needs = &["sessions:view"];
const SUSPEND: Needs = &["users:suspend", "deactivate_users"];
const REINSTATE: Needs = &["users:suspend", "reactivate_users"];
const END_SESSIONS: Needs = &["sessions:end"];

/// Who administrates.
#[derive(Clone, Copy, Debug)]
pub enum Administrator<'a> {
    /// Somebody who is signed in, and may.
    Person(&'a Caller),
    /// Whoever runs the system.
    Operator,
}

impl Administrator<'_> {
    fn by(self) -> By {
        match self {
            Self::Person(caller) => By::Person(caller.account.id),
            Self::Operator => By::Operator,
        }
    }

    /// Begins a transaction that holds the account of whom it is done to, if it may be done to them.
    async fn hold(self, auth: &Auth, id: Uuid, needs: Needs) -> Result<(Tx, Model)> {
        if let Self::Person(caller) = self {
            is_let(auth, caller, (needs, About::person(id))).await?;
        }
        let tx = auth.db.begin().await?;
        if let Self::Person(caller) = self {
            // Held in one order, so that two who suspend each other do not wait for each other: one of them comes too late.
            account::hold(&tx, id.min(caller.account.id)).await?;
            caller.hold_confirmed(auth, &tx).await?;
        }
        let account = account::hold(&tx, id).await?.ok_or(Error::NoSuch("account"))?;
        Ok((tx, account))
    }
}

/// Refuses a caller to whom `security` gives none of the permissions.
async fn is_let(auth: &Auth, caller: &Caller, (needs, about): (Needs, About)) -> Result<()> {
    for permission in needs {
        // The question is large, and every resolver would carry it.
        let asked = auth.permissions.may_still(caller.account.id, permission, &about);
        if Box::pin(asked).await? {
            return Ok(());
        }
    }
    Err(Error::MayNot(needs))
}

/// A page of the accounts that are wanted, the newest first.
pub(crate) async fn page(auth: &Auth, caller: &Caller, filter: &Filter, page: &PageArgs) -> Result<Connection<Model>> {
    is_let(auth, caller, (LOOK, About::everything())).await?;
    let order = (Column::Id, |account: &Model| account.id);
    let (db, select) = (auth.db.read(), filter.select()?);
    Ok(platform_database::page(db, select, order, page).await?)
}

/// The same for an operator: at most so many.
pub async fn list(db: &impl ConnectionTrait, filter: &Filter, most: u64) -> Result<Vec<Model>> {
    let newest = filter.select()?.order_by_desc(Column::Id);
    Ok(newest.limit(most).all(db).await?)
}

/// An account.
pub(crate) async fn find(auth: &Auth, caller: &Caller, id: Uuid) -> Result<Model> {
    is_let(auth, caller, (LOOK, About::everything())).await?;
    let account = account::find(auth.db.read(), id).await?;
    account.ok_or(Error::NoSuch("account"))
}

/// Refuses who may not see where others are signed in.
pub(crate) async fn may_see_sessions(auth: &Auth, caller: &Caller) -> Result<()> {
    is_let(auth, caller, (SEE_SESSIONS, About::everything())).await
}

/// Suspends somebody: nothing lets them in, and what they have open ends everywhere within seconds.
pub async fn suspend(auth: &Auth, by: Administrator<'_>, (id, reason): (Uuid, &str)) -> Result<Model> {
    let reason = input::reason(reason)?;
    if by.by() == By::Person(id) {
        return Err(Error::Oneself);
    }
    let (tx, account) = by.hold(auth, id, SUSPEND).await?;
    if account.suspended_at.is_some() {
        return Err(Error::Conflict("the account is suspended already"));
    }
    let account = mark(auth, &tx, account, Some(reason)).await?;
    password::void(&tx, id).await?;
    let why = Why::Suspended;
    let sessions = session::end_all(auth, &tx, (id, None), End { why, by: by.by() }).await?;
    revocation::of_keys(auth, &tx, id).await?;
    let facts = json!({ "reason": account.suspension_reason, "sessions": sessions });
    done(auth, (tx, id, by), ("suspended", facts), Some(Notice::Suspended)).await?;
    Ok(account)
}

/// Lets somebody in again who was suspended.
pub async fn reinstate(auth: &Auth, by: Administrator<'_>, id: Uuid) -> Result<Model> {
    let (tx, account) = by.hold(auth, id, REINSTATE).await?;
    if account.suspended_at.is_none() {
        return Err(Error::Conflict("the account is not suspended"));
    }
    let account = mark(auth, &tx, account, None).await?;
    done(auth, (tx, id, by), ("reinstated", json!({})), Some(Notice::Reinstated)).await?;
    Ok(account)
}

async fn mark(auth: &Auth, tx: &Tx, account: Model, reason: Option<String>) -> Result<Model> {
    let now = auth.now();
    let mut marked = account.into_active_model();
    marked.suspended_at = Set(reason.as_ref().map(|_| now));
    marked.suspension_reason = Set(reason);
    marked.updated_at = Set(now);
    Ok(marked.update(tx).await?)
}

/// Signs somebody out everywhere, and says of how many sessions.
pub async fn end_sessions(auth: &Auth, by: Administrator<'_>, id: Uuid) -> Result<u64> {
    let (tx, _) = by.hold(auth, id, END_SESSIONS).await?;
    let why = Why::Administrated;
    let sessions = session::end_all(auth, &tx, (id, None), End { why, by: by.by() }).await?;
    let notice = Some(Notice::SignedOut).filter(|_| sessions > 0);
    done(
        auth,
        (tx, id, by),
        ("signed_out", json!({ "sessions": sessions })),
        notice,
    )
    .await?;
    Ok(sessions)
}

/// What was taken away so that an account is its owner's again.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Removed {
    /// Sessions that ended.
    pub sessions: u64,
    /// Whether codes were asked for.
    pub codes: bool,
    /// API keys.
    pub keys: u64,
    /// Passkeys.
    pub passkeys: u64,
    /// Identities at providers.
    pub identities: u64,
}

/// Gives an account back to who reads its mail, in the name of an operator: whatever else opens it goes, codes and password
/// too. Who lost the authenticator and who has merely talked an operator into this differ by the mailbox alone.
pub async fn recover(auth: &Auth, id: Uuid) -> Result<Removed> {
    let by = Administrator::Operator;
    let (tx, _) = by.hold(auth, id, &[]).await?;
    password::void(&tx, id).await?;
    device::forget_all(&tx, id, &Client::default()).await?;
    account::forget_password(auth, &tx, id).await?;
    let why = Why::Administrated;
    let removed = Removed {
        sessions: session::end_all(auth, &tx, (id, None), End { why, by: by.by() }).await?,
        codes: totp::forget(&tx, id).await?,
        keys: api_key::revoke_all(auth, &tx, id).await?,
        passkeys: passkey::forget(&tx, id).await?,
        identities: identity::forget(&tx, id).await?,
    };
    done(
        auth,
        (tx, id, by),
        ("recovered", json!(removed)),
        Some(Notice::Recovered),
    )
    .await?;
    Ok(removed)
}

/// Writes down what was done to somebody, tells them, and commits.
async fn done(
    auth: &Auth,
    (tx, id, by): (Tx, Uuid, Administrator<'_>),
    fact: (&'static str, Value),
    notice: Option<Notice>,
) -> Result<()> {
    events::administrated(auth, &tx, (id, by.by()), fact).await?;
    if let Some(notice) = notice {
        jobs::send(auth, &tx, Letter::Notice(id, notice)).await?;
    }
    Ok(tx.commit().await?)
}

/// What opens an account, for an operator.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// Whether there is a password.
    pub has_password: bool,
    /// Whether codes are asked for.
    pub asks_for_codes: bool,
    /// Recovery codes that are left.
    pub recovery_codes_left: u64,
    /// Passkeys.
    pub passkeys: u64,
    /// Identities at providers.
    pub identities: u64,
    /// API keys that were not revoked.
    pub api_keys: usize,
    /// Sessions that last, the newest first.
    pub sessions: Vec<session::Model>,
}

/// What opens an account now.
pub async fn overview(db: &impl ConnectionTrait, account: &Model, now: DateTime<Utc>) -> Result<Overview> {
    let id = account.id;
    Ok(Overview {
        has_password: account.password_hash.is_some(),
        asks_for_codes: totp::is_on(db, id).await?,
        recovery_codes_left: recovery::left(db, id).await?,
        passkeys: passkey::count(db, id).await?,
        identities: identity::count(db, id).await?,
        api_keys: api_key::live(db, id).await?.len(),
        sessions: session::list(db, id, now).await?,
    })
}
