//! Errors of ours as GraphQL errors: a code, a hint and details in the extensions, and no internal text.

use async_graphql::{ErrorExtensions, ServerError, Value};
use platform_error::{Code, Error};

/// What resolvers return: `?` works on [`Error`] and on every error enum that is [`platform_error::Coded`].
///
/// The library lets an error of a field that is `Result<Option<T>>` take its whole parent away, also where the field
/// may be null. A field that should fail alone is an `Option<Result<T>>`.
pub type Result<T> = std::result::Result<T, GraphqlError>;

/// An error on its way to a GraphQL client.
#[derive(Clone, Debug)]
pub struct GraphqlError(async_graphql::Error);

impl<E: Into<Error>> From<E> for GraphqlError {
    fn from(error: E) -> Self {
        Self(to_graphql(error.into()))
    }
}

impl From<GraphqlError> for async_graphql::Error {
    fn from(error: GraphqlError) -> Self {
        error.0
    }
}

/// The error with `extensions.code` and, where there are any, `hint` and `details`. The cause of an internal error
/// goes to the log and no further.
pub fn to_graphql(error: Error) -> async_graphql::Error {
    if error.code() == Code::Internal {
        tracing::error!(error = error.causes(), "a resolver failed");
    }
    async_graphql::Error::new(error.message()).extend_with(|_, extensions| {
        extensions.set("code", error.code().as_str());
        if let Some(hint) = error.hint() {
            extensions.set("hint", hint);
        }
        if let Some(details) = error
            .details()
            .and_then(|details| Value::from_json(details.clone()).ok())
        {
            extensions.set("details", details);
        }
    })
}

/// The last look at an error before it leaves: everything has a code, and what a foreign library said stays here.
pub(crate) fn seal(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_some() {
        return;
    }
    // `async_graphql` keeps the source only of errors that came in by `?` from any type that prints.
    if error.source.take().is_some() {
        tracing::error!(error = %error.message, "a resolver failed with an error that has no code");
        extensions.set("code", Code::Internal.as_str());
        error.message = Error::internal(error.message.as_str()).message().to_owned();
    } else {
        extensions.set("code", Code::Invalid.as_str());
    }
}
