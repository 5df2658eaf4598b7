//! What clients send, the same in GraphQL and REST.

use async_graphql::InputObject;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    actor::Actor,
    catalog::RoleKey,
    error::Error,
    place::{Place, Target},
    store::{Ask, GrantsWanted, NewGrant},
    subject::Subject,
};

/// What is asked about. Without a type it is nothing in particular, or the workspace itself.
#[derive(Clone, Debug, Default, Deserialize, InputObject)]
#[graphql(name = "AccessResourceInput")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Resource {
    /// What it is, for instance `estimate`.
    #[graphql(name = "type")]
    pub r#type: Option<String>,
    /// Which one.
    pub id: Option<String>,
    /// The workspace it belongs to.
    pub workspace: Option<Uuid>,
    /// The person who owns it.
    pub owner: Option<Uuid>,
}

/// A question.
#[derive(Clone, Debug, Deserialize, InputObject)]
#[graphql(name = "AccessCheckInput")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Check {
    /// The permission's name.
    pub permission: String,
    /// Who would act: `user:ID` or `service:NAME`. The one who asks, unless said.
    pub subject: Option<String>,
    /// About what.
    pub resource: Option<Resource>,
}

/// A role to be made.
#[derive(Clone, Debug, Deserialize, InputObject)]
#[graphql(name = "CreateAccessRoleInput")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateRole {
    /// The workspace that makes it; none for a role for everywhere.
    pub workspace: Option<Uuid>,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub about: Option<String>,
    /// The names of its permissions. There are no wildcards: a role never grows by itself.
    pub permissions: Vec<String>,
}

/// What is to be changed about a role. What is absent stays.
#[derive(Clone, Debug, Default, Deserialize, InputObject)]
#[graphql(name = "UpdateAccessRoleInput")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateRole {
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub about: Option<String>,
    /// The names of all its permissions.
    pub permissions: Option<Vec<String>>,
}

/// A role to be granted: in a workspace, on one resource, or with neither everywhere.
#[derive(Clone, Debug, Deserialize, InputObject)]
#[graphql(name = "GrantRoleInput")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GrantRole {
    /// To whom: `user:ID` or `service:NAME`.
    pub subject: String,
    /// The role's key, for instance `markets/member`.
    pub role: String,
    /// In which workspace.
    pub workspace: Option<Uuid>,
    /// On what kind of thing.
    pub resource_type: Option<String>,
    /// On which one.
    pub resource_id: Option<String>,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
}

/// Which grants are wanted. What is absent does not matter.
#[derive(Clone, Debug, Default, Deserialize, InputObject)]
#[graphql(name = "AccessGrantFilter")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GrantFilter {
    /// Whose: `user:ID` or `service:NAME`.
    pub subject: Option<String>,
    /// Of which role.
    pub role: Option<String>,
    /// In which workspace.
    pub workspace: Option<Uuid>,
    /// On what kind of thing.
    pub resource_type: Option<String>,
    /// On which one.
    pub resource_id: Option<String>,
    /// How many, where an address asks. GraphQL has arguments for that.
    #[graphql(skip)]
    pub first: Option<i32>,
    /// After which one.
    #[graphql(skip)]
    pub after: Option<String>,
}

impl Resource {
    /// What it means.
    pub(crate) fn target(&self) -> Result<Target, Error> {
        let target = match (self.r#type.as_deref(), self.workspace) {
            (Some(kind), workspace) => {
                Target::resource(kind, self.id.as_deref().unwrap_or_default())?.within(workspace)?
            }
            (None, _) if self.id.is_some() => return Err(Error::field("resource type", "is needed beside an id")),
            (None, Some(workspace)) => Target::workspace(workspace),
            (None, None) => Target::everywhere(),
        };
        Ok(target.owned_by(self.owner))
    }
}

impl Check {
    /// The question that an actor asks so. About itself it is asked with the limits of its own key.
    pub(crate) fn ask(&self, actor: &Actor) -> Result<Ask, Error> {
        let target = self
            .resource
            .as_ref()
            .map(Resource::target)
            .transpose()?
            .unwrap_or_default();
        let own = Ask::own(actor, &self.permission, target);
        match &self.subject {
            None => Ok(own),
            Some(subject) => {
                let subject: Subject = subject.parse()?;
                let scopes = own.scopes.clone().filter(|_| subject == actor.subject);
                Ok(Ask { subject, scopes, ..own })
            }
        }
    }
}

impl TryFrom<GrantRole> for NewGrant {
    type Error = Error;

    fn try_from(input: GrantRole) -> Result<Self, Error> {
        let place = place(input.workspace, (input.resource_type, input.resource_id))?;
        Ok(Self {
            subject: input.subject.parse()?,
            role: input.role.parse()?,
            place: place.unwrap_or(Place::Everywhere),
            expires_at: input.expires_at,
            reason: input.reason,
        })
    }
}

impl TryFrom<GrantFilter> for GrantsWanted {
    type Error = Error;

    fn try_from(filter: GrantFilter) -> Result<Self, Error> {
        Ok(Self {
            subject: filter.subject.map(|subject| subject.parse::<Subject>()).transpose()?,
            role: filter.role.map(|role| role.parse::<RoleKey>()).transpose()?,
            place: place(filter.workspace, (filter.resource_type, filter.resource_id))?,
        })
    }
}

fn place(workspace: Option<Uuid>, resource: (Option<String>, Option<String>)) -> Result<Option<Place>, Error> {
    match (workspace, resource) {
        (None, (None, None)) => Ok(None),
        (Some(workspace), (None, None)) => Ok(Some(Place::Workspace(workspace))),
        (None, (Some(kind), Some(id))) => Ok(Some(Place::resource(&kind, &id)?)),
        _ => Err(Error::field(
            "place",
            "is a workspace, or the type and the id of one resource; a resource is in one workspace anyway",
        )),
    }
}
