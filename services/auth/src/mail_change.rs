//! Another mail address for an account: both the old and the new one have to agree.

use chrono::{DateTime, Utc};
use platform_crypto::{Token, TokenHash};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait,
        EnumIter, IntoActiveModel, PrimaryKeyTrait, QueryFilter, QuerySelect, Set,
    },
};
use uuid::Uuid;

use crate::{
    account,
    caller::Caller,
    challenge::{self, Kind},
    error::{Error, Result},
    events, identity, input, jobs,
    letters::Letter,
    session::{self, Why},
    settings::span,
    store::Auth,
    throttle,
};

const PREFIX: &str = "hl";

/// A change that waits for one or both ends.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_changes")]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose address it is.
    pub account_id: Uuid,
    /// The new address.
    pub email: String,
    /// The hash of the token that the old address got.
    pub old_token: Option<Vec<u8>>,
    /// The hash of the token that the new address got.
    pub new_token: Option<Vec<u8>>,
    /// When the old address agreed.
    pub old_confirmed_at: Option<DateTime<Utc>>,
    /// When the new address agreed.
    pub new_confirmed_at: Option<DateTime<Utc>>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it is void.
    pub expires_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The other end has to agree too.
    HalfWay,
    /// The address is changed.
    Done,
}

/// Begins a change; one that was under way is void. Whether the new address has an account nobody learns here.
pub(crate) async fn begin(auth: &Auth, caller: &Caller, email: &str) -> Result<()> {
    let email = input::email(email)?;
    if email == caller.account.email {
        return Err(Error::field("email", "is the address the account has"));
    }
    let now = auth.now();
    let tx = auth.db.begin().await?;
    caller.hold_confirmed(auth, &tx).await?;
    throttle::mails_of(auth, &tx, caller).await?;
    forget(&tx, caller.account.id).await?;
    let change = Model {
        id: auth.context.ids().v7(),
        account_id: caller.account.id,
        email,
        old_token: None,
        new_token: None,
        old_confirmed_at: None,
        new_confirmed_at: None,
        created_at: now,
        expires_at: now + span(auth.settings.link_lifetime),
    };
    let change = change.into_active_model().reset_all().insert(&tx).await?;
    jobs::send(auth, &tx, Letter::OldMail(change.id)).await?;
    jobs::send(auth, &tx, Letter::NewMail(change.id)).await?;
    events::audit(auth, &tx, caller.account.id, "mail_change_begun").await?;
    Ok(tx.commit().await?)
}

/// The end of a change that a mail goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The address the account has.
    Old,
    /// The address it is to get.
    New,
}

/// The token for one end; one made before is void.
pub(crate) async fn arm(auth: &Auth, tx: &Tx, change: Model, end: End) -> Result<Token> {
    let token = Token::mint(PREFIX, auth.context.random());
    let hash = Some(token.hash.as_bytes().to_vec());
    let mut change = change.into_active_model();
    match end {
        End::Old => change.old_token = Set(hash),
        End::New => change.new_token = Set(hash),
    }
    change.update(tx).await?;
    Ok(token)
}

/// The change with an id, as long as it can be confirmed.
pub(crate) async fn by_id(tx: &Tx, id: Uuid, now: DateTime<Utc>) -> Result<Option<Model>> {
    let found = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    Ok(found.filter(|change| change.expires_at > now))
}

/// Agrees for the end that got this token. When both have, the address is changed and all sessions end.
pub(crate) async fn confirm(auth: &Auth, token: &str) -> Result<Progress> {
    let hash = TokenHash::of_token(PREFIX, token).ok_or(Error::Spent)?;
    let hash = Some(hash.as_bytes().to_vec());
    let now = auth.now();
    let tx = auth.db.begin().await?;
    let either = Condition::any()
        .add(Column::OldToken.eq(hash.clone()))
        .add(Column::NewToken.eq(hash.clone()));
    let found = || Entity::find().filter(either.clone());
    let account = found().one(&tx).await?.ok_or(Error::Spent)?.account_id;
    // Whoever ends sessions holds the account first; so must this, or two wait for each other.
    let account = account::hold(&tx, account).await?.ok_or(Error::Spent)?;
    let change = found().lock_exclusive().one(&tx).await?;
    let change = change.filter(|change| change.expires_at > now).ok_or(Error::Spent)?;
    let mut confirmed = change.clone().into_active_model();
    let is_done = if change.old_token == hash {
        (confirmed.old_token, confirmed.old_confirmed_at) = (Set(None), Set(Some(now)));
        change.new_confirmed_at.is_some()
    } else {
        (confirmed.new_token, confirmed.new_confirmed_at) = (Set(None), Set(Some(now)));
        change.old_confirmed_at.is_some()
    };
    confirmed.update(&tx).await?;
    if !is_done {
        tx.commit().await?;
        return Ok(Progress::HalfWay);
    }
    Entity::delete_by_id(change.id).exec(&tx).await?;
    if account::key_of(&change.email) != account.email_key {
        identity::leave(auth, &tx, &account).await?;
    }
    account::move_to(auth, &tx, change.account_id, &change.email).await?;
    // A sign-in that waits for its code may be by a provider that spoke for the address of before.
    for kind in [Kind::Reset, Kind::Code] {
        challenge::forget(&tx, change.account_id, kind).await?;
    }
    session::end_all(auth, &tx, (change.account_id, None), Why::Email).await?;
    events::mail_changed(auth, &tx, change.account_id, &change.email).await?;
    tx.commit().await?;
    Ok(Progress::Done)
}

/// The change of an account that is under way.
pub(crate) async fn of(db: &impl ConnectionTrait, account: Uuid) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::AccountId.eq(account)).one(db).await?)
}

/// Forgets the change of an account that is under way.
pub(crate) async fn forget(tx: &Tx, account: Uuid) -> Result<()> {
    let of_account = Entity::delete_many().filter(Column::AccountId.eq(account));
    of_account.exec(tx).await?;
    Ok(())
}
