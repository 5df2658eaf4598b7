//! What somebody may beside their own part or level: what `security` gives them.
//!
//! A part in a workspace and a level on a chart decide first, and alone where they are enough: whoever has one waits for
//! nobody. What `security` says is only added, and where it says nothing, nothing is.

use contracts::permissions::About;
use uuid::Uuid;

use crate::{asker::Asker, error::Error, store::Store};

/// Does something as what the caller is here. Where that is refused, it is found out what they were given, and done by
/// that: after the first attempt's transaction, so that nobody waits for the database while `security` is asked.
pub(crate) async fn either<T, G, F>(
    attempt: impl Fn(Option<G>) -> F,
    given: impl Future<Output = Result<Option<G>, Error>>,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    match attempt(None).await {
        Err(refusal @ (Error::NoSuch(_) | Error::MayNot(_))) => match given.await? {
            None => Err(refusal),
            given => attempt(given).await,
        },
        done => done,
    }
}

impl Store {
    /// Whether `security` gives the caller a permission. Where it cannot be asked it gives nothing.
    pub(crate) async fn gives(&self, who: &Asker<'_>, permission: &'static str, about: &About) -> bool {
        // The question is large, and every resolver of this service would carry it.
        let given = Box::pin(self.permissions.may(who.principal, permission, about)).await;
        given.unwrap_or_default()
    }

    /// The same for somebody who has begun, with a token that was verified then, what another now ends.
    pub(crate) async fn still_gives(&self, person: Uuid, permission: &'static str, about: &About) -> bool {
        let given = Box::pin(self.permissions.may_still(person, permission, about)).await;
        given.unwrap_or_default()
    }
}
