//! What can be asked.

use async_graphql::{Context, Object, ServerResult, SimpleObject};
use platform_database::{Connection, PageArgs};
use platform_graphql::Result;
use uuid::Uuid;

use super::{actor, store};
use crate::{
    audit::{self, Search},
    engine::Decision,
    grant,
    input::{Check, GrantFilter, Resource},
    output::{PermissionView, RoleView},
    policies::Described,
};

/// As many questions as one list of them usually has at most.
const MANY: usize = 100;

/// The root of all questions.
pub(crate) struct Query;

/// How many questions are counted as asked: where one leaves out a variable the library cannot tell, and must not refuse.
fn how_many(checks: ServerResult<Vec<Check>>) -> usize {
    checks.map_or(MANY, |checks| checks.len())
}

/// Whether the audit log is what was written.
#[derive(SimpleObject)]
#[graphql(name = "AuditVerification")]
struct Verification {
    /// How many entries are in order, from the first one on.
    entries: i64,
    /// The fingerprint of the last of them. Note it down elsewhere together with its number.
    head: String,
    /// Whether all are.
    intact: bool,
    /// What is wrong with the first that is not.
    fault: Option<String>,
}

/// What can be asked.
#[Object]
impl Query {
    /// Whether something is allowed, and why. About others it takes the permission `decisions:explain`; who has it in a
    /// workspace alone is answered by what is held in that workspace, and by nothing else.
    async fn check_permission(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The permission's name")] permission: String,
        #[graphql(desc = "Who would act, `user:ID` or `service:NAME`; the one who asks, unless said")] subject: Option<
            String,
        >,
        #[graphql(desc = "About what; nothing in particular, unless said")] resource: Option<Resource>,
    ) -> Result<Decision> {
        let check = Check {
            permission,
            subject,
            resource,
        };
        Ok(store(ctx).answer(&actor(ctx), &check).await?)
    }

    /// Several questions at once, answered in their order; at most 100.
    #[graphql(
        complexity = "1 + how_many(__ctx.param_value(__variables_definition, __field, \"checks\", None)) * child_complexity"
    )]
    async fn check_permissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The questions")] checks: Vec<Check>,
    ) -> Result<Vec<Decision>> {
        Ok(store(ctx).answers(&actor(ctx), &checks).await?)
    }

    /// The names of all permissions that the one who asks has on something, for a page that shows what can be done.
    #[graphql(complexity = 100)]
    async fn my_permissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On what; in general, unless said")] resource: Option<Resource>,
    ) -> Result<Vec<String>> {
        let target = resource.unwrap_or_default().target()?;
        Ok(store(ctx).my_permissions(&actor(ctx), target).await?)
    }

    /// All permissions there are.
    #[graphql(complexity = "10 * child_complexity")]
    async fn permissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those of one system")] system: Option<String>,
    ) -> Vec<PermissionView> {
        store(ctx).permission_views(system.as_deref())
    }

    /// The roles that are shipped, and those made here that the one who asks may see.
    #[graphql(complexity = "10 * child_complexity")]
    async fn access_roles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of those made here the ones of a workspace")] workspace: Option<Uuid>,
    ) -> Result<Vec<RoleView>> {
        Ok(store(ctx).role_views(&actor(ctx), workspace).await?)
    }

    /// A role.
    async fn access_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its key, for instance `markets/member`")] key: String,
    ) -> Result<RoleView> {
        Ok(store(ctx).role_view(&actor(ctx), &key).await?)
    }

    /// Who holds which role: one's own grants, and those where one has the permission `grants:view`.
    #[graphql(complexity = "5 * child_complexity")]
    async fn access_grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only grants for which all of this holds")] filter: Option<GrantFilter>,
        #[graphql(desc = "Grants of the page, 50 unless said, at most 100")] first: Option<i32>,
        #[graphql(desc = "The cursor of the grant before the page")] after: Option<String>,
    ) -> Result<Connection<grant::Model>> {
        let args = PageArgs::forward(first, after);
        Ok(store(ctx)
            .grant_views(&actor(ctx), filter.unwrap_or_default(), &args)
            .await?)
    }

    /// The policies that decide.
    #[graphql(complexity = "5 * child_complexity")]
    async fn access_policies(&self, ctx: &Context<'_>) -> Result<Vec<Described>> {
        Ok(store(ctx).policy_views(&actor(ctx))?)
    }

    /// What was done, the newest first, where one has the permission `audit:view`.
    #[graphql(complexity = "5 * child_complexity")]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only entries for which all of this holds")] filter: Option<Search>,
        #[graphql(desc = "Entries of the page, 50 unless said, at most 100")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry before the page")] after: Option<String>,
    ) -> Result<Connection<audit::Model>> {
        let (wanted, args) = (filter.unwrap_or_default(), PageArgs::forward(first, after));
        Ok(store(ctx).search_audit(&actor(ctx), &wanted, &args).await?)
    }

    /// Checks that no entry of the audit log was changed, removed or moved. It reads the whole log.
    #[graphql(complexity = 500)]
    async fn verify_audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of an entry that was noted down earlier")] seq: Option<i64>,
        #[graphql(desc = "Its fingerprint")] hash: Option<String>,
    ) -> Result<Verification> {
        let anchor = audit::Anchor::noted(seq, hash)?;
        let verified = store(ctx).verify_audit(&actor(ctx), anchor.as_ref()).await?;
        Ok(Verification {
            entries: verified.entries,
            head: verified.head.hash,
            intact: verified.broken.is_none(),
            fault: verified
                .broken
                .map(|broken| format!("entry {}: {}", broken.seq, broken.what)),
        })
    }
}
