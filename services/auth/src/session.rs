//! Sessions: one for each sign-in, which its owner can see and end, and which ends everywhere at once.

mod way;

use async_graphql::{ComplexObject, Context, SimpleObject};
use chrono::{DateTime, Utc};
use platform_database::{
    Connection, PageArgs, Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait,
        EnumIter, IntoActiveModel, PrimaryKeyTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    },
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    account,
    caller::Caller,
    client::Client,
    device,
    error::{Error, Result},
    events::{self, Done},
    refresh, revocation,
    settings::span,
    standing::Standing,
    store::Auth,
    token::{self, Grant},
};

pub(crate) use way::End;
pub use way::{Method, Mode, Why};

/// A sign-in that lasts.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject, Serialize)]
#[sea_orm(table_name = "sessions")]
#[graphql(name = "Session", complex)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    #[graphql(skip)]
    #[serde(skip)]
    pub account_id: Uuid,
    /// How it was begun.
    pub method: Method,
    /// How its tokens travel.
    pub mode: Mode,
    /// The address it was used from last.
    pub address: Option<String>,
    /// The program it was used with last.
    pub agent: Option<String>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When its owner last showed who they are.
    pub confirmed_at: DateTime<Utc>,
    /// When it was used last.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// The workspace it acts in.
    pub workspace: Option<Uuid>,
    /// When it ended before its time.
    #[graphql(skip)]
    #[serde(skip)]
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it did.
    #[graphql(skip)]
    #[serde(skip)]
    pub ended_why: Option<Why>,
}

platform_database::unrelated!();

#[ComplexObject]
impl Model {
    /// Whether it is the session that asks.
    async fn current(&self, ctx: &Context<'_>) -> bool {
        platform_auth::caller(ctx).is_some_and(|principal| principal.session == Some(self.id))
    }
}

/// Begins a session, by whatever way its owner comes. It always has a new id and new tokens, whatever the request carried.
/// `tx` holds the account.
pub(crate) async fn begin(
    auth: &Auth,
    tx: &Tx,
    (account, standing): (&account::Model, Standing),
    how: (Method, Mode),
    client: &Client,
) -> Result<Grant> {
    account.is_let_in()?;
    let now = auth.now();
    if standing.sessions >= most(auth) {
        evict(auth, tx, account.id).await?;
    }
    let session = Model {
        id: auth.context.ids().v7(),
        account_id: account.id,
        method: how.0,
        mode: how.1,
        address: client.address.clone(),
        agent: client.agent.clone(),
        created_at: now,
        confirmed_at: now,
        last_seen_at: now,
        expires_at: now + span(auth.settings.session_lifetime),
        workspace: None,
        ended_at: None,
        ended_why: None,
    };
    let row = session.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(tx).await?;
    let refresh = refresh::first(auth, tx, &session).await?;
    let device = device::remember(auth, tx, (account.id, standing.devices), client).await?;
    events::of_session(auth, tx, &session, Done::Begun).await?;
    let access = token::access(auth, tx, &session).await?;
    Ok(Grant {
        session,
        access,
        refresh,
        device,
        lost: None,
    })
}

/// A session that lasts.
pub(crate) async fn live(db: &impl ConnectionTrait, id: Uuid, now: DateTime<Utc>) -> Result<Model> {
    let session = Entity::find_by_id(id).one(db).await?.ok_or(Error::Over)?;
    match session.is_live(now) {
        true => Ok(session),
        false => Err(Error::Over),
    }
}

impl Model {
    pub(crate) fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}

/// The sessions of an account that last, the newest first.
pub(crate) async fn list(db: &impl ConnectionTrait, account: Uuid, now: DateTime<Utc>) -> Result<Vec<Model>> {
    let select = of(account, now).filter(refresh::is_left(now));
    Ok(select.order_by_desc(Column::Id).limit(1_000).all(db).await?)
}

/// A page of the same.
pub(crate) async fn page(
    db: &impl ConnectionTrait,
    account: Uuid,
    now: DateTime<Utc>,
    page: &PageArgs,
) -> Result<Connection<Model>> {
    let order = (Column::Id, |session: &Model| session.id);
    let select = of(account, now).filter(refresh::is_left(now));
    Ok(platform_database::page(db, select, order, page).await?)
}

/// All sessions of an account that are kept, ended ones too.
pub(crate) async fn all(db: &impl ConnectionTrait, account: Uuid) -> Result<Vec<Model>> {
    let of_account = Entity::find().filter(Column::AccountId.eq(account));
    Ok(of_account.order_by_desc(Column::Id).limit(1_000).all(db).await?)
}

/// Forgets sessions that are over for long.
pub(crate) async fn clean(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64> {
    let over = Condition::any()
        .add(Column::ExpiresAt.lte(before))
        .add(Column::EndedAt.lte(before));
    let gone = Entity::delete_many().filter(over).exec(db).await?;
    Ok(gone.rows_affected)
}

fn of(account: Uuid, now: DateTime<Utc>) -> platform_database::orm::Select<Entity> {
    Entity::find()
        .filter(Column::AccountId.eq(account))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
}

/// Notes that a session was used, by whom, and where it acts from now on.
pub(crate) async fn seen(
    tx: &Tx,
    session: Model,
    (client, workspace): (&Client, Option<Uuid>),
    now: DateTime<Utc>,
) -> Result<Model> {
    let is_moved = session.workspace != workspace;
    let mut seen = session.into_active_model();
    seen.last_seen_at = Set(now);
    seen.address = Set(client.address.clone());
    seen.agent = Set(client.agent.clone());
    if is_moved {
        seen.workspace = Set(workspace);
    }
    Ok(seen.update(tx).await?)
}

/// Notes where a session that lasts acts from now on.
pub(crate) async fn moved(auth: &Auth, tx: &Tx, id: Uuid, workspace: Option<Uuid>) -> Result<Model> {
    let mut moved = live(tx, id, auth.now()).await?.into_active_model();
    moved.workspace = Set(workspace);
    Ok(moved.update(tx).await?)
}

/// Notes that the owner of a session has just shown who they are.
pub(crate) async fn confirmed(tx: &Tx, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let session = ActiveModel {
        id: Set(id),
        confirmed_at: Set(now),
        ..Default::default()
    };
    Entity::update(session).exec(tx).await?;
    Ok(())
}

/// Signs out: ends the session that asks.
pub(crate) async fn sign_out(auth: &Auth, session: &Model) -> Result<()> {
    let tx = auth.db.begin().await?;
    end(auth, &tx, session, Why::SignedOut).await?;
    Ok(tx.commit().await?)
}

/// Ends a session of the caller's. That of somebody else is not there.
pub(crate) async fn revoke(auth: &Auth, caller: &Caller, id: Uuid) -> Result<()> {
    let tx = auth.db.begin().await?;
    let session = match live(&tx, id, auth.now()).await {
        Ok(session) if session.account_id == caller.account.id => session,
        Ok(_) | Err(Error::Over) => return Err(Error::NoSuch("session")),
        // It may last: whoever wants it to end must not believe that it is gone.
        Err(error) => return Err(error),
    };
    end(auth, &tx, &session, Why::Revoked).await?;
    Ok(tx.commit().await?)
}

/// Ends all other sessions of the caller, and says how many there were.
pub(crate) async fn revoke_others(auth: &Auth, caller: &Caller) -> Result<u64> {
    let tx = auth.db.begin().await?;
    let ended = end_all(auth, &tx, (caller.account.id, Some(caller.session.id)), Why::Revoked).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Ends a session: its refresh tokens at once, its access tokens everywhere within seconds.
pub(crate) async fn end(auth: &Auth, tx: &Tx, session: &Model, end: impl Into<End>) -> Result<()> {
    let end = end.into();
    let ended = ActiveModel {
        id: Set(session.id),
        ended_at: Set(Some(auth.now())),
        ended_why: Set(Some(end.why)),
        ..Default::default()
    };
    Entity::update(ended).exec(tx).await?;
    events::of_session(auth, tx, session, Done::Ended(end)).await?;
    revocation::of_session(auth, tx, (session.id, session.account_id)).await
}

/// Ends all sessions of an account but one, and says how many there were.
pub(crate) async fn end_all(
    auth: &Auth,
    tx: &Tx,
    (account, but): (Uuid, Option<Uuid>),
    end: impl Into<End>,
) -> Result<u64> {
    let end: End = end.into();
    let sessions = of(account, auth.now()).order_by_asc(Column::Id).all(tx).await?;
    let mut ended = 0;
    for session in sessions.iter().filter(|session| Some(session.id) != but) {
        self::end(auth, tx, session, end).await?;
        ended += 1;
    }
    Ok(ended)
}

/// The most sessions of one account: at least the one that begins.
fn most(auth: &Auth) -> i64 {
    i64::try_from(auth.settings.sessions.max(1)).unwrap_or(i64::MAX)
}

/// Makes room for one more.
async fn evict(auth: &Auth, tx: &Tx, account: Uuid) -> Result<()> {
    let rest = most(auth).unsigned_abs() - 1;
    let select = of(account, auth.now()).order_by_desc(Column::LastSeenAt);
    for session in select.offset(rest).limit(1_000).all(tx).await? {
        end(auth, tx, &session, Why::Evicted).await?;
    }
    Ok(())
}
