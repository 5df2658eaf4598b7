//! The permissions reference says what is.

#[test]
fn the_permissions_reference_is_what_the_seeds_and_policies_say() {
    let committed = include_str!("../../../../docs/permissions.md");

    let page = security::docs::page().unwrap();

    assert!(
        page == committed,
        "docs/permissions.md is out of date; write it anew with `cargo run -p security --example permissions`"
    );
}

#[test]
fn the_names_that_services_know_are_those_of_the_seeds() {
    let committed = include_str!("../../../../contracts/permissions.txt");

    let names = security::docs::names().unwrap();

    assert!(
        names == committed,
        "contracts/permissions.txt is out of date; write it anew with `cargo run -p security --example permissions`"
    );
}
