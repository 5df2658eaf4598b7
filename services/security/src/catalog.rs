//! Every permission and every role that is shipped, read from the seeds and closed over what implies what.

mod permission;
mod role;
mod seed;
mod wildcard;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

pub use permission::{Permission, PermissionId, Permissions, Reach};
pub use role::{Role, RoleKey};

use crate::error::Error;

/// The seeds, one per system, in the order in which they are shown.
pub const SEEDS: &[&str] = &[
    include_str!("../seed/platform.toml"),
    include_str!("../seed/economic.toml"),
    include_str!("../seed/contracting.toml"),
    include_str!("../seed/analytics.toml"),
    include_str!("../seed/markets.toml"),
];

/// A system of permissions and roles.
#[derive(Clone, Debug)]
pub struct System {
    /// Its name, which begins the keys of its roles.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it is about, in a sentence.
    pub about: String,
}

/// All permissions and built-in roles. It never changes while a process runs.
#[derive(Debug)]
pub struct Catalog {
    systems: Vec<System>,
    permissions: Vec<Permission>,
    names: HashMap<Arc<str>, PermissionId>,
    roles: BTreeMap<RoleKey, Arc<Role>>,
    aliases: BTreeMap<RoleKey, RoleKey>,
}

impl Catalog {
    /// What is shipped.
    pub fn shipped() -> Result<Self, Error> {
        Self::read(SEEDS)
    }

    /// What these seeds say. They are read together, because one may imply what another declares.
    pub fn read(seeds: &[&str]) -> Result<Self, Error> {
        seed::read(seeds)
    }

    /// The systems, in the order of their seeds.
    pub fn systems(&self) -> &[System] {
        &self.systems
    }

    /// All permissions, in the order of their seeds.
    pub fn permissions(&self) -> impl Iterator<Item = (PermissionId, &Permission)> {
        self.ids().zip(&self.permissions)
    }

    /// The ids of all permissions.
    pub fn ids(&self) -> impl Iterator<Item = PermissionId> + use<> {
        PermissionId::first(self.permissions.len())
    }

    /// The permission of this name. Names are exact: a wildcard is the name of no permission.
    pub fn find(&self, name: &str) -> Option<PermissionId> {
        self.names.get(name).copied()
    }

    /// The permission with this id.
    pub fn permission(&self, id: PermissionId) -> &Permission {
        &self.permissions[id.index()]
    }

    /// The built-in roles by key.
    pub fn roles(&self) -> impl Iterator<Item = &Arc<Role>> {
        self.roles.values()
    }

    /// The built-in role with this key or this other name.
    pub fn role(&self, key: &RoleKey) -> Option<&Arc<Role>> {
        self.roles.get(self.aliases.get(key).unwrap_or(key))
    }

    /// The other names of a role.
    pub fn aliases_of<'a>(&'a self, key: &'a RoleKey) -> impl Iterator<Item = &'a RoleKey> {
        let named = self.aliases.iter().filter(move |(_, meant)| *meant == key);
        named.map(|(alias, _)| alias)
    }

    /// These permissions and all that they imply.
    pub fn closed(&self, stated: &Permissions) -> Permissions {
        let mut closed = Permissions::new();
        let mut open: Vec<_> = stated.iter().copied().collect();
        while let Some(id) = open.pop() {
            if closed.insert(id) {
                open.extend(&self.permission(id).implies);
            }
        }
        closed
    }

    /// The permissions of these names; the first name that is of none is refused.
    pub fn named(&self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Permissions, Error> {
        let found = names.into_iter().map(|name| {
            let name = name.as_ref();
            self.find(name)
                .ok_or_else(|| Error::NoSuchPermission(crate::text::clip(name, 100)))
        });
        found.collect()
    }

    /// The names of permissions, sorted.
    pub fn names<'a>(&'a self, permissions: &'a Permissions) -> Vec<&'a str> {
        let mut names: Vec<_> = permissions.iter().map(|id| &*self.permission(*id).name).collect();
        names.sort_unstable();
        names
    }
}
