//! Passkeys: a key in somebody's device that signs for this site alone. It is enough by itself, because the device asks
//! for a fingerprint or a PIN.
//!
//! Nobody says who they are before a passkey is asked for, so that nobody can ask which addresses have one.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use platform_config::Secret;
use platform_database::{
    OnConflict, Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, ConnectionTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait, EnumIter,
        IntoActiveModel, PaginatorTrait, PrimaryKeyTrait, QueryFilter, QueryOrder, Set,
    },
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder,
};

use crate::{
    account,
    caller::Caller,
    challenge::{self, Kind},
    client::Client,
    error::{Error, Result},
    events, input, jobs,
    letters::{Letter, Notice},
    session::{self, Method, Mode},
    settings::Settings,
    standing,
    store::Auth,
    throttle,
    token::Grant,
};

/// Answers to one challenge.
const ATTEMPTS: i32 = 1;

/// A passkey of somebody's.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject, Serialize)]
#[sea_orm(table_name = "passkeys")]
#[graphql(name = "Passkey")]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    #[graphql(skip)]
    #[serde(skip)]
    pub account_id: Uuid,
    /// What the device calls it.
    #[graphql(skip)]
    #[serde(skip)]
    pub credential: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// The public key and what was said of it, as JSON.
    #[graphql(skip)]
    #[serde(skip)]
    pub content: String,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was used last.
    pub last_used_at: Option<DateTime<Utc>>,
}

platform_database::unrelated!();

/// A question to a browser, and what has to come back with its answer.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// What has to be sent with the answer.
    pub token: Secret<String>,
    /// What the browser is asked.
    pub options: Value,
}

/// This site as browsers know it; nothing where its address is a number, which passkeys cannot be bound to.
pub(crate) fn site(settings: &Settings) -> Result<Option<Webauthn>> {
    let origin: Url = settings.public_url.parse().map_err(Error::internal)?;
    let Some(host) = origin.domain().map(str::to_owned) else {
        return Ok(None);
    };
    let builder = WebauthnBuilder::new(&host, &origin).map_err(Error::internal)?;
    Ok(Some(
        builder.rp_name(&settings.site_name).build().map_err(Error::internal)?,
    ))
}

fn webauthn(auth: &Auth) -> Result<&Webauthn> {
    auth.webauthn
        .as_ref()
        .ok_or(Error::Conflict("passkeys need a site with a name; see auth.public-url"))
}

/// Begins to register a passkey.
pub(crate) async fn begin(auth: &Auth, caller: &Caller) -> Result<Question> {
    let tx = auth.db.begin().await?;
    let account = caller.hold_confirmed(auth, &tx).await?.account;
    let present = list(&tx, account.id).await?;
    if present.len() as u64 >= auth.settings.passkeys {
        return Err(Error::TooMany {
            what: "passkeys",
            limit: auth.settings.passkeys,
        });
    }
    let known = present.into_iter().map(|passkey| passkey.credential).collect();
    let name = account.name.as_deref().unwrap_or(&account.email);
    let started = webauthn(auth)?.start_passkey_registration(account.id, &account.email, name, Some(known));
    let (options, state) = started.map_err(Error::internal)?;
    let mut options = serde_json::to_value(options).map_err(Error::internal)?;
    // Signing in begins without a name, so the device must keep the key itself.
    let criteria = &mut options["publicKey"]["authenticatorSelection"];
    criteria["residentKey"] = "required".into();
    criteria["requireResidentKey"] = true.into();
    challenge::forget(&tx, account.id, Kind::NewPasskey).await?;
    let token = ask(auth, &tx, (Kind::NewPasskey, Some(account.id)), &state).await?;
    tx.commit().await?;
    Ok(Question { token, options })
}

/// Registers the passkey that the browser made.
pub(crate) async fn register(
    auth: &Auth,
    caller: &Caller,
    (token, name): (&str, &str),
    credential: &RegisterPublicKeyCredential,
) -> Result<Model> {
    let name = input::label(name)?;
    let tx = auth.db.begin().await?;
    let account = caller.hold_confirmed(auth, &tx).await?.account;
    let challenge = challenge::take(auth, &tx, Kind::NewPasskey, token).await?;
    if challenge.account_id != Some(account.id) {
        return Err(Error::Spent);
    }
    let state: PasskeyRegistration = challenge.data()?;
    let passkey = webauthn(auth)?
        .finish_passkey_registration(credential, &state)
        .map_err(refused)?;
    let row = Model {
        id: auth.context.ids().v7(),
        account_id: account.id,
        credential: passkey.cred_id().to_vec(),
        name,
        content: serde_json::to_string(&passkey).map_err(Error::internal)?,
        created_at: auth.now(),
        last_used_at: None,
    };
    let stored = row.into_active_model().reset_all().insert(&tx).await;
    let stored = stored.on_unique(|| Error::Conflict("this passkey is registered already"))?;
    events::audit(auth, &tx, account.id, "passkey_added").await?;
    jobs::send(auth, &tx, Letter::Notice(account.id, Notice::Passkey)).await?;
    tx.commit().await?;
    Ok(stored)
}

/// Begins to sign in, as nobody.
pub(crate) async fn ask_for(auth: &Auth, client: &Client) -> Result<Question> {
    let (options, state) = webauthn(auth)?
        .start_discoverable_authentication()
        .map_err(Error::internal)?;
    let mut options = serde_json::to_value(options).map_err(Error::internal)?;
    // Whether the browser asks at once or when a field is filled in is for the page to say.
    if let Some(options) = options.as_object_mut() {
        options.remove("mediation");
    }
    let tx = auth.db.begin().await?;
    throttle::questions(auth, &tx, client).await?;
    let token = ask(auth, &tx, (Kind::Passkey, None), &state).await?;
    tx.commit().await?;
    Ok(Question { token, options })
}

async fn ask(auth: &Auth, tx: &Tx, what: (Kind, Option<Uuid>), state: &impl Serialize) -> Result<Secret<String>> {
    Ok(challenge::begin(auth, tx, what, state).await?.0)
}

/// Signs in whoever the passkey belongs to.
pub(crate) async fn sign_in(
    auth: &Auth,
    token: &str,
    credential: &PublicKeyCredential,
    by: (Mode, &Client),
) -> Result<Grant> {
    let challenge = challenge::attempt(auth, Kind::Passkey, token, ATTEMPTS).await?;
    let state: DiscoverableAuthentication = challenge.data()?;
    let webauthn = webauthn(auth)?;
    let (account, id) = webauthn
        .identify_discoverable_authentication(credential)
        .map_err(refused)?;
    let tx = auth.db.begin().await?;
    let account = account::hold(&tx, account).await?.ok_or(Error::Passkey)?;
    challenge::take(auth, &tx, Kind::Passkey, token).await?;
    let of_account = Entity::find()
        .filter(Column::Credential.eq(id.to_vec()))
        .filter(Column::AccountId.eq(account.id));
    let row = of_account.one(&tx).await?.ok_or(Error::Passkey)?;
    let mut passkey: Passkey = serde_json::from_str(&row.content).map_err(Error::internal)?;
    #[expect(
        deprecated,
        reason = "its successor takes what only a feature called dangerous gives"
    )]
    let result = webauthn.finish_discoverable_authentication(credential, state, &[DiscoverableKey::from(&passkey)]);
    let result = result.map_err(refused)?;
    used(auth, &tx, row, (&mut passkey, &result)).await?;
    let standing = standing::of(&tx, account.id, auth.now()).await?;
    let grant = session::begin(auth, &tx, (&account, standing), (Method::Passkey, by.0), by.1).await?;
    tx.commit().await?;
    Ok(grant)
}

async fn used(
    auth: &Auth,
    tx: &Tx,
    row: Model,
    (passkey, result): (&mut Passkey, &AuthenticationResult),
) -> Result<()> {
    let mut row = row.into_active_model();
    if passkey.update_credential(result) == Some(true) {
        row.content = Set(serde_json::to_string(passkey).map_err(Error::internal)?);
    }
    row.last_used_at = Set(Some(auth.now()));
    row.update(tx).await?;
    Ok(())
}

/// The passkeys of an account, the newest first.
pub(crate) async fn list(db: &impl ConnectionTrait, account: Uuid) -> Result<Vec<Model>> {
    let of_account = Entity::find().filter(Column::AccountId.eq(account));
    Ok(of_account.order_by_desc(Column::Id).all(db).await?)
}

/// Forgets all passkeys of an account, and says how many there were.
pub(crate) async fn forget(tx: &Tx, account: Uuid) -> Result<u64> {
    let of_account = Entity::delete_many().filter(Column::AccountId.eq(account));
    Ok(of_account.exec(tx).await?.rows_affected)
}

/// How many passkeys an account has.
pub(crate) async fn count(db: &impl ConnectionTrait, account: Uuid) -> Result<u64> {
    Ok(Entity::find().filter(Column::AccountId.eq(account)).count(db).await?)
}

/// Removes a passkey of the caller's, unless it is the only way in.
pub(crate) async fn remove(auth: &Auth, caller: &Caller, id: Uuid) -> Result<()> {
    let of_caller = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::AccountId.eq(caller.account.id));
    let named = ("passkey", "passkey_removed", Notice::PasskeyRemoved);
    account::take_way_in(auth, caller, of_caller, named).await
}

fn refused(error: webauthn_rs::prelude::WebauthnError) -> Error {
    tracing::debug!(%error, "a passkey was refused");
    Error::Passkey
}
