//! Labels of @override: every query must be resolved under each combination of them.

use federation_composition::{Code, CompositionError, Subgraph, compose};

use crate::oracle::link;

#[test]
fn twenty_five_labels_are_checked_in_moderate_time() {
    let outcome = compose(&circle(25, |entity| entity));

    assert!(outcome.is_ok(), "{:?}", outcome.err());
}

#[test]
fn one_bad_combination_of_twenty_five_labels_is_found_with_the_shortest_query() {
    let moved_with_the_next = |entity| if entity == 3 { 4 } else { entity };

    let errors = compose(&circle(25, moved_with_the_next)).unwrap_err();

    // The box may be asked for in either subgraph.
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert_eq!(errors[1].subgraphs, ["b"]);
    insta::assert_snapshot!(errors[0].message, @r#"
    The following supergraph API query:
    {
      e {
        next {
          next {
            next {
              box {
                w
              }
            }
          }
        }
      }
    }
    cannot be satisfied by the subgraphs because:
    - from subgraph "a":
      - field "Box3.w" is resolved elsewhere under the label of its @override.
      - cannot move to subgraph "b", which has field "Box3.w", because type "Box3" has no @key defined in subgraph "b".
    "#);
}

#[test]
fn the_query_shown_decides_no_label_both_ways() {
    let errors = compose(&[
        subgraph(
            "a",
            "type Query { box: Box other: Shelf } type Shelf { box: Box }
             type Box { inner: Inner @shareable } type Inner { x: Int }",
        ),
        subgraph(
            "b",
            "type Query { box: Box @override(from: \"a\", label: \"x\") }
             type Box { inner: Inner @shareable } type Inner { x: Int @override(from: \"a\", label: \"x\") }",
        ),
    ])
    .unwrap_err();

    assert_eq!(errors.len(), 1, "{errors:#?}");
    let CompositionError { code, message, .. } = &errors[0];
    assert_eq!(*code, Code::SatisfiabilityError);
    assert!(
        message.contains("{\n  other {\n    box {\n      inner {\n        x\n"),
        "{message}"
    );
}

/// Entities in a circle that move from one subgraph to another: each has a label for its own fields, and an object
/// without a key whose field moves under the label of the entity named.
fn circle(entities: usize, moves_with: impl Fn(usize) -> usize) -> [Subgraph; 2] {
    let mut sdls = ["type Query { e: E0 }".to_owned(), String::new()];
    for entity in 0..entities {
        let next = (entity + 1) % entities;
        for (index, sdl) in sdls.iter_mut().enumerate() {
            let under = |label: usize| match index {
                0 => String::new(),
                _ => format!("@override(from: \"a\", label: \"l{label}\")"),
            };
            let (own, other) = (under(entity), under(moves_with(entity)));
            sdl.push_str(&format!(
                "\ntype E{entity} @key(fields: \"id\") {{ id: ID! next: E{next} {own} box: Box{entity} {own} }}
                 type Box{entity} {{ w: Int {other} }}"
            ));
        }
    }
    [subgraph("a", &sdls[0]), subgraph("b", &sdls[1])]
}

fn subgraph(name: &str, sdl: &str) -> Subgraph {
    Subgraph {
        name: name.to_owned(),
        url: format!("http://{name}.test"),
        sdl: format!("{}\n{sdl}", link("2.9")),
    }
}
