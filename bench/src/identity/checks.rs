//! What it costs to ask whether somebody may do something, beside Cedar alone with the same policies.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use contracts::grpc::security::v1::{
    CheckPermissionRequest, Kind, Resource, Subject as WireSubject, security_service_client::SecurityServiceClient,
};
use platform_service::Clock;
use security::{
    actor::Actor,
    catalog::{Catalog, Permissions, Role, RoleKey},
    engine::{Engine, Question},
    place::{Place, Target},
    policies::SHIPPED,
    standing::{Held, Standing},
    store::Ask,
    subject::Subject,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{beside, inside::Inside, load::per_call, ours};
use crate::table::{Table, show};

const PERMISSION: &str = "view:estimates";
const SYSTEM: &str = "contracting";
const ROLE: &str = "user";
const HERE: Uuid = Uuid::from_u128(1);

/// A question decided by the policies, answered from memory, and asked by another service.
pub(crate) async fn all(inside: &Inside, table: &mut Table) -> Result<()> {
    let store = inside.security()?;
    let ada = inside.people()[0].id;
    let role = RoleKey::built_in(SYSTEM, ROLE);
    let actor = Actor::from(Subject::Service("security".into()));
    let granted = (role.clone(), Place::Workspace(HERE));
    store.give(&actor, Subject::User(ada), granted).await.map_err(ours)?;
    let target = Target::resource("estimate", "7").and_then(|target| target.within(Some(HERE)));
    let target = target.map_err(ours)?.owned_by(Some(ada));

    let cedar = cedar(store.engine().catalog(), (&role, ada)).await?;
    let decided = decided(store.engine(), (&role, ada), &target).await?;
    let ask = Ask {
        subject: Subject::User(ada),
        scopes: None,
        permission: PERMISSION.into(),
        target,
    };
    let kept = per_call(async |_| {
        let verdict = store.check(&ask).await.map_err(ours)?;
        ensure!(verdict.is_allowed(), "a role allows it");
        Ok(())
    })
    .await?;
    let asked = asked(inside, ada).await?;
    let peer = [("cedar-policy's is_authorized, all prepared", cedar)];
    table.add(
        "a check decided by the policies",
        show(decided),
        "≤ 50 µs",
        beside(decided, &peer),
    );
    table.add("a check asked before", show(kept), "≤ 50 µs", beside(kept, &peer));
    let what = "the same by gRPC in process, the asking service's token verified";
    table.add(what, show(asked), "", beside(asked, &peer));
    Ok(())
}

async fn decided(engine: &Engine, (role, ada): (&RoleKey, Uuid), target: &Target) -> Result<std::time::Duration> {
    let held = Held {
        grant: None,
        role: found(engine.catalog(), role)?.clone(),
        expires_at: None,
    };
    let standing = Standing::new(Subject::User(ada), [(Place::Workspace(HERE), held)]);
    let now = Clock::system().now();
    per_call(async |_| {
        let question = Question {
            standing: &standing,
            scopes: None,
            permission: PERMISSION,
            target,
        };
        ensure!(engine.check(question, now).is_allowed(), "a role allows it");
        Ok(())
    })
    .await
}

async fn asked(inside: &Inside, ada: Uuid) -> Result<std::time::Duration> {
    let mut client = SecurityServiceClient::new(inside.asker()?.channel("security"));
    let check = CheckPermissionRequest {
        subject: Some(WireSubject {
            kind: Kind::User.into(),
            id: ada.to_string(),
            ..WireSubject::default()
        }),
        permission: PERMISSION.into(),
        resource: Some(Resource {
            r#type: "estimate".into(),
            id: "7".into(),
            owner: ada.to_string(),
            workspace: HERE.to_string(),
            ..Resource::default()
        }),
        explain: false,
    };
    per_call(async |_| {
        let answer = client.check_permission(check.clone()).await?;
        ensure!(answer.get_ref().allowed, "a role allows it");
        Ok(())
    })
    .await
}

fn found<'a>(catalog: &'a Catalog, role: &RoleKey) -> Result<&'a Arc<Role>> {
    catalog.role(role).context("the role is shipped")
}

/// The library alone: all shipped policies, and a question whose entities were made before.
async fn cedar(catalog: &Catalog, (role, ada): (&RoleKey, Uuid)) -> Result<std::time::Duration> {
    let policies: Vec<_> = SHIPPED.iter().map(|(_, text)| *text).collect();
    let policies: PolicySet = policies.join("\n").parse()?;
    let permission = catalog.permission(catalog.find(PERMISSION).context("it is shipped")?);
    let set = |permissions: &Permissions| {
        let names = catalog.names(permissions).into_iter();
        names.map(|name| entity("Permission", name)).collect::<Vec<_>>()
    };
    let counting: Permissions = permission.any.union(&permission.own).copied().collect();
    let held: Permissions = counting.intersection(&found(catalog, role)?.holds).copied().collect();
    let (owner, place) = (ada.to_string(), format!("workspace:{HERE}"));
    let entities = json!([
        { "uid": named("User", &owner), "attrs": {}, "parents": [], "tags": { &place: entity("Seat", &place) } },
        { "uid": named("Seat", &place), "attrs": {}, "parents": [entity("Role", role.as_str())] },
        { "uid": named("Role", role.as_str()), "attrs": {}, "parents": set(&held) },
        { "uid": named("Action", PERMISSION), "attrs": {}, "parents": [entity("Action", SYSTEM)] },
        { "uid": named("Resource", "estimate:7"), "parents": [], "attrs": {
            "kind": "estimate", "place": "estimate:7", "workspace": &place, "owner": entity("User", &owner),
        } },
    ]);
    let entities = Entities::from_json_value(entities, None)?;
    let context = json!({ "permission": PERMISSION, "any": set(&permission.any), "own": set(&permission.own) });
    let context = Context::from_json_value(context, None)?;
    let uid = |of: &str, id: &str| -> Result<EntityUid> { Ok(format!("Hansa::{of}::{id:?}").parse()?) };
    let (principal, action) = (uid("User", &owner)?, uid("Action", PERMISSION)?);
    let request = Request::new(principal, action, uid("Resource", "estimate:7")?, context, None)?;
    let authorizer = Authorizer::new();
    per_call(async |_| {
        let response = authorizer.is_authorized(&request, &policies, &entities);
        ensure!(response.decision() == Decision::Allow, "a role allows it");
        Ok(())
    })
    .await
}

fn named(of: &str, id: &str) -> Value {
    json!({ "type": format!("Hansa::{of}"), "id": id })
}

fn entity(of: &str, id: &str) -> Value {
    json!({ "__entity": named(of, id) })
}
