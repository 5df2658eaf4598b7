//! Codes of an authenticator as a second factor, each good once; and recovery codes for when it is lost.

use chrono::{DateTime, Utc};
use platform_config::Secret;
use platform_crypto::{KeyRing, Place};
use platform_database::{
    Database, Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait,
        EnumIter, IntoActiveModel, PrimaryKeyTrait, QueryFilter, QueryOrder, QuerySelect, Set, sea_query::Expr,
    },
};
use totp_rs::{Builder, Totp};
use uuid::Uuid;

use crate::{
    account,
    caller::Caller,
    client::Client,
    device,
    error::{Error, Result},
    events, jobs,
    letters::{Letter, Notice},
    recovery,
    sealed::Anew,
    session::{self, Why},
    store::Auth,
};

const STEP: u64 = 30;
/// Codes of one step before and after are taken, because clocks differ.
const SKEW: u16 = 1;
/// Secrets that are read at once to be sealed anew.
const PAGE: u64 = 500;

/// An authenticator, its secret sealed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "totps")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The secret, sealed.
    pub secret: Vec<u8>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When the first code was given; until then it is not asked for.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The step of the newest code that was taken. No code of that step or before it is taken again.
    pub last_step: Option<i64>,
}

platform_database::unrelated!();

/// What an authenticator has to know.
#[derive(Clone, Debug)]
pub(crate) struct Enrolment {
    /// The secret in base 32.
    pub secret: Secret<String>,
    /// The same as an `otpauth:` address, for a QR code.
    pub url: Secret<String>,
}

/// Whether an account asks for codes.
pub(crate) async fn is_on(db: &impl ConnectionTrait, account: Uuid) -> Result<bool> {
    let row = Entity::find_by_id(account).one(db).await?;
    Ok(row.is_some_and(|row| row.confirmed_at.is_some()))
}

/// Begins: gives the secret. One that was begun before and never confirmed is void.
pub(crate) async fn begin(auth: &Auth, caller: &Caller) -> Result<Enrolment> {
    let secret: [u8; 20] = auth.context.random().bytes();
    let tx = auth.db.begin().await?;
    let account = &caller.hold_confirmed(auth, &tx).await?.account;
    if is_on(&tx, account.id).await? {
        return Err(Error::Conflict("codes are asked for already; switch that off first"));
    }
    Entity::delete_by_id(account.id).exec(&tx).await?;
    let row = Model {
        account_id: account.id,
        secret: auth.ring.seal(&place(&account.id), &secret),
        created_at: auth.now(),
        confirmed_at: None,
        last_step: None,
    };
    row.into_active_model().reset_all().insert(&tx).await?;
    tx.commit().await?;
    let totp = totp(auth, account, &secret)?;
    Ok(Enrolment {
        secret: Secret::new(totp.secret().to_base32()),
        url: Secret::new(totp.to_url().map_err(|error| Error::internal(error.to_string()))?),
    })
}

/// Ends the beginning: the first code switches it on and gives the recovery codes, which are shown once. All other
/// sessions end and all other devices are forgotten, for they were trusted without a code.
pub(crate) async fn enable(auth: &Auth, caller: &Caller, code: &str, client: &Client) -> Result<Vec<Secret<String>>> {
    let tx = auth.db.begin().await?;
    let account = &caller.hold_confirmed(auth, &tx).await?.account;
    let row = Entity::find_by_id(account.id).one(&tx).await?;
    let row = row.filter(|row| row.confirmed_at.is_none());
    let row = row.ok_or(Error::Conflict("begin with POST /auth/totp"))?;
    take(auth, &tx, account, &row, code).await?;
    let confirmed = ActiveModel {
        account_id: Set(account.id),
        confirmed_at: Set(Some(auth.now())),
        ..Default::default()
    };
    Entity::update(confirmed).exec(&tx).await?;
    let codes = recovery::renew(auth, &tx, account.id).await?;
    session::end_all(auth, &tx, (account.id, Some(caller.session.id)), Why::Revoked).await?;
    device::forget_all(&tx, account.id, client).await?;
    events::audit(auth, &tx, account.id, "second_factor_on").await?;
    jobs::send(auth, &tx, Letter::Notice(account.id, Notice::CodesOn)).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Switches it off.
pub(crate) async fn disable(auth: &Auth, caller: &Caller) -> Result<()> {
    let id = caller.account.id;
    let tx = auth.db.begin().await?;
    caller.hold_confirmed(auth, &tx).await?;
    if !forget(&tx, id).await? {
        return Ok(());
    }
    events::audit(auth, &tx, id, "second_factor_off").await?;
    jobs::send(auth, &tx, Letter::Notice(id, Notice::CodesOff)).await?;
    Ok(tx.commit().await?)
}

/// Forgets the authenticator and the recovery codes of an account, and says whether there was one.
pub(crate) async fn forget(tx: &Tx, account: Uuid) -> Result<bool> {
    let gone = Entity::delete_by_id(account).exec(tx).await?;
    recovery::forget(tx, account).await?;
    Ok(gone.rows_affected > 0)
}

/// New recovery codes in place of the old ones.
pub(crate) async fn renew_recovery(auth: &Auth, caller: &Caller) -> Result<Vec<Secret<String>>> {
    let id = caller.account.id;
    let tx = auth.db.begin().await?;
    caller.hold_confirmed(auth, &tx).await?;
    if !is_on(&tx, id).await? {
        return Err(Error::Conflict("no codes are asked for; begin with POST /auth/totp"));
    }
    let codes = recovery::renew(auth, &tx, id).await?;
    events::audit(auth, &tx, id, "recovery_codes_renewed").await?;
    jobs::send(auth, &tx, Letter::Notice(id, Notice::RecoveryCodes)).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Takes a code of the authenticator or a recovery code. Either is good once.
pub(crate) async fn accept(auth: &Auth, tx: &Tx, account: &account::Model, code: &str) -> Result<()> {
    let row = Entity::find_by_id(account.id).one(tx).await?;
    let row = row.filter(|row| row.confirmed_at.is_some()).ok_or(Error::WrongCode)?;
    if recovery::looks_like_one(code) {
        recovery::take(auth, tx, account.id, code).await?;
        return jobs::send(auth, tx, Letter::Notice(account.id, Notice::RecoveryCode)).await;
    }
    take(auth, tx, account, &row, code).await
}

async fn take(auth: &Auth, tx: &Tx, account: &account::Model, row: &Model, code: &str) -> Result<()> {
    let secret = auth.ring.open_sealed(&place(&account.id), &row.secret)?;
    let totp = totp(auth, account, &secret)?;
    let now = u64::try_from(auth.now().timestamp()).unwrap_or_default();
    let step = totp.check(code.trim(), now).ok_or(Error::WrongCode)?;
    let step = i64::try_from(step).map_err(Error::internal)?;
    let newer = Condition::any()
        .add(Column::LastStep.is_null())
        .add(Column::LastStep.lt(step));
    let taken = Entity::update_many()
        .col_expr(Column::LastStep, Expr::value(step))
        .filter(Column::AccountId.eq(account.id))
        .filter(newer)
        .exec(tx)
        .await?;
    match taken.rows_affected {
        1 => Ok(()),
        _ => Err(Error::WrongCode),
    }
}

fn totp(auth: &Auth, account: &account::Model, secret: &[u8]) -> Result<Totp> {
    // A colon would end the name within the address of an authenticator.
    let (site, email) = (
        auth.settings.site_name.replace(':', " "),
        account.email.replace(':', " "),
    );
    Builder::new()
        .with_secret(secret.to_vec())
        .with_skew(SKEW)
        .with_step_duration(STEP)
        .with_issuer(Some(site))
        .with_account_name(email)
        .build()
        .map_err(|error| Error::internal(error.to_string()))
}

pub(crate) fn place(account: &Uuid) -> Place<'_> {
    Place {
        table: "totps",
        column: "secret",
        row: account.as_bytes(),
    }
}

/// Seals again what an older key of the ring sealed. What cannot be opened is left as it is.
pub(crate) async fn reseal(db: &Database, ring: &KeyRing) -> Result<Anew> {
    let mut anew = Anew::default();
    let mut last = Uuid::nil();
    loop {
        let page = Entity::find().filter(Column::AccountId.gt(last));
        let page = page.order_by_asc(Column::AccountId).limit(PAGE).all(db.read()).await?;
        let Some(end) = page.last() else {
            return Ok(anew);
        };
        last = end.account_id;
        for row in page {
            match ring.reseal(&place(&row.account_id), &row.secret) {
                Ok(None) => {}
                Ok(Some(sealed)) => anew.sealed += replace(db, row, sealed).await?,
                Err(_) => anew.unopened += 1,
            }
        }
    }
}

async fn replace(db: &Database, row: Model, sealed: Vec<u8>) -> Result<u64> {
    let tx = db.begin().await?;
    let changed = Entity::update_many()
        .col_expr(Column::Secret, Expr::value(sealed))
        .filter(Column::AccountId.eq(row.account_id))
        .filter(Column::Secret.eq(row.secret))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(changed.rows_affected)
}
