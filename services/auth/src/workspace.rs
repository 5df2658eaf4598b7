//! Where somebody acts: a session may be in a workspace, and its access tokens then say so.
//!
//! Who belongs to a workspace is known to `security`, which is asked when a session enters one and again each time its
//! tokens are renewed.

use contracts::permissions::About;
use uuid::Uuid;

use crate::{
    caller::Caller,
    error::{Error, Result},
    session,
    store::Auth,
};

/// What everybody may who is in a workspace. Whoever may see all of them acts in any.
const MEMBER: &str = "workspace:view";

/// What was found out about where a session is to act, before its tokens are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acting {
    /// Where it was.
    Stays,
    /// There, or with nothing in no workspace.
    Goes(Option<Uuid>),
    /// Its person does not belong any more to where it was.
    Loses(Uuid),
}

impl Acting {
    /// Where a session acts from now on that is there now. Whoever changed that meanwhile has asked.
    pub(crate) fn place(self, present: Option<Uuid>) -> Option<Uuid> {
        match self {
            Self::Stays => present,
            Self::Goes(place) => place,
            Self::Loses(lost) => present.filter(|present| *present != lost),
        }
    }

    /// Where it acts no more, because its person does not belong there.
    pub(crate) fn lost(self) -> Option<Uuid> {
        match self {
            Self::Loses(lost) => Some(lost),
            Self::Stays | Self::Goes(_) => None,
        }
    }
}

/// Finds out where a session is to act: there where it `asked` to, or else where it is, if its person still belongs there.
pub(crate) async fn find(auth: &Auth, session: &session::Model, asked: Option<Option<Uuid>>) -> Result<Acting> {
    match (asked, session.workspace) {
        (Some(None), _) => Ok(Acting::Goes(None)),
        (Some(Some(place)), _) => match is_member(auth, session.account_id, place).await? {
            true => Ok(Acting::Goes(Some(place))),
            false => Err(Error::NoSuch("workspace")),
        },
        (None, None) => Ok(Acting::Stays),
        (None, Some(place)) => match is_member(auth, session.account_id, place).await? {
            true => Ok(Acting::Stays),
            false => Ok(Acting::Loses(place)),
        },
    }
}

/// Lets the session of the caller act in a workspace of theirs, or in none. The next tokens say so.
pub(crate) async fn switch(auth: &Auth, caller: &Caller, workspace: Option<Uuid>) -> Result<session::Model> {
    find(auth, &caller.session, Some(workspace)).await?;
    let tx = auth.db.begin().await?;
    let session = session::moved(auth, &tx, caller.session.id, workspace).await?;
    tx.commit().await?;
    Ok(session)
}

async fn is_member(auth: &Auth, account: Uuid, workspace: Uuid) -> Result<bool> {
    let place = About::place(workspace);
    let is_member = auth.permissions.may_still(account, MEMBER, &place).await;
    is_member.map_err(|_| Error::Unjudged)
}
