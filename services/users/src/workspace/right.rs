//! What may be done in a workspace: by a part in it that is enough, or by a permission that `security` gives.

use contracts::permissions::About;
use uuid::Uuid;

use super::{Role, part};
use crate::{
    asker::Asker,
    error::Error,
    rights::{self, By},
    store::Store,
};

/// Something that may be done in a workspace.
pub(crate) struct Right {
    /// The part that is enough.
    least: Role,
    /// The permission that is enough.
    permission: &'static str,
    /// What it is, for who may not.
    what: &'static str,
}

/// To see a workspace and who is in it.
pub(crate) const SEE: Right = Right {
    least: Role::Viewer,
    permission: "workspace:view",
    what: "see this workspace",
};
/// To call it something else.
pub(crate) const RENAME: Right = Right {
    least: Role::Admin,
    permission: "workspace:edit",
    what: "rename this workspace",
};
/// To invite people, and to see and withdraw invitations.
pub(crate) const INVITE: Right = Right {
    least: Role::Admin,
    permission: "workspace:invite",
    what: "invite people to this workspace",
};
/// To take others out of it.
pub(crate) const REMOVE: Right = Right {
    least: Role::Admin,
    permission: "workspace:remove",
    what: "manage people in this workspace",
};
/// To delete it.
pub(crate) const DELETE: Right = Right {
    least: Role::Owner,
    permission: "workspace:delete",
    what: "delete this workspace",
};

impl Right {
    /// The part that is enough, and what it is needed for.
    pub(crate) fn need(&self) -> (Role, &'static str) {
        (self.least, self.what)
    }

    /// Does something as what the caller is in a workspace, or else by what they were given there.
    pub(crate) async fn used<T, F>(
        &self,
        store: &Store,
        who: &Asker<'_>,
        workspace: Uuid,
        attempt: impl Fn(By<Role>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let given = self.given(store, who, workspace);
        rights::either(who.id, attempt, given).await
    }

    /// What `security` gives the caller in a workspace: this right, or else that they see it. Nothing where it does not
    /// say.
    pub(crate) async fn given(&self, store: &Store, who: &Asker<'_>, workspace: Uuid) -> Result<Option<Role>, Error> {
        let about = place(store, who.id, workspace).await?;
        for right in [self, &SEE] {
            match store.gives(who, right.permission, &about).await {
                Some(true) => return Ok(Some(right.least)),
                Some(false) => {}
                None => break,
            }
        }
        Ok(None)
    }

    /// Whether `security` gives this right still to somebody who used it earlier.
    pub(crate) async fn is_still_given(&self, store: &Store, person: Uuid, workspace: Uuid) -> Result<bool, Error> {
        let about = place(store, person, workspace).await?;
        Ok(store.still_gives(person, self.permission, &about).await == Some(true))
    }
}

/// A workspace, and what somebody is in it: that is known here before `security` hears of it.
async fn place(store: &Store, person: Uuid, workspace: Uuid) -> Result<About, Error> {
    let part = part(store.db.read(), workspace, person).await?;
    Ok(About::workspace(workspace, part.map(|part| part.role.name())))
}
