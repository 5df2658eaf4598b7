//! What a command says when it fails: one line what, one line what to do.

use std::{fmt, io, path::Path};

use platform_error::{Code, Error};

/// Why a command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Whoever read our output wants no more of it, which is no failure of ours.
    Unread,
    /// Something to be told.
    Told { what: String, hint: Option<String> },
}

/// The result of a command or a part of it.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A failure in one line: lower case, no full stop.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self::Told {
            what: what.into(),
            hint: None,
        }
    }

    /// Adds what can be done about it.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Told { what, .. } => Self::Told {
                what,
                hint: Some(hint.into()),
            },
            Self::Unread => self,
        }
    }

    /// Says which file it was about.
    pub(crate) fn within(self, file: &Path) -> Self {
        match self {
            Self::Told { what, hint } => Self::Told {
                what: format!("{}: {what}", file.display()),
                hint,
            },
            Self::Unread => self,
        }
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(action: &str, file: &Path, error: &io::Error) -> Self {
        let (file, reason) = (file.display(), reason(error));
        Self::new(format!("cannot {action} {file}: {reason}"))
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".into(),
        io::ErrorKind::PermissionDenied => "this user may not".into(),
        io::ErrorKind::IsADirectory => "it is a directory".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        _ => error.to_string(),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread => f.write_str("the output was not read"),
            Self::Told { what, hint: None } => write!(f, "error: {what}"),
            Self::Told { what, hint: Some(hint) } => write!(f, "error: {what}\n hint: {hint}"),
        }
    }
}

/// Whoever runs this command owns the process: unlike a client he is told the cause of an internal error.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hint = error.hint().map(str::to_owned);
        let log = "run it again with -vv and look at the log".to_owned();
        Self::Told {
            what: error.in_full(usize::MAX),
            hint: hint.or((error.code() == Code::Internal).then_some(log)),
        }
    }
}

impl From<platform_config::ConfigError> for Failure {
    fn from(error: platform_config::ConfigError) -> Self {
        Error::from(error).into()
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::new(reason(&error)),
        }
    }
}
