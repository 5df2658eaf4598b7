//! What somebody may beside their own part or level: what `security` gives them.
//!
//! A part in a workspace and a level on a chart decide first, and alone where they are enough: whoever has one waits for
//! nobody. What `security` says is only added, and where it says nothing, nothing is.

use contracts::permissions::About;
use uuid::Uuid;

use crate::{asker::Asker, error::Error, store::Store};

/// Who does something, and what they were given for it beside their own part or level.
#[derive(Clone, Copy)]
pub(crate) struct By<R> {
    /// Who.
    pub(crate) me: Uuid,
    /// What they were given.
    pub(crate) given: Option<R>,
}

impl<R> By<R> {
    /// Somebody as what they are here.
    pub(crate) fn themselves(me: Uuid) -> Self {
        Self { me, given: None }
    }
}

/// Does something as what the caller is here. Where that is refused, it is found out what they were given, and done by
/// that: after the first attempt's transaction, so that nobody waits for the database while `security` is asked.
pub(crate) async fn either<T, R, F>(
    me: Uuid,
    attempt: impl Fn(By<R>) -> F,
    given: impl Future<Output = Result<Option<R>, Error>>,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    match attempt(By::themselves(me)).await {
        Err(refusal @ (Error::NoSuch(_) | Error::MayNot(_))) => match given.await? {
            None => Err(refusal),
            given => attempt(By { me, given }).await,
        },
        done => done,
    }
}

impl Store {
    /// Whether `security` gives the caller a permission; `None` where it does not say so now. Whoever has more to ask
    /// asks no further then: each question would be waited for as long.
    pub(crate) async fn gives(&self, who: &Asker<'_>, permission: &'static str, about: &About) -> Option<bool> {
        // The question is large, and every resolver of this service would carry it.
        Box::pin(self.permissions.may(who.principal, permission, about))
            .await
            .ok()
    }

    /// The same for somebody who has begun, with a token that was verified then, what another now ends.
    pub(crate) async fn still_gives(&self, person: Uuid, permission: &'static str, about: &About) -> Option<bool> {
        Box::pin(self.permissions.may_still(person, permission, about))
            .await
            .ok()
    }
}
