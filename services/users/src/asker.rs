//! Who may come in: people who have signed in, and keys of theirs as far as these were made for it.

use platform_auth::{AuthError, Kind, Principal};
use uuid::Uuid;

/// The person who asks, and what their token says of them.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    /// The person.
    pub(crate) id: Uuid,
    /// What their token says of them.
    pub(crate) principal: &'a Principal,
}

impl<'a> Asker<'a> {
    /// The person behind a verified token.
    pub(crate) fn of(principal: &'a Principal) -> Result<Self, AuthError> {
        let id = principal.user()?;
        Ok(Self { id, principal })
    }
}

/// Whoever reads their own things.
pub(crate) fn reads(principal: &Principal) -> Result<Uuid, AuthError> {
    may(principal, "users:read")
}

/// Whoever changes their own things.
pub(crate) fn writes(principal: &Principal) -> Result<Uuid, AuthError> {
    may(principal, "users:write")
}

/// A person, and no key of theirs: for what gives rights to others or takes them, and for all that is known of somebody.
pub(crate) fn in_person(principal: &Principal) -> Result<Uuid, AuthError> {
    match principal.kind {
        Kind::User => principal.user(),
        Kind::Key | Kind::Service => Err(AuthError::Kind("people who have signed in, and no API key")),
    }
}

fn may(principal: &Principal, scope: &str) -> Result<Uuid, AuthError> {
    if principal.kind == Kind::Key {
        principal.require_scope(scope)?;
    }
    principal.user()
}
