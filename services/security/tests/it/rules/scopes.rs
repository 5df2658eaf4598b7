//! How far a role reaches: everywhere, in a workspace, on one thing, on what is one's own.

use security::place::{Place, Target};
use uuid::Uuid;

use super::{ADA, BOB, HERE, THERE, ada, may, on, thing, within};

fn estimate(owner: Option<Uuid>) -> Target {
    thing("estimate", "7").owned_by(owner)
}

#[test]
fn a_role_granted_everywhere_reaches_everything() {
    let ada = ada(&[(Place::Everywhere, "contracting/manager")]);

    for target in [
        Target::everywhere(),
        Target::workspace(HERE),
        within(THERE, estimate(Some(BOB))),
    ] {
        assert!(may(&ada, "view:estimates", &target), "{target:?}");
    }
}

#[test]
fn a_role_granted_in_a_workspace_reaches_that_workspace_alone() {
    let ada = ada(&[(Place::Workspace(HERE), "contracting/manager")]);

    assert!(may(&ada, "view:estimates", &within(HERE, estimate(Some(BOB)))));
    assert!(may(&ada, "view:estimates", &Target::workspace(HERE)));
    for target in [
        within(THERE, estimate(Some(BOB))),
        estimate(None),
        Target::everywhere(),
        Target::workspace(THERE),
    ] {
        assert!(!may(&ada, "view:estimates", &target), "{target:?}");
    }
}

#[test]
fn a_role_granted_on_one_thing_reaches_that_thing_alone() {
    let ada = ada(&[(on("chart", "7"), "platform/chart_editor")]);

    assert!(may(&ada, "chart:edit", &thing("chart", "7")));
    assert!(may(&ada, "chart:edit", &within(HERE, thing("chart", "7"))));
    for target in [
        thing("chart", "8"),
        thing("note", "7"),
        Target::everywhere(),
        thing("chart", ""),
    ] {
        assert!(!may(&ada, "chart:edit", &target), "{target:?}");
    }
}

#[test]
fn sharing_levels_hold_what_the_levels_below_them_hold_and_no_more() {
    let levels = ["chart:view", "chart:comment", "chart:edit", "chart:admin"];
    let roles = ["chart_viewer", "chart_commenter", "chart_editor", "chart_admin"];

    for (level, name) in roles.iter().enumerate() {
        let ada = ada(&[(on("chart", "7"), &format!("platform/{name}"))]);
        let allowed = levels.map(|permission| may(&ada, permission, &thing("chart", "7")));
        let expected: Vec<_> = (0..4).map(|at| at <= level).collect();
        assert_eq!(allowed.to_vec(), expected, "{name}");
    }
}

#[test]
fn a_permission_on_ones_own_reaches_what_one_owns_alone() {
    let ada = ada(&[(Place::Everywhere, "contracting/user")]);

    assert!(may(&ada, "view:estimates", &estimate(Some(ADA))));
    assert!(may(&ada, "view:own:estimates", &within(HERE, estimate(Some(ADA)))));
    for target in [
        estimate(Some(BOB)),
        estimate(None),
        Target::everywhere(),
        Target::workspace(HERE),
    ] {
        assert!(!may(&ada, "view:estimates", &target), "{target:?}");
    }
    assert!(!may(&ada, "view:own:estimates", &estimate(Some(BOB))));
    assert!(!may(&ada, "view:own:estimates", &estimate(None)));
}

#[test]
fn own_within_a_workspace_does_not_reach_what_one_owns_elsewhere() {
    let ada = ada(&[(Place::Workspace(HERE), "contracting/user")]);

    assert!(may(&ada, "edit:estimates", &within(HERE, estimate(Some(ADA)))));
    assert!(!may(&ada, "edit:estimates", &within(THERE, estimate(Some(ADA)))));
    assert!(!may(&ada, "edit:estimates", &within(HERE, estimate(Some(BOB)))));
}

#[test]
fn who_may_do_it_on_anything_may_do_it_on_what_is_their_own() {
    let ada = ada(&[(Place::Everywhere, "contracting/manager")]);

    assert!(may(&ada, "view:own:estimates", &estimate(Some(ADA))));
    assert!(!may(&ada, "view:own:estimates", &estimate(Some(BOB))));
}

#[test]
fn a_permission_about_oneself_asked_in_general_is_about_oneself() {
    let ada = ada(&[(Place::Everywhere, "markets/member")]);

    assert!(may(&ada, "manage_own_portfolio", &Target::everywhere()));
    assert!(may(
        &ada,
        "manage_own_portfolio",
        &thing("portfolio", "1").owned_by(Some(ADA))
    ));
    assert!(!may(
        &ada,
        "manage_own_portfolio",
        &thing("portfolio", "2").owned_by(Some(BOB))
    ));
    assert!(!may(
        &ada,
        "manage_own_portfolio",
        &Target::everywhere().owned_by(Some(BOB))
    ));
    assert!(!may(&ada, "manage_own_portfolio", &thing("portfolio", "2")));
}

#[test]
fn roles_at_several_places_add_up_and_do_not_mix() {
    let ada = ada(&[
        (Place::Workspace(HERE), "analytics/viewer"),
        (Place::Workspace(THERE), "analytics/admin"),
        (Place::Everywhere, "economic/viewer"),
    ]);

    assert!(may(&ada, "agents:manage", &Target::workspace(THERE)));
    assert!(!may(&ada, "agents:manage", &Target::workspace(HERE)));
    assert!(may(&ada, "agents:view", &Target::workspace(HERE)));
    assert!(may(&ada, "data:read", &Target::workspace(HERE)));
    assert!(!may(&ada, "data:write", &Target::workspace(THERE)));
}
