//! Questions of the service that keeps who is in a workspace: what it says of somebody counts before it is heard.

use contracts::{
    grpc::security::v1::{CheckPermissionRequest, Resource},
    workspaces::MemberChanged,
};
use platform_events::Cause;
use serde_json::json;
use tonic::Code;

use crate::{
    grpc::{check, one},
    support::{HERE, Person, Security, until},
};

/// Whether somebody may in the workspace, who is this there, by the word of the service that asks.
async fn may(security: &Security, person: &Person, (permission, part): (&str, Option<&str>)) -> Result<bool, Code> {
    let here = Resource {
        workspace: HERE.to_string(),
        part: part.map(str::to_owned),
        ..Resource::default()
    };
    ask(security, check(person, permission, Some(here))).await
}

async fn ask(security: &Security, question: CheckPermissionRequest) -> Result<bool, Code> {
    let service = security.issuer.service("users", "security");
    one(security, &service, question).await
}

async fn heard(security: &Security, person: &Person, role: &str) {
    let event = MemberChanged {
        workspace: HERE,
        user: person.id,
        role: Some(role.into()),
    };
    security.tell(&event, &Cause::default()).await;
    until("the roles arrive", async || {
        may(security, person, ("workspace:edit", None)).await == Ok(true)
    })
    .await;
}

#[tokio::test]
async fn what_somebody_is_said_to_be_counts_before_it_is_heard() {
    for security in Security::everywhere().await {
        let ada = security.person();

        let unsaid = may(&security, &ada, ("workspace:edit", None)).await;
        let admin = may(&security, &ada, ("workspace:edit", Some("admin"))).await;
        let viewer = may(&security, &ada, ("workspace:edit", Some("viewer"))).await;
        let outside = may(&security, &ada, ("workspace:view", Some(""))).await;

        assert_eq!((unsaid, admin), (Ok(false), Ok(true)));
        assert_eq!((viewer, outside), (Ok(false), Ok(false)));
        security.stop().await;
    }
}

#[tokio::test]
async fn who_is_said_to_be_less_is_less_whatever_was_heard() {
    for security in Security::everywhere().await {
        let ada = security.person();
        heard(&security, &ada, "admin").await;

        let edits = may(&security, &ada, ("workspace:edit", Some("viewer"))).await;
        let sees = may(&security, &ada, ("workspace:view", Some("viewer"))).await;

        assert_eq!((edits, sees), (Ok(false), Ok(true)));
        security.stop().await;
    }
}

#[tokio::test]
async fn who_is_said_to_have_left_holds_nothing_there_until_it_is_given_anew() {
    for security in Security::everywhere().await {
        let (root, ada) = (security.root().await, security.person());
        heard(&security, &ada, "admin").await;
        let here = json!({ "workspace": HERE });
        root.grant(&ada, "contracting/manager", here.clone()).await;
        let estimates = |part| may(&security, &ada, ("edit:estimates", part));

        assert_eq!(estimates(Some("admin")).await, Ok(true));
        assert_eq!(estimates(Some("")).await, Ok(false));
        let event = MemberChanged {
            workspace: HERE,
            user: ada.id,
            role: None,
        };
        security.tell(&event, &Cause::default()).await;
        until("it is heard", async || estimates(None).await == Ok(false)).await;
        root.grant(&ada, "contracting/manager", here).await;

        assert_eq!(estimates(Some("")).await, Ok(true));
        security.stop().await;
    }
}

#[tokio::test]
async fn settings_that_name_one_part_leave_the_others_as_they_are() {
    let settings = [("security.members.admin", "platform/workspace_admin")];
    for security in Security::everywhere_with(&settings).await {
        let ada = security.person();
        heard(&security, &ada, "owner").await;

        let event = MemberChanged {
            workspace: HERE,
            user: ada.id,
            role: Some("member".into()),
        };
        security.tell(&event, &Cause::default()).await;

        until("she is a member and no more", async || {
            may(&security, &ada, ("workspace:edit", None)).await == Ok(false)
                && may(&security, &ada, ("workspace:view", None)).await == Ok(true)
        })
        .await;
        security.stop().await;
    }
}

#[tokio::test]
async fn a_part_is_one_that_the_settings_know_and_in_a_workspace() {
    for security in Security::everywhere().await {
        let ada = security.person();

        let unknown = may(&security, &ada, ("workspace:view", Some("emperor"))).await;
        let nowhere = Resource {
            r#type: "estimate".into(),
            part: Some("viewer".into()),
            ..Resource::default()
        };
        let nowhere = ask(&security, check(&ada, "view:estimates", Some(nowhere))).await;

        assert_eq!(
            (unknown, nowhere),
            (Err(Code::InvalidArgument), Err(Code::InvalidArgument))
        );
        security.stop().await;
    }
}
