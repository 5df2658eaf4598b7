//! How lists of scopes and policies are read, whoever composed the supergraph.

use serde_json::json;

use crate::support::{in_process, settings, stand_in::StandIn, tokens};

const SDL: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@requiresScopes", "@policy"])
type Query {
  none: Int @requiresScopes(scopes: [])
  empty: Int @policy(policies: [["spy"], []])
  one: Int @requiresScopes(scopes: "a")
  either: Int @requiresScopes(scopes: ["a", "b"])
  odd: Int @requiresScopes(scopes: [[1]])
}
"#;

#[tokio::test]
async fn an_empty_list_opens_a_field_to_everybody_and_an_unreadable_one_to_nobody() {
    let answers = json!({ "none": 1, "empty": 2, "one": 3, "either": 4, "odd": 5 });
    let part = StandIn::json(json!({ "data": answers })).part("a", SDL);
    let jwt = json!({ "sources": [{ "jwks": tokens::trusted().to_string() }] });
    let gateway = in_process(vec![part], settings(json!({ "jwt": jwt }))).await;
    let body = json!({ "query": "{ none empty one either odd }" });
    let token = tokens::token(json!({ "sub": "ada", "scope": "a 1" }));

    let nobody = gateway.run("{ none empty one either odd }").await;
    let request = gateway.client.post(&gateway.url).json(&body);
    let somebody = request.header("authorization", format!("Bearer {token}")).send().await;
    let somebody: serde_json::Value = somebody.unwrap().json().await.unwrap();

    let expected = json!({ "none": 1, "empty": 2, "one": null, "either": null, "odd": null });
    assert_eq!(nobody["data"], expected, "{nobody}");
    let expected = json!({ "none": 1, "empty": 2, "one": 3, "either": 4, "odd": null });
    assert_eq!(somebody["data"], expected, "{somebody}");
}
