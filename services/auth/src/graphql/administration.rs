//! What who administrates accounts sees of one: beside the row, who it is and where they are signed in.

use async_graphql::{ComplexObject, Context};
use platform_database::{Connection, PageArgs};
use platform_graphql::Result;

use super::{User, auth, caller};
use crate::{
    account,
    administration::{self, State},
    session,
};

#[ComplexObject]
impl account::Model {
    /// The person.
    async fn user(&self) -> User {
        User { id: self.id.into() }
    }

    /// Whether they are let in.
    #[graphql(name = "state")]
    async fn shown_state(&self) -> State {
        self.state()
    }

    /// Their sessions that last, the newest first. It takes the permission `sessions:view`.
    #[graphql(complexity = "10 * child_complexity")]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<session::Model>> {
        let auth = auth(ctx);
        administration::may_see_sessions(auth, &caller(ctx).await?).await?;
        let page = PageArgs::forward(first, after);
        Ok(session::page(auth.db.read(), self.id, auth.now(), &page).await?)
    }
}
