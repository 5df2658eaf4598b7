//! What clients see of a supergraph is what composition says they see.

use std::path::Path;

use federation_composition::{Subgraph, compose, diff::diff};
use federation_gateway::Supergraph;

/// The directives of Federation, and the minor version of 2 that brought them.
const DIRECTIVES: [(u32, &str); 7] = [
    (
        0,
        r#""@key", "@requires", "@provides", "@external", "@shareable", "@override", "@inaccessible", "@tag", "@extends""#,
    ),
    (1, r#""@composeDirective""#),
    (3, r#""@interfaceObject""#),
    (5, r#""@authenticated", "@requiresScopes""#),
    (6, r#""@policy""#),
    (8, r#""@context", "@fromContext""#),
    (9, r#""@cost", "@listSize""#),
];

/// The subgraphs of a case of the composition's corpus: `# subgraph: name 2.9`, where the version stands for a link
/// that imports every directive of it.
fn subgraphs(text: &str) -> Vec<Subgraph> {
    let subgraph = |part: &str| {
        let (head, body) = part.split_once('\n').unwrap();
        let (name, link) = match head.split_once(" 2.") {
            Some((name, minor)) => (name, link(minor.trim().parse().unwrap())),
            None => (head, String::new()),
        };
        Subgraph {
            name: name.trim().to_owned(),
            url: "http://a.test".to_owned(),
            sdl: format!("{link}\n{body}"),
        }
    };
    text.split("# subgraph: ").skip(1).map(subgraph).collect()
}

fn link(minor: u32) -> String {
    let imported = DIRECTIVES.iter().filter(|(since, _)| *since <= minor);
    let names: Vec<&str> = imported.map(|(_, names)| *names).collect();
    let names = names.join(", ");
    format!("extend schema @link(url: \"https://specs.apollo.dev/federation/v2.{minor}\", import: [{names}])")
}

#[test]
fn every_case_of_the_corpus_shows_clients_the_same_schema_as_a_supergraph_and_as_an_api() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../composition/tests/corpus");
    let (mut compared, mut differing) = (0, Vec::new());
    for folder in std::fs::read_dir(corpus).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let Ok(composed) = compose(&subgraphs(&std::fs::read_to_string(&file).unwrap())) else {
                continue;
            };
            // Some of what composes is refused, with a reason; that is under test elsewhere.
            let Ok(supergraph) = Supergraph::parse(&composed.supergraph_sdl) else {
                continue;
            };
            compared += 1;
            match diff(&supergraph.api_sdl(), &composed.api_sdl) {
                Ok(changes) if changes.is_empty() => {}
                outcome => differing.push(format!("{}: {outcome:?}", file.display())),
            }
        }
    }

    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(compared > 150, "only {compared} were compared");
}
