//! Who acts on this service: a verified principal, or a process of ours.

use std::sync::Arc;

use platform_auth::{Kind, Principal};
use platform_events::Cause;

use crate::{engine::Scopes, subject::Subject};

/// Who acts.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who it is.
    pub subject: Subject,
    /// What their API key is limited to.
    pub scopes: Scopes,
    /// Why: what led to it.
    pub cause: Cause,
}

impl Actor {
    /// The principal of a request. Somebody whom only a foreign issuer vouches for has no roles here.
    pub fn of(principal: Option<&Principal>) -> Self {
        let Some(principal) = principal else {
            return Self::from(Subject::Nobody);
        };
        let subject = match (principal.service(), principal.user()) {
            (Ok(name), _) => Subject::Service(name.to_owned()),
            (_, Ok(user)) => Subject::User(user),
            _ => Subject::Nobody,
        };
        let is_key = principal.kind == Kind::Key;
        Self {
            scopes: is_key.then(|| Arc::new(principal.scopes.clone())),
            ..Self::from(subject)
        }
    }

    /// Whether a service of ours acts.
    pub fn is_service(&self) -> bool {
        matches!(self.subject, Subject::Service(_))
    }
}

impl From<Subject> for Actor {
    fn from(subject: Subject) -> Self {
        let cause = Cause {
            actor: Some(subject.to_string()),
            ..Cause::default()
        };
        Self {
            subject,
            scopes: None,
            cause,
        }
    }
}
