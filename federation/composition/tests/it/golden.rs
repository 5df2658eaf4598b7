//! Supergraphs as they are written, whole: one folder per case with its subgraphs and what they compose to.

use std::{fs, path::Path};

use crate::check::composed;

#[test]
fn supergraphs_are_written_as_before() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<_> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(
        cases.len() >= 5,
        "the golden files are not where they should be: {}",
        root.display()
    );

    for case in cases {
        let composition = composed(&fs::read_to_string(case.join("subgraphs.graphql")).unwrap());

        compare(&case.join("supergraph.graphql"), &composition.supergraph_sdl);
        compare(&case.join("api.graphql"), &composition.api_sdl);
        let hints: Vec<_> = composition
            .hints
            .iter()
            .map(|hint| format!("{} {}\n", hint.code, hint.message))
            .collect();
        compare(&case.join("hints.txt"), &hints.concat());
    }
}

/// With `UPDATE_GOLDEN` set the file is written instead.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says whether files are written"
)]
fn compare(file: &Path, found: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(file, found).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    let differs = expected.lines().zip(found.lines()).position(|(a, b)| a != b);
    assert!(
        expected == found,
        "{} differs from line {:?} on; set UPDATE_GOLDEN if it should:\n{found}",
        file.display(),
        differs.map(|line| line + 1)
    );
}
