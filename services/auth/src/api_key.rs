//! API keys: for programs that act for somebody, with scopes, an end and a trace of their use.

use async_graphql::{ComplexObject, SimpleObject};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use platform_auth::KEY_PREFIX;
use platform_config::Secret;
use platform_crypto::{Token, TokenHash};
use platform_database::{
    Connection, PageArgs, Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait,
        EnumIter, IntoActiveModel, PaginatorTrait, PrimaryKeyTrait, QueryFilter, QueryOrder, QuerySelect, Set,
        sea_query::Expr,
    },
    sql,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    caller::Caller,
    error::{Error, Result},
    events, input, jobs,
    letters::{Letter, Notice},
    revocation,
    store::Auth,
};

/// How much of a key is kept to be shown: enough to tell keys apart.
const SHOWN: usize = 11;
/// Uses are noted no more often than this.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A key, of which only the hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject, Serialize)]
#[sea_orm(table_name = "api_keys")]
#[graphql(name = "ApiKey", complex)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    #[graphql(skip)]
    #[serde(skip)]
    pub account_id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// What is kept of its text.
    #[graphql(skip)]
    #[serde(skip)]
    pub hash: Vec<u8>,
    /// What it may be used for, with spaces between.
    #[graphql(skip)]
    #[serde(serialize_with = "as_list")]
    pub scopes: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<DateTime<Utc>>,
}

platform_database::unrelated!();

#[ComplexObject]
impl Model {
    /// What it may be used for.
    async fn scopes(&self) -> Vec<&str> {
        self.scopes.split_whitespace().collect()
    }
}

fn as_list<S: serde::Serializer>(scopes: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(scopes.split_whitespace())
}

/// What a new key is made of.
#[derive(Clone, Debug, Deserialize, async_graphql::InputObject)]
#[graphql(name = "CreateApiKeyInput")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct New {
    /// What to call it.
    pub name: String,
    /// What it may be used for: names of permissions, `users:read`, `users:write`, or what the operator lists.
    #[graphql(default)]
    #[serde(default)]
    pub scopes: Vec<String>,
    /// When it ends. Without it the key lasts until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a key. Its text is shown this once.
pub(crate) async fn create(auth: &Auth, caller: &Caller, new: New) -> Result<(Model, Secret<String>)> {
    let now = auth.now();
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::field("expiresAt", "must be in the future"));
    }
    if new.expires_at.is_some_and(|end| end.year() > sql::LATEST_YEAR) {
        return Err(Error::field(
            "expiresAt",
            "must be before the year 10000; without it the key lasts until it is revoked",
        ));
    }
    let (name, scopes) = (input::label(&new.name)?, input::scopes(&auth.settings, &new.scopes)?);
    let account = caller.account.id;
    let token = Token::mint(KEY_PREFIX, auth.context.random());
    let tx = auth.db.begin().await?;
    caller.hold_confirmed(auth, &tx).await?;
    if of(account, now).count(&tx).await? >= auth.settings.api_keys {
        return Err(Error::TooMany {
            what: "keys",
            limit: auth.settings.api_keys,
        });
    }
    let key = Model {
        id: auth.context.ids().v7(),
        account_id: account,
        name,
        prefix: token.text.expose().chars().take(SHOWN).collect(),
        hash: token.hash.as_bytes().to_vec(),
        scopes,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    let key = key.into_active_model().reset_all().insert(&tx).await?;
    events::audit(auth, &tx, account, "api_key_created").await?;
    jobs::send(auth, &tx, Letter::Notice(account, Notice::ApiKey)).await?;
    tx.commit().await?;
    Ok((key, token.text))
}

fn of(account: Uuid, now: DateTime<Utc>) -> platform_database::orm::Select<Entity> {
    let lasts = Condition::any()
        .add(Column::ExpiresAt.is_null())
        .add(Column::ExpiresAt.gt(now));
    Entity::find()
        .filter(Column::AccountId.eq(account))
        .filter(Column::RevokedAt.is_null())
        .filter(lasts)
}

/// The keys of an account, the newest first, ended ones too.
pub(crate) async fn list(db: &impl ConnectionTrait, account: Uuid) -> Result<Vec<Model>> {
    let of_account = Entity::find().filter(Column::AccountId.eq(account));
    Ok(of_account.order_by_desc(Column::Id).limit(1_000).all(db).await?)
}

/// A page of the same.
pub(crate) async fn page(db: &impl ConnectionTrait, account: Uuid, page: &PageArgs) -> Result<Connection<Model>> {
    let order = (Column::Id, |key: &Model| key.id);
    let select = Entity::find().filter(Column::AccountId.eq(account));
    Ok(platform_database::page(db, select, order, page).await?)
}

/// The keys of an account that were not revoked.
pub(crate) async fn live(db: &impl ConnectionTrait, account: Uuid) -> Result<Vec<Model>> {
    let of_account = Entity::find().filter(Column::AccountId.eq(account));
    Ok(of_account.filter(Column::RevokedAt.is_null()).all(db).await?)
}

/// Revokes a key of the caller's: everywhere within seconds. That of somebody else is not there.
pub(crate) async fn revoke(auth: &Auth, caller: &Caller, id: Uuid) -> Result<()> {
    let now = auth.now();
    let tx = auth.db.begin().await?;
    // Held first, as whoever revokes all of them holds it.
    caller.hold(auth, &tx).await?;
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::AccountId.eq(caller.account.id))
        .filter(Column::RevokedAt.is_null())
        .exec(&tx)
        .await?;
    if revoked.rows_affected == 0 {
        return Err(Error::NoSuch("key"));
    }
    revocation::of_key(auth, &tx, (id, caller.account.id)).await?;
    events::audit(auth, &tx, caller.account.id, "api_key_revoked").await?;
    Ok(tx.commit().await?)
}

/// Revokes all keys of an account, and says how many there were.
pub(crate) async fn revoke_all(auth: &Auth, tx: &Tx, account: Uuid) -> Result<u64> {
    revocation::of_keys(auth, tx, account).await?;
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(auth.now()))
        .filter(Column::AccountId.eq(account))
        .filter(Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(revoked.rows_affected)
}

/// The key with this text, as long as it is valid; notes its use.
pub(crate) async fn used(auth: &Auth, text: &str) -> Result<Model> {
    let now = auth.now();
    let hash = TokenHash::of_token(KEY_PREFIX, text).ok_or(Error::NoSuch("key"))?;
    let found = Entity::find()
        .filter(Column::Hash.eq(hash.as_bytes().to_vec()))
        .one(auth.db.read())
        .await?;
    let is_valid = |key: &Model| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > now);
    let key = found.filter(is_valid).ok_or(Error::NoSuch("key"))?;
    if key.last_used_at.is_none_or(|last| last + NOTED_EVERY <= now) {
        let tx = auth.db.begin().await?;
        let used = ActiveModel {
            id: Set(key.id),
            last_used_at: Set(Some(now)),
            ..Default::default()
        };
        Entity::update(used).exec(&tx).await?;
        tx.commit().await?;
    }
    Ok(key)
}

/// Forgets keys that ended long ago.
pub(crate) async fn clean(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64> {
    let ended = Condition::any()
        .add(Column::RevokedAt.lte(before))
        .add(Column::ExpiresAt.lte(before));
    let gone = Entity::delete_many().filter(ended).exec(db).await?;
    Ok(gone.rows_affected)
}
