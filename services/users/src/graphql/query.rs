//! What can be read.

use async_graphql::{Context, ID, Object};
use platform_database::Connection;
use platform_graphql::Result;

use super::{
    asker,
    guard::{Reads, reads},
    loads, me, newest,
    objects::{comments, id},
    page,
    people::person,
    store,
    user::User,
};
use crate::{
    annotation,
    chart::{self, share},
    comment, profile, workspace,
};

/// The root of all reading.
pub(crate) struct Query;

/// What can be read. Nobody reads anything without having signed in.
#[Object]
#[expect(clippy::too_many_arguments, reason = "they are the arguments of the GraphQL fields")]
impl Query {
    /// You.
    #[graphql(guard = "Reads")]
    async fn me(&self, ctx: &Context<'_>) -> Result<User> {
        Ok(User(profile::own(store(ctx), me(ctx)?).await?))
    }

    /// Somebody, or null when there is nobody of that id.
    #[graphql(guard = "Reads")]
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Their id", name = "id")] given: ID,
    ) -> Option<Result<User>> {
        person(ctx, id("id", &given).ok()?).await
    }

    /// An annotation that you may see.
    #[graphql(guard = "Reads")]
    async fn annotation(&self, ctx: &Context<'_>, #[graphql(name = "id")] given: ID) -> Result<annotation::Model> {
        Ok(annotation::seen(store(ctx).db.read(), me(ctx)?, id("id", &given)?).await?)
    }

    /// The annotations of a series that you may see, the newest first.
    #[graphql(guard = "Reads", complexity = "1 + 10 * child_complexity")]
    async fn annotations_for_series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The series as the annotations name it, by id or SOURCE:EXTERNAL_ID")] series: String,
        #[graphql(desc = "So many from the front, 50 unless said, at most 100")] first: Option<i32>,
        #[graphql(desc = "After this cursor")] after: Option<String>,
        #[graphql(desc = "So many from the back")] last: Option<i32>,
        #[graphql(desc = "Before this cursor")] before: Option<String>,
    ) -> Result<Connection<annotation::Model>> {
        let args = page((first, after), (last, before));
        let seen = annotation::of_series(me(ctx)?, &series)?;
        newest(ctx, seen, (annotation::Column::Id, |row| row.id), args).await
    }

    /// The comments on an annotation that you may see, the newest first.
    #[graphql(guard = "Reads", complexity = "1 + 10 * child_complexity")]
    async fn comments_for_annotation(
        &self,
        ctx: &Context<'_>,
        annotation_id: ID,
        #[graphql(desc = "So many from the front, 50 unless said, at most 100")] first: Option<i32>,
        #[graphql(desc = "After this cursor")] after: Option<String>,
        #[graphql(desc = "So many from the back")] last: Option<i32>,
        #[graphql(desc = "Before this cursor")] before: Option<String>,
    ) -> Result<Connection<comment::Model>> {
        let seen = annotation::seen(store(ctx).db.read(), me(ctx)?, id("annotationId", &annotation_id)?).await?;
        let args = page((first, after), (last, before));
        comments(ctx, comment::Subject::Annotation(seen.id), args).await
    }

    /// A chart that you may see.
    #[graphql(guard = "Reads")]
    async fn chart(&self, ctx: &Context<'_>, #[graphql(name = "id")] given: ID) -> Result<chart::Model> {
        Ok(chart::seen(store(ctx), &asker(ctx)?, id("id", &given)?).await?)
    }

    /// With whom a chart that you may see is shared.
    #[graphql(guard = "Reads", complexity = "1 + 10 * child_complexity")]
    async fn chart_collaborators(&self, ctx: &Context<'_>, chart_id: ID) -> Result<Vec<share::Model>> {
        loads::shares(ctx, id("chartId", &chart_id)?).await
    }

    /// A workspace that you are in or may see by a permission.
    #[graphql(guard = "Reads")]
    async fn workspace(&self, ctx: &Context<'_>, #[graphql(name = "id")] given: ID) -> Result<workspace::Model> {
        Ok(workspace::seen(store(ctx), &asker(ctx)?, id("id", &given)?).await?)
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, ctx: &Context<'_>, #[graphql(key)] id: ID) -> Option<Result<User>> {
        match reads(ctx) {
            Ok(_) => person(ctx, super::objects::id("id", &id).ok()?).await,
            Err(refused) => Some(Err(refused.into())),
        }
    }
}
