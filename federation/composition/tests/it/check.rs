//! Composes subgraphs that are written one below the other in a test.

use federation_composition::{Code, Composition, CompositionError, HintCode, Subgraph, compose};

/// All directives of Federation 2.9, imported.
const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides", "@external", "@tag", "@extends", "@shareable", "@inaccessible", "@override", "@composeDirective", "@interfaceObject", "@authenticated", "@requiresScopes", "@policy", "@context", "@fromContext", "@cost", "@listSize"])"#;

/// Reads subgraphs: each begins with a line `# name`, or `# name: as it is` if nothing is imported for it.
pub(crate) fn subgraphs(text: &str) -> Vec<Subgraph> {
    let mut subgraphs: Vec<Subgraph> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.trim().strip_prefix("# ") {
            let (name, link) = match head.strip_suffix(": as it is") {
                Some(name) => (name, ""),
                None => (head, LINK),
            };
            subgraphs.push(Subgraph {
                name: name.to_owned(),
                url: format!("http://{name}.test"),
                sdl: link.to_owned(),
            });
        } else if let Some(subgraph) = subgraphs.last_mut() {
            subgraph.sdl.push('\n');
            subgraph.sdl.push_str(line);
        }
    }
    subgraphs
}

/// Composes, or fails with all errors.
#[track_caller]
pub(crate) fn composed(text: &str) -> Composition {
    compose(&subgraphs(text)).unwrap_or_else(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        panic!("should compose:\n{}", lines.join("\n"))
    })
}

/// The errors of subgraphs that do not compose.
#[track_caller]
pub(crate) fn refused(text: &str) -> Vec<CompositionError> {
    match compose(&subgraphs(text)) {
        Ok(composition) => panic!("should not compose:\n{}", composition.supergraph_sdl),
        Err(errors) => errors,
    }
}

/// Checks that subgraphs are refused for exactly these reasons, and that every error says what and where.
#[track_caller]
pub(crate) fn refuses(text: &str, expected: &[Code]) {
    let errors = refused(text);
    let mut codes: Vec<_> = errors.iter().map(|error| error.code).collect();
    codes.sort();
    codes.dedup();
    let mut wanted = expected.to_vec();
    wanted.sort();
    assert_eq!(codes, wanted, "{errors:#?}");
    for error in errors {
        assert!(!error.message.is_empty() && !error.message.ends_with('.'), "{error}");
        for location in &error.locations {
            assert!(error.subgraphs.contains(&location.subgraph), "{error:?}");
            assert!(location.line >= 1 && location.column >= 1, "{error:?}");
        }
    }
}

/// Checks that the supergraph has these lines.
#[track_caller]
pub(crate) fn has(composition: &Composition, lines: &[&str]) {
    for line in lines {
        let found = composition.supergraph_sdl.lines().any(|other| other.trim() == *line);
        assert!(found, "{line} is not in\n{}", composition.supergraph_sdl);
    }
}

/// Checks that the supergraph has none of these texts.
#[track_caller]
pub(crate) fn has_not(composition: &Composition, texts: &[&str]) {
    for text in texts {
        let sdl = &composition.supergraph_sdl;
        assert!(!sdl.contains(text), "{text} is in\n{sdl}");
    }
}

/// The codes of the hints.
pub(crate) fn hints(composition: &Composition) -> Vec<HintCode> {
    composition.hints.iter().map(|hint| hint.code).collect()
}
