//! Whether an OpenAPI document holds together.

use std::collections::BTreeSet;

use serde_json::Value;

/// Every reference of a document leads somewhere, and every schema is referred to.
///
/// # Panics
/// When that is not so.
pub fn references_lead_somewhere(document: &Value) {
    let mut references = BTreeSet::new();
    collect(document, &mut references);
    for reference in &references {
        let found = document.pointer(reference.trim_start_matches('#'));
        assert!(found.is_some(), "{reference} leads nowhere");
    }
    let schemas = document["components"]["schemas"].as_object();
    for schema in schemas.expect("the document has schemas").keys() {
        let reference = format!("#/components/schemas/{schema}");
        assert!(references.contains(reference.as_str()), "{schema} is not used");
    }
}

fn collect<'a>(value: &'a Value, references: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
