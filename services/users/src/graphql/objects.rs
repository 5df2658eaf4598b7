//! What rows have beside their columns: the people, series and rows that they name.

use async_graphql::{ComplexObject, Context, ID, Json};
use platform_database::{Connection, PageArgs};
use platform_graphql::Result;
use serde_json::Value;
use uuid::Uuid;

use super::{FinancialSeries, asker, loads, newest, page, people::person, store, user::User};
use crate::{
    annotation,
    chart::{self, share},
    comment,
    error::Error,
    invitation,
    level::Level,
    privacy, saved,
    watchlist::{self, item},
    workspace::{self, member},
};

#[ComplexObject]
impl saved::Model {
    /// The series; null when the financial data does not have it, which must not take the rest of an answer away.
    async fn series(&self) -> Option<FinancialSeries> {
        Some(self.series.as_str().into())
    }
}

#[ComplexObject]
impl item::Model {
    /// The series; null when the financial data does not have it, which must not take the rest of an answer away.
    async fn series(&self) -> Option<FinancialSeries> {
        Some(self.series.as_str().into())
    }
}

#[ComplexObject]
impl watchlist::Model {
    /// What is on it, the oldest first.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn items(&self, ctx: &Context<'_>) -> Result<Vec<item::Model>> {
        loads::items(ctx, self.id).await
    }
}

#[ComplexObject]
impl annotation::Model {
    /// The series; null when the financial data does not have it, which must not take the rest of an answer away.
    async fn series(&self) -> Option<FinancialSeries> {
        Some(self.series.as_str().into())
    }

    /// Who wrote it.
    async fn author(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        person(ctx, self.author_id).await
    }

    /// What you may do with it, also as who moderates it.
    async fn level(&self, ctx: &Context<'_>) -> Option<Result<Level>> {
        loads::moderated(ctx, self).await.transpose()
    }

    /// What others say to it, the newest first.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the GraphQL field")]
    async fn comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 50 unless said, at most 100")] first: Option<i32>,
        #[graphql(desc = "After this cursor")] after: Option<String>,
        #[graphql(desc = "So many from the back")] last: Option<i32>,
        #[graphql(desc = "Before this cursor")] before: Option<String>,
    ) -> Result<Connection<comment::Model>> {
        let args = page((first, after), (last, before));
        let (level, _) = loads::on_annotation(ctx, self).await?;
        level.ok_or(Error::NoSuch("annotation"))?;
        comments(ctx, comment::Subject::Annotation(self.id), args).await
    }
}

/// The comments on something that the caller is known to see.
pub(super) async fn comments(
    ctx: &Context<'_>,
    subject: comment::Subject,
    args: PageArgs,
) -> Result<Connection<comment::Model>> {
    newest(ctx, comment::on(subject), (comment::Column::Id, |row| row.id), args).await
}

#[ComplexObject]
impl comment::Model {
    /// Who wrote it; nobody when it was deleted.
    async fn author(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        person(ctx, self.author_id?).await
    }
}

#[ComplexObject]
impl chart::Model {
    /// What is drawn and how.
    async fn spec(&self) -> Json<Value> {
        // It was written by us as JSON.
        Json(serde_json::from_str(&self.spec).unwrap_or_default())
    }

    /// Whose it is.
    async fn owner(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        person(ctx, self.owner_id).await
    }

    /// What you may do with it: what it was shared with you for, or else what your permissions allow.
    async fn level(&self, ctx: &Context<'_>) -> Option<Result<Level>> {
        loads::level(ctx, self.id).await.transpose()
    }

    /// With whom it is shared.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn collaborators(&self, ctx: &Context<'_>) -> Result<Vec<share::Model>> {
        loads::shares(ctx, self.id).await
    }

    /// What others say to it, the newest first, for those who see it.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the GraphQL field")]
    async fn comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the front, 50 unless said, at most 100")] first: Option<i32>,
        #[graphql(desc = "After this cursor")] after: Option<String>,
        #[graphql(desc = "So many from the back")] last: Option<i32>,
        #[graphql(desc = "Before this cursor")] before: Option<String>,
    ) -> Result<Connection<comment::Model>> {
        let args = page((first, after), (last, before));
        loads::level(ctx, self.id).await?.ok_or(Error::NoSuch("chart"))?;
        comments(ctx, comment::Subject::Chart(self.id), args).await
    }
}

#[ComplexObject]
impl share::Model {
    /// With whom.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        person(ctx, self.user_id).await
    }
}

#[ComplexObject]
impl workspace::Model {
    /// What you are in it; nothing when you see it by a permission.
    async fn role(&self, ctx: &Context<'_>) -> Option<Result<workspace::Role>> {
        loads::role(ctx, self.id).await.transpose()
    }

    /// Who is in it.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn members(&self, ctx: &Context<'_>) -> Result<Vec<member::Model>> {
        loads::members(ctx, self.id).await
    }

    /// Invitations that wait for an answer, for those who invite people to it.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn invitations(&self, ctx: &Context<'_>) -> Result<Vec<invitation::Model>> {
        Ok(invitation::waiting(store(ctx), &asker(ctx)?, self.id).await?)
    }
}

#[ComplexObject]
impl member::Model {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        person(ctx, self.user_id).await
    }
}

#[ComplexObject]
impl privacy::Model {
    /// The services whose part has arrived.
    async fn services(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(privacy::services(store(ctx), self.id).await?)
    }

    /// Where it can be fetched on this service.
    async fn path(&self) -> String {
        format!("/api/v1/users/me/exports/{}", self.id)
    }
}

/// An id of the input.
pub(super) fn id(field: &'static str, given: &ID) -> Result<Uuid> {
    let id = given.parse().map_err(|_| Error::field(field, "is not an id"));
    Ok(id?)
}
