//! Somebody who is signed in, looked up: the account and the session behind a token.

use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse, Response},
};
use platform_auth::{Kind, Principal};
use platform_database::Tx;
use platform_http::Problem;

use crate::{
    account,
    error::{Error, Result},
    session,
    settings::span,
    store::Auth,
};

/// A person who is signed in. Their id never comes from the input of a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is.
    pub account: account::Model,
    /// By which session.
    pub session: session::Model,
}

impl Caller {
    /// Looks up whoever a verified token names. The session is asked for again, so that here a session that ended is
    /// over at once.
    pub(crate) async fn of(auth: &Auth, principal: &Principal) -> Result<Self> {
        let session = match (principal.kind, principal.session) {
            (Kind::User, Some(session)) => session,
            _ => return Err(Error::NotAPerson),
        };
        let id = principal.user()?;
        let session = session::live(auth.db.read(), session, auth.now()).await?;
        let account = account::find(auth.db.read(), id).await?.ok_or(Error::Over)?;
        match session.account_id == account.id {
            true => Ok(Self { account, session }),
            false => Err(Error::Over),
        }
    }

    /// Holds the account until the transaction ends, and gives the caller as they are by then: a request that was begun
    /// before its session ended comes too late, however long its body took.
    pub(crate) async fn hold(&self, auth: &Auth, tx: &Tx) -> Result<Self> {
        let account = account::hold(tx, self.account.id).await?.ok_or(Error::Over)?;
        let session = session::live(tx, self.session.id, auth.now()).await?;
        Ok(Self { account, session })
    }

    /// The same of somebody who has shown recently who they are: for whatever changes how they sign in.
    pub(crate) async fn hold_confirmed(&self, auth: &Auth, tx: &Tx) -> Result<Self> {
        let caller = self.hold(auth, tx).await?;
        caller.is_confirmed(auth)?;
        Ok(caller)
    }

    /// Refuses who has not shown recently who they are.
    pub(crate) fn is_confirmed(&self, auth: &Auth) -> Result<()> {
        match self.session.confirmed_at + span(auth.settings.confirmed_within) > auth.now() {
            true => Ok(()),
            false => Err(Error::Unconfirmed),
        }
    }
}

impl FromRequestParts<Auth> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, auth: &Auth) -> Result<Self, Response> {
        let principal = <Principal as FromRequestParts<Auth>>::from_request_parts(parts, auth).await?;
        let caller = Self::of(auth, &principal).await;
        caller.map_err(|error| Problem::from(error).into_response())
    }
}
