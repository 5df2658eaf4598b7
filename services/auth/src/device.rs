//! Devices that are known: a browser or program that signed in once may try again whatever strangers do meanwhile.

use chrono::{DateTime, Utc};
use platform_config::Secret;
use platform_crypto::{Token, TokenHash};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait,
        EnumIter, ExprTrait, IntoActiveModel, JoinType, PrimaryKeyTrait, QueryFilter, QueryOrder, QuerySelect, Set,
        sea_query::Expr,
    },
};
use uuid::Uuid;

use crate::{account, client::Client, error::Result, settings::span, store::Auth};

const PREFIX: &str = "hd";
/// Devices of one account; those that were not used for the longest time are forgotten.
const MOST: u64 = 50;

/// A device that is known.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "devices")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) hash: Vec<u8>,
    pub(crate) account_id: Uuid,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_used_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// The device that sends a request, when it is known to an account.
pub(crate) async fn known(auth: &Auth, account: Uuid, client: &Client) -> Result<Option<Model>> {
    let Some(hash) = hash_of(client) else { return Ok(None) };
    let device = Entity::find_by_id(hash).one(auth.db.read()).await?;
    Ok(device.filter(|device| device.account_id == account && device.expires_at > auth.now()))
}

/// The account with a mail address, and the device that sends the request where it is known to that account. One
/// question, whether there is such an account or not.
pub(crate) async fn with_account(
    auth: &Auth,
    email: &str,
    client: &Client,
) -> Result<(Option<account::Model>, Option<Model>)> {
    let db = auth.db.read();
    let Some(hash) = hash_of(client) else {
        return Ok((account::by_email(db, email).await?, None));
    };
    let now = auth.now();
    let its_device = account::Entity::belongs_to(Entity)
        .from(account::Column::Id)
        .to(Column::AccountId)
        .on_condition(move |_, device| {
            let column = |column: Column| Expr::col((device.clone(), column));
            let is_it = column(Column::Hash).eq(hash.clone());
            Condition::all().add(is_it).add(column(Column::ExpiresAt).gt(now))
        });
    let found = account::Entity::find()
        .join(JoinType::LeftJoin, its_device.into())
        .select_also(Entity)
        .filter(account::Column::EmailKey.eq(account::key_of(email)))
        .one(db)
        .await?;
    Ok(found.map_or((None, None), |(account, device)| (Some(account), device)))
}

fn hash_of(client: &Client) -> Option<Vec<u8>> {
    let text = client.device.as_ref()?;
    let hash = TokenHash::of_token(PREFIX, text.expose())?;
    Some(hash.as_bytes().to_vec())
}

/// Makes the device of somebody who signed in known; nothing where it already is. So many devices of the account are.
pub(crate) async fn remember(
    auth: &Auth,
    tx: &Tx,
    (account, known): (Uuid, i64),
    client: &Client,
) -> Result<Option<Secret<String>>> {
    let now = auth.now();
    if let Some(hash) = hash_of(client) {
        let renewed = ActiveModel {
            last_used_at: Set(now),
            expires_at: Set(now + span(auth.settings.device_lifetime)),
            ..Default::default()
        };
        let renewed = Entity::update_many()
            .set(renewed)
            .filter(Column::Hash.eq(hash))
            .filter(Column::AccountId.eq(account))
            .exec(tx)
            .await?;
        if renewed.rows_affected > 0 {
            return Ok(None);
        }
    }
    if known.unsigned_abs() >= MOST {
        make_room(tx, account).await?;
    }
    let token = Token::mint(PREFIX, auth.context.random());
    let device = Model {
        hash: token.hash.as_bytes().to_vec(),
        account_id: account,
        created_at: now,
        last_used_at: now,
        expires_at: now + span(auth.settings.device_lifetime),
    };
    let row = device.into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(Some(token.text))
}

/// Forgets all devices of an account but the one that sends the request, if it says which: what was shown there was less
/// than is asked for from now on.
pub(crate) async fn forget_all(tx: &Tx, account: Uuid, but: &Client) -> Result<()> {
    let mut of_account = Entity::delete_many().filter(Column::AccountId.eq(account));
    if let Some(hash) = hash_of(but) {
        of_account = of_account.filter(Column::Hash.ne(hash));
    }
    of_account.exec(tx).await?;
    Ok(())
}

/// The devices of an account, the newest first.
pub(crate) async fn list(db: &impl ConnectionTrait, account: Uuid) -> Result<Vec<Model>> {
    let of_account = Entity::find().filter(Column::AccountId.eq(account));
    Ok(of_account.order_by_desc(Column::LastUsedAt).limit(MOST).all(db).await?)
}

async fn make_room(tx: &Tx, account: Uuid) -> Result<()> {
    let of_account = Entity::find().filter(Column::AccountId.eq(account));
    let oldest = of_account.order_by_desc(Column::LastUsedAt).offset(MOST - 1).limit(100);
    for device in oldest.all(tx).await? {
        Entity::delete_by_id(device.hash).exec(tx).await?;
    }
    Ok(())
}
