//! What can be wrong with a request to this service.

use std::borrow::Cow;

use platform_auth::AuthError;
use platform_crypto::CryptoError;
use platform_database::{
    DatabaseError,
    orm::{DbErr, SqlErr},
};
use platform_error::{Code, Coded};
use platform_events::EventError;
use platform_jobs::JobError;
use serde_json::{Value, json};

/// The usual result here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A refusal of this service.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The account is not there, has another password, or none. Which of them it is nobody learns.
    #[error("the mail address or the password is wrong")]
    Credentials,
    /// The session behind a token is over.
    #[error("the session is over; sign in again")]
    Over,
    /// A refresh token that is not valid.
    #[error("the refresh token is not valid any more; sign in again")]
    Refresh,
    /// A link from a mail, or a step of a sign-in, that is used, too old or made up.
    #[error("this was used already or is too old; begin again")]
    Spent,
    /// A code of the second factor that is wrong or was used.
    #[error("the code is wrong or was used before")]
    WrongCode,
    /// A passkey that cannot be accepted.
    #[error("the passkey was not accepted; try again or use another way to sign in")]
    Passkey,
    /// The request came with cookies and without the token that shows that a page of ours sent it.
    #[error("send the header x-csrf-token with the value of the cookie csrf")]
    Csrf,
    /// How somebody signs in may be changed only by who showed recently who they are.
    #[error("show first that it is you, at /auth/confirm")]
    Unconfirmed,
    /// Only people who are signed in may do this, no keys and services.
    #[error("only people may do this; sign in instead of using a key")]
    NotAPerson,
    /// The account is suspended. Only who has shown that it is theirs is told.
    #[error("this account is suspended; ask those who run this site")]
    Suspended,
    /// Nobody suspends themselves.
    #[error("nobody suspends their own account; ask another administrator, or delete it")]
    Oneself,
    /// Accounts are administrated by who holds one of these permissions.
    #[error("this takes the permission {} everywhere", .0.join(" or "))]
    MayNot(&'static [&'static str]),
    /// Too many failures.
    #[error("too many attempts; try again in {0}s")]
    Throttled(u64),
    /// A field of the input breaks a rule.
    #[error("{field} {reason}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it, as the rest of a sentence.
        reason: Cow<'static, str>,
    },
    /// It is not there, or belongs to somebody else.
    #[error("there is no such {0}")]
    NoSuch(&'static str),
    /// One may have only so many.
    #[error("there are {limit} {what} already; remove one first")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
    /// The last way to sign in cannot be taken away.
    #[error("this is the only way to sign in; add another one first")]
    LastWayIn,
    /// The state of the account does not allow it.
    #[error("{0}")]
    Conflict(&'static str),
    /// Strangers may not register here.
    #[error("registration is closed; ask for an invitation")]
    Closed,
    /// An OpenID provider failed us or the browser came back with what we did not send.
    #[error("{0}")]
    Provider(&'static str),
    /// The provider's word is not enough for this account.
    #[error("{0}")]
    Unlinked(&'static str),
    /// The provider cannot be used now.
    #[error("the provider cannot be reached; try again later")]
    ProviderAway,
    /// The provider is there, and does not do for us what signing in by it needs.
    #[error("signing in by this provider does not work now; use another way, or tell those who run this site")]
    ProviderFails,
    /// Nobody says now who belongs to a workspace.
    #[error("it cannot be known now whether you belong to this workspace; try again in a moment, or ask for none")]
    Unjudged,
    /// A mail was not taken; it is tried again. In words for operators.
    #[error("the mail was not sent: {0}")]
    Unsent(String),
    /// A setting that cannot be used.
    #[error("{0}")]
    Setting(&'static str),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Keys and passwords.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// What another part of the platform says.
    #[error("{}", .0.message())]
    Other(Box<platform_error::Error>, #[source] Option<Cause>),
    /// A fault of ours.
    #[error("something went wrong on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the platform's error was caused by, for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

impl Error {
    /// A field that breaks a rule.
    pub(crate) fn field(field: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        let reason = reason.into();
        Self::Field { field, reason }
    }

    /// A fault of ours.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        // Between the reading of a row and the writing of it, or of one that refers to it, somebody else may remove it.
        match (&error, error.sql_err()) {
            (DbErr::RecordNotUpdated, _) | (_, Some(SqlErr::ForeignKeyConstraintViolation(_))) => {
                Self::NoSuch("thing any more: it was removed a moment ago")
            }
            _ => Self::Database(error.into()),
        }
    }
}

impl From<platform_error::Error> for Error {
    fn from(error: platform_error::Error) -> Self {
        let cause = Some(error.causes()).filter(|causes| !causes.is_empty()).map(Cause);
        Self::Other(Box::new(error), cause)
    }
}

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        platform_error::Error::from(error).into()
    }
}

impl From<EventError> for Error {
    fn from(error: EventError) -> Self {
        platform_error::Error::from(error).into()
    }
}

impl From<JobError> for Error {
    fn from(error: JobError) -> Self {
        platform_error::Error::from(error).into()
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Credentials | Self::Over | Self::Refresh | Self::WrongCode | Self::Passkey => Code::Unauthenticated,
            Self::Csrf | Self::Unconfirmed | Self::NotAPerson | Self::Closed | Self::Unlinked(_) => Code::Forbidden,
            Self::Suspended | Self::Oneself | Self::MayNot(_) => Code::Forbidden,
            Self::Throttled(_) => Code::RateLimited,
            Self::Spent | Self::Field { .. } | Self::Provider(_) | Self::Setting(_) => Code::Invalid,
            Self::NoSuch(_) => Code::NotFound,
            Self::TooMany { .. } | Self::LastWayIn | Self::Conflict(_) => Code::Conflict,
            Self::ProviderAway | Self::ProviderFails | Self::Unjudged | Self::Unsent(_) => Code::Unavailable,
            Self::Database(error) => error.code(),
            Self::Crypto(error) => error.code(),
            Self::Other(error, _) => error.code(),
            Self::Internal(_) => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Credentials => {
                Some("a new account can be used once the link in its mail was followed; a password can be reset".into())
            }
            Self::MayNot(_) => Some(
                "whoever administrates somebody also needs every administrative permission that they hold everywhere"
                    .into(),
            ),
            Self::Other(error, _) => error.hint().map(str::to_owned),
            _ => None,
        }
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Throttled(seconds) => Some(json!({ "retryAfterSeconds": seconds })),
            Self::Unconfirmed => Some(json!({ "confirm": true })),
            Self::Field { field, .. } => Some(json!({ "field": field })),
            Self::Other(error, _) => error.details().cloned(),
            _ => None,
        }
    }

    fn http_status(&self) -> u16 {
        match self {
            Self::Field { .. } => 422,
            Self::Other(error, _) => error.http_status(),
            other => other.code().http_status(),
        }
    }
}
