//! Policies are read with care: what does not fit the schema, or could widen what is allowed, does not start.

use security::{
    catalog::Catalog,
    policies::{Policies, SHIPPED},
};

fn with(text: &str) -> Result<Policies, String> {
    let catalog = Catalog::shipped().unwrap();
    Policies::with(&catalog, &[("added", text)]).map_err(|error| error.to_string())
}

fn refused(text: &str, because: &str) {
    let error = with(text).unwrap_err();
    assert!(error.contains(because), "{error}");
}

#[test]
fn what_is_shipped_fits_the_schema_and_every_policy_says_what_it_means() {
    let catalog = Catalog::shipped().unwrap();

    let policies = Policies::read(&catalog, SHIPPED).unwrap();

    assert!(policies.described().iter().all(|policy| policy.says.len() > 20));
    assert!(
        policies
            .described()
            .iter()
            .filter(|policy| !policy.forbids)
            .all(|policy| policy.file == "core")
    );
}

#[test]
fn an_operator_may_forbid_more() {
    let policies = with(
        r#"@id("no-exports") @says("nobody exports this month")
           forbid (principal, action == Hansa::Action::"data:export", resource);"#,
    );

    assert_eq!(policies.unwrap().says("no-exports"), Some("nobody exports this month"));
}

#[test]
fn an_added_policy_cannot_allow() {
    refused(
        r#"@id("all") @says("everybody may everything") permit (principal, action, resource);"#,
        "can only forbid",
    );
}

#[test]
fn a_policy_about_what_the_schema_does_not_know_is_refused() {
    let forbid = |rest: &str| format!("@id(\"x\") @says(\"something\") forbid (principal, action, resource){rest};");

    refused(&forbid(r#" when { resource.colour == "red" }"#), "colour");
    refused(&forbid(r#" when { principal.age > 3 }"#), "age");
    refused(&forbid(r#" when { resource.kind == 3 }"#), "not compatible");
    refused(
        r#"@id("x") @says("something") forbid (principal, action == Hansa::Action::"data:raed", resource);"#,
        "data:raed",
    );
}

#[test]
fn a_policy_that_might_fail_when_it_is_asked_is_refused() {
    refused(
        r#"@id("x") @says("something") forbid (principal, action, resource) when { resource.owner == principal };"#,
        "owner",
    );
}

#[test]
fn a_policy_names_no_place_and_no_owner_because_lists_could_not_follow_it() {
    let forbid = |scope: &str, when: &str| {
        format!("@id(\"x\") @says(\"something\") forbid (principal, action, {scope}) when {{ {when} }};")
    };
    let has = |attribute: &str, rest: &str| forbid("resource", &format!("resource has {attribute} && {rest}"));
    let seat = |place: &str| format!("principal.hasTag({place}) && principal.getTag({place}) in context.any");

    for named in [
        has("workspace", r#"resource.workspace == "workspace:1""#),
        has("workspace", r#""workspace:1" != resource.workspace"#),
        has(
            "workspace",
            r#"["workspace:1", "workspace:2"].contains(resource.workspace)"#,
        ),
        has(
            "workspace",
            r#"(if context has scopes then "" else resource.workspace) == "workspace:1""#,
        ),
        has("owner", r#"resource.owner == Hansa::User::"1""#),
        forbid("resource", r#"resource.place like "chart:1*""#),
        forbid("resource", r#"resource == Hansa::Resource::"chart:1""#),
        forbid(r#"resource == Hansa::Resource::"chart:1""#, "true"),
        forbid("resource", &seat(r#""workspace:1""#)),
    ] {
        refused(&named, "names a workspace, a resource or an owner");
    }
    for general in [
        has(
            "owner",
            r#"resource.owner == principal && principal == Hansa::User::"1""#,
        ),
        has("workspace", &seat("resource.workspace")),
        forbid("resource is Hansa::Resource", r#"resource.kind == "chart""#),
    ] {
        with(&general).unwrap();
    }
}

#[test]
fn a_policy_names_itself_and_no_role() {
    refused("forbid (principal, action, resource);", "needs an @id");
    refused(r#"@id("x") forbid (principal, action, resource);"#, "needs an @says");
    let of_members = |role: &str| {
        format!("@id(\"x\") @says(\"something\") forbid (principal in {role}::\"markets/member\", action, resource);")
    };
    for role in ["Hansa::Role", "Hansa :: Role", "Hansa::// a remark\nRole"] {
        refused(&of_members(role), "names a role");
    }
    let remark = "// whatever the Hansa::Role";
    let remarked = format!("@id(\"x\") @says(\"something\") forbid (principal, action, {remark}\n resource);");
    with(&remarked).unwrap();
    refused(
        r#"@id("everywhere") @says("a second one") forbid (principal, action, resource);"#,
        "everywhere",
    );
    refused("this is no policy", "added");
    refused(&" ".repeat(70_000), "at most");
}
