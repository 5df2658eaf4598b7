//! Strings in the text of an operation on their way to the subgraphs.

use std::net::SocketAddr;

use federation_gateway::{Peers, Settings};
use serde_json::{Value, json};

use crate::support::{
    TestGateway,
    literals::{finder, last, stitched},
    supergraph,
};

#[tokio::test]
async fn a_string_means_to_a_subgraph_what_it_meant_to_the_client() {
    let (gateway, asked) = finder().await;

    for (written, arrives) in [
        (r#""a\b\f\n\r\t\"\\\/""#, r#""a\b\f\n\r\t\"\\/""#),
        (r#""\u00e9 é \u007f""#, r#""é é \u007f""#),
        (r#""\uD83D\uDE00 😀 \ud83d\ude00""#, r#""😀 😀 😀""#),
        (r#""\u{1F600}\u{22}\u{5c}n\u{00000a}""#, r#""😀\"\\n\n""#),
        (r#""\\b \\u{41} # \\""#, r#""\\b \\u{41} # \\""#),
        (
            r#""""a \b \u{41} "" \""" \\ """"#,
            r#""a \\b \\u{41} \"\" \"\"\" \\\\ ""#,
        ),
        (
            "\"\"\"\n\n    a\n      b\n  \n\n    c  \n \"\"\"",
            r#""a\n  b\n\n\nc  ""#,
        ),
        ("\"\"\"  a\r\n\t b\r\t  c\"\"\"", r#""  a\nb\n c""#),
        ("\"\"\"a\n\u{a0}b\n c\"\"\"", "\"a\\n\u{a0}b\\n c\""),
        (r#""""""""#, r#""""#),
        (r#""""#, r#""""#),
    ] {
        let answer = gateway.run(&format!("{{ find(text: {written}) }}")).await;
        assert_eq!(answer["data"], json!({ "find": null }), "{written}: {answer}");
        assert_eq!(last(&asked), format!("{{find(text: {arrives})}}"), "{written}");
    }
}

#[tokio::test]
async fn what_is_no_string_is_refused() {
    let (gateway, asked) = finder().await;

    for written in [
        r#""\ud83d""#,
        r#""\ud83d\u0041""#,
        r#""\ude00\ud83d""#,
        r#""\u{110000}""#,
        r#""\u{}""#,
        r#""\u{+41}""#,
        r#""\u00""#,
        r#""\x""#,
        "\"a\nb\"",
        r#""a"#,
        r#""\""#,
        r#""""a\""""#,
        r#""""a"#,
    ] {
        let answer = gateway.run(&format!("{{ find(text: {written}) }}")).await;
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(
            message.starts_with("the document cannot be parsed: "),
            "{written}: {answer}"
        );
    }
    assert!(asked.asked().is_empty());
}

#[tokio::test]
async fn what_follows_a_string_is_where_the_client_wrote_it() {
    let (gateway, _) = finder().await;

    for (text, (line, column)) in [
        (r#"{ find(text: "\b\uD83D\uDE00") nothing }"#, (1, 32)),
        ("{ find(text: \"\"\"é\n\n  b\"\"\") nothing }", (3, 9)),
        ("{ find(text: \"\"\"a\"\"\") nothing # \"\\b\"\n}", (1, 23)),
    ] {
        let answer = gateway.run(text).await;
        let error = &answer["errors"][0];
        assert_eq!(
            error["locations"],
            json!([{ "line": line, "column": column }]),
            "{text}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_string_reaches_a_service_that_is_no_subgraph_as_it_was_meant() {
    let (gateway, prices) = stitched().await;

    let query = r#"{ first { price(of: "  a\n\t\"😀\u000b\b") } }"#;
    let answer = gateway.run(query).await;

    assert_eq!(answer, json!({ "data": { "first": { "price": 5 } } }));
    let asked = last(&prices);
    assert!(asked.contains(r#"price(of: "  a\n\t\"😀\u000b\b")"#), "{asked}");
}

#[tokio::test]
async fn descriptions_and_defaults_of_a_supergraph_may_have_any_character() {
    let text = "\"\"\"\n\u{a0}a\n b 😀\n\"\"\" type Query { find(text: String = \"\\b😀\", x: Float = 1e9): Int }";
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let supergraph = supergraph(&[("a", text, nowhere)]);
    let gateway = TestGateway::start(&supergraph, Settings::default(), Peers::new()).await;

    let shown = gateway
        .data("{ __type(name: \"Query\") { description fields { args { name defaultValue } } } }")
        .await;

    let of = &shown["__type"];
    assert_eq!(of["description"], "\u{a0}a\n b 😀");
    let defaults: Vec<&Value> = of["fields"][0]["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["defaultValue"])
        .collect();
    assert_eq!(defaults, ["\"\\b😀\"", "1e9"]);
}
