//! What somebody may do with a thing of somebody else's: view < comment < edit < admin.

use async_graphql::Enum;
use platform_database::orm::{DeriveActiveEnum, EnumIter};

use crate::{error::Error, workspace::Role};

/// What somebody may do with a thing, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[graphql(name = "ShareLevel")]
pub(crate) enum Level {
    /// Sees it.
    View,
    /// Says something to it too.
    Comment,
    /// Changes it too.
    Edit,
    /// Shares it and removes what others said to it too.
    Admin,
}

impl Level {
    /// What a role in a workspace allows with what is shown to the workspace.
    pub(crate) fn of(role: Role) -> Self {
        match role {
            Role::Viewer => Self::View,
            Role::Member => Self::Comment,
            Role::Admin | Role::Owner => Self::Admin,
        }
    }

    /// Refuses who may do less.
    pub(crate) fn at_least(self, least: Self, what: &'static str) -> Result<Self, Error> {
        match self < least {
            true => Err(Error::MayNot(what)),
            false => Ok(self),
        }
    }
}
