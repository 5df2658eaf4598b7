//! What can be wrong with a question or an order to this service.

use platform_database::{
    DatabaseError,
    orm::{DbErr, SqlErr},
};
use platform_error::{Code, Coded, Error as Outer};

/// A refusal of this service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It does not exist, or the caller may not know that it does.
    #[error("there is no such {0}")]
    NoSuch(&'static str),
    /// The caller may see it, and no more.
    #[error("you may not {0}")]
    MayNot(&'static str),
    /// A field of the input breaks a rule.
    #[error("{field} {reason}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it, as the rest of a sentence.
        reason: String,
    },
    /// There is one like it already.
    #[error("{0}")]
    Taken(&'static str),
    /// As many as somebody may have.
    #[error("that would be more than {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        most: u64,
    },
    /// They are given one export at a time.
    #[error("an export of yours is being fetched")]
    Fetching,
    /// A workspace would be left without anybody who may manage it.
    #[error("a workspace needs an owner")]
    LastOwner,
    /// The profile of a new account has not arrived.
    #[error("your profile is being set up")]
    NoProfile,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Another part of the platform.
    #[error("{0}")]
    Platform(Outer),
}

impl Error {
    /// A field that breaks a rule.
    pub(crate) fn field(field: &'static str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Field { field, reason }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        // Between the reading of a row and the writing of it, or of one that refers to it, somebody else may remove it.
        match (&error, error.sql_err()) {
            (DbErr::RecordNotUpdated, _) | (_, Some(SqlErr::ForeignKeyConstraintViolation(_))) => {
                Self::NoSuch("thing any more: somebody removed it a moment ago")
            }
            _ => Self::Database(error.into()),
        }
    }
}

impl From<Outer> for Error {
    fn from(error: Outer) -> Self {
        Self::Platform(error)
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::NoSuch(_) => Code::NotFound,
            Self::MayNot(_) => Code::Forbidden,
            Self::Field { .. } => Code::Invalid,
            Self::Taken(_) | Self::TooMany { .. } | Self::LastOwner => Code::Conflict,
            Self::Fetching => Code::RateLimited,
            Self::NoProfile => Code::Unavailable,
            Self::Database(error) => error.code(),
            Self::Platform(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::TooMany { .. } => "remove some that you no longer need".to_owned(),
            Self::LastOwner => "make somebody else an owner first, or delete the workspace".to_owned(),
            Self::Fetching => "wait until it has arrived".to_owned(),
            Self::NoProfile => "try again in a moment".to_owned(),
            Self::Platform(error) => return error.hint().map(str::to_owned),
            _ => return None,
        })
    }
}
