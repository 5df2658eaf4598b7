//! A person: to others a name and a picture, to themselves everything.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use platform_database::Connection;
use platform_graphql::Result;

use super::{FinancialSeries, me, newest, page, store};
use crate::{annotation, chart, error::Error, preference, privacy, profile, saved, watchlist, workspace};

/// A person.
pub(crate) struct User(pub(crate) profile::Model);

impl User {
    /// Refuses everybody but the person.
    fn own(&self, ctx: &Context<'_>) -> Result<()> {
        match me(ctx)? == self.0.id {
            true => Ok(()),
            false => Err(Error::MayNot("see that of somebody else").into()),
        }
    }

    /// Something that only the person is told. Refusing it takes nothing else away.
    fn private<T>(&self, ctx: &Context<'_>, thing: Option<T>) -> Option<Result<T>> {
        self.own(ctx).map(|()| thing).transpose()
    }
}

/// A person. Others see the id, the name, the picture and where they work; everything else only they themselves.
#[Object]
impl User {
    /// The account's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What others call them.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// A picture of them.
    async fn avatar_url(&self) -> Option<&str> {
        self.0.avatar_url.as_deref()
    }

    /// Where they work.
    async fn organization(&self) -> Option<&str> {
        self.0.organization.as_deref()
    }

    /// Their address of mail.
    async fn email(&self, ctx: &Context<'_>) -> Result<&str> {
        self.own(ctx)?;
        Ok(&self.0.email)
    }

    /// Their first name.
    async fn first_name(&self, ctx: &Context<'_>) -> Option<Result<&str>> {
        self.private(ctx, self.0.first_name.as_deref())
    }

    /// Their last name.
    async fn last_name(&self, ctx: &Context<'_>) -> Option<Result<&str>> {
        self.private(ctx, self.0.last_name.as_deref())
    }

    /// Their language.
    async fn locale(&self, ctx: &Context<'_>) -> Option<Result<&str>> {
        self.private(ctx, self.0.locale.as_deref())
    }

    /// Their time zone.
    async fn time_zone(&self, ctx: &Context<'_>) -> Option<Result<&str>> {
        self.private(ctx, self.0.time_zone.as_deref())
    }

    /// When they registered.
    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>> {
        self.own(ctx)?;
        Ok(self.0.created_at)
    }

    /// How they like things.
    async fn preferences(&self, ctx: &Context<'_>) -> Result<preference::Model> {
        self.own(ctx)?;
        Ok(preference::of(store(ctx).db.read(), &self.0).await?)
    }

    /// The series they saved, the oldest first, as the financial data knows them. One that is there no longer is null.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn financial_series(&self, ctx: &Context<'_>) -> Result<Vec<Option<FinancialSeries>>> {
        self.own(ctx)?;
        let saved = saved::of(store(ctx).db.read(), self.0.id).await?;
        Ok(saved.iter().map(|saved| Some(saved.series.as_str().into())).collect())
    }

    /// The series they saved, with their notes, the oldest first.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn saved_series(&self, ctx: &Context<'_>) -> Result<Vec<saved::Model>> {
        self.own(ctx)?;
        Ok(saved::of(store(ctx).db.read(), self.0.id).await?)
    }

    /// Their watchlists, by name.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn watchlists(&self, ctx: &Context<'_>) -> Result<Vec<watchlist::Model>> {
        self.own(ctx)?;
        Ok(watchlist::of(store(ctx).db.read(), self.0.id).await?)
    }

    /// The workspaces they are in, by name.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn workspaces(&self, ctx: &Context<'_>) -> Result<Vec<workspace::Model>> {
        self.own(ctx)?;
        let mine = workspace::of(store(ctx).db.read(), self.0.id).await?;
        Ok(mine.into_iter().map(|(workspace, _)| workspace).collect())
    }

    /// Their annotations, the newest first.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the GraphQL field")]
    async fn annotations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 50 unless said, at most 100")] first: Option<i32>,
        #[graphql(desc = "After this cursor")] after: Option<String>,
        #[graphql(desc = "So many from the back")] last: Option<i32>,
        #[graphql(desc = "Before this cursor")] before: Option<String>,
    ) -> Result<Connection<annotation::Model>> {
        self.own(ctx)?;
        let args = page((first, after), (last, before));
        newest(
            ctx,
            annotation::own(self.0.id),
            (annotation::Column::Id, |row| row.id),
            args,
        )
        .await
    }

    /// Charts of theirs and charts shared with them, the newest first.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the GraphQL field")]
    async fn charts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 50 unless said, at most 100")] first: Option<i32>,
        #[graphql(desc = "After this cursor")] after: Option<String>,
        #[graphql(desc = "So many from the back")] last: Option<i32>,
        #[graphql(desc = "Before this cursor")] before: Option<String>,
    ) -> Result<Connection<chart::Model>> {
        self.own(ctx)?;
        let args = page((first, after), (last, before));
        newest(ctx, chart::visible(self.0.id), (chart::Column::Id, |row| row.id), args).await
    }

    /// The exports of their data that can be fetched, the newest first.
    async fn data_exports(&self, ctx: &Context<'_>) -> Result<Vec<privacy::Model>> {
        self.own(ctx)?;
        Ok(privacy::own(store(ctx), self.0.id).await?)
    }
}
