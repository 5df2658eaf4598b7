//! Names of its own for what one part of a plan keeps for itself.
//!
//! Two parts may need the same field with different arguments. Both would keep it under the field's name, and where the
//! second gets null, it would take the value of the first.

use super::{Node, Path, Requirement, Selection, Step};

/// Renames, in all steps of a part, what `is_own`.
pub(super) fn name_apart(nodes: &mut [Node], is_own: &dyn Fn(&str) -> bool, part: usize) {
    let rename = |name: &mut String| {
        if is_own(name) {
            // What a client calls like this is kept under another name.
            *name = format!("_part_{part}_{name}");
        }
    };
    for node in nodes {
        match node {
            Node::Fetch(fetch) | Node::Subscription { primary: fetch } => {
                in_path(&mut fetch.path, &rename);
                in_selection(&mut fetch.selection, &rename);
            }
            Node::Entities(entities) => {
                for batch in &mut entities.batches {
                    batch.paths.iter_mut().for_each(|path| in_path(path, &rename));
                    in_requirements(&mut batch.requires, &rename);
                    in_selection(&mut batch.selection, &rename);
                }
            }
            Node::Sequence { nodes } | Node::Parallel { nodes } => name_apart(nodes, is_own, part),
        }
    }
}

fn in_path(path: &mut Path, rename: &dyn Fn(&mut String)) {
    for step in &mut path.0 {
        if let Step::Field(name) = step {
            rename(name);
        }
    }
}

fn in_requirements(requirements: &mut [Requirement], rename: &dyn Fn(&mut String)) {
    for requirement in requirements {
        match requirement {
            Requirement::Field { source, fields, .. } => {
                rename(source);
                in_requirements(fields, rename);
            }
            Requirement::On { fields, .. } => in_requirements(fields, rename),
        }
    }
}

fn in_selection(selection: &mut Selection, rename: &dyn Fn(&mut String)) {
    for field in &mut selection.fields {
        rename(&mut field.kept_as);
        in_selection(&mut field.children, rename);
    }
}
