//! Arguments that look alike and are not.

use federation_gateway::Settings;
use serde_json::json;

use crate::support::{in_process, stand_in::StandIn};

const ALIKE: [[&str; 2]; 9] = [
    ["$v", "\"v\""],
    ["$v", "v"],
    ["null", "\"null\""],
    ["true", "1"],
    ["[[1], [2, 3]]", "[[1, 2], [3]]"],
    ["{a: {b: 1}, c: 2}", "{a: {b: 1, c: 2}}"],
    ["[[$v], [2]]", "[[$v, 2]]"],
    ["{a: {b: $v}, c: \"2\"}", "{a: {b: $v, c: \"2\"}}"],
    ["[{a: $v}, {b: 1}]", "[{a: $v, b: 1}]"],
];

#[tokio::test]
async fn arguments_that_look_alike_reach_the_subgraph_as_they_are() {
    let data = json!({ "data": { "a": { "find": 1 }, "b": { "find": 2 } } });
    let stand_in = StandIn::json(data.clone());
    let sdl = "scalar Json type Query { here: Here } type Here { find(by: Json): Int }";
    let gateway = in_process(vec![stand_in.part("finder", sdl)], Settings::default()).await;

    for [one, other] in ALIKE {
        let declared = match [one, other].concat().contains('$') {
            true => "($v: Json)",
            false => "",
        };
        let query = format!("query{declared} {{ a: here {{ find(by: {one}) }} b: here {{ find(by: {other}) }} }}");

        let answer = gateway.run_with(&query, json!({ "v": 7 })).await;

        let asked = stand_in.asked().pop().expect("it was asked");
        let asked = asked["query"].as_str().expect("a request has a text");
        for argument in [one, other] {
            let field = format!("find(by: {argument})");
            assert!(asked.contains(&field), "{query} became {asked}");
        }
        assert_eq!(answer, data, "{query}");
    }
}
