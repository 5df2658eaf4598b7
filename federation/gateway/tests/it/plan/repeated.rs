//! Fields that are asked for again and again where many types are possible.

use federation_gateway::Settings;
use serde_json::json;

use crate::support::{in_process, stand_in::StandIn};

#[tokio::test]
async fn each_time_that_a_field_is_asked_for_counts_for_each_type_it_may_be_of() {
    let types = (0..60).map(|number| format!(" type T{number} implements Node {{ id: ID! next: Node }}"));
    let sdl = format!(
        "type Query {{ node: Node }} interface Node {{ id: ID! next: Node }} {}",
        types.collect::<String>()
    );
    let nodes = StandIn::json(json!({ "data": { "node": null } }));
    let gateway = in_process(vec![nodes.part("nodes", &sdl)], Settings::default()).await;
    let asking = |times: usize| format!("{{ node {{ next {{ {} }} }} }}", "id ".repeat(times));

    let few = gateway.run(&asking(5)).await;
    let many = gateway.run(&asking(1_000)).await;

    assert_eq!(few, json!({ "data": { "node": null } }));
    let message = "the operation expands to more than 50000 fields; ask for less at once";
    assert_eq!(many["errors"][0]["message"], message, "{many}");
}
