//! What must hold for all schemas, whatever their text.
//!
//! `cargo +nightly fuzz run subgraphs` in this folder fuzzes composition; the files of `../tests/corpus` are seeds.

use federation_composition::{Composition, Subgraph, compose, diff::diff};

/// Subgraphs are told apart as in the files of the corpus: `# subgraph: NAME VERSION`.
const MARK: &str = "# subgraph";
const MOST: usize = 6;
const DIRECTIVES: &str = r#""@key", "@external", "@requires", "@provides", "@shareable", "@inaccessible", "@tag", "@override", "@interfaceObject", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize", "@context", "@fromContext", "@composeDirective""#;

/// Composes, and checks that neither the order of the subgraphs nor another try changes anything.
pub fn subgraphs(bytes: &[u8]) {
    let Some(mut subgraphs) = split(bytes) else { return };
    let composed = compose(&subgraphs);
    subgraphs.reverse();
    let again = compose(&subgraphs);
    match (composed, again) {
        (Ok(composed), Ok(again)) => {
            assert_eq!(composed, again);
            check(&composed);
        }
        (Err(errors), Err(again)) => {
            assert!(!errors.is_empty());
            assert_eq!(format!("{errors:?}"), format!("{again:?}"));
        }
        (composed, again) => panic!("the order matters: {composed:?} {again:?}"),
    }
}

/// Compares two schemas for clients in both directions.
pub fn differences(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (old, new) = text.split_once(MARK).unwrap_or((text, text));
    let forth = diff(old, new);
    let back = diff(new, old);
    if let (Ok(forth), Ok(back)) = (forth, back) {
        assert_eq!(forth.is_empty(), back.is_empty(), "{forth:?} {back:?}");
    }
    if let Ok(nothing) = diff(old, old) {
        assert!(nothing.is_empty(), "{nothing:?}");
    }
}

fn split(bytes: &[u8]) -> Option<Vec<Subgraph>> {
    let text = std::str::from_utf8(bytes).ok()?;
    // What stands before the first mark is about the file.
    let text = text.split_once(MARK).map_or(text, |(_, rest)| rest);
    let texts = text.split(MARK).take(MOST);
    let subgraphs = texts.enumerate().map(|(at, text)| Subgraph {
        name: format!("s{at}"),
        url: format!("http://s{at}.test/graphql"),
        sdl: linked(text),
    });
    Some(subgraphs.collect())
}

/// With a link where the marking line has a version.
fn linked(text: &str) -> String {
    let Some((head, sdl)) = text.split_once('\n') else {
        return text.to_owned();
    };
    match head.rsplit_once(' ') {
        Some((_, version)) if version.starts_with("2.") => {
            format!(
                r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{DIRECTIVES}]) {sdl}"#
            )
        }
        _ => sdl.to_owned(),
    }
}

/// What clients see does not differ from itself, and can be read again.
fn check(composed: &Composition) {
    let differences = diff(&composed.api_sdl, &composed.api_sdl);
    assert!(
        differences.as_ref().is_ok_and(Vec::is_empty),
        "{differences:?}\n{}",
        composed.api_sdl
    );
}
