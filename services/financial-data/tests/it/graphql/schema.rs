//! The schema itself: what the seed named is there by that name, and everything says what it is.

use serde_json::Value;

use super::{gdp, read, with_gdp};

const INTROSPECTION: &str = "{ __schema { types {
    name kind description
    fields { name description type { ...Type } args { name description type { ...Type } } }
    inputFields { name description type { ...Type } }
    enumValues { name description }
} } }
fragment Type on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// A type as SDL writes it.
fn written(reference: &Value) -> String {
    match reference["kind"].as_str() {
        Some("NON_NULL") => format!("{}!", written(&reference["ofType"])),
        Some("LIST") => format!("[{}]", written(&reference["ofType"])),
        _ => reference["name"].as_str().unwrap_or_default().to_owned(),
    }
}

/// The members of a property that is a list, or nothing.
fn members<'a>(of: &'a Value, property: &str) -> &'a [Value] {
    of[property].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[tokio::test]
async fn the_schema_of_the_seed_is_part_of_ours() {
    let service = with_gdp().await;
    let schema = read(&service, INTROSPECTION).await;
    let types = members(&schema["__schema"], "types");
    for (of, field, arguments, result) in [
        ("Query", "financialSeries", "id: ID!", "FinancialSeries"),
        (
            "Query",
            "financialSeriesList",
            "filter: SeriesFilter",
            "[FinancialSeries!]!",
        ),
        (
            "Query",
            "financialDataPoints",
            "seriesId: ID!, timeRange: TimeRange!",
            "[DataPoint!]!",
        ),
        (
            "Mutation",
            "bulkUploadFinancialData",
            "data: [FinancialDataInput!]!",
            "BulkUploadResult!",
        ),
        (
            "Mutation",
            "updateFinancialSeries",
            "id: ID!, data: FinancialDataInput!",
            "FinancialSeries!",
        ),
        ("Mutation", "deleteFinancialSeries", "id: ID!", "Boolean!"),
        (
            "Mutation",
            "bulkUpsertDataPoints",
            "input: BulkDataPointsInput!",
            "BulkDataPointsResult!",
        ),
        ("FinancialSeries", "id", "", "ID!"),
        ("FinancialSeries", "name", "", "String!"),
        ("FinancialSeries", "description", "", "String"),
        (
            "FinancialSeries",
            "dataPoints",
            "timeRange: TimeRange!",
            "[DataPoint!]!",
        ),
        ("FinancialSeries", "metadata", "", "JSON"),
        ("DataPoint", "timestamp", "", "DateTime!"),
        ("DataPoint", "value", "", "Decimal"),
        ("DataPoint", "metadata", "", "JSON"),
        ("EconomicSeries", "id", "", "ID!"),
        ("EconomicSeries", "title", "", "String!"),
        ("EconomicSeries", "description", "", "String"),
        ("EconomicSeries", "units", "", "String"),
        ("EconomicSeries", "dataPoints", "timeRange: TimeRange!", "[DataPoint!]!"),
    ] {
        let found = types
            .iter()
            .find(|found| found["name"] == of)
            .unwrap_or_else(|| panic!("no type {of}"));
        let found = members(found, "fields").iter().find(|found| found["name"] == field);
        let found = found.unwrap_or_else(|| panic!("no field {of}.{field}"));
        assert_eq!(written(&found["type"]), result, "{of}.{field}");
        let named = |argument: &&str| !argument.is_empty();
        let mut required = members(found, "args")
            .iter()
            .filter(|argument| argument["type"]["kind"] == "NON_NULL");
        let expected: Vec<&str> = arguments.split(", ").filter(named).collect();
        for argument in &expected {
            let is_there = |found: &Value| {
                format!("{}: {}", found["name"].as_str().unwrap(), written(&found["type"])) == **argument
            };
            assert!(members(found, "args").iter().any(is_there), "{of}.{field}({argument})");
        }
        assert!(
            required.all(|argument| arguments.contains(argument["name"].as_str().unwrap())),
            "{of}.{field}"
        );
    }
}

#[tokio::test]
async fn everything_in_the_schema_says_what_it_is() {
    let service = with_gdp().await;
    let schema = read(&service, INTROSPECTION).await;
    let mut silent = Vec::new();
    let mut check = |path: String, item: &Value| {
        if item["description"].as_str().is_none_or(str::is_empty) {
            silent.push(path);
        }
    };
    let foreign = ["ID", "String", "Int", "Float", "Boolean", "_Any", "_Entity", "_Service"];
    for found in members(&schema["__schema"], "types") {
        let name = found["name"].as_str().unwrap();
        if name.starts_with("__") || foreign.contains(&name) {
            continue;
        }
        check(name.to_owned(), found);
        for field in members(found, "fields")
            .iter()
            .chain(members(found, "inputFields"))
            .chain(members(found, "enumValues"))
        {
            let path = format!("{name}.{}", field["name"].as_str().unwrap());
            if path.starts_with("Query._") {
                continue;
            }
            check(path.clone(), field);
            members(field, "args")
                .iter()
                .for_each(|argument| check(format!("{path}({})", argument["name"]), argument));
        }
    }

    assert_eq!(silent, Vec::<String>::new());
}

#[tokio::test]
async fn both_views_show_the_same_series() {
    let service = with_gdp().await;

    let common =
        "id sourceId externalId title description units frequency seasonalAdjustment startDate endDate isActive
        createdAt updatedAt metadata dataPoints(timeRange: { start: \"2019-10-01\" }) { timestamp value metadata }";
    let financial = gdp(&service, &format!("{common} name")).await;
    let economic = read(
        &service,
        &format!("{{ economicSeries(id: \"FRED:GDP\") {{ {common} }} }}"),
    )
    .await;

    let mut same = financial.clone();
    same.as_object_mut().unwrap().remove("name");
    assert_eq!(economic["economicSeries"], same);
    assert_eq!(financial["name"], "Gross Domestic Product");
    assert_eq!(financial["frequency"], "QUARTERLY");
}
