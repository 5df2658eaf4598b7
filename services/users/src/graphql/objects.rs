//! What rows have beside their columns: the people, series and rows that they name.

use async_graphql::{ComplexObject, Context, ID, Json};
use platform_database::{Connection, PageArgs};
use platform_graphql::Result;
use serde_json::Value;
use uuid::Uuid;

use super::{FinancialSeries, me, newest, people::person, store, user::User};
use crate::{
    annotation,
    chart::{self, share},
    comment, invitation, privacy, saved,
    watchlist::{self, item},
    workspace::{self, member},
};

#[ComplexObject]
impl saved::Model {
    /// The series.
    async fn series(&self) -> FinancialSeries {
        self.series.as_str().into()
    }
}

#[ComplexObject]
impl item::Model {
    /// The series.
    async fn series(&self) -> FinancialSeries {
        self.series.as_str().into()
    }
}

#[ComplexObject]
impl watchlist::Model {
    /// What is on it, the oldest first.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn items(&self, ctx: &Context<'_>) -> Result<Vec<item::Model>> {
        let mut items = watchlist::items(store(ctx).db.read(), &[self.id]).await?;
        Ok(items.remove(&self.id).unwrap_or_default())
    }
}

#[ComplexObject]
impl annotation::Model {
    /// The series.
    async fn series(&self) -> FinancialSeries {
        self.series.as_str().into()
    }

    /// Who wrote it.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        person(ctx, self.author_id).await
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
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        newest(ctx, comment::on(self.id), (comment::Column::Id, |row| row.id), args).await
    }
}

#[ComplexObject]
impl comment::Model {
    /// Who wrote it; nobody when it was deleted.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match self.author_id {
            Some(author) => person(ctx, author).await,
            None => Ok(None),
        }
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
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        person(ctx, self.owner_id).await
    }

    /// What you may do with it.
    async fn level(&self, ctx: &Context<'_>) -> Result<Option<chart::Level>> {
        let levels = chart::levels(store(ctx).db.read(), me(ctx)?, std::slice::from_ref(self)).await?;
        Ok(levels.get(&self.id).copied())
    }

    /// With whom it is shared.
    async fn collaborators(&self, ctx: &Context<'_>) -> Result<Vec<share::Model>> {
        Ok(chart::shares(store(ctx).db.read(), me(ctx)?, self.id).await?)
    }
}

#[ComplexObject]
impl share::Model {
    /// With whom.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        person(ctx, self.user_id).await
    }
}

#[ComplexObject]
impl workspace::Model {
    /// What you are in it.
    async fn role(&self, ctx: &Context<'_>) -> Result<Option<workspace::Role>> {
        let part = workspace::part(store(ctx).db.read(), self.id, me(ctx)?).await?;
        Ok(part.map(|part| part.role))
    }

    /// Who is in it.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn members(&self, ctx: &Context<'_>) -> Result<Vec<member::Model>> {
        Ok(workspace::members(store(ctx).db.read(), me(ctx)?, self.id).await?)
    }

    /// Invitations that wait for an answer, for those who manage its people.
    async fn invitations(&self, ctx: &Context<'_>) -> Result<Vec<invitation::Model>> {
        Ok(invitation::waiting(store(ctx), me(ctx)?, self.id).await?)
    }
}

#[ComplexObject]
impl member::Model {
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        person(ctx, self.user_id).await
    }
}

#[ComplexObject]
impl privacy::Model {
    /// The services whose part has arrived.
    async fn services(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        let (_, parts) = privacy::fetch(store(ctx), me(ctx)?, self.id).await?;
        Ok(parts.into_iter().map(|(service, _)| service).collect())
    }

    /// Where it can be fetched on this service.
    async fn path(&self) -> String {
        format!("/api/v1/users/me/exports/{}", self.id)
    }
}

/// An id of the input.
pub(super) fn id(field: &'static str, given: &ID) -> Result<Uuid> {
    let id = given
        .parse()
        .map_err(|_| crate::error::Error::field(field, "is not an id"));
    Ok(id?)
}
