//! Registration: an account is made once its mail address is proven, by whoever chose the password.
//!
//! Until then there is no account that anybody could prepare for somebody else, and what is answered and done is the
//! same whether the address has an account already. The link alone is not enough: it goes to whoever owns the mailbox,
//! which may be another person than the one who registered.

use platform_config::Secret;
use platform_crypto::Verdict;
use serde::{Deserialize, Serialize};

use crate::{
    account::{self, New},
    challenge::{self, Kind},
    client::Client,
    error::{Error, Result},
    input, jobs,
    letters::Letter,
    session::{self, Method, Mode},
    standing,
    store::Auth,
    throttle,
    token::Grant,
};

/// Wrong passwords with one link.
const ATTEMPTS: i32 = 10;

/// What somebody registers with.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Registration {
    /// The mail address.
    pub email: String,
    /// The password.
    pub password: Hidden,
    /// The name.
    pub name: Option<String>,
    /// The language, as a tag such as `de-AT`.
    pub locale: Option<String>,
}

/// What is kept of it until the link is followed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) email: String,
    name: Option<String>,
    locale: Option<String>,
    hash: String,
}

/// Takes a registration and has a mail sent: with a link, or to the owner of the account that is there already.
pub(crate) async fn register(auth: &Auth, registration: Registration, client: &Client) -> Result<()> {
    if !auth.settings.registration {
        return Err(Error::Closed);
    }
    let email = input::email(&registration.email)?;
    input::password(registration.password.text(), &email)?;
    let (name, locale) = (input::name(registration.name)?, input::locale(registration.locale)?);
    // Counted before the hash: who may send no more mails keeps no processor busy either.
    let tx = auth.db.begin().await?;
    throttle::mails(auth, &tx, client).await?;
    tx.commit().await?;
    let hash = auth.hash(registration.password.secret()).await?;
    let pending = Pending {
        email,
        name,
        locale,
        hash,
    };
    let tx = auth.db.begin().await?;
    let lifetime = auth.settings.registration_lifetime;
    let challenge = challenge::open(auth, &tx, (Kind::Registration, None), &pending, lifetime).await?;
    jobs::send(auth, &tx, Letter::Registration(challenge.id)).await?;
    Ok(tx.commit().await?)
}

/// Makes the account: for who has the link and knows the password.
pub(crate) async fn verify(auth: &Auth, token: &str, password: Secret<String>, by: (Mode, &Client)) -> Result<Grant> {
    let challenge = challenge::attempt(auth, Kind::Registration, token, ATTEMPTS).await?;
    let pending: Pending = challenge.data()?;
    let verdict = auth.verify(password, Some(pending.hash.clone())).await?;
    if verdict == Verdict::Wrong {
        return Err(Error::Credentials);
    }
    let tx = auth.db.begin().await?;
    challenge::take(auth, &tx, Kind::Registration, token).await?;
    let new = New {
        email: pending.email,
        name: pending.name,
        locale: pending.locale,
        password_hash: Some(pending.hash),
    };
    let account = account::create(auth, &tx, new).await?;
    let standing = standing::of(&tx, account.id, auth.now()).await?;
    let grant = session::begin(auth, &tx, (&account, standing), (Method::Password, by.0), by.1).await?;
    tx.commit().await?;
    Ok(grant)
}

/// A password or another secret on its way in. It is never printed.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hidden(Secret<String>);

impl Hidden {
    /// The text.
    pub(crate) fn text(&self) -> &str {
        self.0.expose()
    }

    /// The secret.
    pub(crate) fn secret(self) -> Secret<String> {
        self.0
    }
}

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(Secret::new(text))
    }
}

/// A password, or another secret.
#[async_graphql::Scalar(name = "Secret")]
impl async_graphql::ScalarType for Hidden {
    fn parse(value: async_graphql::Value) -> async_graphql::InputValueResult<Self> {
        match value {
            async_graphql::Value::String(text) => Ok(text.into()),
            _ => Err("must be a text".into()),
        }
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::Null
    }
}
