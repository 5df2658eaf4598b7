//! A permission: what may be done, and on what.

use std::{collections::BTreeSet, sync::Arc};

use serde::Deserialize;

/// The number of a permission in the catalog of this process. It is never stored: names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionId(u16);

/// A set of permissions.
pub type Permissions = BTreeSet<PermissionId>;

/// On what a permission may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// On anything where the role was granted.
    #[default]
    Any,
    /// Only on what the asker owns.
    Own,
}

/// What may be done.
#[derive(Clone, Debug)]
pub struct Permission {
    /// Its name, which no other permission of any system has.
    pub name: Arc<str>,
    /// The system that declares it.
    pub system: String,
    /// What it allows, in words.
    pub about: String,
    /// On what.
    pub reach: Reach,
    /// The permission that allows the same on anything, for one that reaches only what is one's own.
    pub of: Option<PermissionId>,
    /// What comes with it.
    pub implies: Permissions,
    /// Whether it changes what others may do. An API key and who did not sign in never use it.
    pub is_administrative: bool,
    /// The permissions that allow it on anything.
    pub any: Permissions,
    /// The permissions that allow it on what the asker owns.
    pub own: Permissions,
}

impl PermissionId {
    pub(super) fn first(count: usize) -> impl Iterator<Item = Self> + use<> {
        (0..u16::try_from(count).unwrap_or(u16::MAX)).map(Self)
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl Permission {
    /// Whether a role that holds `held` allows it somewhere, on anything or on what is one's own.
    pub(crate) fn is_in(&self, held: &Permissions) -> bool {
        self.any.iter().chain(&self.own).any(|id| held.contains(id))
    }
}
