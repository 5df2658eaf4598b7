//! Grants: who holds which role where, as they are stored.

use async_graphql::{ComplexObject, SimpleObject};
use chrono::{DateTime, Utc};
use platform_database::orm::{
    ColumnTrait, DeriveEntityModel, DerivePrimaryKey, EntityTrait, EnumIter, ExprTrait, PrimaryKeyTrait,
    sea_query::Expr,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    place::{EVERYWHERE, Place},
    subject::Subject,
};

/// Who grants what somebody holds as a member of a workspace.
const SYSTEM: &str = "service:security";

/// A role that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject, Serialize)]
#[sea_orm(table_name = "grants")]
#[graphql(name = "AccessGrant", complex)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who holds it: `user:ID` or `service:NAME`.
    pub subject: String,
    /// The role's key.
    pub role: String,
    /// Where: `everywhere`, `workspace:ID` or `TYPE:ID`.
    pub place: String,
    /// The workspace, for a grant in one.
    pub workspace: Option<Uuid>,
    /// What kind of thing, for a grant on one thing.
    #[graphql(name = "resourceType")]
    #[serde(rename = "resourceType")]
    pub resource_kind: Option<String>,
    /// Which one.
    pub resource_id: Option<String>,
    /// Since when.
    pub granted_at: DateTime<Utc>,
    /// By whom.
    pub granted_by: String,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
}

platform_database::unrelated!();

impl Model {
    /// Where the role is held.
    pub fn at(&self) -> Place {
        match (self.workspace, &self.resource_kind, &self.resource_id) {
            (Some(id), _, _) => Place::Workspace(id),
            (None, Some(kind), Some(id)) => Place::Resource {
                kind: kind.clone(),
                id: id.clone(),
            },
            _ => Place::Everywhere,
        }
    }

    /// Whether it follows from what its subject is in a workspace: nobody gave it by hand.
    pub(crate) fn is_of_member(&self) -> bool {
        self.workspace.is_some() && self.granted_by == SYSTEM
    }
}

/// Whether a grant is of those that nobody but the system, or who may grant everywhere, can add to.
pub(crate) fn is_of_few() -> Expr {
    let by_system = Column::GrantedBy.eq(SYSTEM);
    by_system.or(Column::Place.eq(EVERYWHERE))
}

/// A person, whom another service knows.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct User {
    /// The person's id.
    pub id: async_graphql::ID,
}

#[ComplexObject]
impl Model {
    /// The person who holds it, where it is one.
    async fn user(&self) -> Option<User> {
        let subject: Subject = self.subject.parse().ok()?;
        subject.user().map(|id| User { id: id.into() })
    }
}
