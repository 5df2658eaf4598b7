//! The nine error codes every service speaks, and the one error type that crosses a service's boundary.

use std::fmt;

/// What kind of failure a caller sees. Mapped once to HTTP and gRPC here, to GraphQL in
/// `platform-graphql`; introduce new codes thoughtfully.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The request cannot be understood or breaks a stated rule; repeating it will not help.
    Invalid,
    /// Who is asking is not known.
    Unauthenticated,
    /// Who is asking is known and may not.
    Forbidden,
    /// It does not exist, or the caller may not know that it does.
    NotFound,
    /// It contradicts what is there now.
    Conflict,
    /// Too much or too often.
    RateLimited,
    /// It took longer than allowed.
    Timeout,
    /// Something this depends on is away or full; try again later.
    Unavailable,
    /// A fault of ours. Its text never leaves the process.
    Internal,
}

impl Code {
    /// The code's name on the wire, for instance `NOT_FOUND`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "INVALID",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::RateLimited => "RATE_LIMITED",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// The HTTP status that carries this code.
    pub fn http_status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::RateLimited => 429,
            Self::Timeout => 504,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

impl Code {
    /// The gRPC status that carries this code.
    pub fn grpc_status(self) -> i32 {
        match self {
            Self::Invalid => 3,
            Self::Timeout => 4,
            Self::NotFound => 5,
            Self::Forbidden => 7,
            Self::RateLimited => 8,
            Self::Conflict => 10,
            Self::Internal => 13,
            Self::Unavailable => 14,
            Self::Unauthenticated => 16,
        }
    }

    /// The code that a gRPC status stands for. What nobody of ours would say is a fault of ours: we asked wrongly.
    pub fn of_grpc_status(status: i32) -> Self {
        match status {
            3 | 11 => Self::Invalid,
            4 => Self::Timeout,
            5 => Self::NotFound,
            6 | 9 | 10 => Self::Conflict,
            7 => Self::Forbidden,
            8 => Self::RateLimited,
            1 | 14 => Self::Unavailable,
            16 => Self::Unauthenticated,
            _ => Self::Internal,
        }
    }

    /// The code called so on the wire.
    pub fn named(name: &str) -> Option<Self> {
        const ALL: [Code; 9] = [
            Code::Invalid,
            Code::Unauthenticated,
            Code::Forbidden,
            Code::NotFound,
            Code::Conflict,
            Code::RateLimited,
            Code::Timeout,
            Code::Unavailable,
            Code::Internal,
        ];
        ALL.into_iter().find(|code| code.as_str() == name)
    }
}

/// An error enum of a crate of ours: every variant knows its [`Code`].
pub trait Coded: std::error::Error + Send + Sync + 'static {
    /// Which of the nine codes this is.
    fn code(&self) -> Code;

    /// What the caller can do about it, when there is something.
    fn hint(&self) -> Option<String> {
        None
    }

    /// Facts for machines, merged into the problem document or the GraphQL extensions.
    fn details(&self) -> Option<serde_json::Value> {
        None
    }

    /// The HTTP status, where the code's own is too coarse (413, 415, 422).
    fn http_status(&self) -> u16 {
        self.code().http_status()
    }
}

/// An error on its way out of a service: a code, a sentence a client may read, and the cause for the log.
#[derive(Debug)]
pub struct Error {
    code: Code,
    status: u16,
    message: String,
    hint: Option<String>,
    /// Boxed, so that results stay small where nothing goes wrong.
    details: Option<Box<serde_json::Value>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The usual result of an operation at a service's boundary.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a sentence the client may read: lower case, no full stop.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let (message, status) = (message.into(), code.http_status());
        Self {
            code,
            status,
            message,
            hint: None,
            details: None,
            source: None,
        }
    }

    /// A fault of ours: `cause` goes to the log, the client reads only that something went wrong.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut error = Self::new(Code::Internal, "something went wrong on our side");
        error.source = Some(cause.into());
        error
    }

    /// Adds what caused it, for the log only.
    pub fn with_cause(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Adds what the caller can do about it.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds facts for machines.
    pub fn with_details(mut self, details: serde_json::Value) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    /// Answers with this HTTP status instead of the code's own.
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Which of the nine codes this is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The HTTP status to answer with.
    pub fn http_status(&self) -> u16 {
        self.status
    }

    /// The sentence a client may read.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the caller can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Facts for machines.
    pub fn details(&self) -> Option<&serde_json::Value> {
        self.details.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The cause is reachable through [`Error::cause`] and not through the standard trait, so that
/// `From<E: Coded>` can exist beside the reflexive conversion.
impl Error {
    /// What caused it, for the log only.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.source.as_deref()
    }

    /// What caused it, and what caused that, unless the one before says it already: for the log and for operators only.
    /// Empty where nothing is known.
    pub fn causes(&self) -> String {
        let mut causes = Vec::new();
        let mut cause = self.cause().map(|cause| cause as &dyn std::error::Error);
        while let Some(error) = cause {
            let (text, before) = (error.to_string(), causes.last().unwrap_or(&self.message));
            if !before.contains(&text) {
                causes.push(text);
            }
            cause = error.source();
        }
        causes.join(": ")
    }

    /// The sentence and what caused it, in at most so many characters: for the log and for operators only. It can be
    /// stored: the character that PostgreSQL keeps in no text stands there as U+FFFD.
    pub fn in_full(&self, longest: usize) -> String {
        let text = match self.causes() {
            causes if causes.is_empty() => self.message.clone(),
            causes => format!("{self}: {causes}"),
        };
        text.chars().map(storable).take(longest).collect()
    }
}

impl<E: Coded> From<E> for Error {
    fn from(error: E) -> Self {
        if error.code() == Code::Internal {
            return Self::internal(error);
        }
        let mut out = Self::new(error.code(), error.to_string());
        out.status = error.http_status();
        out.hint = error.hint();
        out.details = error.details().map(Box::new);
        out.source = Some(Box::new(error));
        out
    }
}

/// A letter as PostgreSQL keeps it in a text: U+FFFD for U+0000, which it does not keep.
pub fn storable(letter: char) -> char {
    match letter {
        '\0' => char::REPLACEMENT_CHARACTER,
        letter => letter,
    }
}
