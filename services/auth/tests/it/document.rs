//! The OpenAPI document says what the router does.

use std::collections::BTreeSet;

use axum::http::Method;
use platform_testing::{Answer, references_lead_somewhere};
use serde_json::{Value, json};

use crate::support::{ADA, Agent, Site, ok, sites};

const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

async fn document(site: &Site) -> Value {
    ok(&Agent::new("192.0.2.1").get(site, "/auth/openapi.json").await)
}

fn path_of(path: &str) -> String {
    path.replace("{id}", "00000000-0000-0000-0000-000000000000")
        .replace("{provider}", "here")
}

/// The schema behind a reference, or the schema itself.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

#[tokio::test]
async fn every_method_of_every_path_is_described_and_no_other_answers() {
    let site = sites(&[]).await.swap_remove(0);
    let document = document(&site).await;

    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let verb: Method = method.to_uppercase().parse().unwrap();
            let answer = Agent::new("192.0.2.1").send(&site, verb, &path_of(path), None).await;

            let is_described = item.as_object().unwrap().contains_key(method);
            assert_eq!(answer.status != 405, is_described, "{method} {path}: {}", answer.text());
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn the_fields_described_are_the_fields_taken() {
    let site = sites(&[]).await.swap_remove(0);
    let document = document(&site).await;
    let mut ada = site.member(ADA).await;

    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            let schema = resolved(&document, body);
            // Services may send more than this version knows.
            if schema["additionalProperties"] != false {
                continue;
            }
            let verb = method.to_uppercase().parse().unwrap();
            let nonsense = Some(json!({ "nonsense": 1 }));
            let answer = ada.send(&site, verb, &path_of(path), nonsense).await;
            let fields = schema["properties"].as_object().unwrap();
            let fields: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
            assert_eq!(expected_by(&answer), fields, "{method} {path}: {}", answer.text());
        }
    }
    site.stop().await;
}

/// The fields that the refusal of an unknown one names.
fn expected_by(answer: &Answer) -> BTreeSet<&str> {
    let text = std::str::from_utf8(&answer.body).unwrap();
    let (_, named) = text.split_once("unknown field `nonsense`, expected ").unwrap();
    named.split('`').skip(1).step_by(2).collect()
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let site = sites(&[]).await.swap_remove(0);
    references_lead_somewhere(&document(&site).await);
    site.stop().await;
}
