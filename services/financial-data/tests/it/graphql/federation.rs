//! The service as a subgraph.

use platform_testing::TestService;
use serde_json::{Value, json};

use super::{data_of, gdp, upload, with_gdp};

#[tokio::test]
async fn a_gateway_finds_every_entity_by_its_id_and_hears_of_a_series_that_is_gone_that_it_is_not_there() {
    let service = with_gdp().await;
    let known = gdp(&service, "id sourceId").await;
    let representations = json!([
        { "__typename": "FinancialSeries", "id": known["id"] },
        { "__typename": "EconomicSeries", "id": known["id"] },
        { "__typename": "SeriesSource", "id": known["sourceId"] },
        { "__typename": "FinancialSeries", "id": "00000000-0000-0000-0000-000000000007" },
    ]);
    let query = "query($of: [_Any!]!) { _entities(representations: $of) {
        ... on FinancialSeries { name dataPoints(timeRange: { end: \"2019-01-01\" }) { value } }
        ... on EconomicSeries { title dataPoints(timeRange: { end: \"2019-01-01\" }) { timestamp } }
        ... on SeriesSource { sourceName: name }
    } }";

    let answer = service.graphql_with(query, json!({ "of": representations })).await;

    let entities = json!([
        { "name": "Gross Domestic Product", "dataPoints": [{ "value": "101.0" }] },
        { "title": "Gross Domestic Product", "dataPoints": [{ "timestamp": "2019-01-01T00:00:00Z" }] },
        { "sourceName": "FRED" },
        Value::Null,
    ]);
    assert_eq!(answer["data"]["_entities"], entities);
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!((errors.len(), &errors[0]["path"]), (1, &json!(["_entities", 3])));
    assert_eq!(errors[0]["extensions"]["code"], "NOT_FOUND");
    assert_eq!(
        errors[0]["message"],
        "there is no series 00000000-0000-0000-0000-000000000007"
    );
}

#[tokio::test]
async fn a_name_that_may_mean_several_series_takes_no_others_away() {
    let service = with_gdp().await;
    let more = json!([
        { "source": "BEA", "externalId": "GDP", "title": "Another one" },
        { "source": "BEA", "externalId": "GNP", "title": "Gross National Product" },
    ]);
    upload(&service, more).await;
    let of = |id: &str| json!({ "__typename": "FinancialSeries", "id": id });
    let query = "query($of: [_Any!]!) {
        _entities(representations: $of) { ... on FinancialSeries { externalId } }
        financialSeries(id: \"GDP\") { id } economicSeries(id: \"GDP\") { id }
        known: financialSeries(id: \"GNP\") { externalId }
    }";

    let answer = service
        .graphql_with(query, json!({ "of": [of("GNP"), of("GDP"), of("BEA:GDP")] }))
        .await;

    let found = json!({
        "_entities": [{ "externalId": "GNP" }, null, { "externalId": "GDP" }],
        "financialSeries": null,
        "economicSeries": null,
        "known": { "externalId": "GNP" },
    });
    assert_eq!(answer["data"], found, "{answer:#}");
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn the_sdl_declares_a_federation_subgraph_with_its_keys() {
    let service = with_gdp().await;

    let sdl = service.get("/graphql/schema.graphql").await.text();

    assert!(sdl.contains("url: \"https://specs.apollo.dev/federation/v2."), "{sdl}");
    for entity in ["FinancialSeries", "EconomicSeries", "SeriesSource"] {
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
        "scalar DataPointColumns",
        "type PageInfo @shareable {",
    ] {
        assert!(sdl.lines().any(|found| found.starts_with(line)), "{line}");
    }
    assert!(
        !sdl.contains("type Description") && !sdl.contains("type Vintages"),
        "parts of a series are no types of their own"
    );
}

#[tokio::test]
async fn a_gateway_asks_for_no_more_entities_at_once_than_set() {
    let service = TestService::with(financial_data::service(), &[("graphql.entities", "2")]).await;
    let query = "query($of: [_Any!]!) { _entities(representations: $of) { __typename } }";
    let ask = async |count: usize| {
        let nobody = json!({ "__typename": "SeriesSource", "id": "nobody" });
        service.graphql_with(query, json!({ "of": vec![nobody; count] })).await
    };

    let (answered, refused) = (ask(2).await, ask(3).await);

    assert_eq!(data_of(answered)["_entities"], json!([null, null]));
    assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID");
    assert_eq!(
        refused["errors"][0]["message"],
        "the request asks for 3 entities, and one request is answered at most 2"
    );
}

#[tokio::test]
async fn no_type_has_a_name_that_other_subgraphs_would_want() {
    let service = with_gdp().await;

    let sdl = service.get("/graphql/schema.graphql").await.text();

    for name in [
        "Method",
        "Period",
        "Units",
        "Frequency",
        "Source",
        "UploadError",
        "UploadMode",
        "UploadSummary",
    ] {
        let declares = |line: &str| {
            let mut words = line.split(' ');
            matches!(words.next(), Some("type" | "enum" | "input" | "scalar")) && words.next() == Some(name)
        };
        assert!(!sdl.lines().any(declares), "{name}");
    }
    assert!(
        sdl.contains("aggregation: AggregationMethod") && sdl.contains("frequency: AggregationPeriod"),
        "{sdl}"
    );
    assert!(
        sdl.contains("units: UnitsTransformation") && sdl.contains("frequency: SeriesFrequency!"),
        "{sdl}"
    );
}
