//! Why somebody is not believed, or may not.

use platform_error::{Code, Coded};

/// A token that is not believed, or a principal that may not. What is wrong with a token helps its owner and nobody
/// else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No token where one is required.
    #[error("send a token: authorization: Bearer …")]
    Missing,
    /// Not a token of three parts, or of an unknown kind.
    #[error("the token cannot be read: {0}")]
    Malformed(&'static str),
    /// Signed in a way that is not allowed here.
    #[error("the token is signed with an algorithm that is not accepted here")]
    Algorithm,
    /// No key of ours has signed it.
    #[error("the token's signature is not by a key that is trusted here; sign in again")]
    Signature,
    /// Its time is over.
    #[error("the token has expired; sign in again")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet; check the clocks")]
    NotYet,
    /// Written by somebody else.
    #[error("the token's issuer is not accepted here")]
    Issuer,
    /// Written for somebody else.
    #[error("the token is meant for another audience")]
    Audience,
    /// Its session has ended.
    #[error("the session has ended; sign in again")]
    Revoked,
    /// An API key that nobody holds any more.
    #[error("the API key is not known; it may have expired or been revoked")]
    UnknownKey,
    /// A service whose word about itself is not believed.
    #[error("this is for services alone; give all processes the same identity.service-secret-file")]
    NotAService,
    /// The keys cannot be had.
    #[error("the keys to verify tokens with cannot be fetched; try again later")]
    NoKeys,
    /// Nobody is named here who could say of whom tokens are.
    #[error(
        "no issuer of tokens is configured here, so that no token can be believed; send none, or ask who runs this"
    )]
    NoIssuer,
    /// The service that knows keys and sessions cannot be asked.
    #[error("cannot ask {0} who this is; try again later")]
    Away(String),
    /// A principal of another kind than what was asked for needs.
    #[error("this is for {0}")]
    Kind(&'static str),
    /// A scope that the principal was not given.
    #[error("this needs the scope {0}")]
    Scope(String),
    /// The settings make no sense.
    #[error("{0}")]
    Settings(String),
}

impl Coded for AuthError {
    fn code(&self) -> Code {
        match self {
            Self::NoKeys | Self::Away(_) => Code::Unavailable,
            Self::Settings(_) => Code::Invalid,
            Self::Kind(_) | Self::Scope(_) => Code::Forbidden,
            _ => Code::Unauthenticated,
        }
    }
}
