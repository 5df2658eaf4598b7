//! Beside programs of other makers: the audits of `graphql-http`, and the clients `graphql-ws` and `graphql-sse`.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    subscribe::{TICKS, tick, ticking},
    support::node,
};

/// The audits, all of them of what a server may do, that are not followed by default: a GET without a header that a
/// foreign page cannot send is refused.
const MAY_GET: [&str; 3] = ["5A70", "6A70", "D6D5"];

#[tokio::test]
async fn the_gateway_passes_the_audits_of_graphql_over_http() {
    for (settings, expected) in [
        (json!({}), &MAY_GET[..]),
        (json!({ "csrf": { "enabled": false } }), &[][..]),
    ] {
        let (gateway, _ticker) = ticking(settings).await;

        let results = node::run("graphql-http", "audits.js", &[&gateway.url]).await;

        let Some(results) = results else { return };
        let results = results.as_array().cloned().unwrap_or_default();
        let failed = results.iter().filter(|result| result["status"] != "ok");
        let failed: BTreeMap<_, _> = failed
            .map(|result| (result["id"].as_str().unwrap_or_default(), result))
            .collect();
        assert!(results.len() > 50, "there are {} audits", results.len());
        assert_eq!(failed.keys().copied().collect::<Vec<_>>(), expected, "{failed:#?}");
        assert!(
            failed.values().all(|result| result["status"] == "notice"),
            "{failed:#?}"
        );
    }
}

#[tokio::test]
async fn clients_of_other_makers_subscribe() {
    for client in ["graphql-ws", "graphql-sse"] {
        let (gateway, ticker) = ticking(json!({})).await;
        let arguments = [client, &gateway.url, TICKS];
        let events = async {
            ticker.has_listeners(1).await;
            (0..3).for_each(|number| ticker.send(number));
            ticker.stop();
        };

        let (heard, ()) = tokio::join!(node::run(client, "clients.js", &arguments), events);

        let Some(heard) = heard else { return };
        let expected = json!({ "heard": [tick(0), tick(1), tick(2)], "end": "completed" });
        assert_eq!(heard, expected, "{client}");
    }
}

#[tokio::test]
async fn clients_of_other_makers_are_told_what_is_wrong() {
    let (gateway, _ticker) = ticking(json!({})).await;
    let wrong = "Cannot query field \"nothing\" on type \"Subscription\".";

    let arguments = ["graphql-ws", &gateway.url, "subscription { nothing }"];
    let refused = node::run("graphql-ws", "clients.js", &arguments).await;
    let arguments = ["graphql-sse", &gateway.url, "subscription { nothing }"];
    let told = node::run("graphql-sse", "clients.js", &arguments).await;

    let (Some(refused), Some(told)) = (refused, told) else {
        return;
    };
    assert_eq!(refused, json!({ "heard": [], "end": [wrong] }));
    assert_eq!(told["heard"][0]["errors"][0]["message"], wrong, "{told}");
    assert_eq!(told["end"], "completed", "{told}");
}

#[tokio::test]
async fn clients_of_other_makers_query_too() {
    let (gateway, _ticker) = ticking(json!({})).await;
    let expected = json!({ "data": { "topProducts": [{ "name": "Table" }] } });

    for client in ["graphql-ws", "graphql-sse"] {
        let arguments = [client, &gateway.url, "{ topProducts(first: 1) { name } }"];
        let Some(heard) = node::run(client, "clients.js", &arguments).await else {
            return;
        };
        assert_eq!(heard, json!({ "heard": [expected], "end": "completed" }), "{client}");
    }
}
