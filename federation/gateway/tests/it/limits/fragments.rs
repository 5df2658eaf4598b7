//! Operations that are small to write and large to run: fragments inside fragments.

use serde_json::{Value, json};

use super::{gateway, refusal};

#[tokio::test]
async fn fragments_count_where_they_are_used() {
    let gateway = gateway(json!({ "limits": { "height": 1000 } })).await;
    let mut query = String::from("{ topProducts { ...F0 } }");
    for level in 0..40 {
        query.push_str(&format!(
            " fragment F{level} on Product {{ ...F{next} ...F{next} }}",
            next = level + 1
        ));
    }
    query.push_str(" fragment F40 on Product { upc }");

    let (_, details) = refusal(&gateway, &query).await;

    assert_eq!(details["limit"], "fields (height)");
    assert_eq!(details["found"], 1_099_511_627_777_u64);
}

#[tokio::test]
async fn a_fragment_in_itself_is_refused() {
    let gateway = gateway(json!({})).await;

    let (message, _) = refusal(&gateway, "{ topProducts { ...F } } fragment F on Product { upc ...F }").await;

    assert_eq!(message, "the fragment F is used inside itself; leave it out there");
}

/// Fragments that each use the next one twice, beside one another.
fn doubling() -> String {
    let fragment = |level: usize| {
        let (of, field) = [("Product", "reviews"), ("Review", "product")][level % 2];
        let next = level + 1;
        format!(" fragment F{level} on {of} {{ {field} {{ ...F{next} }} {field} {{ ...F{next} }} }}")
    };
    (0..36).map(fragment).collect::<String>() + " fragment F36 on Product { upc }"
}

#[tokio::test]
async fn fragments_that_nobody_uses_are_measured_as_well() {
    let gateway = gateway(json!({})).await;
    let (deep, doubling) = (deep(), doubling());

    let unused = format!("{{ __typename }} fragment Z on Product {{ ...F0 {deep} }} {doubling}");
    let in_another = format!("query A {{ __typename }} query B {{ topProducts {{ ...F0 {deep} }} }} {doubling}");
    let unused = refusal(&gateway, &unused).await;
    let body = json!({ "query": in_another, "operationName": "A" });
    let in_another: Value = gateway.post(&body).await.json().await.expect("the answer is JSON");

    assert_eq!(unused.1["limit"], "fields (height)", "{}", unused.0);
    let details = &in_another["errors"][0]["extensions"]["details"];
    assert_eq!(details["limit"], "fields (height)", "{in_another}");
}

/// A chain of fields for what is spread beside it to be brought together with.
fn deep() -> String {
    (0..18).fold("upc".to_owned(), |inside, _| {
        format!("reviews {{ product {{ {inside} }} }}")
    })
}

#[tokio::test]
async fn a_fragment_that_doubles_itself_is_refused_before_anybody_follows_it() {
    let gateway = gateway(json!({})).await;
    let twice = "reviews { product { ...F } } reviews { product { ...F } }";
    let endless = format!(
        "{{ topProducts {{ ...F {} }} }} fragment F on Product {{ {twice} }}",
        deep()
    );

    let (message, _) = refusal(&gateway, &endless).await;

    assert_eq!(message, "the fragment F is used inside itself; leave it out there");
}

#[tokio::test]
async fn of_two_fragments_of_one_name_none_is_taken_for_the_other() {
    let gateway = gateway(json!({})).await;
    let (deep, doubling) = (deep(), doubling());
    let ambiguous = format!("{{ topProducts {{ ...F0 {deep} }} }} {doubling} fragment F0 on Product {{ upc }}");

    let (message, _) = refusal(&gateway, &ambiguous).await;

    assert_eq!(
        message,
        "there are several fragments called F0; give each a name of its own"
    );
}

#[tokio::test]
async fn fragments_without_fields_are_measured_by_their_uses() {
    let gateway = gateway(json!({})).await;
    let doubled = |level: usize| format!(" fragment F{level} on Product {{ ...F{n} ...F{n} }}", n = level + 1);
    let fieldless = (0..40).map(doubled).collect::<String>();

    let (_, details) = refusal(&gateway, &format!("{{ topProducts {{ ...F0 }} }} {fieldless}")).await;

    assert_eq!(details["limit"], "selections");
    assert_eq!(details["found"], 1_u64 << 41);
}

#[tokio::test]
async fn what_people_look_at_has_the_limits_of_what_clients_ask() {
    let gateway = gateway(json!({})).await;
    let supergraph = gateway.gateway.supergraph().expect("there is a supergraph");
    let deep = deep();
    let budget = platform_config::Duration::from_secs(5);

    for (query, reason) in [
        (
            format!("{{ topProducts {{ ...F0 {deep} }} }} {}", doubling()),
            "more fields (height) than",
        ),
        (
            format!("{{ __typename }} fragment Z on Product {{ ...F0 }} {}", doubling()),
            "more fields (height) than",
        ),
        (
            "{ topProducts { ...F } } fragment F on Product { upc ...F }".into(),
            "used inside itself",
        ),
        ("subscription { news }".into(), "no type for a subscription"),
    ] {
        let faults = supergraph.plan(&query, None, budget).expect_err("nothing is planned");
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].message.contains(reason), "{faults:?}");
    }
}

#[tokio::test]
async fn a_long_chain_of_fragments_is_refused_from_whichever_end_it_is_read() {
    let gateway = gateway(json!({})).await;
    let link = |level: usize| format!(" fragment F{level} on Product {{ ...F{} }}", level + 1);
    let forwards = (0..1500).map(link).collect::<String>();
    let backwards = (0..1500).rev().map(link).collect::<String>();

    for chain in [forwards, backwards] {
        let (_, details) = refusal(
            &gateway,
            &format!("{{ warehouses }} {chain} fragment F1500 on Product {{ upc }}"),
        )
        .await;
        assert_eq!(details["limit"], "nested selections");
    }
}

#[tokio::test]
async fn many_operations_may_not_share_what_is_large() {
    let gateway = gateway(json!({})).await;
    let large = "upc ".repeat(1000);
    let many: String = (0..200)
        .map(|number| format!(" query Q{number} {{ topProducts {{ upc ...F }} }}"))
        .collect();
    let body = json!({ "query": format!("{many} fragment F on Product {{ {large} }}"), "operationName": "Q0" });

    let answer: Value = gateway.post(&body).await.json().await.expect("the answer is JSON");

    let details = &answer["errors"][0]["extensions"]["details"];
    assert_eq!(details["limit"], "selections in all definitions", "{answer}");
}
