//! Real answers against the schemas of the OpenAPI document.

use serde_json::{Value, json};

use super::{put, rows, with_gdp};

#[tokio::test]
async fn real_answers_are_what_the_document_says() {
    let service = with_gdp().await;
    let document = service.get("/api/v1/openapi.json").await.json();
    let asked = [
        ("get", "/api/v1/financial-data/series", ""),
        ("get", "/api/v1/financial-data/series/{id}", ""),
        (
            "get",
            "/api/v1/financial-data/series/{id}/points",
            "?columns=full&as_of=2019-01-01",
        ),
        ("get", "/api/v1/financial-data/series/{id}/latest", ""),
        ("get", "/api/v1/financial-data/series/{id}/vintages", ""),
        ("get", "/api/v1/financial-data/series/{id}/matrix", ""),
        ("get", "/api/v1/financial-data/panel", "?series=GDP"),
        ("get", "/api/v1/financial-data/sources", ""),
        ("get", "/api/v1/lake/stats", ""),
        ("get", "/api/v1/lake/snapshots", ""),
        ("post", "/api/v1/lake/compact", "?effort=full"),
        ("post", "/api/v1/lake/expire", "?keep=1"),
        ("post", "/api/v1/lake/sweep", ""),
        ("post", "/api/v1/lake/pause", ""),
    ];
    for (method, path, query) in asked {
        let url = format!("{}{query}", path.replace("{id}", "FRED:GDP"));
        let answer = match method {
            "get" => service.get(&url).await,
            _ => service.post(&url, &json!(null)).await,
        };
        assert_eq!(answer.status, 200, "{url}: {}", answer.text());

        let content = &document["paths"][path][method]["responses"]["200"]["content"];
        check(&document, &content["application/json"]["schema"], &answer.json(), path);
    }
}

#[tokio::test]
async fn reports_and_problems_are_what_the_document_says() {
    let service = with_gdp().await;
    let document = service.get("/api/v1/openapi.json").await.json();
    let schema = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });

    let report = rows(&service, "?source=S", "X,2024-01-01,1,\nX,never,1,\n").await;
    let refused = rows(&service, "?source=S&all_or_nothing=true", "X,never,1,\n").await;
    let described = put(&service, "FRED:GDP", r#"{"units":"Billions of Dollars"}"#).await;
    let missing = service.get("/api/v1/financial-data/series/NOPE").await;

    check(&document, &schema("Report"), &report.json(), "report");
    check(&document, &schema("Problem"), &refused.json(), "refused");
    check(&document, &schema("Series"), &described.json(), "described");
    check(&document, &schema("Problem"), &missing.json(), "missing");
}

/// Whether `value` is what `schema` says: no member is missing or unknown, types and words fit.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return check(document, document.pointer(&reference[1..]).unwrap(), value, place);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{place}: the schema has no type: {schema}"),
    };
    assert!(types.contains(&type_of(value)), "{place}: {value} is not {types:?}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{place}: {value} is none of {words:?}");
    }
    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
        check(document, &schema["items"], item, &format!("{place}[{at}]"));
    }
    let (Some(members), Some(properties)) = (value.as_object(), schema["properties"].as_object()) else {
        return;
    };
    for required in schema["required"].as_array().into_iter().flatten() {
        assert!(
            members.contains_key(required.as_str().unwrap()),
            "{place} has no {required}"
        );
    }
    for (name, member) in members {
        let property = properties
            .get(name)
            .unwrap_or_else(|| panic!("{place}.{name} is not described"));
        check(document, property, member, &format!("{place}.{name}"));
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
