//! Things that are done once and soon: links in mails, and the steps of a sign-in between two requests.

use chrono::{DateTime, Utc};
use platform_config::{Duration, Secret};
use platform_crypto::{Token, TokenHash};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, DeriveActiveEnum, DeriveEntityModel, DerivePrimaryKey, EntityTrait,
        EnumIter, ExprTrait, IntoActiveModel, PrimaryKeyTrait, QueryFilter, QuerySelect, Set, sea_query::Expr,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    settings::span,
    store::Auth,
};

const PREFIX: &str = "hl";

/// Something that waits to be done.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "challenges")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    /// The hash of the token that does it; none until the token was made.
    pub(crate) token: Option<Vec<u8>>,
    pub(crate) account_id: Option<Uuid>,
    /// What has to be kept until then, as JSON.
    pub(crate) data: String,
    pub(crate) attempts: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Prove the mail address of a registration.
    Registration,
    /// Set a new password.
    Reset,
    /// Give the code after the password.
    Code,
    /// Come back from an OpenID provider.
    Provider,
    /// Register a passkey.
    NewPasskey,
    /// Sign in by a passkey.
    Passkey,
}

/// Begins something. Its token is made later, by [`arm`], where it is sent by mail.
pub(crate) async fn open(
    auth: &Auth,
    tx: &Tx,
    what: (Kind, Option<Uuid>),
    data: &impl Serialize,
    lifetime: Duration,
) -> Result<Model> {
    let challenge = made(auth, what, data, lifetime)?;
    insert(tx, &challenge).await?;
    Ok(challenge)
}

/// Begins something whose token is made at once. It gives the token, and until when it is good.
pub(crate) async fn begin(
    auth: &Auth,
    tx: &Tx,
    what: (Kind, Option<Uuid>),
    data: &impl Serialize,
) -> Result<(Secret<String>, DateTime<Utc>)> {
    let token = Token::mint(PREFIX, auth.context.random());
    let mut challenge = made(auth, what, data, auth.settings.step_lifetime)?;
    challenge.token = Some(token.hash.as_bytes().to_vec());
    insert(tx, &challenge).await?;
    Ok((token.text, challenge.expires_at))
}

fn made(
    auth: &Auth,
    (kind, account_id): (Kind, Option<Uuid>),
    data: &impl Serialize,
    lifetime: Duration,
) -> Result<Model> {
    let now = auth.now();
    Ok(Model {
        id: auth.context.ids().v7(),
        kind,
        token: None,
        account_id,
        data: serde_json::to_string(data).map_err(Error::internal)?,
        attempts: 0,
        created_at: now,
        expires_at: now + span(lifetime),
    })
}

async fn insert(tx: &Tx, challenge: &Model) -> Result<()> {
    let row = challenge.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Makes the token that does it; one made before is void.
pub(crate) async fn arm(auth: &Auth, tx: &Tx, challenge: Model, account: Option<Uuid>) -> Result<Token> {
    let token = Token::mint(PREFIX, auth.context.random());
    let mut armed = challenge.into_active_model();
    armed.token = Set(Some(token.hash.as_bytes().to_vec()));
    armed.account_id = Set(account);
    armed.update(tx).await?;
    Ok(token)
}

/// The challenge with an id, as long as it can be met.
pub(crate) async fn by_id(tx: &Tx, id: Uuid, now: DateTime<Utc>) -> Result<Option<Model>> {
    let found = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    Ok(found.filter(|challenge| challenge.expires_at > now))
}

/// What can be tried now. Nothing is counted.
pub(crate) async fn open_to(auth: &Auth, kind: Kind, token: &str, most: i32) -> Result<Model> {
    let found = Entity::find().filter(may_be_tried(auth, kind, token, most)?);
    found.one(auth.db.read()).await?.ok_or(Error::Spent)
}

fn may_be_tried(auth: &Auth, kind: Kind, token: &str, most: i32) -> Result<Condition> {
    Ok(Condition::all()
        .add(Column::Token.eq(hash(token)?))
        .add(Column::Kind.eq(kind))
        .add(Column::ExpiresAt.gt(auth.now()))
        .add(Column::Attempts.lt(most)))
}

/// Counts an attempt to do it, and gives it while there are attempts left. Call it before anything is compared.
pub(crate) async fn attempt(auth: &Auth, kind: Kind, token: &str, most: i32) -> Result<Model> {
    let tx = auth.db.begin().await?;
    let counted = Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(may_be_tried(auth, kind, token, most)?)
        .exec_with_returning(&tx)
        .await?;
    tx.commit().await?;
    counted.into_iter().next().ok_or(Error::Spent)
}

/// Does it: whoever takes it first has it, and nobody after them.
pub(crate) async fn take(auth: &Auth, tx: &Tx, kind: Kind, token: &str) -> Result<Model> {
    let taken = Entity::delete_many()
        .filter(Column::Token.eq(hash(token)?))
        .filter(Column::Kind.eq(kind))
        .exec_with_returning(tx)
        .await?;
    let taken = taken.into_iter().next();
    taken
        .filter(|challenge| challenge.expires_at > auth.now())
        .ok_or(Error::Spent)
}

/// Forgets what an account had under way.
pub(crate) async fn forget(tx: &Tx, account: Uuid, kind: Kind) -> Result<()> {
    let of_account = Entity::delete_many().filter(Column::AccountId.eq(account));
    of_account.filter(Column::Kind.eq(kind)).exec(tx).await?;
    Ok(())
}

impl Model {
    /// What was kept.
    pub(crate) fn data<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.data).map_err(Error::internal)
    }
}

fn hash(token: &str) -> Result<Vec<u8>> {
    let hash = TokenHash::of_token(PREFIX, token).ok_or(Error::Spent)?;
    Ok(hash.as_bytes().to_vec())
}
