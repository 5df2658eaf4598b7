//! Who moderates annotations of others, and what is written down of it.

use contracts::permissions::About;
use platform_database::{
    Tx,
    orm::{EntityTrait, QueryFilter, entity::prelude::*},
};
use serde_json::json;

use super::{Entity, Model, visible};
use crate::{
    asker::Asker,
    error::Error,
    level::Level,
    news::{self, Deed},
    rights::By,
    store::Store,
    workspace::{self, Role},
};

/// Whether the caller moderates what they see of others: everywhere, or in the workspace that an annotation is in.
pub(crate) async fn moderates(store: &Store, who: &Asker<'_>, annotation: &Model, part: Option<Role>) -> bool {
    let about = match annotation.workspace_id {
        Some(workspace) => About::workspace(workspace, part.map(Role::name)),
        None => About::everything(),
    };
    store.gives(who, "notes:moderate", &about).await == Some(true)
}

/// What `security` gives the caller with an annotation that they see: who moderates changes and removes it.
pub(crate) async fn given(store: &Store, who: &Asker<'_>, id: Uuid) -> Result<Option<Level>, Error> {
    let db = store.db.read();
    let Some(annotation) = Entity::find_by_id(id).filter(visible(who.id)).one(db).await? else {
        return Ok(None);
    };
    let part = match annotation.workspace_id {
        Some(workspace) => workspace::part(db, workspace, who.id).await?.map(|part| part.role),
        None => None,
    };
    Ok(moderates(store, who, &annotation, part).await.then_some(Level::Admin))
}

/// Has it written down where somebody did by permission what they could not have done as what they are.
pub(super) async fn moderated(
    tx: &Tx,
    store: &Store,
    by: By<Level>,
    (annotation, done): (&Model, &str),
) -> Result<(), Error> {
    if by.given.is_none() {
        return Ok(());
    }
    let deed = Deed {
        by: by.me,
        workspace: annotation.workspace_id,
        action: "annotations.moderated",
        target: ("annotation", annotation.id),
        facts: json!({ "author": annotation.author_id, "done": done }),
    };
    news::done(tx, store, deed).await
}
