//! Selections that are asked for in several places, which a subgraph is told once.

use serde_json::json;

use crate::support::{in_process, settings, stand_in::StandIn};

/// Selections that are each asked for twice, in so many groups of so many.
fn twice(groups: usize, in_each: usize) -> String {
    let group = |group: usize| {
        let selections = (0..in_each).map(|number| {
            let selection = format!("t {{ v(i: {}) }}", group * in_each + number);
            format!("a{number}: {selection} b{number}: {selection} ")
        });
        format!("g{group}: t {{ {} }} ", selections.collect::<String>())
    };
    format!("{{ t {{ {} }} }}", (0..groups).map(group).collect::<String>())
}

#[tokio::test]
async fn of_very_many_shared_selections_none_gets_a_name_that_no_fragment_may_have() {
    let large = settings(json!({
        "limits": { "tokens": 20_000, "height": 3_000, "aliases": 1_500 },
        "planning": { "budget": "30s" },
    }));
    let stand_in = StandIn::json(json!({ "data": { "t": null } }));
    let part = stand_in.part("a", "type Query { t: T } type T { t: T v(i: Int): Int }");
    let gateway = in_process(vec![part], large).await;

    let answer = gateway.run(&twice(27, 26)).await;

    assert_eq!(answer, json!({ "data": { "t": null } }));
    let asked = stand_in.asked().pop().expect("it was asked");
    let asked = asked["query"].as_str().expect("a request has a text");
    assert_eq!(asked.matches("fragment ").count(), 702);
    assert!(!asked.contains("fragment on on T"));
    assert_eq!(asked.matches("fragment _on on T {").count(), 1);
    assert_eq!(asked.matches("{..._on}").count(), 2);
}
