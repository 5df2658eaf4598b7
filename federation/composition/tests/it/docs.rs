//! The documentation has every code.

use std::{fs, path::Path};

use federation_composition::{Code, HintCode, diff::ChangeCode};

fn page(name: &str) -> String {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    fs::read_to_string(pages.join(name)).unwrap_or_else(|error| panic!("docs/errors/{name}: {error}"))
}

#[test]
fn every_error_code_has_a_page() {
    for code in Code::ALL {
        let page = page(&format!("{code}.md"));
        assert!(page.starts_with(&format!("# {code}\n")), "{code}");
    }
}

#[test]
fn every_hint_and_every_change_has_a_row() {
    let page = page("README.md");
    let hints = HintCode::ALL.iter().map(|code| code.as_str());
    for code in ChangeCode::ALL.iter().map(|code| code.as_str()).chain(hints) {
        assert!(page.contains(&format!("| `{code}` |")), "{code}");
    }
}
