//! A subscription has one root field.

use serde_json::{Value, json};

use super::ticking;

#[tokio::test]
async fn a_field_under_two_names_is_two_fields() {
    let (gateway, _ticker) = ticking(json!({})).await;
    for query in [
        "subscription { a: ticks { number } b: ticks { number } }",
        "subscription { ticks { number } ...B } fragment B on Subscription { b: ticks { number } }",
        "subscription { ticks { number } ... { ... on Subscription { b: ticks { number } } } }",
    ] {
        let answer = gateway.run(query).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["rule"], "SingleFieldSubscriptions",
            "{query}: {answer}"
        );
    }
    let once = "subscription { ticks { number } ...B } fragment B on Subscription { ticks { product { name } } }";
    let answer = gateway.run(once).await;
    assert_eq!(answer["errors"][0]["extensions"]["rule"], Value::Null, "{answer}");
}
