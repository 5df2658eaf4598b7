//! Preferences: how somebody likes things.

use async_graphql::{Enum, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use platform_database::orm::{
    ActiveModelTrait, ConnectionTrait, DeriveActiveEnum, EntityTrait, IntoActiveModel, Set, entity::prelude::*,
};

use crate::{error::Error, profile, store::Store};

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub(crate) enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// How a series is drawn first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub(crate) enum ChartKind {
    /// A line.
    #[default]
    Line,
    /// Bars.
    Bar,
    /// The area under a line.
    Area,
    /// Points.
    Scatter,
}

/// How somebody likes things.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "preference")]
#[graphql(name = "Preferences")]
pub(crate) struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub user_id: Uuid,
    /// Light or dark.
    pub theme: Theme,
    /// How a series is drawn first.
    pub default_chart: ChartKind,
    /// Whether news are wanted at all.
    pub notifications: bool,
    /// Whether others may share charts with them.
    pub collaboration: bool,
    /// When they last changed.
    pub updated_at: DateTime<Utc>,
}

platform_database::unrelated!();

/// What preferences may become; what is absent stays as it is.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "PreferencesInput")]
pub(crate) struct Change {
    /// Light or dark.
    pub theme: Option<Theme>,
    /// How a series is drawn first.
    pub default_chart: Option<ChartKind>,
    /// Whether you want news at all.
    pub notifications: Option<bool>,
    /// Whether others may share charts with you.
    pub collaboration: Option<bool>,
}

/// Somebody's preferences; the usual ones where they never said.
pub(crate) async fn of(db: &impl ConnectionTrait, user: &profile::Model) -> Result<Model, Error> {
    let found = Entity::find_by_id(user.id).one(db).await?;
    Ok(found.unwrap_or(Model {
        user_id: user.id,
        theme: Theme::default(),
        default_chart: ChartKind::default(),
        notifications: true,
        collaboration: true,
        updated_at: user.created_at,
    }))
}

/// Changes the caller's preferences.
pub(crate) async fn change(store: &Store, me: Uuid, change: Change) -> Result<Model, Error> {
    let tx = store.db.begin().await?;
    let user = profile::hold(&tx, me).await?;
    let before = of(&tx, &user).await?;
    let after = Model {
        user_id: me,
        theme: change.theme.unwrap_or(before.theme),
        default_chart: change.default_chart.unwrap_or(before.default_chart),
        notifications: change.notifications.unwrap_or(before.notifications),
        collaboration: change.collaboration.unwrap_or(before.collaboration),
        updated_at: store.now(),
    };
    let is_there = Entity::find_by_id(me).one(&tx).await?.is_some();
    let row = after.into_active_model().reset_all();
    let saved = match is_there {
        true => {
            let mut row = row;
            row.user_id = platform_database::orm::ActiveValue::Unchanged(me);
            row.update(&tx).await?
        }
        false => {
            let mut row = row;
            row.user_id = Set(me);
            row.insert(&tx).await?
        }
    };
    tx.commit().await?;
    Ok(saved)
}
