//! Refresh tokens: each is good once and gives its successor. One that comes back later was copied, and the whole
//! family ends.

use chrono::{DateTime, Utc};
use platform_config::Secret;
use platform_crypto::{Token, TokenHash, base64url, sha256};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait,
        EnumIter, ExprTrait, IntoActiveModel, JoinType, PrimaryKeyTrait, QueryFilter, QuerySelect,
        sea_query::{Expr, Query},
    },
};
use uuid::Uuid;

use crate::{
    client::Client,
    error::{Error, Result},
    events, session,
    settings::span,
    store::Auth,
    token::{self, Grant, Refresh},
    workspace::Acting,
};

const PREFIX: &str = "hr";
/// Successors that are followed within the grace: nobody refreshes more often in so short a time.
const LONGEST_CHAIN: usize = 16;

/// A refresh token, of which only the hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) hash: Vec<u8>,
    pub(crate) session_id: Uuid,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) used_at: Option<DateTime<Utc>>,
    /// With the token itself it makes the successor, so that two who come at once get the same one and the family
    /// stays a line: a copy that is used within the grace is found out at the next turn.
    pub(crate) seed: Option<Vec<u8>>,
}

platform_database::unrelated!();

/// The first token of a session.
pub(crate) async fn first(auth: &Auth, tx: &Tx, session: &session::Model) -> Result<Refresh> {
    let token = Token::mint(PREFIX, auth.context.random());
    store(auth, tx, session, token.text).await
}

/// The session that a token belongs to, without using it.
pub(crate) async fn session_of(auth: &Auth, text: &str) -> Result<session::Model> {
    let now = auth.now();
    let (token, session) = find(auth.db.read(), text).await?;
    let session = session.filter(|session| session.is_live(now) && token.expires_at > now);
    session.ok_or(Error::Refresh)
}

/// Uses a token: gives new tokens of its session, or ends the session when it was used before. Where the session is to
/// act counts, and is refused, only once the token is good.
pub(crate) async fn rotate(auth: &Auth, text: &str, acting: Result<Acting>, client: &Client) -> Result<Grant> {
    let now = auth.now();
    let tx = auth.db.begin().await?;
    let (token, session) = find(&tx, text).await?;
    let session = session.filter(|session| session.is_live(now) && token.expires_at > now);
    let session = session.ok_or(Error::Refresh)?;
    let seed: [u8; 32] = auth.context.random().bytes();
    let refresh = if spend(&tx, &token.hash, &seed, now).await? {
        store(auth, &tx, &session, successor(text, &seed)).await?
    } else {
        match again(auth, &tx, text).await? {
            Some(refresh) => refresh,
            None => return reused(auth, tx, &session).await,
        }
    };
    let acting = acting?;
    let workspace = acting.place(session.workspace);
    let session = session::seen(&tx, session, (client, workspace), now).await?;
    // It may have ended since it was found.
    if !session.is_live(now) {
        return Err(Error::Refresh);
    }
    let access = token::access(auth, &tx, &session).await?;
    tx.commit().await?;
    Ok(Grant {
        session,
        access,
        refresh,
        device: None,
        lost: acting.lost(),
    })
}

/// Ends the session of a token that somebody has a copy of.
async fn reused(auth: &Auth, tx: Tx, session: &session::Model) -> Result<Grant> {
    session::end(auth, &tx, session, session::Why::Reused).await?;
    events::audit(auth, &tx, session.account_id, "refresh_token_reused").await?;
    tx.commit().await?;
    tracing::warn!(session.id = %session.id, "a refresh token was used twice and its session ended");
    Err(Error::Refresh)
}

/// A token, and its session.
async fn find(db: &impl ConnectionTrait, text: &str) -> Result<(Model, Option<session::Model>)> {
    let hash = TokenHash::of_token(PREFIX, text).ok_or(Error::Refresh)?;
    let its_session = Entity::belongs_to(session::Entity)
        .from(Column::SessionId)
        .to(session::Column::Id);
    let token = Entity::find_by_id(hash.as_bytes().to_vec())
        .join(JoinType::LeftJoin, its_session.into())
        .select_also(session::Entity)
        .one(db)
        .await?;
    token.ok_or(Error::Refresh)
}

/// Marks a token as used; false when somebody else has.
async fn spend(tx: &Tx, hash: &[u8], seed: &[u8; 32], now: DateTime<Utc>) -> Result<bool> {
    let spent = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .col_expr(Column::Seed, Expr::value(seed.to_vec()))
        .filter(Column::Hash.eq(hash.to_vec()))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(spent.rows_affected == 1)
}

/// The newest successor of a token that was used a moment ago; nothing when the moment is over.
async fn again(auth: &Auth, tx: &Tx, text: &str) -> Result<Option<Refresh>> {
    let since = auth.now() - span(auth.settings.refresh_grace);
    let mut text = text.to_owned();
    for _ in 0..LONGEST_CHAIN {
        let (token, _) = find(tx, &text).await?;
        match (token.used_at, token.seed) {
            (None, _) => {
                let (text, expires_at) = (Secret::new(text), token.expires_at);
                return Ok(Some(Refresh { text, expires_at }));
            }
            (Some(used_at), Some(seed)) if used_at >= since => text = successor(&text, &seed).expose().clone(),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

fn successor(text: &str, seed: &[u8]) -> Secret<String> {
    let made = sha256(&[b"hansa refresh ", seed, text.as_bytes()].concat());
    Secret::new(format!("{PREFIX}_{}", base64url(&made)))
}

async fn store(auth: &Auth, tx: &Tx, session: &session::Model, text: Secret<String>) -> Result<Refresh> {
    let now = auth.now();
    let expires_at = std::cmp::min(session.expires_at, now + span(auth.settings.idle_lifetime));
    let token = Model {
        hash: TokenHash::of(text.expose()).as_bytes().to_vec(),
        session_id: session.id,
        created_at: now,
        expires_at,
        used_at: None,
        seed: None,
    };
    Entity::insert(token.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await?;
    Ok(Refresh { text, expires_at })
}

/// Whether a session has a token that is good. One that nobody used for long has none, and is over.
pub(crate) fn is_left(now: DateTime<Utc>) -> Condition {
    let its_own = Expr::col((Entity, Column::SessionId)).equals((session::Entity, session::Column::Id));
    let left = Query::select()
        .column(Column::Hash)
        .from(Entity)
        .and_where(its_own)
        .and_where(Column::ExpiresAt.gt(now))
        .and_where(Column::UsedAt.is_null())
        .take();
    Condition::all().add(Expr::exists(left))
}

/// Forgets tokens that expired or whose session is over, for those are refused anyway; and the seeds of those whose
/// grace is over: nothing is made of them any more. Used tokens of a session that lasts tell of a copy, and stay.
pub(crate) async fn clean(db: &impl ConnectionTrait, now: DateTime<Utc>, graced: DateTime<Utc>) -> Result<u64> {
    Entity::update_many()
        .col_expr(Column::Seed, Expr::value(None::<Vec<u8>>))
        .filter(Column::Seed.is_not_null())
        .filter(Column::UsedAt.lt(graced))
        .exec(db)
        .await?;
    let ended = Query::select()
        .column(session::Column::Id)
        .from(session::Entity)
        .and_where(session::Column::EndedAt.is_not_null())
        .take();
    let over = Condition::any()
        .add(Column::ExpiresAt.lte(now))
        .add(Column::SessionId.in_subquery(ended));
    let gone = Entity::delete_many().filter(over).exec(db).await?;
    Ok(gone.rows_affected)
}
