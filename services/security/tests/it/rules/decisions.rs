//! Decisions and their reasons: policies that forbid, keys, nobody, ends of grants, what is unknown.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use security::{
    engine::{Question, Reason},
    place::{Place, Target},
    standing::{Held, Standing},
    subject::Subject,
};

use super::{ADA, BOB, ENGINE, HERE, THERE, ada, held, may, noon, on, role, thing, why, within};

fn by_key(standing: &Standing, scopes: &[&str], permission: &str) -> bool {
    let scopes: BTreeSet<_> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let question = Question {
        standing,
        scopes: Some(&scopes),
        permission,
        target: &Target::everywhere(),
    };
    ENGINE.check(question, noon()).is_allowed()
}

#[test]
fn what_nobody_declared_is_denied_to_everybody() {
    let root = ada(&[(Place::Everywhere, "platform/super_admin")]);

    for permission in [
        "",
        "*",
        "*:*",
        "view:*",
        "view:own:*",
        "view:Estimates",
        "view:estimates ",
        "administration",
        "markets",
    ] {
        let decision = why(&root, permission, &Target::everywhere());
        assert_eq!(
            (decision.allowed, decision.reason),
            (false, Reason::UnknownPermission),
            "{permission:?}"
        );
    }
}

#[test]
fn a_super_admin_may_everything_that_no_policy_forbids() {
    let root = ada(&[(Place::Everywhere, "platform/super_admin")]);

    let denied = ENGINE.catalog().permissions().filter(|(_, permission)| {
        let target = thing("thing", "1").owned_by(permission.any.is_empty().then_some(ADA));
        !may(&root, &permission.name, &target)
    });

    assert_eq!(denied.count(), 0);
}

#[test]
fn who_holds_nothing_may_nothing() {
    let nothing = ada(&[]);

    let allowed = ENGINE.catalog().permissions().filter(|(_, permission)| {
        let own = thing("thing", "1").owned_by(Some(ADA));
        may(&nothing, &permission.name, &own) || may(&nothing, &permission.name, &Target::workspace(HERE))
    });

    assert_eq!(allowed.count(), 0);
}

#[test]
fn an_allowance_names_the_policy_the_role_and_the_permission() {
    let ada = ada(&[
        (Place::Workspace(HERE), "contracting/manager"),
        (Place::Workspace(THERE), "contracting/admin"),
        (Place::Everywhere, "contracting/user"),
    ]);

    let decision = why(
        &ada,
        "view:estimates",
        &within(HERE, thing("estimate", "7").owned_by(Some(ADA))),
    );

    assert_eq!(decision.policies, ["own-everywhere", "workspace"]);
    let roles: Vec<_> = decision
        .roles
        .iter()
        .map(|via| format!("{} {} {}", via.role, via.place, via.permission))
        .collect();
    let here = format!("contracting/manager workspace:{HERE} view:estimates");
    assert_eq!(roles, [here.as_str(), "contracting/user everywhere view:own:estimates"]);
    assert!(
        decision.explanation.contains("the role contracting/manager"),
        "{}",
        decision.explanation
    );
}

#[test]
fn a_denial_says_what_is_missing() {
    let ada = ada(&[
        (Place::Workspace(HERE), "contracting/user"),
        (on("chart", "7"), "platform/chart_viewer"),
        (Place::Everywhere, "markets/admin"),
    ]);
    let reason = |permission: &str, target: Target| why(&ada, permission, &target).reason;

    assert_eq!(reason("data:read", Target::everywhere()), Reason::NotHeld);
    assert_eq!(reason("chart:view", thing("chart", "8")), Reason::Elsewhere);
    assert_eq!(
        reason(
            "view:estimates",
            within(HERE, thing("estimate", "1").owned_by(Some(BOB)))
        ),
        Reason::NotOwner
    );
    assert_eq!(
        reason(
            "view:estimates",
            within(THERE, thing("estimate", "1").owned_by(Some(ADA)))
        ),
        Reason::Elsewhere
    );
    let themself = why(&ada, "deactivate_users", &thing("user", "ada").owned_by(Some(ADA)));
    assert_eq!(
        (themself.reason, themself.policies),
        (Reason::Forbidden, vec!["markets-not-oneself".to_owned()])
    );
    assert!(
        themself.explanation.contains("nobody deactivates their own account"),
        "{}",
        themself.explanation
    );
    assert!(may(&ada, "deactivate_users", &thing("user", "bob").owned_by(Some(BOB))));
}

#[test]
fn a_key_does_what_its_scopes_name_and_its_owner_may() {
    let ada = ada(&[(Place::Everywhere, "economic/analyst")]);

    assert!(by_key(&ada, &["data:read"], "data:read"));
    assert!(!by_key(&ada, &["data:read"], "data:export"));
    assert!(!by_key(&ada, &["data:write"], "data:write"));
    for scopes in [&[][..], &["*"], &["data:*"], &["data:rea"], &["DATA:READ"]] {
        assert!(!by_key(&ada, scopes, "data:read"), "{scopes:?}");
    }
}

#[test]
fn a_key_never_administrates() {
    let root = ada(&[(Place::Everywhere, "platform/super_admin")]);
    let administrative = ENGINE
        .catalog()
        .permissions()
        .filter(|(_, permission)| permission.is_administrative);

    let administrative: Vec<_> = administrative.map(|(_, permission)| &*permission.name).collect();

    assert!(administrative.len() > 10);
    for permission in administrative {
        assert!(!by_key(&root, &[permission], permission), "{permission}");
        assert!(may(&root, permission, &Target::everywhere()), "{permission}");
    }
}

#[test]
fn who_did_not_sign_in_reads_at_most_whatever_roles_nobody_was_given() {
    let nobody = Standing::new(
        Subject::Nobody,
        [(Place::Everywhere, held(role("platform/super_admin")))],
    );

    let forbidden = [
        "data:write",
        "view:estimates",
        "dashboard:view",
        "audit:view",
        "grants:manage",
        "users:delete",
        "manage_roles",
    ];

    assert!(may(&nobody, "data:read", &Target::everywhere()));
    for permission in forbidden {
        let decision = why(&nobody, permission, &Target::everywhere());
        assert_eq!(decision.reason, Reason::Forbidden, "{permission}");
    }
}

#[test]
fn a_service_owns_nothing() {
    let held = [(Place::Everywhere, held(role("contracting/user")))];
    let service = Standing::new(Subject::Service("ada".into()), held);

    assert!(!may(
        &service,
        "view:estimates",
        &thing("estimate", "7").owned_by(Some(ADA))
    ));
    assert!(!may(&service, "view:own:estimates", &Target::everywhere()));
    assert!(may(&service, "create:estimates", &Target::everywhere()));
}

#[test]
fn a_grant_counts_until_the_moment_at_which_it_ends() {
    let until = |seconds: i64| {
        let expires_at = Some(noon() + TimeDelta::seconds(seconds));
        let held = Held {
            expires_at,
            ..held(role("economic/viewer"))
        };
        Standing::new(Subject::User(ADA), [(Place::Everywhere, held)])
    };

    assert!(may(&until(1), "data:read", &Target::everywhere()));
    assert!(!may(&until(0), "data:read", &Target::everywhere()));
    assert_eq!(
        why(&until(-1), "data:read", &Target::everywhere()).reason,
        Reason::NotHeld
    );
}

#[test]
fn names_that_look_like_places_are_only_names() {
    let ada = ada(&[(on("chart", "7"), "platform/chart_admin")]);

    for (kind, id) in [
        ("chart", "7 "),
        ("chart", "7\" || true"),
        ("chart", "*"),
        ("chart.7", ""),
    ] {
        assert!(!may(&ada, "chart:view", &thing(kind, id)), "{kind} {id}");
    }
    assert!(Target::resource("chart:7", "").is_err());
    assert!(Target::resource("Chart", "7").is_err());
    assert!(Target::resource("chart", &"7".repeat(201)).is_err());
    assert!(Target::workspace(HERE).within(Some(THERE)).is_err());
}
