//! The supergraphs of the composition's corpus.

use std::{fs::read_dir, path::Path};

use federation_composition::{Subgraph, compose};
use federation_gateway::Supergraph;

/// One case that composes and can be served.
pub(crate) struct Case {
    pub(crate) file: String,
    /// What composition says clients see.
    pub(crate) api_sdl: String,
    pub(crate) supergraph: Supergraph,
}

/// All of them. Some of what composes is refused, with a reason; that is under test elsewhere.
pub(crate) fn cases() -> impl Iterator<Item = Case> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../composition/tests/corpus");
    let folders = read_dir(corpus).unwrap();
    let mut files: Vec<_> = folders
        .flat_map(|folder| read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files.into_iter().filter_map(|file| {
        let composed = compose(&subgraphs(&std::fs::read_to_string(&file).unwrap())).ok()?;
        Some(Case {
            file: file.display().to_string(),
            supergraph: Supergraph::parse(&composed.supergraph_sdl).ok()?,
            api_sdl: composed.api_sdl,
        })
    })
}

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
