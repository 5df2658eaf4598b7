//! Why a subgraph gave no answer. The texts are for clients; addresses and causes go to the log.

use platform_config::{ByteSize, Duration};
use platform_error::Code;

use crate::fault::Fault;

/// A call without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// It took too long.
    #[error("did not answer within {0}")]
    Timeout(Duration),
    /// No connection.
    #[error("cannot be reached")]
    Unreachable,
    /// The connection broke.
    #[error("broke off its answer")]
    Interrupted,
    /// The answer is too large.
    #[error("answered more than {0}")]
    TooLarge(ByteSize),
    /// The request's answers are too large together.
    #[error("answered more than this request may still hold")]
    TooMuch,
    /// Too many failures of late.
    #[error("failed too often and is left alone for a while")]
    Open,
    /// A status and no GraphQL.
    #[error("answered with status {0}")]
    Status(u16),
    /// No GraphQL.
    #[error("answered something that is not a GraphQL response")]
    NotGraphql,
    /// The plan names a subgraph that is not there.
    #[error("is not known")]
    Unknown,
}

impl CallError {
    /// What the client is told.
    pub(crate) fn fault(&self, subgraph: &str) -> Fault {
        let code = match self {
            Self::Timeout(_) => Code::Timeout,
            Self::Status(401) => Code::Unauthenticated,
            Self::Status(403) => Code::Forbidden,
            Self::TooMuch | Self::TooLarge(_) | Self::Unknown => Code::Internal,
            _ => Code::Unavailable,
        };
        Fault::new(code, format!("subgraph {subgraph} {self}")).of(subgraph)
    }
}
