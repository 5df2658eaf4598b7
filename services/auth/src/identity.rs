//! What providers say of somebody: which account belongs to which of their people, and when one may be tied to another.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_database::{
    OnConflict, Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, ConnectionTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait, EnumIter,
        IntoActiveModel, PaginatorTrait, PrimaryKeyTrait, QueryFilter, QueryOrder, Set,
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    account::{self, New},
    caller::Caller,
    error::{Error, Result},
    events, input, jobs,
    letters::{Letter, Notice},
    passkey,
    store::Auth,
};

/// The most identities that one account is tied to.
const MOST: u64 = 20;

/// Somebody at a provider, tied to an account here.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject, Serialize)]
#[sea_orm(table_name = "identities")]
#[graphql(name = "LinkedIdentity")]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is here.
    #[graphql(skip)]
    #[serde(skip)]
    pub account_id: Uuid,
    /// The provider.
    pub provider: String,
    /// Whose it is at the provider.
    #[graphql(skip)]
    #[serde(skip)]
    pub subject: String,
    /// The mail address that the provider named when it was tied.
    pub email: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was used last.
    pub last_used_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// What a provider said, its signature verified.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claimed {
    pub(crate) provider: String,
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    /// Whether the provider has verified the address.
    pub(crate) is_verified: bool,
    pub(crate) name: Option<String>,
}

/// The account of whoever the provider named, and their identity where it is yet to be tied to it. `by` is the account of
/// who was signed in and asked to be tied to them. The account is held.
///
/// Accounts here have proven their mail address, so one with the address that the provider has verified is the same
/// person's. A provider that has not verified it could be made to name anybody's; and one that says it has is believed
/// only about the domains that the settings trust it with, for it could lie about all others.
pub(crate) async fn resolve(
    auth: &Auth,
    tx: &Tx,
    claimed: Claimed,
    by: Option<Uuid>,
) -> Result<(account::Model, Option<Claimed>)> {
    if let Some(known) = known(tx, &claimed).await? {
        if by.is_some_and(|by| by != known.account_id) {
            return Err(Error::Conflict("this identity belongs to another account"));
        }
        let account = account::hold(tx, known.account_id).await?.ok_or(Error::Over)?;
        let mut known = known.into_active_model();
        known.last_used_at = Set(auth.now());
        known.update(tx).await?;
        return Ok((account, None));
    }
    if let Some(by) = by {
        let account = account::hold(tx, by).await?.ok_or(Error::Over)?;
        return Ok((account, Some(claimed)));
    }
    let found = by_verified_mail(auth, tx, &claimed).await?;
    // One that was moving to another address at this moment has left the one that it was found by.
    let account = account::hold(tx, found.id).await?;
    let account = account.filter(|now| now.email_key == found.email_key);
    Ok((account.ok_or(Error::Spent)?, Some(claimed)))
}

async fn by_verified_mail(auth: &Auth, tx: &Tx, claimed: &Claimed) -> Result<account::Model> {
    let email = claimed.email.as_deref().filter(|_| claimed.is_verified);
    let email = email.ok_or(Error::Unlinked(
        "the provider has not verified your mail address; register with a password and add the provider to your account",
    ))?;
    let email = input::email(email)?;
    if !auth.providers.is_trusted_for(&claimed.provider, &email) {
        return Err(Error::Unlinked(
            "this provider's word is not taken for your mail address; sign in, or register with a password, and add the \
             provider to your account",
        ));
    }
    if let Some(account) = account::by_email(tx, &email).await? {
        return Ok(account);
    }
    if !auth.settings.registration {
        return Err(Error::Closed);
    }
    let new = New {
        email,
        name: input::name(claimed.name.clone()).unwrap_or_default(),
        locale: None,
        password_hash: None,
    };
    account::create(auth, tx, new).await
}

async fn known(tx: &Tx, claimed: &Claimed) -> Result<Option<Model>> {
    let by_provider = Entity::find().filter(Column::Provider.eq(&claimed.provider));
    Ok(by_provider.filter(Column::Subject.eq(&claimed.subject)).one(tx).await?)
}

/// Ties an identity to an account. Not before everything is shown that signing in to it asks for.
pub(crate) async fn tie(auth: &Auth, tx: &Tx, account: &account::Model, claimed: Claimed) -> Result<()> {
    let now = auth.now();
    if count(tx, account.id).await? >= MOST {
        return Err(Error::TooMany {
            what: "identities",
            limit: MOST,
        });
    }
    let identity = Model {
        id: auth.context.ids().v7(),
        account_id: account.id,
        provider: claimed.provider,
        subject: claimed.subject,
        // As accounts have it, whose addresses it is compared with; what is none is not kept.
        email: claimed.email.and_then(|email| input::email(&email).ok()),
        created_at: now,
        last_used_at: now,
    };
    let tied = identity.into_active_model().reset_all().insert(tx).await;
    tied.on_unique(|| Error::Conflict("this identity was tied a moment ago; sign in again"))?;
    events::audit(auth, tx, account.id, "identity_linked").await?;
    jobs::send(auth, tx, Letter::Notice(account.id, Notice::Identity)).await
}

/// The identities of an account, the newest first.
pub(crate) async fn list(db: &impl ConnectionTrait, account: Uuid) -> Result<Vec<Model>> {
    let of_account = Entity::find().filter(Column::AccountId.eq(account));
    Ok(of_account.order_by_desc(Column::Id).all(db).await?)
}

/// Forgets all identities of an account, and says how many there were.
pub(crate) async fn forget(tx: &Tx, account: Uuid) -> Result<u64> {
    let of_account = Entity::delete_many().filter(Column::AccountId.eq(account));
    Ok(of_account.exec(tx).await?.rows_affected)
}

/// How many identities an account has.
pub(crate) async fn count(db: &impl ConnectionTrait, account: Uuid) -> Result<u64> {
    Ok(Entity::find().filter(Column::AccountId.eq(account)).count(db).await?)
}

/// Unties what a provider said of an account that moves to another mail address, where its word for the old one was enough:
/// whoever administrates that address could sign in with it for ever. What is the only way in stays.
pub(crate) async fn leave(auth: &Auth, tx: &Tx, account: &account::Model) -> Result<()> {
    let all = Entity::find().filter(Column::AccountId.eq(account.id)).all(tx).await?;
    let came_by_mail = |identity: &Model| {
        let is_old = |email: &str| account::key_of(email) == account.email_key;
        identity.email.as_deref().is_some_and(is_old)
            && auth.providers.is_trusted_for(&identity.provider, &account.email)
    };
    let (leaving, staying): (Vec<_>, Vec<_>) = all.into_iter().partition(came_by_mail);
    let is_open = account.password_hash.is_some() || !staying.is_empty() || passkey::count(tx, account.id).await? > 0;
    if leaving.is_empty() || !is_open {
        return Ok(());
    }
    let leaving = leaving.into_iter().map(|identity| identity.id);
    let leaving = Entity::delete_many().filter(Column::Id.is_in(leaving));
    leaving.exec(tx).await?;
    events::audit(auth, tx, account.id, "identity_unlinked").await?;
    jobs::send(auth, tx, Letter::Notice(account.id, Notice::IdentityRemoved)).await
}

/// Unties an identity of the caller's, unless it is the only way in.
pub(crate) async fn remove(auth: &Auth, caller: &Caller, id: Uuid) -> Result<()> {
    let of_caller = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::AccountId.eq(caller.account.id));
    let named = ("identity", "identity_unlinked", Notice::IdentityRemoved);
    account::take_way_in(auth, caller, of_caller, named).await
}
