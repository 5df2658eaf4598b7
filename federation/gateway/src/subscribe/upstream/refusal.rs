//! What a subgraph says when it ends a subscription.

use platform_error::Code;
use serde_json::Value;

use crate::fault::Fault;

/// Errors as a subgraph sends them when it ends a subscription.
pub(super) fn faults(errors: &[u8], subgraph: &str) -> Vec<Fault> {
    let parsed: Value = serde_json::from_slice(errors).unwrap_or_default();
    let list = match parsed {
        Value::Array(list) => list,
        Value::Object(_) => vec![parsed],
        _ => Vec::new(),
    };
    let mut faults: Vec<_> = list.iter().map(|error| fault(error, subgraph)).collect();
    if faults.is_empty() {
        let message = format!("subgraph {subgraph} ended the subscription");
        faults.push(Fault::new(Code::Unavailable, message).of(subgraph));
    }
    faults
}

fn fault(error: &Value, subgraph: &str) -> Fault {
    let message = error["message"]
        .as_str()
        .unwrap_or("the subgraph refused the subscription");
    let mut fault = Fault::new(Code::Unavailable, message).of(subgraph);
    if let Some(code) = error["extensions"]["code"].as_str() {
        fault.code = code.to_owned().into();
    }
    fault
}
