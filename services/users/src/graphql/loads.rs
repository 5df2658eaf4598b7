//! Rows looked up together, however many fields of an answer ask for one.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context,
    dataloader::{DataLoader, Loader},
};
use platform_cache::data_loader;
use platform_graphql::Result;
use uuid::Uuid;

use super::{asker, me, store};
use crate::{
    annotation,
    chart::{self, share},
    error::Error,
    level::Level,
    store::Store,
    watchlist::{self, item},
    workspace::{self, Role, SEE, member},
};

/// Looks rows up by what they belong to.
pub(super) struct Loads(Store);

/// A person and a chart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct OnChart(Uuid, Uuid);

/// A person and a workspace.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct InWorkspace(Uuid, Uuid);

/// What is on a watchlist.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Items(Uuid);

/// With whom a chart is shared.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Shares(Uuid);

/// Who is in a workspace.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Members(Uuid);

type Loaded<K, V> = std::result::Result<HashMap<K, V>, Arc<Error>>;

impl Loader<OnChart> for Loads {
    type Value = Level;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[OnChart]) -> Loaded<OnChart, Level> {
        let pairs: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let levels = chart::levels(self.0.db.read(), &pairs).await?;
        Ok(levels
            .into_iter()
            .map(|((person, chart), level)| (OnChart(person, chart), level))
            .collect())
    }
}

impl Loader<InWorkspace> for Loads {
    type Value = Role;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[InWorkspace]) -> Loaded<InWorkspace, Role> {
        let pairs: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let parts = workspace::parts(self.0.db.read(), &pairs).await?;
        Ok(parts
            .into_iter()
            .map(|((person, workspace), role)| (InWorkspace(person, workspace), role))
            .collect())
    }
}

impl Loader<Items> for Loads {
    type Value = Vec<item::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[Items]) -> Loaded<Items, Vec<item::Model>> {
        let lists: Vec<_> = keys.iter().map(|key| key.0).collect();
        let items = watchlist::items(self.0.db.read(), &lists).await?;
        Ok(items.into_iter().map(|(list, items)| (Items(list), items)).collect())
    }
}

impl Loader<Shares> for Loads {
    type Value = Vec<share::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[Shares]) -> Loaded<Shares, Vec<share::Model>> {
        let charts: Vec<_> = keys.iter().map(|key| key.0).collect();
        let shares = share::of(self.0.db.read(), &charts).await?;
        Ok(shares
            .into_iter()
            .map(|(chart, shares)| (Shares(chart), shares))
            .collect())
    }
}

impl Loader<Members> for Loads {
    type Value = Vec<member::Model>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[Members]) -> Loaded<Members, Vec<member::Model>> {
        let workspaces: Vec<_> = keys.iter().map(|key| key.0).collect();
        let members = workspace::members(self.0.db.read(), &workspaces).await?;
        Ok(members
            .into_iter()
            .map(|(workspace, members)| (Members(workspace), members))
            .collect())
    }
}

/// A loader over a store, for the data of a schema.
pub(super) fn over(store: &Store) -> DataLoader<Loads> {
    data_loader::<Items, _>(Loads(store.clone()))
}

async fn one<K>(ctx: &Context<'_>, key: K) -> Result<Option<<Loads as Loader<K>>::Value>>
where
    K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
    Loads: Loader<K, Error = Arc<Error>>,
{
    let loads: &DataLoader<Loads> = ctx.data_unchecked();
    let found = loads.load_one(key).await;
    Ok(found.map_err(platform_error::Error::internal)?)
}

/// What the caller may do with a chart, by their own level or else by what they were given.
pub(super) async fn level(ctx: &Context<'_>, chart: Uuid) -> Result<Option<Level>> {
    let own = one(ctx, OnChart(me(ctx)?, chart)).await?;
    match own {
        Some(level) => Ok(Some(level)),
        None => {
            let levels = [Level::Admin, Level::Edit, Level::Comment];
            Ok(chart::given(store(ctx), &asker(ctx)?, chart, &levels).await)
        }
    }
}

/// What the caller may do with an annotation as what they are, and their part in its workspace.
pub(super) async fn on_annotation(
    ctx: &Context<'_>,
    annotation: &annotation::Model,
) -> Result<(Option<Level>, Option<Role>)> {
    let role = match annotation.workspace_id {
        Some(workspace) => role(ctx, workspace).await?,
        None => None,
    };
    Ok((annotation::level(annotation, me(ctx)?, role), role))
}

/// The same also as who moderates it.
pub(super) async fn moderated(ctx: &Context<'_>, annotation: &annotation::Model) -> Result<Option<Level>> {
    let (level, part) = on_annotation(ctx, annotation).await?;
    match level {
        None | Some(Level::Admin) => Ok(level),
        Some(_) if annotation::moderates(store(ctx), &asker(ctx)?, annotation, part).await => Ok(Some(Level::Admin)),
        Some(_) => Ok(level),
    }
}

/// What the caller is in a workspace.
pub(super) async fn role(ctx: &Context<'_>, workspace: Uuid) -> Result<Option<Role>> {
    one(ctx, InWorkspace(me(ctx)?, workspace)).await
}

/// What is on a watchlist of the caller's, the oldest first.
pub(super) async fn items(ctx: &Context<'_>, list: Uuid) -> Result<Vec<item::Model>> {
    Ok(one(ctx, Items(list)).await?.unwrap_or_default())
}

/// With whom a chart is shared, for those who see it.
pub(super) async fn shares(ctx: &Context<'_>, chart: Uuid) -> Result<Vec<share::Model>> {
    level(ctx, chart).await?.ok_or(Error::NoSuch("chart"))?;
    Ok(one(ctx, Shares(chart)).await?.unwrap_or_default())
}

/// Who is in a workspace, for those who see it.
pub(super) async fn members(ctx: &Context<'_>, workspace: Uuid) -> Result<Vec<member::Model>> {
    if role(ctx, workspace).await?.is_none() {
        let given = SEE.given(store(ctx), &asker(ctx)?, workspace).await?;
        given.ok_or(Error::NoSuch("workspace"))?;
    }
    Ok(one(ctx, Members(workspace)).await?.unwrap_or_default())
}
