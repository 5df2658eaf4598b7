//! The workspace as cargo describes it, and the files in it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Layers from left to right: a crate imports from its own layer's left, those of some layers also from each other.
pub(crate) const LAYERS: [&str; 6] = ["platform", "contracts", "services", "federation", "server", "tests"];

pub(crate) fn metadata() -> Metadata {
    MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo describes the workspace")
}

/// What a package depends on when it is built, not when it is tested.
pub(crate) fn direct(package: &Package) -> BTreeSet<&str> {
    let dependencies = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development);
    dependencies.map(|dependency| dependency.name.as_str()).collect()
}

/// The place of a package's layer. Measurements stand where the tests stand.
pub(crate) fn layer(metadata: &Metadata, package: &Package) -> usize {
    let folder = relative(metadata, &folder(package));
    let first = folder.split('/').next().unwrap_or_default();
    LAYERS
        .iter()
        .position(|layer| *layer == first)
        .unwrap_or(LAYERS.len() - 1)
}

pub(crate) fn in_layer<'a>(metadata: &'a Metadata, name: &'a str) -> impl Iterator<Item = &'a Package> {
    let packages = metadata.workspace_packages().into_iter();
    packages.filter(move |package| LAYERS[layer(metadata, package)] == name)
}

pub(crate) fn folder(package: &Package) -> PathBuf {
    package
        .manifest_path
        .parent()
        .expect("a manifest is in a folder")
        .into()
}

pub(crate) fn relative(metadata: &Metadata, path: &Path) -> String {
    path.strip_prefix(metadata.workspace_root.as_std_path())
        .unwrap_or(path)
        .display()
        .to_string()
}

pub(crate) fn all_sources(metadata: &Metadata) -> Vec<PathBuf> {
    let packages = metadata.workspace_packages().into_iter();
    packages.flat_map(|package| sources(&folder(package))).collect()
}

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_output = path.file_name().is_some_and(|name| name == "target");
        match path.is_dir() {
            true if !is_output => found.extend(sources(&path)),
            true => {}
            false if path.extension().is_some_and(|kind| kind == "rs") => found.push(path),
            false => {}
        }
    }
    found
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the file can be read")
}
