//! Whether an answer has the types that its schema promises.

use serde_json::Value;

/// Checks the answers to the two queries of the shop: what may not be null is not, and everything is of its type.
pub fn check(answer: &Value, query: &str) {
    let Value::Object(data) = &answer["data"] else { return };
    let keys: Vec<&str> = data.keys().map(String::as_str).collect();
    match query.contains("items") {
        true => {
            assert_eq!(keys, ["items", "node"], "{answer}");
            data["items"]
                .as_array()
                .into_iter()
                .flatten()
                .for_each(|item| check_item(item, answer));
            assert!(is_null_or(&data["items"], Value::is_array), "{answer}");
            check_node(&data["node"], answer);
        }
        false => check_toy(&data["toy"], answer),
    }
}

fn check_item(item: &Value, answer: &Value) {
    if item.is_null() {
        return;
    }
    assert!(item["id"].is_string(), "{answer}");
    match item["__typename"].as_str() {
        Some("Book") => {
            assert!(item["title"].is_string() && item["pages"].is_i64(), "{answer}");
            assert!(item["author"]["name"].is_string(), "{answer}");
        }
        Some("Toy") => {
            assert!(is_null_or(&item["called"], Value::is_string), "{answer}");
            assert!(is_null_or(&item["price"], Value::is_number), "{answer}");
            assert!(is_null_or(&item["label"], Value::is_string), "{answer}");
        }
        _ => panic!("an item of no known type: {answer}"),
    }
}

fn check_node(node: &Value, answer: &Value) {
    if node.is_null() {
        return;
    }
    assert!(node["id"].is_string(), "{answer}");
    assert!(is_null_or(&node["related"], Value::is_array), "{answer}");
    for related in node["related"].as_array().into_iter().flatten() {
        assert!(related["id"].is_string(), "{answer}");
        if let Some(ages) = related.get("ages") {
            assert!(
                ages.as_array().is_some_and(|ages| ages.iter().all(Value::is_i64)),
                "{answer}"
            );
        }
    }
}

fn check_toy(toy: &Value, answer: &Value) {
    if toy.is_null() {
        return;
    }
    assert!(toy["id"].is_string(), "{answer}");
    assert!(
        is_null_or(&toy["kind"], |kind| *kind == "SOFT" || *kind == "HARD"),
        "{answer}"
    );
    assert!(is_null_or(&toy["grid"], Value::is_array), "{answer}");
    for row in toy["grid"].as_array().into_iter().flatten() {
        assert!(
            row.is_null() || row.as_array().is_some_and(|row| row.iter().all(Value::is_i64)),
            "{answer}"
        );
    }
}

fn is_null_or(value: &Value, is: impl Fn(&Value) -> bool) -> bool {
    value.is_null() || is(value)
}
