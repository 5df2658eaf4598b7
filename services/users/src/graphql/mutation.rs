//! What can be changed: always as the person who asks.

use async_graphql::{Context, ID, Object, SimpleObject};
use platform_auth::principal;
use platform_graphql::Result;

use super::{
    asker,
    guard::{InPerson, Writes},
    me,
    objects::id,
    store,
    user::User,
};
use crate::{
    annotation,
    chart::{self, share},
    comment, invitation,
    level::Level,
    preference, privacy, profile, saved, watchlist,
    workspace::{self, member},
};

/// The root of all changes.
pub(crate) struct Mutation;

/// An invitation and its secret.
#[derive(SimpleObject)]
pub(crate) struct Invited {
    /// The invitation.
    invitation: invitation::Model,
    /// What the invited person gives to acceptInvitation. It is shown this once.
    secret: String,
}

/// What can be changed. Everybody changes what is theirs and what they were given the right to.
#[Object]
impl Mutation {
    /// Changes your profile.
    #[graphql(guard = "Writes")]
    async fn update_profile(&self, ctx: &Context<'_>, input: profile::Change) -> Result<User> {
        Ok(User(profile::change(store(ctx), me(ctx)?, input).await?))
    }

    /// Changes how you like things.
    #[graphql(guard = "Writes")]
    async fn update_preferences(&self, ctx: &Context<'_>, input: preference::Change) -> Result<preference::Model> {
        Ok(preference::change(store(ctx), me(ctx)?, input).await?)
    }

    /// Saves a series, by id or SOURCE:EXTERNAL_ID.
    #[graphql(guard = "Writes")]
    async fn save_series(&self, ctx: &Context<'_>, series: String, note: Option<String>) -> Result<saved::Model> {
        Ok(saved::add(store(ctx), me(ctx)?, &series, note.as_deref()).await?)
    }

    /// Forgets a series that you saved; false when you had not.
    #[graphql(guard = "Writes")]
    async fn unsave_series(&self, ctx: &Context<'_>, series: String) -> Result<bool> {
        Ok(saved::remove(store(ctx), me(ctx)?, &series).await?)
    }

    /// Makes a watchlist.
    #[graphql(guard = "Writes")]
    async fn create_watchlist(&self, ctx: &Context<'_>, name: String) -> Result<watchlist::Model> {
        Ok(watchlist::create(store(ctx), me(ctx)?, &name).await?)
    }

    /// Calls a watchlist something else.
    #[graphql(guard = "Writes")]
    async fn rename_watchlist(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] given: ID,
        name: String,
    ) -> Result<watchlist::Model> {
        Ok(watchlist::rename(store(ctx), me(ctx)?, id("id", &given)?, &name).await?)
    }

    /// Deletes a watchlist.
    #[graphql(guard = "Writes")]
    async fn delete_watchlist(&self, ctx: &Context<'_>, #[graphql(name = "id")] given: ID) -> Result<bool> {
        watchlist::delete(store(ctx), me(ctx)?, id("id", &given)?).await?;
        Ok(true)
    }

    /// Puts a series on a watchlist, by id or SOURCE:EXTERNAL_ID.
    #[graphql(guard = "Writes")]
    async fn add_to_watchlist(
        &self,
        ctx: &Context<'_>,
        watchlist_id: ID,
        series: String,
        note: Option<String>,
    ) -> Result<watchlist::Model> {
        let place = (me(ctx)?, id("watchlistId", &watchlist_id)?);
        Ok(watchlist::add(store(ctx), place, &series, note.as_deref()).await?)
    }

    /// Takes a series off a watchlist.
    #[graphql(guard = "Writes")]
    async fn remove_from_watchlist(
        &self,
        ctx: &Context<'_>,
        watchlist_id: ID,
        series: String,
    ) -> Result<watchlist::Model> {
        Ok(watchlist::remove(store(ctx), me(ctx)?, id("watchlistId", &watchlist_id)?, &series).await?)
    }

    /// Annotates a span of a series.
    #[graphql(guard = "Writes")]
    async fn create_annotation(&self, ctx: &Context<'_>, input: annotation::New) -> Result<annotation::Model> {
        Ok(annotation::create(store(ctx), me(ctx)?, input).await?)
    }

    /// Changes an annotation: yours, or as an admin of its workspace, or as who moderates it.
    #[graphql(guard = "Writes")]
    async fn update_annotation(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] given: ID,
        input: annotation::Change,
    ) -> Result<annotation::Model> {
        Ok(annotation::change(store(ctx), &asker(ctx)?, id("id", &given)?, &input).await?)
    }

    /// Deletes an annotation with its comments: yours, or as an admin of its workspace, or as who moderates it.
    #[graphql(guard = "Writes")]
    async fn delete_annotation(&self, ctx: &Context<'_>, #[graphql(name = "id")] given: ID) -> Result<bool> {
        annotation::delete(store(ctx), &asker(ctx)?, id("id", &given)?).await?;
        Ok(true)
    }

    /// Comments on an annotation that you may comment on, or answers a comment on it.
    #[graphql(guard = "Writes")]
    async fn add_comment(
        &self,
        ctx: &Context<'_>,
        annotation_id: ID,
        #[graphql(desc = "The comment that this one answers")] parent_id: Option<ID>,
        body: String,
    ) -> Result<comment::Model> {
        let parent = parent_id.map(|parent| id("parentId", &parent)).transpose()?;
        let on = comment::Subject::Annotation(id("annotationId", &annotation_id)?);
        Ok(comment::add(store(ctx), &asker(ctx)?, (on, parent), &body).await?)
    }

    /// Comments on a chart that you may comment on, or answers a comment on it.
    #[graphql(guard = "Writes")]
    async fn add_chart_comment(
        &self,
        ctx: &Context<'_>,
        chart_id: ID,
        #[graphql(desc = "The comment that this one answers")] parent_id: Option<ID>,
        body: String,
    ) -> Result<comment::Model> {
        let parent = parent_id.map(|parent| id("parentId", &parent)).transpose()?;
        let on = comment::Subject::Chart(id("chartId", &chart_id)?);
        Ok(comment::add(store(ctx), &asker(ctx)?, (on, parent), &body).await?)
    }

    /// Changes a comment of yours.
    #[graphql(guard = "Writes")]
    async fn update_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] given: ID,
        body: String,
    ) -> Result<comment::Model> {
        Ok(comment::change(store(ctx), &asker(ctx)?, id("id", &given)?, &body).await?)
    }

    /// Deletes a comment; answers to it stay.
    #[graphql(guard = "Writes")]
    async fn delete_comment(&self, ctx: &Context<'_>, #[graphql(name = "id")] given: ID) -> Result<comment::Model> {
        Ok(comment::delete(store(ctx), &asker(ctx)?, id("id", &given)?).await?)
    }

    /// Makes a chart.
    #[graphql(guard = "Writes")]
    async fn create_chart(&self, ctx: &Context<'_>, input: chart::New) -> Result<chart::Model> {
        Ok(chart::create(store(ctx), me(ctx)?, input).await?)
    }

    /// Changes a chart that you may edit.
    #[graphql(guard = "Writes")]
    async fn update_chart(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] given: ID,
        input: chart::Change,
    ) -> Result<chart::Model> {
        Ok(chart::change(store(ctx), &asker(ctx)?, id("id", &given)?, &input).await?)
    }

    /// Deletes a chart of yours.
    #[graphql(guard = "Writes")]
    async fn delete_chart(&self, ctx: &Context<'_>, #[graphql(name = "id")] given: ID) -> Result<bool> {
        chart::delete(store(ctx), &asker(ctx)?, id("id", &given)?).await?;
        Ok(true)
    }

    /// Shares a chart with somebody, or changes what they may do with it; without a level it is shared no longer.
    #[graphql(guard = "InPerson")]
    async fn share_chart(
        &self,
        ctx: &Context<'_>,
        chart_id: ID,
        #[graphql(desc = "With whom")] user_id: ID,
        level: Option<Level>,
    ) -> Result<chart::Model> {
        let with = (id("chartId", &chart_id)?, id("userId", &user_id)?);
        Ok(share::set(store(ctx), &asker(ctx)?, with, level).await?)
    }

    /// Makes a workspace, which you own.
    #[graphql(guard = "Writes")]
    async fn create_workspace(&self, ctx: &Context<'_>, name: String) -> Result<workspace::Model> {
        Ok(workspace::create(store(ctx), me(ctx)?, &name).await?)
    }

    /// Calls a workspace something else.
    #[graphql(guard = "Writes")]
    async fn rename_workspace(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] given: ID,
        name: String,
    ) -> Result<workspace::Model> {
        Ok(workspace::rename(store(ctx), &asker(ctx)?, id("id", &given)?, &name).await?)
    }

    /// Deletes a workspace that you own, or may delete by a permission, with everything that is in it alone.
    #[graphql(guard = "InPerson")]
    async fn delete_workspace(&self, ctx: &Context<'_>, #[graphql(name = "id")] given: ID) -> Result<bool> {
        workspace::delete(store(ctx), &asker(ctx)?, id("id", &given)?).await?;
        Ok(true)
    }

    /// Invites an address to a workspace, as no more than you are in it. Only the account that has that address,
    /// verified, can accept, within a week.
    #[graphql(guard = "InPerson")]
    async fn invite_to_workspace(
        &self,
        ctx: &Context<'_>,
        workspace_id: ID,
        email: String,
        role: workspace::Role,
    ) -> Result<Invited> {
        let workspace = id("workspaceId", &workspace_id)?;
        let (invitation, secret) = invitation::invite(store(ctx), &asker(ctx)?, workspace, (&email, role)).await?;
        Ok(Invited { invitation, secret })
    }

    /// Takes an invitation back; false when it is gone already.
    #[graphql(guard = "InPerson")]
    async fn withdraw_invitation(&self, ctx: &Context<'_>, #[graphql(name = "id")] given: ID) -> Result<bool> {
        Ok(invitation::withdraw(store(ctx), &asker(ctx)?, id("id", &given)?).await?)
    }

    /// Accepts an invitation to a workspace.
    #[graphql(guard = "InPerson")]
    async fn accept_invitation(&self, ctx: &Context<'_>, secret: String) -> Result<workspace::Model> {
        let who = (me(ctx)?, principal(ctx)?.is_email_verified);
        Ok(invitation::accept(store(ctx), who, &secret).await?)
    }

    /// Changes what somebody is in a workspace.
    #[graphql(guard = "InPerson")]
    async fn change_member_role(
        &self,
        ctx: &Context<'_>,
        workspace_id: ID,
        user_id: ID,
        role: workspace::Role,
    ) -> Result<member::Model> {
        let part = (id("workspaceId", &workspace_id)?, id("userId", &user_id)?);
        Ok(workspace::change_role(store(ctx), me(ctx)?, part, role).await?)
    }

    /// Takes somebody out of a workspace: yourself, or others as an admin or by a permission.
    #[graphql(guard = "InPerson")]
    async fn remove_member(&self, ctx: &Context<'_>, workspace_id: ID, user_id: ID) -> Result<bool> {
        let part = (id("workspaceId", &workspace_id)?, id("userId", &user_id)?);
        workspace::leave(store(ctx), &asker(ctx)?, part).await?;
        Ok(true)
    }

    /// Asks every service for what it knows of you. The parts arrive within seconds.
    #[graphql(guard = "InPerson")]
    async fn request_data_export(&self, ctx: &Context<'_>) -> Result<privacy::Model> {
        Ok(privacy::request(store(ctx), me(ctx)?).await?)
    }
}
