//! The matrices of the four systems are what their descriptions say.

use std::collections::BTreeSet;

use security::catalog::Catalog;

use super::{ENGINE, role};

fn names(key: &str) -> BTreeSet<String> {
    let role = role(key);
    let names = ENGINE.catalog().names(&role.stated);
    names.into_iter().map(str::to_owned).collect()
}

fn count(system: &str) -> usize {
    let permissions = ENGINE.catalog().permissions();
    permissions
        .filter(|(_, permission)| permission.system == system)
        .count()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn economic_data_has_five_roles_of_25_23_8_2_and_1_permissions() {
    let sizes =
        ["super_admin", "admin", "analyst", "viewer", "guest"].map(|name| names(&format!("economic/{name}")).len());

    assert_eq!(sizes, [25, 23, 8, 2, 1]);
    let kept: Vec<_> = names("economic/super_admin")
        .difference(&names("economic/admin"))
        .cloned()
        .collect();
    assert_eq!(kept, ["security:manage", "users:delete"]);
    assert!(names("economic/admin").is_superset(&names("economic/analyst")));
    assert!(names("economic/analyst").is_superset(&names("economic/viewer")));
    assert!(names("economic/viewer").is_superset(&names("economic/guest")));
}

#[test]
fn markets_has_twelve_permissions_and_two_roles_that_share_the_profile() {
    let (member, admin) = (names("markets/member"), names("markets/admin"));

    assert_eq!(count("markets"), 12);
    let first_six = [
        "view_stocks",
        "order_stocks",
        "manage_own_portfolio",
        "manage_own_watchlist",
        "manage_own_profile",
        "manage_own_accounts",
    ];
    assert_eq!(member, set(&first_six));
    let others = [
        "view_users",
        "view_admin_dashboard",
        "view_audit_logs",
        "deactivate_users",
        "reactivate_users",
        "manage_roles",
    ];
    assert_eq!(&admin - &member, set(&others));
    assert_eq!(&admin & &member, set(&["manage_own_profile"]));
}

#[test]
fn analytics_has_23_permissions_seven_roles_and_a_developer_by_another_name() {
    let roles = ENGINE
        .catalog()
        .roles()
        .filter(|role| role.key.as_str().starts_with("analytics/"));

    assert_eq!(roles.count(), 7);
    assert_eq!((count("analytics"), names("analytics/super_admin").len()), (23, 23));
    assert_eq!(role("analytics/developer").key.as_str(), "analytics/analyst");
}

#[test]
fn a_contracting_user_holds_own_permissions_and_never_the_ones_on_anything() {
    let user = names("contracting/user");

    for noun in ["estimates", "projects", "customers"] {
        assert!(user.contains(&format!("view:own:{noun}")), "view:own:{noun}");
        assert!(!user.contains(&format!("view:{noun}")), "view:{noun}");
    }
    let manager = names("contracting/manager");
    assert!(manager.contains("view:estimates") && !manager.contains("view:own:estimates"));
    assert!(!manager.contains("view:audit"));
}

#[test]
fn a_wildcard_of_a_seed_stands_for_one_segment_and_never_for_own() {
    let seed = r#"
        system = "shop"
        title = "Shop"
        about = "A shop."
        permissions = [
          { name = "view:orders", about = "see orders" },
          { name = "view:own:orders", about = "see one's orders", reach = "own", of = "view:orders" },
          { name = "view:own", about = "not what it looks like" },
        ]
        [roles.all]
        about = "Star."
        permissions = ["view:*"]
        [roles.own]
        about = "Own star."
        permissions = ["view:own:*"]
    "#;

    let catalog = Catalog::read(&[seed]).unwrap();

    let stated = |name: &str| {
        let role = catalog.role(&format!("shop/{name}").parse().unwrap()).unwrap();
        catalog.names(&role.stated).join(" ")
    };
    assert_eq!(
        (stated("all"), stated("own")),
        ("view:orders".into(), "view:own:orders".into())
    );
}

#[test]
fn a_seed_that_would_widen_what_is_ones_own_is_refused() {
    let seed = r#"
        system = "shop"
        title = "Shop"
        about = "A shop."
        permissions = [
          { name = "orders:view", about = "see orders" },
          { name = "orders:mine", about = "see mine", reach = "own", implies = ["orders:view"] },
        ]
        roles = {}
    "#;

    let error = Catalog::read(&[seed]).unwrap_err();

    assert!(
        error.to_string().contains("orders:mine implies more than itself"),
        "{error}"
    );
}

#[test]
fn a_seed_that_names_what_is_not_declared_is_refused() {
    let seed = |permission: &str| {
        format!(
            "system = 'shop'\ntitle = 'Shop'\nabout = 'A shop.'\npermissions = []\n[roles.one]\nabout = 'One.'\npermissions = ['{permission}']"
        )
    };

    for permission in ["orders:view", "orders:*"] {
        let error = Catalog::read(&[&seed(permission)]).unwrap_err();
        assert!(error.to_string().contains(permission), "{error}");
    }
}
