//! Recovery codes: ten of them, each good once, for who has lost the authenticator.

use chrono::{DateTime, Utc};
use platform_config::Secret;
use platform_crypto::sha256;
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, ConnectionTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait, EnumIter,
        IntoActiveModel, PaginatorTrait, PrimaryKeyTrait, QueryFilter, sea_query::Expr,
    },
};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    events,
    store::Auth,
};

const COUNT: usize = 10;
/// Without letters and digits that look alike: 31 of them.
const ALPHABET: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
/// 16 characters of 31 are 79 bits: nobody guesses them, so that a plain hash will do.
const LENGTH: usize = 16;

/// A code, of which only the hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery_codes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) hash: Vec<u8>,
    pub(crate) account_id: Uuid,
    pub(crate) used_at: Option<DateTime<Utc>>,
}

platform_database::unrelated!();

/// New codes in place of all old ones.
pub(crate) async fn renew(auth: &Auth, tx: &Tx, account: Uuid) -> Result<Vec<Secret<String>>> {
    forget(tx, account).await?;
    let mut codes = Vec::new();
    for _ in 0..COUNT {
        let code = make(auth);
        let row = Model {
            hash: hash(account, &code),
            account_id: account,
            used_at: None,
        };
        row.into_active_model().reset_all().insert(tx).await?;
        codes.push(Secret::new(code));
    }
    Ok(codes)
}

/// Whether a text is meant as a recovery code and not as one of an authenticator.
pub(crate) fn looks_like_one(code: &str) -> bool {
    plain(code).len() == LENGTH
}

/// Uses a code.
pub(crate) async fn take(auth: &Auth, tx: &Tx, account: Uuid, code: &str) -> Result<()> {
    let taken = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(auth.now()))
        .filter(Column::Hash.eq(hash(account, code)))
        .filter(Column::AccountId.eq(account))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    if taken.rows_affected == 0 {
        return Err(Error::WrongCode);
    }
    events::audit(auth, tx, account, "recovery_code_used").await
}

/// How many codes are left.
pub(crate) async fn left(db: &impl ConnectionTrait, account: Uuid) -> Result<u64> {
    let of_account = Entity::find().filter(Column::AccountId.eq(account));
    Ok(of_account.filter(Column::UsedAt.is_null()).count(db).await?)
}

/// Forgets all codes of an account.
pub(crate) async fn forget(tx: &Tx, account: Uuid) -> Result<()> {
    Entity::delete_many()
        .filter(Column::AccountId.eq(account))
        .exec(tx)
        .await?;
    Ok(())
}

fn make(auth: &Auth) -> String {
    let random = auth.context.random();
    let letters = ALPHABET.len() as u64;
    let letter = || char::from(ALPHABET[usize::try_from(random.below(letters)).unwrap_or_default()]);
    let groups = (0..LENGTH / 4).map(|_| (0..4).map(|_| letter()).collect::<String>());
    groups.collect::<Vec<_>>().join("-")
}

fn plain(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Bound to the account, so that the same code of another account has another hash.
fn hash(account: Uuid, code: &str) -> Vec<u8> {
    sha256(&[account.as_bytes(), plain(code).as_bytes()].concat()).to_vec()
}
