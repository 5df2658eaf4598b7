//! Invitations to a workspace: a secret that whoever has the invited address may take up once.

use async_graphql::SimpleObject;
use chrono::{DateTime, TimeDelta, Utc};
use platform_crypto::{Token, TokenHash, hex};
use platform_database::{
    Tx,
    orm::{
        ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
        QueryFilter, QueryOrder, entity::prelude::*,
    },
};
use serde_json::json;

use crate::{
    asker::Asker,
    error::Error,
    news::{self, Deed},
    profile,
    rights::{self, By},
    store::Store,
    text,
    workspace::{self, INVITE, Role, member},
};

/// The most invitations of a workspace that wait for an answer.
const MOST: u64 = 200;
/// How long an invitation may be taken up.
const LIFE: TimeDelta = TimeDelta::days(7);
/// What an invitation's secret begins with.
const PREFIX: &str = "hi";

/// An invitation to a workspace.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "invitation")]
#[graphql(name = "Invitation")]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Where to.
    pub workspace_id: Uuid,
    /// Who is invited.
    pub email: String,
    /// As what.
    pub role: Role,
    /// The hash of its secret.
    #[graphql(skip)]
    pub token_hash: String,
    /// Who invited.
    #[graphql(skip)]
    pub invited_by: Uuid,
    /// Until when it may be taken up.
    pub expires_at: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// Invitations of a workspace that wait for an answer, for those who invite people to it.
pub(crate) async fn waiting(store: &Store, who: &Asker<'_>, workspace: Uuid) -> Result<Vec<Model>, Error> {
    INVITE
        .used(store, who, workspace, |by| async move {
            let db = store.db.read();
            let (least, _) = INVITE.need();
            workspace::entitled(db, by, workspace, (least, "see invitations to this workspace")).await?;
            let waiting = Condition::all()
                .add(Column::WorkspaceId.eq(workspace))
                .add(Column::ExpiresAt.gt(store.now()));
            Ok(Entity::find().filter(waiting).order_by_asc(Column::Id).all(db).await?)
        })
        .await
}

/// Invites an address, and gives back the secret, which is shown this once. Inviting it again replaces the invitation.
pub(crate) async fn invite(
    store: &Store,
    who: &Asker<'_>,
    workspace: Uuid,
    (email, role): (&str, Role),
) -> Result<(Model, String), Error> {
    let email = text::email(email)?;
    let email = email.as_str();
    INVITE
        .used(store, who, workspace, |by| {
            invite_as(store, by, workspace, (email, role))
        })
        .await
}

async fn invite_as(
    store: &Store,
    by: By<Role>,
    workspace: Uuid,
    (email, role): (&str, Role),
) -> Result<(Model, String), Error> {
    let token = Token::mint(PREFIX, store.context.random());
    let tx = store.db.begin().await?;
    profile::hold(&tx, by.me).await?;
    workspace::hold(&tx, workspace).await?;
    let mine = workspace::entitled(&tx, by, workspace, INVITE.need()).await?;
    if !may_give(mine, role) {
        return Err(Error::MayNot("give a role that is above your own"));
    }
    clear(&tx, store.now()).await?;
    let earlier = Condition::all()
        .add(Column::WorkspaceId.eq(workspace))
        .add(Column::Email.eq(email));
    Entity::delete_many().filter(earlier).exec(&tx).await?;
    if Entity::find()
        .filter(Column::WorkspaceId.eq(workspace))
        .count(&tx)
        .await?
        >= MOST
    {
        return Err(Error::TooMany {
            what: "invitations",
            most: MOST,
        });
    }
    let invitation = Model {
        id: store.id(),
        workspace_id: workspace,
        email: email.to_owned(),
        role,
        token_hash: hex(token.hash.as_bytes()),
        invited_by: by.me,
        expires_at: store.now() + LIFE,
        created_at: store.now(),
    };
    let invitation = invitation.into_active_model().reset_all().insert(&tx).await?;
    news::done(&tx, store, deed(by.me, &invitation, "workspaces.invited")).await?;
    tx.commit().await?;
    Ok((invitation, token.text.expose().clone()))
}

/// What somebody gives at most: their own part, and the least of all by a permission alone.
fn may_give(own: Option<Role>, role: Role) -> bool {
    role <= own.unwrap_or(Role::Viewer)
}

/// Takes an invitation back; false when it is gone already.
pub(crate) async fn withdraw(store: &Store, who: &Asker<'_>, id: Uuid) -> Result<bool, Error> {
    let given = async {
        match Entity::find_by_id(id).one(store.db.read()).await? {
            None => Ok(None),
            Some(invitation) => INVITE.given(store, who, invitation.workspace_id).await,
        }
    };
    match rights::either(who.id, |by| withdraw_as(store, by, id), given).await {
        // Whoever does not see the workspace does not learn that there is one.
        Err(Error::NoSuch(_)) => Ok(false),
        withdrawn => withdrawn,
    }
}

async fn withdraw_as(store: &Store, by: By<Role>, id: Uuid) -> Result<bool, Error> {
    let tx = store.db.begin().await?;
    let Some(invitation) = Entity::find_by_id(id).one(&tx).await? else {
        return Ok(false);
    };
    let (least, _) = INVITE.need();
    let what = (least, "withdraw invitations to this workspace");
    workspace::entitled(&tx, by, invitation.workspace_id, what).await?;
    if !take(&tx, &invitation).await? {
        return Ok(false);
    }
    let deed = deed(by.me, &invitation, "workspaces.invitation_withdrawn");
    news::done(&tx, store, deed).await?;
    tx.commit().await?;
    Ok(true)
}

/// Takes up an invitation. It works once, in time, and only for an account with the invited address, verified.
pub(crate) async fn accept(store: &Store, me: (Uuid, bool), secret: &str) -> Result<workspace::Model, Error> {
    let still_given = async {
        let Some(invitation) = open(store.db.read(), secret, store.now()).await? else {
            return Ok(None);
        };
        let (giver, workspace) = (invitation.invited_by, invitation.workspace_id);
        let is_given = INVITE.is_still_given(store, giver, workspace).await?;
        Ok(is_given.then_some(INVITE.need().0))
    };
    rights::either(me.0, |by| accept_from(store, me, (secret, by.given)), still_given).await
}

/// The same, where who invited was given something beside their own part.
async fn accept_from(
    store: &Store,
    (me, is_email_verified): (Uuid, bool),
    (secret, given): (&str, Option<Role>),
) -> Result<workspace::Model, Error> {
    let nothing = || Error::NoSuch("invitation for your address, or it has expired");
    let tx = store.db.begin().await?;
    let own = profile::hold(&tx, me).await?;
    let invitation = open(&tx, secret, store.now()).await?.ok_or_else(nothing)?;
    if !is_email_verified || own.email != invitation.email {
        return Err(nothing());
    }
    workspace::hold(&tx, invitation.workspace_id).await?;
    if !take(&tx, &invitation).await? {
        return Err(nothing());
    }
    // Who invited may have lost the right to since; an invitation never gives more than they could give now.
    let giver = workspace::part(&tx, invitation.workspace_id, invitation.invited_by).await?;
    let giver = giver.map(|giver| giver.role);
    if giver.max(given) < Some(INVITE.need().0) || !may_give(giver, invitation.role) {
        return Err(nothing());
    }
    let before = workspace::part(&tx, invitation.workspace_id, me).await?;
    if before.is_none() {
        member::has_place(&tx, invitation.workspace_id).await?;
        member::has_room(&tx, me).await?;
    }
    if before.is_none_or(|before| before.role < invitation.role) {
        workspace::join(&tx, store, (invitation.workspace_id, me), invitation.role).await?;
    }
    news::done(&tx, store, deed(me, &invitation, "workspaces.joined")).await?;
    let joined = workspace::find(&tx, invitation.workspace_id).await?;
    tx.commit().await?;
    Ok(joined)
}

/// The invitation with this secret, where it may be taken up now.
async fn open(db: &impl ConnectionTrait, secret: &str, now: DateTime<Utc>) -> Result<Option<Model>, Error> {
    let Some(hash) = TokenHash::of_token(PREFIX, secret) else {
        return Ok(None);
    };
    let found = Entity::find()
        .filter(Column::TokenHash.eq(hex(hash.as_bytes())))
        .one(db)
        .await?;
    Ok(found.filter(|one| one.expires_at > now))
}

/// Takes an invitation away for good; false when somebody did so since it was read.
async fn take(tx: &Tx, invitation: &Model) -> Result<bool, Error> {
    let taken = Entity::delete_by_id(invitation.id).exec(tx).await?;
    Ok(taken.rows_affected == 1)
}

/// The address is of somebody who may have no account; the log keeps ids alone.
fn deed(by: Uuid, invitation: &Model, action: &'static str) -> Deed<'static> {
    Deed {
        by,
        workspace: Some(invitation.workspace_id),
        action,
        target: ("invitation", invitation.id),
        facts: json!({ "role": invitation.role.name() }),
    }
}

/// Forgets those whose time is over.
pub(crate) async fn clear(tx: &Tx, now: DateTime<Utc>) -> Result<(), Error> {
    let over = Entity::delete_many().filter(Column::ExpiresAt.lte(now));
    over.exec(tx).await?;
    Ok(())
}
