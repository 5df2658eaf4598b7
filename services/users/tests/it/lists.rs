//! Saved series and watchlists.

use contracts::series::SeriesId;
use serde_json::{Value, json};

use crate::support::Users;

/// The id that the financial data gives to a series.
fn series_id(reference: &str) -> Option<String> {
    SeriesId::named(reference).map(|id| id.to_string())
}

#[tokio::test]
async fn saved_series_are_entities_of_the_financial_data() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        users.save_gdp(&ada).await;
        users
            .data(
                &ada,
                "mutation { saveSeries(series: \"FRED:UNRATE\") { note } }",
                json!({}),
            )
            .await;

        let twice = users
            .refusal(
                &ada,
                "mutation { saveSeries(series: \"FRED:GDP\") { note } }",
                json!({}),
            )
            .await;
        let representation = json!({ "r": [{ "__typename": "User", "id": ada.id }] });
        let entity = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { financialSeries { __typename id } } } }";
        let joined = users.data(&ada, entity, representation).await;

        assert_eq!(twice, "CONFLICT");
        let series = &joined["_entities"][0]["financialSeries"];
        assert_eq!(
            series[0],
            json!({ "__typename": "FinancialSeries", "id": series_id("FRED:GDP") })
        );
        assert_eq!(series.as_array().unwrap().len(), 2);
        let gone = users
            .data(&ada, "mutation { unsaveSeries(series: \"FRED:GDP\") }", json!({}))
            .await;
        assert_eq!(gone["unsaveSeries"], true);
    }
}

#[tokio::test]
async fn the_schema_says_where_a_series_is_resolved() {
    let users = Users::everywhere().await.remove(0);

    let sdl = users.service.get("/graphql/schema.graphql").await.text();

    assert!(
        sdl.contains("type FinancialSeries @key(fields: \"id\", resolvable: false)"),
        "{sdl}"
    );
    assert!(sdl.contains("type User @key(fields: \"id\")"), "{sdl}");
}

#[tokio::test]
async fn a_watchlist_is_made_filled_renamed_and_deleted() {
    for users in Users::everywhere().await {
        let ada = users.person("ada").await;
        let made = users
            .data(&ada, "mutation { createWatchlist(name: \"rates\") { id } }", json!({}))
            .await;
        let id = &made["createWatchlist"]["id"];
        let add = "mutation ($id: ID!, $series: String!) { addToWatchlist(watchlistId: $id, series: $series) { items { series { id } } } }";

        for series in ["FRED:DGS10", "FRED:DGS2"] {
            users.data(&ada, add, json!({ "id": id, "series": series })).await;
        }
        let remove = "mutation ($id: ID!) { removeFromWatchlist(watchlistId: $id, series: \"FRED:DGS2\") { items { series { id } } } }";
        let left = users.data(&ada, remove, json!({ "id": id })).await;
        users
            .data(
                &ada,
                "mutation ($id: ID!) { renameWatchlist(id: $id, name: \"yields\") { name } }",
                json!({ "id": id }),
            )
            .await;
        let read = users
            .data(
                &ada,
                "{ me { watchlists { name items { series { id } } } } }",
                json!({}),
            )
            .await;

        assert_eq!(
            left["removeFromWatchlist"]["items"],
            json!([{ "series": { "id": series_id("FRED:DGS10") } }])
        );
        assert_eq!(read["me"]["watchlists"][0]["name"], "yields");
        users
            .data(
                &ada,
                "mutation ($id: ID!) { deleteWatchlist(id: $id) }",
                json!({ "id": id }),
            )
            .await;
        assert_eq!(
            users.data(&ada, "{ me { watchlists { name } } }", json!({})).await["me"]["watchlists"],
            json!([])
        );
    }
}

#[tokio::test]
async fn the_watchlist_of_another_is_as_if_it_were_not_there() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let made = users
            .data(&ada, "mutation { createWatchlist(name: \"mine\") { id } }", json!({}))
            .await;
        let id = json!({ "id": made["createWatchlist"]["id"] });

        for order in [
            "renameWatchlist(id: $id, name: \"x\") { name }",
            "deleteWatchlist(id: $id)",
            "addToWatchlist(watchlistId: $id, series: \"FRED:GDP\") { name }",
            "removeFromWatchlist(watchlistId: $id, series: \"FRED:GDP\") { name }",
        ] {
            let refusal = users
                .refusal(&bob, &format!("mutation ($id: ID!) {{ {order} }}"), id.clone())
                .await;
            assert_eq!(refusal, "NOT_FOUND", "{order}");
        }
    }
}

#[tokio::test]
async fn names_are_unique_for_one_person_and_lists_have_an_end() {
    for users in Users::everywhere().await {
        let (ada, bob) = (users.person("ada").await, users.person("bob").await);
        let make = "mutation ($name: String!) { createWatchlist(name: $name) { name } }";
        let named = |name: Value| json!({ "name": name });

        for at in 0..100 {
            users.data(&ada, make, named(json!(format!("list {at}")))).await;
        }

        assert_eq!(users.refusal(&ada, make, named(json!("one more"))).await, "CONFLICT");
        users.data(&bob, make, named(json!("list 1"))).await;
        assert_eq!(users.refusal(&bob, make, named(json!("list 1"))).await, "CONFLICT");
        assert_eq!(users.refusal(&bob, make, named(json!(""))).await, "INVALID");
    }
}
