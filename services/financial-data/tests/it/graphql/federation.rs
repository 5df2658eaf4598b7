//! The service as a subgraph.

use serde_json::{Value, json};

use super::{data_of, gdp, with_gdp};

#[tokio::test]
async fn a_gateway_finds_every_entity_by_its_id_and_null_for_one_that_is_gone() {
    let service = with_gdp().await;
    let known = gdp(&service, "id sourceId").await;
    let representations = json!([
        { "__typename": "FinancialSeries", "id": known["id"] },
        { "__typename": "EconomicSeries", "id": known["id"] },
        { "__typename": "Source", "id": known["sourceId"] },
        { "__typename": "FinancialSeries", "id": "00000000-0000-0000-0000-000000000007" },
    ]);
    let query = "query($of: [_Any!]!) { _entities(representations: $of) {
        ... on FinancialSeries { name dataPoints(timeRange: { end: \"2019-01-01\" }) { value } }
        ... on EconomicSeries { title dataPoints(timeRange: { end: \"2019-01-01\" }) { timestamp } }
        ... on Source { sourceName: name }
    } }";

    let found = data_of(service.graphql_with(query, json!({ "of": representations })).await);

    let entities = json!([
        { "name": "Gross Domestic Product", "dataPoints": [{ "value": "101.0" }] },
        { "title": "Gross Domestic Product", "dataPoints": [{ "timestamp": "2019-01-01T00:00:00Z" }] },
        { "sourceName": "FRED" },
        Value::Null,
    ]);
    assert_eq!(found["_entities"], entities);
}

#[tokio::test]
async fn the_sdl_declares_a_federation_subgraph_with_its_keys() {
    let service = with_gdp().await;

    let sdl = service.get("/graphql/schema.graphql").await.text();

    assert!(sdl.contains("url: \"https://specs.apollo.dev/federation/v2."), "{sdl}");
    for entity in ["FinancialSeries", "EconomicSeries", "Source"] {
        assert!(
            sdl.contains(&format!("type {entity} @key(fields: \"id\") {{")),
            "{entity}"
        );
    }
    for line in [
        "scalar Date",
        "scalar DateTime",
        "scalar Decimal",
        "scalar JSON",
        "scalar PointColumns",
        "type PageInfo @shareable {",
    ] {
        assert!(sdl.lines().any(|found| found.starts_with(line)), "{line}");
    }
    assert!(
        !sdl.contains("type Description") && !sdl.contains("type Vintages"),
        "parts of a series are no types of their own"
    );
}
