//! What is not for the caller and is fetched all the same, because other subgraphs find or work out things by it.

use std::net::SocketAddr;

use federation_gateway::Peers;
use serde_json::{Value, json};

use super::asked;
use crate::support::{TestGateway, serve, settings, stand_in::StandIn, supergraph, tokens};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", \
                    import: [\"@key\", \"@authenticated\", \"@shareable\", \"@external\", \"@requires\"])";
const PEOPLE: &str = "
type Query { user: User member: Member parcel: Parcel }
type User @key(fields: \"email\") { email: String @authenticated weight: Int }
type Member @key(fields: \"email\") { email: String! @authenticated }
type Parcel @key(fields: \"sender { id code }\") { sender: Person }
type Person @shareable { id: ID code: String @authenticated }
";
const ORDERS: &str = "
type User @key(fields: \"email\") { email: String weight: Int @external total: Int shipping: Int @requires(fields: \"weight\") }
type Member @key(fields: \"email\") { email: String! total: Int }
type Parcel @key(fields: \"sender { id code }\") { sender: Person total: Int }
type Person @shareable { id: ID code: String }
";

async fn gateway() -> TestGateway {
    let people = StandIn::json(json!({ "data": {
        "user": { "__typename": "User", "email": "ada@example.org", "weight": 7 },
        "member": { "__typename": "Member", "email": "ada@example.org" },
        "parcel": { "__typename": "Parcel", "sender": { "__typename": "Person", "id": "1", "code": "hidden" } },
    } }));
    let orders = StandIn::new(|asked: Value| async move {
        let answer = |list: &Value| -> Vec<Value> {
            let list = list.as_array().into_iter().flatten();
            list.map(|entity| json!({ "__typename": entity["__typename"], "total": 3, "shipping": entity["weight"] }))
                .collect()
        };
        let query = asked["query"].as_str().unwrap_or_default();
        let lists = asked["variables"].as_object().into_iter().flatten();
        let keys = match query.contains("_e0") {
            true => &["_e0", "_e1"][..],
            false => &["_entities"],
        };
        let data = lists
            .zip(keys)
            .map(|((_, list), key)| ((*key).to_owned(), json!(answer(list))));
        axum::Json(json!({ "data": data.collect::<serde_json::Map<_, _>>() }))
    });
    let (people_at, orders_at) = (serve(people.router()).await, serve(orders.router()).await);
    let (people, orders) = (format!("{LINK} {PEOPLE}"), format!("{LINK} {ORDERS}"));
    let parts: [(&str, &str, SocketAddr); 2] = [("people", &people, people_at), ("orders", &orders, orders_at)];
    // Our own composition wants that what requires a field asks for as much as the field; others may not.
    let sdl = supergraph(&parts).replacen("weight: Int", "weight: Int @authenticated", 1);
    assert!(sdl.contains("weight: Int @authenticated @join__field"), "{sdl}");
    let jwt = json!({ "sources": [{ "jwks": tokens::trusted().to_string() }] });
    TestGateway::start(&sdl, settings(json!({ "jwt": jwt })), Peers::new()).await
}

#[tokio::test]
async fn a_key_that_is_not_for_the_caller_is_null_though_it_is_fetched() {
    let gateway = gateway().await;
    let query = "{ user { email total } member { email total } }";

    let (_, refused) = asked(&gateway, None, query).await;
    let token = tokens::token(json!({ "sub": "ada" }));
    let (_, told) = asked(&gateway, Some(&token), query).await;

    assert_eq!(
        refused["data"],
        json!({ "user": { "email": null, "total": 3 }, "member": null }),
        "{refused}"
    );
    let paths: Vec<_> = refused["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["path"])
        .collect();
    assert_eq!(paths, [&json!(["user", "email"]), &json!(["member", "email"])]);
    assert_eq!(
        told["data"]["user"],
        json!({ "email": "ada@example.org", "total": 3 }),
        "{told}"
    );
    assert_eq!(
        told["data"]["member"],
        json!({ "email": "ada@example.org", "total": 3 })
    );
}

#[tokio::test]
async fn neither_is_a_part_of_a_key_shown_nor_a_field_that_another_requires() {
    let gateway = gateway().await;

    let (_, parcel) = asked(
        &gateway,
        None,
        "{ parcel { ...P total } } fragment P on Parcel { sender { id code } }",
    )
    .await;
    let (_, user) = asked(&gateway, None, "{ user { weight shipping } }").await;

    assert_eq!(
        parcel["data"]["parcel"],
        json!({ "sender": { "id": "1", "code": null }, "total": 3 }),
        "{parcel}"
    );
    assert_eq!(parcel["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(user["data"]["user"], json!({ "weight": null, "shipping": 7 }), "{user}");
}
