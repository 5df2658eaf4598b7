//! Queries that cannot be resolved, and what is said of them.

use std::fmt::Write;

use federation_composition::{Code, CompositionError, Limits, Subgraph, compose, compose_within};

use crate::oracle::link;

#[test]
fn a_failing_query_is_shown_with_what_each_subgraph_lacks() {
    let errors = refuse(&[
        "type Query { book: Book } type Book @key(fields: \"id\") { id: ID! }",
        "type Book @key(fields: \"isbn\") { isbn: ID! price: Int }",
    ]);

    let error = errors.iter().find(|it| it.message.contains("price")).unwrap();
    assert_eq!(error.code, Code::SatisfiabilityError);
    assert_eq!(error.subgraphs, ["s0"]);
    insta::assert_snapshot!(error.message, @r#"
    The following supergraph API query:
    {
      book {
        price
      }
    }
    cannot be satisfied by the subgraphs because:
    - from subgraph "s0":
      - cannot find field "Book.price".
      - cannot move to subgraph "s1" using @key(fields: "isbn") of "Book", the key field(s) cannot be resolved from subgraph "s0".
    "#);
}

#[test]
fn a_failing_mutation_is_shown_as_one() {
    let errors = refuse(&[
        "type Query { a: Int } type Mutation { make: Box } type Box { id: ID! @shareable }",
        "type Query { box: Box } type Box { id: ID! @shareable size: Size } type Size { width: Int }",
    ]);

    insta::assert_snapshot!(only(&errors).message, @r#"
    The following supergraph API query:
    mutation {
      make {
        size {
          ...
        }
      }
    }
    cannot be satisfied by the subgraphs because:
    - from subgraph "s0":
      - cannot find field "Box.size".
      - cannot move to subgraph "s1", which has field "Box.size", because type "Box" has no @key defined in subgraph "s1".
    "#);
}

#[test]
fn a_type_behind_an_interface_is_named_by_a_fragment() {
    let errors = refuse(&[
        "type Query { things: [Thing] } interface Thing { id: ID! } type Car implements Thing { id: ID! @shareable }",
        "type Query { car: Car } type Car { id: ID! @shareable wheels: Int }",
    ]);

    assert!(
        only(&errors)
            .message
            .contains("  things {\n    ... on Car {\n      wheels\n    }\n  }")
    );
}

#[test]
fn a_requirement_that_cannot_be_gathered_is_the_reason() {
    let errors = refuse(&[
        "type Query { p: P } type P @key(fields: \"id\") { id: ID! }",
        "type P @key(fields: \"id\") { id: ID! x: Int @external y: Int @requires(fields: \"x\") }",
        "type P @key(fields: \"id\", resolvable: false) { id: ID! x: Int }",
    ]);

    let message = &errors.iter().find(|it| it.message.contains("  y\n")).unwrap().message;
    assert!(
        message.contains("- from subgraph \"s1\": cannot satisfy @require conditions on field \"P.y\"."),
        "{message}"
    );
}

#[test]
fn a_context_that_no_object_above_sets_is_the_reason() {
    let errors = refuse(&[
        "type Query { shop: Shop item: Item }
         type Shop @key(fields: \"id\") @context(name: \"shop\") { id: ID! currency: String item: Item }
         type Item @key(fields: \"id\") { id: ID! price(in: String @fromContext(field: \"$shop { currency }\")): Int }",
    ]);

    let message = &only(&errors).message;
    assert!(
        message.contains("could not find a match for required context for field \"Item.price\"."),
        "{message}"
    );
    assert!(!message.contains("shop {"), "the path through the shop is fine");
}

#[test]
fn a_mutation_is_one_call_so_one_subgraph_must_lead_to_its_whole_result() {
    let errors = refuse(&[
        "type Query { a: Int } type Mutation { make: Box @shareable } type Box { id: ID! @shareable x: Int }",
        "type Mutation { make: Box @shareable } type Box { id: ID! @shareable y: Int }",
    ]);

    let error = only(&errors);
    assert_eq!(
        (error.code, &*error.subgraphs),
        (Code::SatisfiabilityError, &["s0".to_owned(), "s1".to_owned()][..])
    );
    insta::assert_snapshot!(error.message, @r#"
    Supergraph API queries using the mutation field "Mutation.make" at top-level must be satisfiable without needing to call that field from multiple subgraphs, but every subgraph with that field encounters satisfiability errors. Please fix these satisfiability errors for (at least) one of the following subgraphs with the mutation field:
    - When calling "Mutation.make" at top-level from subgraph "s0":
      The following supergraph API query:
      mutation {
        make {
          y
        }
      }
      cannot be satisfied by the subgraphs because:
      - from subgraph "s0":
        - cannot find field "Box.y".
        - cannot move to subgraph "s1", which has field "Box.y", because type "Box" has no @key defined in subgraph "s1".
    - When calling "Mutation.make" at top-level from subgraph "s1":
      The following supergraph API query:
      mutation {
        make {
          x
        }
      }
      cannot be satisfied by the subgraphs because:
      - from subgraph "s1":
        - cannot find field "Box.x".
        - cannot move to subgraph "s0", which has field "Box.x", because type "Box" has no @key defined in subgraph "s0".
    "#);
}

#[test]
fn a_nearer_object_that_sets_a_context_hides_one_further_up() {
    let errors = refuse(&[
        "type Query { shop: Shop }
         type Shop @key(fields: \"id\") @context(name: \"place\") { id: ID! currency: String! item: Item }
         type Market @key(fields: \"id\") @context(name: \"place\") { id: ID! currency: String! @external item: Item }
         type Item @key(fields: \"id\") { id: ID! market: Market
           price(in: String @fromContext(field: \"$place { currency }\")): Int }",
        "type Query { m: Market } type Market @key(fields: \"id\", resolvable: false) { id: ID! currency: String! }",
    ]);

    let price = errors.iter().find(|it| it.message.contains("price")).unwrap();
    assert!(
        price
            .message
            .contains("  shop {\n    item {\n      market {\n        item {\n          price"),
        "{price}"
    );
    assert!(
        price
            .message
            .contains("cannot satisfy @require conditions on field \"Item.price\"."),
        "{price}"
    );
}

#[test]
fn an_interface_object_must_lead_to_its_implementations() {
    let errors = refuse(&[
        "type Query { all: [Media] }
         interface Media @key(fields: \"id\", resolvable: false) { id: ID! }
         type Book implements Media @key(fields: \"id\", resolvable: false) { id: ID! }",
        "type Query { best: Media } type Media @key(fields: \"id\") @interfaceObject { id: ID! stars: Int }",
    ]);

    let message = &only(&errors).message;
    assert!(message.contains("no subgraph can be reached to resolve the implementation type of @interfaceObject type"));
}

#[test]
fn the_same_lack_is_reported_once_however_many_paths_lead_to_it() {
    let errors = refuse(&[
        "type Query { a: Box b: Box c: [Shelf] } type Shelf { box: Box } type Box { id: ID! @shareable }",
        "type Query { d: Box } type Box { id: ID! @shareable size: Int }",
    ]);

    assert_eq!(errors.len(), 1);
}

#[test]
fn each_value_of_a_label_must_resolve_every_query() {
    let with_label = |label: &str| {
        compose(&subgraphs(&[
            "type Query { p: P } type P @key(fields: \"id\") { id: ID! size: Size } type Size { w: Int @shareable d: Int }".to_owned(),
            format!(
                "type P @key(fields: \"id\") {{ id: ID! size: Size @override(from: \"s0\", label: \"{label}\") }}
                 type Size {{ w: Int @shareable d: Int @override(from: \"s0\", label: \"move\") }}"
            ),
        ]))
    };

    assert!(with_label("move").is_ok());
    let errors = with_label("other").unwrap_err();
    assert!(
        errors.iter().all(|it| it.code == Code::SatisfiabilityError),
        "{errors:?}"
    );
}

#[test]
fn many_entities_in_many_subgraphs_are_checked_in_moderate_time() {
    let sdl = |graph: usize| {
        let mut sdl = format!("type Query {{ q{graph}: T{graph} }}\n");
        for ty in 0..25 {
            let next = (ty + graph) % 25;
            let _ = writeln!(sdl, "type T{ty} @key(fields: \"id\") {{ id: ID! r{graph}: T{next} }}");
        }
        sdl
    };
    let sdls: Vec<_> = (0..25).map(sdl).collect();

    let outcome = compose(&subgraphs(&sdls));

    assert!(outcome.is_ok(), "{:?}", outcome.err());
}

#[test]
fn a_graph_with_too_many_paths_is_given_up() {
    let each_lacks_another_field = |graphs: usize| {
        let sdl = |graph| {
            let others = (0..graphs).filter(|it| *it != graph);
            let fields: Vec<_> = others.map(|it| format!("f{it}: V @shareable")).collect();
            format!("type Query {{ v: V @shareable }} type V {{ {} }}", fields.join(" "))
        };
        subgraphs(&(0..graphs).map(sdl).collect::<Vec<_>>())
    };
    let limits = Limits { paths: 10_000 };

    let few = compose_within(&each_lacks_another_field(8), limits).unwrap_err();
    let many = compose_within(&each_lacks_another_field(60), limits).unwrap_err();

    assert!(few.iter().all(|it| it.code == Code::SatisfiabilityError), "{few:#?}");
    assert_eq!(only(&many).code, Code::MaxValidationSubgraphPathsExceeded);
    assert_eq!(Limits::default().paths, 1_000_000);
}

#[test]
fn many_contexts_that_lead_to_each_other_are_checked_in_moderate_time() {
    let setters = 0..25;
    let links: String = setters.clone().map(|it| format!("to{it}: S{it} ")).collect();
    let mut sdl = format!("type Query {{ {links} }}");
    for it in setters {
        let _ = write!(
            sdl,
            "type S{it} @key(fields: \"id\") @context(name: \"c{it}\") {{ id: ID! v: String item: I{it} }}
             type I{it} @key(fields: \"id\") {{ id: ID! {links} p(v: String @fromContext(field: \"$c{it} {{ v }}\")): Int }}"
        );
    }

    let outcome = compose(&subgraphs(&[sdl]));

    assert!(outcome.is_ok(), "{:?}", outcome.err());
}

fn only(errors: &[CompositionError]) -> &CompositionError {
    assert_eq!(errors.len(), 1, "{errors:#?}");
    &errors[0]
}

fn refuse(sdls: &[&str]) -> Vec<CompositionError> {
    compose(&subgraphs(sdls)).unwrap_err()
}

fn subgraphs(sdls: &[impl AsRef<str>]) -> Vec<Subgraph> {
    let subgraph = |(index, sdl): (usize, &_)| Subgraph {
        name: format!("s{index}"),
        url: format!("http://s{index}.test"),
        sdl: format!("{}\n{}", link("2.9"), AsRef::<str>::as_ref(sdl)),
    };
    sdls.iter().enumerate().map(subgraph).collect()
}
