//! The planner's own aliases, and whether it remembered them.

use std::collections::HashSet;

use super::{Node, Path, Requirement, Selection, Step};

/// How the library calls a field that it needs beside another one of the same name.
const PREFIX: &str = "_internal_qp_alias_";

/// A field that is asked for under an alias which no later step looks at: that step would take the value of the same
/// field with other arguments instead.
pub(super) fn forgotten(node: &Node) -> Option<String> {
    let mut seen = Seen::default();
    seen.node(node);
    let Seen { asked, used } = seen;
    asked
        .into_iter()
        .find(|(place, _)| !used.contains(place))
        .map(|(_, field)| field)
}

/// The keys from the root to a field.
type Place = Vec<String>;

#[derive(Default)]
struct Seen {
    /// Where aliases are, and the fields they stand for.
    asked: Vec<(Place, String)>,
    used: HashSet<Place>,
}

impl Seen {
    fn node(&mut self, node: &Node) {
        match node {
            Node::Fetch(fetch) | Node::Subscription { primary: fetch } => {
                let mut place = self.follow(&fetch.path);
                self.selection(&fetch.selection, &mut place);
            }
            Node::Entities(entities) => {
                for batch in &entities.batches {
                    for path in &batch.paths {
                        let mut place = self.follow(path);
                        self.requirements(&batch.requires, &mut place);
                        self.selection(&batch.selection, &mut place);
                    }
                }
            }
            Node::Sequence { nodes } | Node::Parallel { nodes } => nodes.iter().for_each(|node| self.node(node)),
        }
    }

    fn follow(&mut self, path: &Path) -> Place {
        let mut place = Place::new();
        for step in &path.0 {
            if let Step::Field(name) = step {
                place.push(name.clone());
                self.used.insert(place.clone());
            }
        }
        place
    }

    fn requirements(&mut self, requirements: &[Requirement], place: &mut Place) {
        for requirement in requirements {
            match requirement {
                Requirement::Field { source, fields, .. } => {
                    place.push(source.clone());
                    self.used.insert(place.clone());
                    self.requirements(fields, place);
                    place.pop();
                }
                Requirement::On { fields, .. } => self.requirements(fields, place),
            }
        }
    }

    fn selection(&mut self, selection: &Selection, place: &mut Place) {
        for field in &selection.fields {
            place.push(field.kept_as.clone());
            if field.kept_as.starts_with(PREFIX) {
                self.asked.push((place.clone(), field.name.clone()));
            }
            self.selection(&field.children, place);
            place.pop();
        }
    }
}
