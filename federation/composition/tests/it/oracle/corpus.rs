//! Reads the corpus: subgraphs, what they should compose to, and where a peer is known to differ.

use std::{fs, path::Path};

use federation_composition::Subgraph;

/// The directives of Federation by the minor version of 2 that brought them.
const IMPORTS: [(u32, &[&str]); 7] = [
    (
        0,
        &[
            "@key",
            "@requires",
            "@provides",
            "@external",
            "@shareable",
            "@override",
            "@inaccessible",
            "@tag",
            "@extends",
        ],
    ),
    (1, &["@composeDirective"]),
    (3, &["@interfaceObject"]),
    (5, &["@authenticated", "@requiresScopes"]),
    (6, &["@policy"]),
    (8, &["@context", "@fromContext"]),
    (9, &["@cost", "@listSize"]),
];

/// One file of the corpus.
pub(super) struct Case {
    /// Folder and file, without the ending.
    pub(super) name: String,
    pub(super) subgraphs: Vec<Subgraph>,
    /// `valid`, or the codes of all errors in alphabetical order.
    pub(super) expects: String,
    /// What a peer says instead, where it is known to differ.
    pub(super) differences: Vec<(String, String)>,
}

impl Case {
    /// What the peer says instead of what is expected, if the corpus explains that it does.
    pub(super) fn difference(&self, peer: &str) -> Option<&str> {
        let mut differences = self.differences.iter();
        differences
            .find(|(name, _)| name == peer)
            .map(|(_, outcome)| outcome.as_str())
    }
}

/// All cases, in the order of their names.
pub(super) fn load() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../composition/tests/corpus");
    let mut cases = Vec::new();
    for rule in fs::read_dir(&root).unwrap() {
        for file in fs::read_dir(rule.unwrap().path()).unwrap() {
            let path = file.unwrap().path().with_extension("");
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            cases.push(parse(
                name,
                &fs::read_to_string(path.with_extension("graphql")).unwrap(),
            ));
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(
        cases.len() > 300,
        "the corpus is not where it should be: {}",
        root.display()
    );
    cases
}

fn parse(name: String, text: &str) -> Case {
    let mut parts = text.split("# subgraph: ");
    let header = parts.next().unwrap();
    let subgraphs = parts.map(subgraph).collect();
    // The first line says what the case is about.
    let mut entries = header
        .lines()
        .skip(1)
        .filter_map(|line| line.strip_prefix("# ")?.split_once(": "));
    let (key, expects) = entries
        .next()
        .unwrap_or_else(|| panic!("{name} does not say what it expects"));
    assert_eq!(
        key, "expects",
        "{name} should begin with a sentence and what it expects"
    );
    let differences = entries.map(|(peer, difference)| {
        let (outcome, reason) = difference
            .split_once(". ")
            .unwrap_or_else(|| panic!("{name}: {peer} needs a reason"));
        assert!(
            reason.ends_with('.'),
            "{name}: the reason why {peer} differs is not a sentence"
        );
        (peer.to_owned(), outcome.to_owned())
    });
    Case {
        differences: differences.collect(),
        expects: expects.to_owned(),
        subgraphs,
        name,
    }
}

/// `name 2.9`, then its schema: a version stands for a link that imports every directive of it.
fn subgraph(text: &str) -> Subgraph {
    let (head, body) = text.split_once('\n').unwrap();
    let (name, link) = match head.split_once(' ') {
        Some((name, version)) => (name, link(version)),
        None => (head, String::new()),
    };
    Subgraph {
        name: name.to_owned(),
        url: format!("http://{name}.test/graphql"),
        sdl: format!("{link}\n{body}"),
    }
}

/// A link to a version of Federation with all its directives.
pub(crate) fn link(version: &str) -> String {
    let minor: u32 = version.strip_prefix("2.").unwrap().parse().unwrap();
    let imports = IMPORTS
        .iter()
        .filter(|(since, _)| *since <= minor)
        .flat_map(|(_, names)| *names);
    let imports: Vec<_> = imports.map(|name| format!("\"{name}\"")).collect();
    let imports = imports.join(", ");
    format!("extend schema @link(url: \"https://specs.apollo.dev/federation/v{version}\", import: [{imports}])")
}
