//! Input types that name each other in very many ways.

use federation_composition::{
    Code::InvalidGraphql,
    diff::{DiffError, diff},
};

use crate::check::{composed, refuses};

/// Input types with two fields each, whose type is the next one.
fn ladder(rungs: usize, mark: &str) -> String {
    let rung = |at: usize| format!("input I{at} {{ a: I{next}{mark} b: I{next}{mark} }}\n", next = at + 1);
    let all: String = (0..rungs).map(rung).collect();
    format!("{all}input I{rungs} {{ x: Int }}\ntype Query {{ q(i: I0): Int }}\n")
}

#[test]
fn required_input_types_are_nested_as_far_as_can_be_looked_at() {
    composed(&format!("# a\n{}", ladder(8, "!")));
    composed(&format!("# a\n{}", ladder(30, "")));
    refuses(&format!("# a\n{}", ladder(30, "!")), &[InvalidGraphql]);
}

#[test]
fn what_a_directive_takes_is_nested_as_far_as_can_be_looked_at() {
    let directive = "directive @by(i: I0) on FIELD_DEFINITION\n";

    composed(&format!("# a\n{directive}{}", ladder(8, "")));
    refuses(&format!("# a\n{directive}{}", ladder(30, "")), &[InvalidGraphql]);
}

#[test]
fn schemas_with_endless_ways_are_not_compared() {
    let endless = ladder(30, "!");

    let told = match diff("type Query { q: Int }", &endless) {
        Err(DiffError::NewSchema(told)) => told,
        other => panic!("{other:?}"),
    };

    assert!(told.contains("name each other in more than 5000000 ways"), "{told}");
}
