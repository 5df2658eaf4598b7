//! A list shows a row exactly when a decision about the row allows it.

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use security::{
    catalog::RoleKey,
    engine::{Engine, Question},
    filter::{Filter, Which},
    place::{Place, Target},
    standing::{Held, Standing},
    subject::Subject,
};
use uuid::Uuid;

use super::{ADA, BOB, ENGINE, HERE, THERE, ada, noon, on, thing, within};

pub(crate) fn filter(standing: &Standing, permission: &str, kind: &str) -> Filter {
    let question = Question {
        standing,
        scopes: None,
        permission,
        target: &thing(kind, ""),
    };
    ENGINE.filter(question, noon()).unwrap()
}

#[test]
fn a_filter_says_in_which_workspaces_whose_and_which_rows() {
    let ada = ada(&[
        (Place::Workspace(HERE), "contracting/manager"),
        (Place::Workspace(THERE), "contracting/user"),
        (on("estimate", "7"), "contracting/manager"),
    ]);

    let filter = filter(&ada, "view:estimates", "estimate");

    let sees = |target: Target| filter.matches(&target);
    assert!(sees(within(HERE, thing("estimate", "1").owned_by(Some(BOB)))));
    assert!(sees(within(THERE, thing("estimate", "1").owned_by(Some(ADA)))));
    assert!(!sees(within(THERE, thing("estimate", "1").owned_by(Some(BOB)))));
    assert!(sees(within(THERE, thing("estimate", "7").owned_by(Some(BOB)))));
    assert!(!sees(thing("estimate", "1").owned_by(Some(ADA))));
    assert!(filter.clauses.len() <= 4, "{filter:#?}");
}

#[test]
fn who_sees_everything_has_a_filter_without_conditions_and_who_sees_nothing_one_without_clauses() {
    let (root, nothing) = (ada(&[(Place::Everywhere, "contracting/admin")]), ada(&[]));

    let (all, none) = (
        filter(&root, "view:estimates", "estimate"),
        filter(&nothing, "view:estimates", "estimate"),
    );

    assert_eq!(all.clauses.len(), 1);
    assert_eq!(
        (&all.clauses[0].workspaces, &all.clauses[0].resources),
        (&Which::Any, &Which::Any)
    );
    assert_eq!(none.clauses, []);
    assert_eq!(filter(&root, "view:*", "estimate").clauses, []);
}

#[test]
fn what_a_policy_forbids_is_not_listed() {
    let ada = ada(&[(Place::Everywhere, "markets/admin")]);

    let filter = filter(&ada, "deactivate_users", "user");

    assert!(filter.matches(&thing("user", "1").owned_by(Some(BOB))));
    assert!(filter.matches(&thing("user", "1")));
    assert!(!filter.matches(&thing("user", "1").owned_by(Some(ADA))));
}

/// A few workspaces, owners and things, so that what is generated meets.
pub(crate) fn small(number: u128) -> impl Strategy<Value = Uuid> {
    (1..=number).prop_map(Uuid::from_u128)
}

const KINDS: [&str; 3] = ["estimate", "chart", "workspace"];

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        1 => Just(Place::Everywhere),
        4 => small(4).prop_map(Place::Workspace),
        4 => (0..2_usize, 1..4_u8).prop_map(|(kind, id)| on(KINDS[kind], &id.to_string())),
    ]
}

fn held() -> impl Strategy<Value = (Place, Held)> {
    let roles: Vec<_> = ENGINE
        .catalog()
        .roles()
        .filter(|role| !role.key.as_str().ends_with("super_admin"))
        .cloned()
        .collect();
    let single = ENGINE.catalog().ids().map(|id| {
        let stated = [id].into();
        let mut role = (*roles[0]).clone();
        role.key = RoleKey::custom(Uuid::from_u128(1));
        role.holds = ENGINE.catalog().closed(&stated);
        Arc::new(role)
    });
    let roles: Vec<_> = roles.iter().cloned().chain(single).collect();
    (place(), proptest::sample::select(roles), -1..3_i64).prop_map(|(place, role, hours)| {
        let held = Held {
            grant: None,
            role,
            expires_at: (hours < 2).then(|| noon() + TimeDelta::hours(hours)),
        };
        (place, held)
    })
}

pub(crate) fn standing() -> impl Strategy<Value = Standing> {
    let subject = prop_oneof![
        8 => Just(Subject::User(Uuid::from_u128(1))),
        1 => Just(Subject::Service("reports".into())),
        1 => Just(Subject::Nobody),
    ];
    (subject, prop::collection::vec(held(), 0..8)).prop_map(|(subject, held)| Standing::new(subject, held))
}

pub(crate) fn permission() -> impl Strategy<Value = String> {
    let names: Vec<_> = ENGINE
        .catalog()
        .permissions()
        .map(|(_, permission)| permission.name.to_string())
        .collect();
    proptest::sample::select(names)
}

fn agrees(engine: &Engine, (standing, permission): (&Standing, &str), rows: &[Target]) -> Result<(), TestCaseError> {
    let kind = thing(rows[0].kind(), "");
    let question = Question {
        standing,
        scopes: None,
        permission,
        target: &kind,
    };
    let filter = engine.filter(question, noon()).unwrap();
    for row in rows {
        let decided = engine
            .check(
                Question {
                    target: row,
                    ..question
                },
                noon(),
            )
            .is_allowed();
        prop_assert_eq!(filter.matches(row), decided, "{:?} {:?}", row, filter);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_and_a_decision_never_differ(
        (standing, permission) in (standing(), permission()),
        kind in proptest::sample::select(KINDS.to_vec()),
        seed in prop::collection::vec((0..5_u8, prop::option::of(small(5)), prop::option::of(small(3))), 24),
    ) {
        let rows: Vec<_> = seed.into_iter().map(|(id, workspace, owner)| match kind {
            "workspace" => Target::workspace(workspace.unwrap_or(HERE)).owned_by(owner),
            kind => thing(kind, &id.to_string()).within(workspace).unwrap().owned_by(owner),
        }).collect();
        agrees(&ENGINE, (&standing, &permission), &rows)?;
    }
}
