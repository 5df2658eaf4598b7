//! What clients get, the same in GraphQL and REST.

use async_graphql::SimpleObject;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    catalog::{Catalog, Permission, Reach},
    store::RoleListed,
};

/// What may be done.
#[derive(Clone, Debug, Serialize, SimpleObject)]
#[graphql(name = "Permission")]
#[serde(rename_all = "camelCase")]
pub(crate) struct PermissionView {
    /// Its name.
    pub name: String,
    /// The system that declares it.
    pub system: String,
    /// What it allows, in words.
    pub about: String,
    /// Whether it reaches only what one owns.
    pub own: bool,
    /// The permission that allows the same on anything.
    pub broader: Option<String>,
    /// What comes with it.
    pub implies: Vec<String>,
    /// Whether it changes what others may do.
    pub administrative: bool,
}

/// A named set of permissions.
#[derive(Clone, Debug, Serialize, SimpleObject)]
#[graphql(name = "AccessRole")]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoleView {
    /// The name by which it is granted.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// The system that ships it; none for one that was made here.
    pub system: Option<String>,
    /// The workspace that made it.
    pub workspace: Option<Uuid>,
    /// The permissions it was given.
    pub permissions: Vec<String>,
    /// Those and all that they imply.
    pub holds: Vec<String>,
}

impl PermissionView {
    /// A permission as clients see it.
    pub(crate) fn of(catalog: &Catalog, permission: &Permission) -> Self {
        let name = |id| catalog.permission(id).name.to_string();
        Self {
            name: permission.name.to_string(),
            system: permission.system.clone(),
            about: permission.about.clone(),
            own: permission.reach == Reach::Own,
            broader: permission.of.map(name),
            implies: permission.implies.iter().copied().map(name).collect(),
            administrative: permission.is_administrative,
        }
    }
}

impl RoleView {
    /// A role as clients see it.
    pub(crate) fn of(catalog: &Catalog, listed: RoleListed) -> Self {
        let names = |permissions| catalog.names(permissions).into_iter().map(str::to_owned).collect();
        let role = listed.role;
        Self {
            key: role.key.to_string(),
            permissions: names(&role.stated),
            holds: names(&role.holds),
            name: role.name,
            about: role.about,
            system: listed.system,
            workspace: role.workspace,
        }
    }
}
