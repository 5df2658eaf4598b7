//! The OpenAPI document says what the router does.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request};
use platform_testing::{TestService, references_lead_somewhere};
use serde_json::Value;

use super::{problem, start};

const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

async fn document(service: &TestService) -> Value {
    service.get("/api/v1/openapi.json").await.json()
}

/// Every path of the document with one of its methods.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let operations = item.as_object().unwrap().clone();
        let path = path.clone();
        operations
            .into_iter()
            .map(move |(method, operation)| (path.clone(), method, operation))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

fn method(name: &str) -> Method {
    name.to_uppercase().parse().unwrap()
}

#[tokio::test]
async fn every_method_of_every_path_is_described_and_no_other_answers() {
    let service = start().await;
    let document = document(&service).await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let asked = path.replace("{id}", "NOPE");
        let described: BTreeSet<&str> = item.as_object().unwrap().keys().map(String::as_str).collect();
        for name in METHODS {
            let request = Request::builder()
                .method(method(name))
                .uri(format!("{asked}?nonsense=1"));

            let answer = service.request(request.body(Body::empty()).unwrap()).await;

            let expected = if described.contains(name) { 400 } else { 405 };
            assert_eq!(answer.status, expected, "{name} {path}: {}", answer.text());
        }
    }
    assert_eq!(operations(&document).len(), 21);
}

#[tokio::test]
async fn the_arguments_described_are_the_arguments_taken() {
    let service = start().await;
    for (path, name, operation) in operations(&document(&service).await) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let in_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let described: Vec<Value> = in_query.map(|parameter| parameter["name"].clone()).collect();
        let request = Request::builder()
            .method(method(&name))
            .uri(format!("{}?nonsense=1", path.replace("{id}", "NOPE")));

        let answer = service.request(request.body(Body::empty()).unwrap()).await;

        assert_eq!(
            problem(&answer, 400)["arguments"],
            Value::from(described),
            "{name} {path}"
        );
    }
}

#[tokio::test]
async fn every_word_of_a_choice_is_understood() {
    let service = super::with_gdp().await;
    let document = document(&service).await;
    for (path, name, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            let asked = parameter["name"].as_str().unwrap();
            if name != "get" || asked == "aggregation" {
                continue;
            }
            for word in parameter["schema"]["enum"].as_array().cloned().unwrap_or_default() {
                let path = path.replace("{id}", "GDP");
                let needed = if path.ends_with("/panel") { "series=GDP&" } else { "" };

                let answer = service
                    .get(&format!("{path}?{needed}{asked}={}", word.as_str().unwrap()))
                    .await;

                let text = answer.text();
                let understood = answer.status == 200 || text.contains("cannot become");
                assert!(understood, "{path}?{asked}={word}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let service = start().await;
    references_lead_somewhere(&document(&service).await);
}
