//! Whether a policy tells one place or owner from another by its name: lists could not follow it, because a filter asks
//! about one row of many that are alike.

use cedar_policy::{Policy, ResourceConstraint};
use serde_json::Value;

use crate::error::Error;

/// What of a resource differs between rows that a filter takes for alike.
const OF_A_ROW: [&str; 3] = ["place", "workspace", "owner"];
/// The operators that compare their left with their right.
const COMPARING: [&str; 8] = ["==", "!=", "in", "contains", "containsAll", "containsAny", "like", "is"];
/// The operators that look for a seat by its place.
const SEATS: [&str; 2] = ["hasTag", "getTag"];

/// Whether the policy compares a resource, its place, workspace or owner with one that it names.
pub(super) fn are_named(policy: &Policy) -> Result<bool, Error> {
    if !matches!(
        policy.resource_constraint(),
        ResourceConstraint::Any | ResourceConstraint::Is(_)
    ) {
        return Ok(true);
    }
    let text = policy.to_json();
    let text = text.map_err(|error| Error::Policy(format!("{}: {error}", policy.id())))?;
    Ok(compares(&text["conditions"]))
}

/// Cedar's JSON has an object with one key for each operator, and its arguments in there.
fn compares(expression: &Value) -> bool {
    let here = |(operator, arguments): (&String, &Value)| {
        let operator = operator.as_str();
        (COMPARING.contains(&operator) && speaks_of_a_row(arguments) && names(arguments))
            || (SEATS.contains(&operator) && names(arguments))
            || compares(arguments)
    };
    match expression {
        Value::Object(object) => object.iter().any(here),
        Value::Array(items) => items.iter().any(compares),
        _ => false,
    }
}

/// Whether it speaks of a resource as such, or of what differs between rows.
fn speaks_of_a_row(expression: &Value) -> bool {
    let is_resource = |value: &Value| value["Var"] == "resource";
    match expression {
        Value::Object(object) => {
            let attribute = object.get("attr").and_then(Value::as_str);
            match attribute.filter(|_| object.get("left").is_some_and(is_resource)) {
                Some(attribute) => OF_A_ROW.contains(&attribute),
                None => is_resource(expression) || object.values().any(speaks_of_a_row),
            }
        }
        Value::Array(items) => items.iter().any(speaks_of_a_row),
        _ => false,
    }
}

/// Whether a text, a pattern, an entity or a set of such is written out in it.
fn names(expression: &Value) -> bool {
    let is_name = |(operator, value): (&String, &Value)| match operator.as_str() {
        "Value" => value.is_string() || value.is_object() || value.is_array(),
        "pattern" => true,
        _ => names(value),
    };
    match expression {
        Value::Object(object) => object.iter().any(is_name),
        Value::Array(items) => items.iter().any(names),
        _ => false,
    }
}
