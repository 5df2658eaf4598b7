//! The caller's account as an object.

use async_graphql::{ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use platform_database::{Connection, PageArgs};
use platform_graphql::Result;

use crate::{api_key, caller::Caller, identity, passkey, recovery, session, store::Auth, totp};

/// A person; what else is known of them another service tells.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub(crate) struct User {
    /// Their id.
    pub id: ID,
}

/// The account of who asks.
pub(crate) struct Account(pub(super) Caller, pub(super) Auth);

#[Object]
impl Account {
    /// The person.
    async fn user(&self) -> User {
        User {
            id: self.0.account.id.into(),
        }
    }

    /// The mail address, which is proven.
    async fn email(&self) -> &str {
        &self.0.account.email
    }

    /// When the account was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.account.created_at
    }

    /// Whether there is a password.
    async fn has_password(&self) -> bool {
        self.0.account.password_hash.is_some()
    }

    /// Whether signing in by a password asks for a code.
    async fn asks_for_codes(&self) -> Result<bool> {
        Ok(totp::is_on(self.1.db.read(), self.0.account.id).await?)
    }

    /// How many recovery codes are left.
    async fn recovery_codes_left(&self) -> Result<u64> {
        Ok(recovery::left(self.1.db.read(), self.0.account.id).await?)
    }

    /// The session that asks.
    async fn session(&self) -> session::Model {
        self.0.session.clone()
    }

    /// The sessions that last, the newest first.
    async fn sessions(&self, first: Option<i32>, after: Option<String>) -> Result<Connection<session::Model>> {
        let page = PageArgs::forward(first, after);
        Ok(session::page(self.1.db.read(), self.0.account.id, self.1.now(), &page).await?)
    }

    /// The API keys, the newest first; revoked ones too, for a while.
    async fn api_keys(&self, first: Option<i32>, after: Option<String>) -> Result<Connection<api_key::Model>> {
        let page = PageArgs::forward(first, after);
        Ok(api_key::page(self.1.db.read(), self.0.account.id, &page).await?)
    }

    /// The passkeys, the newest first; there are few.
    async fn passkeys(&self) -> Result<Vec<passkey::Model>> {
        Ok(passkey::list(self.1.db.read(), self.0.account.id).await?)
    }

    /// The identities at providers, the newest first; there are few.
    async fn identities(&self) -> Result<Vec<identity::Model>> {
        Ok(identity::list(self.1.db.read(), self.0.account.id).await?)
    }
}
