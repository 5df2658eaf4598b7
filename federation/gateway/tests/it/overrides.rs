//! Fields that move from one subgraph to another: for a share of the requests, or by a switch.

use federation_composition::{Subgraph, compose};
use federation_gateway::{Overrides, Supergraph, Variables};
use platform_config::Duration;
use serde_json::{Value, json};

use crate::support::{TestGateway, over_sockets, settings, stand_in::StandIn};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@override\", \"@requires\", \"@external\"])";

fn old() -> String {
    format!(
        "{LINK} type Query {{ item: Item free: Int }} type Item @key(fields: \"id\") {{ id: ID! price: Int title: String }}"
    )
}

fn new(label: &str) -> String {
    format!(
        "{LINK} type Item @key(fields: \"id\") {{ id: ID! price: Int @override(from: \"old\", label: \"{label}\")
             title: String @override(from: \"old\", label: \"titles\") }}"
    )
}

/// A gateway over a subgraph that says 1 and one that says 2, between which `Item.price` moves.
async fn moving(label: &str, given: Value) -> TestGateway {
    let old_says = StandIn::json(
        json!({ "data": { "item": { "__typename": "Item", "id": "1", "price": 1, "title": "old" }, "free": 0 } }),
    );
    let new_says =
        StandIn::json(json!({ "data": { "_entities": [{ "__typename": "Item", "price": 2, "title": "new" }] } }));
    let parts = vec![old_says.part("old", &old()), new_says.part("new", &new(label))];
    over_sockets(parts, settings(given)).await
}

async fn moved(gateway: &TestGateway, requests: usize) -> usize {
    let mut moved = 0;
    for _ in 0..requests {
        let data = gateway.data("{ item { price } }").await;
        moved += usize::from(data["item"]["price"] == 2);
    }
    moved
}

#[tokio::test]
async fn a_share_of_the_requests_gets_a_field_from_where_it_moves_to() {
    let gateway = moving("percent(25)", json!({})).await;

    let moved = moved(&gateway, 400).await;

    // The deviation is below 9, so that one run in ten million would be outside.
    assert!((50..150).contains(&moved), "{moved} of 400");
}

#[tokio::test]
async fn none_and_all_are_shares_as_well() {
    let (none, all) = (
        moving("percent(0)", json!({})).await,
        moving("percent(100)", json!({})).await,
    );

    assert_eq!((moved(&none, 50).await, moved(&all, 50).await), (0, 50));
}

#[tokio::test]
async fn a_name_is_switched_on_by_a_setting() {
    let off = moving("prices", json!({})).await;
    let on = moving("prices", json!({ "overrides": { "labels": ["prices"] } })).await;

    let query = "{ item { price title } }";
    assert_eq!(off.data(query).await["item"], json!({ "price": 1, "title": "old" }));
    assert_eq!(on.data(query).await["item"], json!({ "price": 2, "title": "old" }));
}

fn subgraph(name: &str, sdl: String) -> Subgraph {
    Subgraph {
        name: name.into(),
        url: format!("http://{name}.test"),
        sdl,
    }
}

#[test]
fn a_share_may_have_a_fraction_and_the_draw_decides() {
    let composed = compose(&[subgraph("old", old()), subgraph("new", new("percent(12.5)"))]).unwrap();
    let supergraph = Supergraph::parse(&composed.supergraph_sdl).unwrap();
    let is_moved = |draw: u64, labels: &[&str]| {
        let overrides = Overrides {
            labels: std::sync::Arc::new(labels.iter().map(|label| (*label).to_owned()).collect()),
            draw,
        };
        let plan = supergraph.plan_with(
            "{ item { price title } }",
            None,
            (&Variables::default(), &overrides),
            Duration::from_secs(5),
        );
        serde_json::to_string(&plan.unwrap())
            .unwrap()
            .contains(r#""subgraph":"new""#)
    };

    let twelve_and_a_half = Overrides::PERCENT * 25 / 2;
    assert!(is_moved(twelve_and_a_half - 1, &[]));
    assert!(!is_moved(twelve_and_a_half, &[]));
    assert!(is_moved(twelve_and_a_half, &["titles"]), "a name needs no share");
    assert!(!is_moved(twelve_and_a_half, &["other"]));
}

#[test]
fn what_requires_a_moving_field_does_not_compose() {
    let tax = format!(
        "{LINK} type Item @key(fields: \"id\") {{ id: ID! price: Int @external tax: Int @requires(fields: \"price\") }}"
    );
    let parts = [
        subgraph("old", old()),
        subgraph("new", new("percent(50)")),
        subgraph("taxes", tax),
    ];

    let refused = compose(&parts).map(drop).unwrap_err();

    assert!(
        format!("{refused:?}").contains("cannot satisfy @require conditions on field \\\"Item.tax\\\""),
        "{refused:?}"
    );
}
