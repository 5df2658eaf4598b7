//! What can be wrong with a question or an order to this service.

use platform_database::{DatabaseError, orm::DbErr};
use platform_error::{Code, Coded};
use platform_events::EventError;

/// A refusal of this service.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field of the input breaks a rule.
    #[error("{field} {reason}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it, as the rest of a sentence.
        reason: String,
    },
    /// A batch with too many questions.
    #[error("a batch has at most {most} questions, this one has {given}")]
    TooMany {
        /// The limit.
        most: usize,
        /// How many there were.
        given: usize,
    },
    /// No permission has this name.
    #[error("there is no permission {0}")]
    NoSuchPermission(String),
    /// There is no such role, or the caller may not know of it.
    #[error("there is no role {0}")]
    NoSuchRole(String),
    /// There is no such grant, or the caller may not know of it.
    #[error("there is no grant {0}")]
    NoSuchGrant(uuid::Uuid),
    /// A role that is shipped is to be changed.
    #[error("{0} is built in and cannot be changed; make a role of your own with its permissions")]
    BuiltIn(String),
    /// The workspace has a role of this name.
    #[error("there is a role called {0} already")]
    NameTaken(String),
    /// The subject holds the role there already.
    #[error("{subject} holds {role} there already")]
    AlreadyGranted {
        /// Who.
        subject: String,
        /// What.
        role: String,
    },
    /// Somebody is appointed to a role that was to have one holder.
    #[error("{} {role} already", held_by(.holders))]
    HasHolder {
        /// The role.
        role: String,
        /// Who holds it.
        holders: Vec<String>,
    },
    /// The caller may not do this.
    #[error("you may not do this: it needs the permission {permission} {place}")]
    NotAllowed {
        /// The permission that is missing.
        permission: String,
        /// Where.
        place: String,
    },
    /// The caller would give or take what they do not have.
    #[error("you cannot give or take what you do not have yourself: {}", .0.join(", "))]
    Escalation(Vec<String>),
    /// A role is to be granted where it cannot be.
    #[error("{0}")]
    WrongPlace(String),
    /// Nobody would be left who can grant roles.
    #[error("this would leave nobody who can grant roles {0}; grant that to somebody else first")]
    LastAdministrator(String),
    /// A limit on what is kept.
    #[error("there can be at most {most} {what}")]
    Full {
        /// Of what.
        what: &'static str,
        /// How many.
        most: u64,
    },
    /// Who asks is not known.
    #[error("sign in first")]
    SignIn,
    /// A seed that cannot be read.
    #[error("a seed is wrong: {0}")]
    Seed(String),
    /// A policy that cannot be read or does not fit the schema.
    #[error("a policy is wrong: {0}")]
    Policy(String),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// An event that cannot be published.
    #[error(transparent)]
    Event(#[from] EventError),
}

fn held_by(holders: &[String]) -> String {
    match holders {
        [one] => format!("{one} holds"),
        [one, others @ ..] => format!("{one} and {} more hold", others.len()),
        [] => "somebody holds".into(),
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl Error {
    /// A field that breaks a rule.
    pub fn field(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Field {
            field,
            reason: reason.into(),
        }
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Field { .. } | Self::TooMany { .. } | Self::NoSuchPermission(_) | Self::WrongPlace(_) => {
                Code::Invalid
            }
            Self::NoSuchRole(_) | Self::NoSuchGrant(_) => Code::NotFound,
            Self::BuiltIn(_) | Self::NotAllowed { .. } | Self::Escalation(_) => Code::Forbidden,
            Self::NameTaken(_)
            | Self::AlreadyGranted { .. }
            | Self::HasHolder { .. }
            | Self::LastAdministrator(_)
            | Self::Full { .. } => Code::Conflict,
            Self::SignIn => Code::Unauthenticated,
            // What an operator wrote is told to the operator; a question never reads seeds or policies.
            Self::Seed(_) | Self::Policy(_) => Code::Internal,
            Self::Database(error) => error.code(),
            Self::Event(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Escalation(permissions) => Some(serde_json::json!({ "permissions": permissions })),
            _ => None,
        }
    }
}
