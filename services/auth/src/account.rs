//! Accounts: a mail address that was proven, and the ways to sign in that belong to it.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_database::{
    OnConflict, Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, ConnectionTrait, DeleteMany, DeriveEntityModel, DerivePrimaryKey, EntityTrait,
        EnumIter, IntoActiveModel, PrimaryKeyTrait, QueryFilter, Set,
    },
};
use uuid::Uuid;

use crate::{
    caller::Caller,
    challenge::{self, Kind},
    error::{Error, Result},
    events, identity, jobs,
    letters::{Letter, Notice},
    passkey, revocation, session,
    store::Auth,
};

/// Somebody who signs in, as who administrates accounts sees them. An account exists only once its mail address is proven.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "accounts")]
#[graphql(name = "AccountRecord", complex)]
pub struct Model {
    /// Its id, which other services know the person by.
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub id: Uuid,
    /// The mail address as its owner writes it.
    pub email: String,
    /// The mail address as it is compared.
    #[graphql(skip)]
    pub email_key: String,
    /// The name given at registration.
    pub name: Option<String>,
    /// The language given at registration.
    #[graphql(skip)]
    pub locale: Option<String>,
    /// The hash of the password, when there is one.
    #[graphql(skip)]
    pub password_hash: Option<String>,
    /// When the password was set.
    #[graphql(skip)]
    pub password_changed_at: Option<DateTime<Utc>>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    #[graphql(skip)]
    pub updated_at: DateTime<Utc>,
    /// Since when it is suspended, where it is.
    pub suspended_at: Option<DateTime<Utc>>,
    /// Why it is suspended, as its owner was told.
    pub suspension_reason: Option<String>,
}

platform_database::unrelated!();

/// What a new account is made of.
#[derive(Clone, Debug)]
pub(crate) struct New {
    /// The mail address, proven.
    pub email: String,
    /// The name.
    pub name: Option<String>,
    /// The language.
    pub locale: Option<String>,
    /// The hash of the password.
    pub password_hash: Option<String>,
}

impl Model {
    /// Refuses who is suspended. Only somebody who has shown who they are is told.
    pub(crate) fn is_let_in(&self) -> Result<()> {
        match self.suspended_at {
            None => Ok(()),
            Some(_) => Err(Error::Suspended),
        }
    }
}

/// A mail address as it is compared.
pub(crate) fn key_of(email: &str) -> String {
    email.trim().to_ascii_lowercase()
}

/// The account with an id.
pub async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// The account with an id, held until the transaction ends. Whoever begins a session, or ends all of them, holds it, so
/// that no session begins beside a password that changes.
pub(crate) async fn hold(tx: &Tx, id: Uuid) -> Result<Option<Model>> {
    Ok(tx.hold::<Entity>(id).await?)
}

/// The account with a mail address, in any case.
pub async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<Model>> {
    Ok(Entity::find()
        .filter(Column::EmailKey.eq(key_of(email)))
        .one(db)
        .await?)
}

/// Makes an account and tells the other services.
pub(crate) async fn create(auth: &Auth, tx: &Tx, new: New) -> Result<Model> {
    let now = auth.now();
    let account = Model {
        id: auth.context.ids().v7(),
        email_key: key_of(&new.email),
        email: new.email,
        name: new.name,
        locale: new.locale,
        password_changed_at: new.password_hash.as_ref().map(|_| now),
        password_hash: new.password_hash,
        created_at: now,
        updated_at: now,
        suspended_at: None,
        suspension_reason: None,
    };
    let inserted = account.into_active_model().reset_all().insert(tx).await;
    let account = inserted.on_unique(|| Error::Conflict("this mail address has an account"))?;
    events::registered(auth, tx, &account).await?;
    events::audit(auth, tx, account.id, "registered").await?;
    Ok(account)
}

/// Stores another hash of a password; `changed` says whether it is another password too.
pub(crate) async fn set_hash(auth: &Auth, tx: &Tx, (id, hash): (Uuid, String), change: Change) -> Result<()> {
    let now = auth.now();
    let mut account = ActiveModel {
        id: Set(id),
        password_hash: Set(Some(hash)),
        updated_at: Set(now),
        ..Default::default()
    };
    if change == Change::Password {
        account.password_changed_at = Set(Some(now));
    }
    Entity::update(account).exec(tx).await?;
    Ok(())
}

/// Takes the password away, so that what is being compared with it opens nothing either.
pub(crate) async fn forget_password(auth: &Auth, tx: &Tx, id: Uuid) -> Result<()> {
    let now = auth.now();
    let account = ActiveModel {
        id: Set(id),
        password_hash: Set(None),
        password_changed_at: Set(Some(now)),
        updated_at: Set(now),
        ..Default::default()
    };
    Entity::update(account).exec(tx).await?;
    Ok(())
}

/// What is new about a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The password.
    Password,
    /// Only the way it is hashed.
    Hash,
}

/// Moves an account to another mail address, which its owner has proven.
pub(crate) async fn move_to(auth: &Auth, tx: &Tx, id: Uuid, email: &str) -> Result<()> {
    let account = ActiveModel {
        id: Set(id),
        email: Set(email.to_owned()),
        email_key: Set(key_of(email)),
        updated_at: Set(auth.now()),
        ..Default::default()
    };
    let moved = Entity::update(account).exec(tx).await;
    moved.on_unique(|| Error::Conflict("this mail address has an account"))?;
    Ok(())
}

/// Deletes an account with everything that belongs to it, ends its sessions everywhere and tells the other services.
/// Deleting one that is gone already does nothing.
pub(crate) async fn delete(auth: &Auth, tx: &Tx, id: Uuid) -> Result<()> {
    hold(tx, id).await?;
    session::end_all(auth, tx, (id, None), session::Why::Deleted).await?;
    revocation::of_keys(auth, tx, id).await?;
    let gone = Entity::delete_by_id(id).exec(tx).await?;
    if gone.rows_affected > 0 {
        events::deleted(auth, tx, id).await?;
        events::audit(auth, tx, id, "deleted").await?;
    }
    Ok(())
}

/// Takes a way to sign in away from the caller, unless it is the only one. `named` says what it is, what was done,
/// and what its owner is told.
pub(crate) async fn take_way_in<E: EntityTrait>(
    auth: &Auth,
    caller: &Caller,
    way: DeleteMany<E>,
    named: (&'static str, &'static str, Notice),
) -> Result<()> {
    let tx = auth.db.begin().await?;
    // Held, so that two who take one each do not take both.
    let account = caller.hold_confirmed(auth, &tx).await?.account;
    if way.exec(&tx).await?.rows_affected == 0 {
        return Err(Error::NoSuch(named.0));
    }
    if ways_in(&tx, &account).await? == 0 {
        return Err(Error::LastWayIn);
    }
    // A sign-in that waits for its code may have begun by it.
    challenge::forget(&tx, account.id, Kind::Code).await?;
    events::audit(auth, &tx, account.id, named.1).await?;
    jobs::send(auth, &tx, Letter::Notice(account.id, named.2)).await?;
    Ok(tx.commit().await?)
}

/// How many ways somebody has to sign in.
async fn ways_in(db: &impl ConnectionTrait, account: &Model) -> Result<u64> {
    let passkeys = passkey::count(db, account.id).await?;
    let identities = identity::count(db, account.id).await?;
    Ok(passkeys + identities + u64::from(account.password_hash.is_some()))
}

/// Deletes the caller's account.
pub(crate) async fn delete_own(auth: &Auth, caller: &Caller) -> Result<()> {
    let tx = auth.db.begin().await?;
    caller.hold_confirmed(auth, &tx).await?;
    delete(auth, &tx, caller.account.id).await?;
    Ok(tx.commit().await?)
}
