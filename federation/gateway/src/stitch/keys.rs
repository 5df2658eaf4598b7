//! Keys of entities: as text to compare, and as fields to ask for.

use super::{
    entity::Entity,
    template::{Representation, at},
};

/// How the fields of a key are called in an answer with many entities.
const KEY: &str = "_stitch_key_";

/// The key of an entity as text, if everything in it is known.
pub(super) fn key_of(entity: &Entity, representation: &Representation<'_>) -> Option<String> {
    let leaves = entity.leaves.iter().map(|leaf| at(representation, leaf));
    leaves
        .map(|leaf| leaf.map(|json| plain(&json)))
        .collect::<Option<Vec<_>>>()
        .map(joined)
}

/// The key of an entity of a list, as [`key_of`] has it.
pub(super) fn key_in(entity: &Entity, item: &Representation<'_>) -> Option<String> {
    let mut roots: Vec<&str> = Vec::new();
    let mut parts = Vec::new();
    for leaf in &entity.leaves {
        let number = number_of(&mut roots, &leaf[0]);
        let mut path = leaf.clone();
        path[0] = format!("{KEY}{number}");
        parts.push(plain(&at(item, &path)?));
    }
    Some(joined(parts))
}

/// The fields of a key under names that nothing else has.
pub(super) fn key_selection(leaves: &[Vec<String>]) -> String {
    let mut roots: Vec<&str> = Vec::new();
    let mut below: Vec<Vec<&[String]>> = Vec::new();
    for leaf in leaves {
        let number = number_of(&mut roots, &leaf[0]);
        below.resize_with(roots.len(), Vec::new);
        if leaf.len() > 1 {
            below[number].push(&leaf[1..]);
        }
    }
    let fields = roots.iter().zip(&below).enumerate();
    fields
        .map(|(number, (root, below))| format!(" {KEY}{number}: {root}{}", nested(below)))
        .collect()
}

fn nested(paths: &[&[String]]) -> String {
    if paths.is_empty() {
        return String::new();
    }
    let fields = paths.iter().map(|path| {
        let rest = &path[1..];
        format!(
            "{}{}",
            path[0],
            if rest.is_empty() {
                String::new()
            } else {
                nested(&[rest])
            }
        )
    });
    format!(" {{ {} }}", fields.collect::<Vec<_>>().join(" "))
}

fn number_of<'l>(roots: &mut Vec<&'l str>, root: &'l str) -> usize {
    match roots.iter().position(|known| *known == root) {
        Some(number) => number,
        None => {
            roots.push(root);
            roots.len() - 1
        }
    }
}

/// A scalar without the difference between text and number: one subgraph's `ID` may be another's `Int`.
fn plain(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

fn joined(parts: Vec<String>) -> String {
    parts.join("\u{1f}")
}
