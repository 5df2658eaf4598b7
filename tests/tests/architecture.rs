//! The rules of ARCHITECTURE.md and CONTRIBUTING.md that a machine can check.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "architecture/workspace.rs"]
mod workspace;

use std::fs;

use workspace::{LAYERS, all_sources, direct, folder, in_layer, layer, metadata, read, relative, sources};

/// Layers whose crates build on each other.
const TOGETHER: [&str; 2] = ["platform", "federation"];

/// Libraries that live behind one crate of ours, and the crates that may name them.
const BEHIND: [(&str, &[&str]); 20] = [
    ("iceberg", &["platform-lake"]),
    ("object_store", &["platform-lake"]),
    ("datafusion", &["platform-lake-sql"]),
    ("reqwest", &["platform-http"]),
    ("governor", &["platform-http"]),
    ("hyper", &["platform-http"]),
    ("tower-http", &["platform-http"]),
    ("metrics-exporter-prometheus", &["platform-telemetry"]),
    ("tracing-subscriber", &["platform-telemetry", "platform-testing"]),
    ("opentelemetry", &["platform-telemetry"]),
    ("anyhow", &[]),
    ("sqlx", &["platform-database", "platform-lake", "platform-testing"]),
    ("redis", &["platform-cache"]),
    ("async-nats", &["platform-events"]),
    ("rdkafka", &["platform-events"]),
    ("aws-lc-rs", &["platform-crypto"]),
    ("argon2", &["platform-crypto"]),
    ("cedar-policy", &["security"]),
    ("webauthn-rs", &["auth"]),
    ("lettre", &["auth"]),
];

/// Tests and measurements look at the system from outside and may know more.
const OUTSIDE: [&str; 2] = ["system-tests", "bench"];

const LONGEST_FILE: usize = 300;

/// Dependencies that no source names: for generated code, and for a feature.
const UNNAMED: [(&str, &str); 2] = [("contracts", "tonic-prost"), ("system-tests", "platform-events")];

#[test]
fn imports_go_left_only() {
    let metadata = metadata();
    let ours = metadata.workspace_packages();
    for package in &ours {
        for dependency in direct(package) {
            let Some(other) = ours.iter().find(|other| *other.name == dependency) else {
                continue;
            };
            let (from, to) = (layer(&metadata, package), layer(&metadata, other));
            let is_left =
                to < from || (from == to && TOGETHER.contains(&LAYERS[from])) || OUTSIDE.contains(&&**package.name);
            assert!(
                is_left,
                "{} must not depend on {}: imports go {LAYERS:?}",
                package.name, other.name
            );
        }
    }
}

#[test]
fn libraries_stay_behind_their_crate() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        for dependency in direct(package) {
            let Some((library, allowed)) = BEHIND.iter().find(|(library, _)| *library == dependency) else {
                continue;
            };
            let name = package.name.as_str();
            let may = allowed.contains(&name) || OUTSIDE.contains(&name);
            assert!(may, "{name} must not depend on {library}: only {allowed:?} know it");
        }
    }
}

#[test]
fn every_dependency_is_named_in_the_sources_of_its_package() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let all: Vec<String> = sources(&folder(package)).iter().map(|file| read(file)).collect();
        for dependency in &package.dependencies {
            let called = dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_");
            let is_named = all.iter().any(|text| words(text).any(|word| word == called));
            let pair = (package.name.as_str(), dependency.name.as_str());
            assert!(is_named || UNNAMED.contains(&pair), "{pair:?}: take the dependency out");
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric())
}

#[test]
fn nothing_but_its_own_tools_builds_datafusion() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let is_leaf = !direct(package).contains("platform-lake-sql");
        let may = matches!(package.name.as_str(), "hansa") || OUTSIDE.contains(&package.name.as_str());
        assert!(
            is_leaf || may,
            "{} must not depend on platform-lake-sql: it builds DataFusion",
            package.name
        );
    }
}

#[test]
fn platform_names_no_domain() {
    let metadata = metadata();
    let services: Vec<_> = in_layer(&metadata, "services")
        .map(|package| package.name.to_string())
        .collect();
    assert!(!services.is_empty());
    for package in in_layer(&metadata, "platform") {
        for file in sources(&folder(package).join("src")) {
            let text = read(&file);
            let named = services.iter().find(|name| names(&text, name));
            assert_eq!(named, None, "{} names a service", relative(&metadata, &file));
        }
    }
}

/// Whether `text` means the service: by a name that is no ordinary word, or by one in quotes or as a crate's path.
/// Tokens come from a service whose name is a setting's default, and that one name is known.
fn names(text: &str, service: &str) -> bool {
    let path = service.replace('-', "_");
    match service {
        "auth" => false,
        name if name.contains('-') => text.contains(name) || text.contains(&path),
        // Examples in comments may name one.
        name => text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .any(|line| line.contains(&format!("\"{name}\"")) || line.contains(&format!("use {name}::"))),
    }
}

#[test]
fn folders_are_bare_and_platform_packages_carry_the_prefix() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let folder = folder(package);
        let bare = folder.file_name().and_then(|name| name.to_str()).unwrap();
        let expected = match LAYERS[layer(&metadata, package)] {
            "platform" => format!("platform-{bare}"),
            "services" => bare.to_owned(),
            _ => continue,
        };
        assert_eq!(
            *package.name,
            expected,
            "the package in {}",
            relative(&metadata, &folder)
        );
    }
}

#[test]
fn every_crate_takes_the_lints_and_versions_of_the_workspace() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let manifest = read(package.manifest_path.as_std_path());
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} must take the workspace's lints",
            package.name
        );
        let own = manifest
            .lines()
            .find(|line| line.contains("version = \"") && !line.starts_with("rust-version"));
        assert_eq!(own, None, "{} must take its versions from the workspace", package.name);
    }
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let metadata = metadata();
    for file in all_sources(&metadata) {
        let text = read(&file);
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! "),
            "{} must open with `//!`",
            relative(&metadata, &file)
        );
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    let metadata = metadata();
    for file in all_sources(&metadata) {
        let lines = read(&file).lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "{} has {lines} lines: split it by noun",
            relative(&metadata, &file)
        );
    }
}

#[test]
fn no_file_names_a_folder_of_somebodys_machine() {
    let metadata = metadata();
    // Put together here, so that this file does not find itself.
    let marks = ["root", "home", "Users", "work"].map(|folder| format!("\"/{folder}/"));
    for file in all_sources(&metadata) {
        let text = read(&file);
        let found = marks.iter().find(|mark| text.contains(mark.as_str()));
        assert_eq!(found, None, "{}", relative(&metadata, &file));
    }
}

#[test]
fn every_attack_names_a_test_that_is_there() {
    let metadata = metadata();
    let table = read(metadata.workspace_root.join("docs/security.md").as_std_path());
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| attack |"));
    let tests: Vec<_> = rows
        .map(|row| {
            row.rsplit('`')
                .nth(1)
                .and_then(|test| test.split_once("::"))
                .expect(row)
        })
        .collect();
    assert!(tests.len() > 50, "{}", tests.len());
    for (file, name) in tests {
        let text = fs::read_to_string(metadata.workspace_root.join(file)).expect(file);
        let is_test = text.split_once(&format!("fn {name}(")).is_some_and(|(before, _)| {
            let above = before.lines().rev().take(3).collect::<String>();
            above.contains("test")
        });
        assert!(is_test, "docs/security.md names {file}::{name}, which is no test");
    }
}

#[test]
fn the_code_map_lists_every_crate() {
    let metadata = metadata();
    let map = read(metadata.workspace_root.join("ARCHITECTURE.md").as_std_path());
    for package in metadata.workspace_packages() {
        assert!(
            map.contains(&format!("| `{}` |", package.name)),
            "ARCHITECTURE.md must list {}",
            package.name
        );
    }
}
