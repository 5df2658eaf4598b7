//! Roles that were made here, as they are stored.

use chrono::{DateTime, Utc};
use platform_database::orm::{DeriveEntityModel, DerivePrimaryKey, EntityTrait, EnumIter, PrimaryKeyTrait};
use uuid::Uuid;

use crate::catalog::{Catalog, Role, RoleKey};

/// A role of a workspace, or one for everywhere.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "roles")]
pub(crate) struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The workspace that made it; none for a role for everywhere.
    pub workspace: Option<Uuid>,
    /// Its name.
    pub name: String,
    /// Its name in lower case, unique in its workspace.
    pub name_key: String,
    /// What it is for.
    pub about: String,
    /// The names of its permissions, separated by spaces.
    pub permissions: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: String,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

platform_database::unrelated!();

impl Model {
    /// The role. A permission that is no longer declared is allowed to nobody, so it is left out.
    pub(crate) fn role(&self, catalog: &Catalog) -> Role {
        let stated = self
            .permissions
            .split(' ')
            .filter_map(|name| catalog.find(name))
            .collect();
        Role {
            key: RoleKey::custom(self.id),
            name: self.name.clone(),
            about: self.about.clone(),
            workspace: self.workspace,
            holds: catalog.closed(&stated),
            stated,
        }
    }
}
