//! What can go wrong with events.

use platform_database::{DatabaseError, orm::DbErr};
use platform_error::{Code, Coded, Error as Outer};
use uuid::Uuid;

use crate::envelope::LARGEST;

/// Events that cannot be published, read or replayed.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The event is larger than a bus carries.
    #[error("the event {0} has {1} bytes, at most {LARGEST} travel; keep the content elsewhere and name it")]
    TooLarge(&'static str, usize),
    /// The struct cannot be written as JSON.
    #[error("the event {0} cannot be written as JSON: {1}")]
    Unwritable(&'static str, String),
    /// The data is not what the handler's struct expects.
    #[error("the data of the event {0} cannot be read: {1}")]
    Unreadable(&'static str, String),
    /// The event comes from a later release.
    #[error("{type} has version {version}, known is {known}; it waits for the release that knows it")]
    TooNew {
        /// The event's type.
        r#type: &'static str,
        /// The version that came.
        version: u16,
        /// The version that is known here.
        known: u16,
    },
    /// A group that never ran on this database.
    #[error("there is no consumer group {0}")]
    NoSuchGroup(String),
    /// Not a dead letter of this group.
    #[error("the group {group} has no dead letter {id}")]
    NoSuchLetter {
        /// The group.
        group: String,
        /// The event.
        id: Uuid,
    },
    /// A dead letter whose successor has been handled.
    #[error(
        "{id} was overtaken: the group {group} has since handled a later event of its type about the same thing, which \
         this one may undo; discard it, or say that overtaken ones are to be tried again"
    )]
    Overtaken {
        /// The group.
        group: String,
        /// The event.
        id: Uuid,
    },
    /// A bus that this binary was built without.
    #[error("events.bus is {0:?}, which this binary was built without; build it with the cargo feature {0}")]
    NotBuilt(&'static str),
    /// A setting that contradicts another or lacks something.
    #[error("{0}")]
    Setting(String),
    /// A row that cannot be read.
    #[error("what the database keeps cannot be read: {0}")]
    Corrupt(String),
    /// The bus does not answer.
    #[error("the event bus cannot be reached: {0}")]
    Bus(String),
    /// What a group has yet to read is no longer there, or the bus is another one than it has read so far.
    #[error("the bus does not have what comes next: {0}")]
    Trimmed(String),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Another part of the platform.
    #[error("{0}")]
    Platform(Outer),
}

impl EventError {
    pub(crate) fn bus(error: impl std::fmt::Display) -> Self {
        Self::Bus(error.to_string())
    }

    pub(crate) fn corrupt(error: impl std::fmt::Display) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl From<DbErr> for EventError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl From<Outer> for EventError {
    fn from(error: Outer) -> Self {
        Self::Platform(error)
    }
}

impl Coded for EventError {
    fn code(&self) -> Code {
        match self {
            Self::TooLarge(..) | Self::Unwritable(..) | Self::Corrupt(_) => Code::Internal,
            Self::Unreadable(..) | Self::Setting(_) | Self::NotBuilt(_) => Code::Invalid,
            Self::Overtaken { .. } => Code::Conflict,
            Self::NoSuchGroup(_) | Self::NoSuchLetter { .. } => Code::NotFound,
            Self::TooNew { .. } | Self::Bus(_) | Self::Trimmed(_) => Code::Unavailable,
            Self::Database(error) => error.code(),
            Self::Platform(error) => error.code(),
        }
    }
}
