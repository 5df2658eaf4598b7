//! How sessions begin, how their tokens travel, and why they end.

use async_graphql::Enum;
use platform_database::orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::events::By;

/// How a session was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Enum, Serialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[graphql(name = "SignInMethod")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Method {
    /// By a password.
    Password,
    /// By a password and a code.
    PasswordAndCode,
    /// By a passkey.
    Passkey,
    /// By an OpenID provider.
    Provider,
    /// By an OpenID provider and a code.
    ProviderAndCode,
}

/// How the tokens of a session travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumIter, DeriveActiveEnum, Enum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[graphql(name = "TokenMode")]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// In the answer and in headers: for programs.
    #[default]
    Bearer,
    /// In cookies that scripts cannot read: for browsers.
    Cookie,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its owner signed out.
    SignedOut,
    /// Its owner ended it from another session.
    Revoked,
    /// A refresh token was used twice: somebody has a copy.
    Reused,
    /// The password was changed or reset.
    Password,
    /// The mail address was changed.
    Email,
    /// There were too many.
    Evicted,
    /// The account was deleted.
    Deleted,
    /// The account was suspended.
    Suspended,
    /// Who administrates accounts ended it.
    Administrated,
}

/// The end of a session: why, and by whose hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) why: Why,
    pub(crate) by: By,
}

impl From<Why> for End {
    fn from(why: Why) -> Self {
        Self { why, by: By::Owner }
    }
}
