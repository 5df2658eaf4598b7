//! The planner's own aliases, and whether it remembered what they stand for, and where.

use std::collections::{HashMap, HashSet};

use super::{Node, Path, Requirement, Selection, Step};

/// How the library calls a field that it needs beside another one of the same name.
pub(super) const PREFIX: &str = "_internal_qp_alias_";

/// A field of which the library may have taken one value for another.
///
/// That is one under an alias which no later step looks at: that step would take the value of the same field with other
/// arguments instead. And one that something requires and that has aliases at several places, or one in a list of
/// representations that is sent for several: to the library they are the same, whatever the alias stands for in each.
pub(super) fn confused(node: &Node) -> Option<String> {
    let mut seen = Seen::default();
    seen.node(node);
    let is_required = |field: &String| seen.lists.iter().any(|(_, fields)| fields.contains(field));
    let mut required = seen.asked.iter().filter(|(_, field)| is_required(field));
    let first = required.next().map(|(place, _)| parent(place));
    if let Some((_, field)) = required.find(|(place, _)| Some(parent(place)) != first) {
        return Some(field.clone());
    }
    let is_shared = |place: &Place, field: &String| {
        let mut lists = seen.lists.iter().filter(|(_, fields)| fields.contains(field));
        lists.any(|(places, _)| places.len() > 1 && places.iter().any(|at| place.starts_with(at)))
    };
    let mut asked = seen.asked.iter();
    let found = asked.find(|(place, field)| !seen.used.contains(place) || is_shared(place, field));
    found.map(|(_, field)| field.clone())
}

fn parent(place: &Place) -> &[String] {
    &place[..place.len().saturating_sub(1)]
}

/// The keys from the root to a field.
type Place = Vec<String>;

#[derive(Default)]
struct Seen {
    /// Where aliases are, and the fields they stand for.
    asked: Vec<(Place, String)>,
    used: HashSet<Place>,
    /// The places of each list of representations, and the fields that those have.
    lists: Vec<(Vec<Place>, HashSet<String>)>,
}

impl Seen {
    fn node(&mut self, node: &Node) {
        match node {
            Node::Fetch(fetch) | Node::Subscription { primary: fetch } => {
                let mut place = self.follow(&fetch.path);
                self.selection(&fetch.selection, &mut place);
            }
            Node::Entities(entities) => {
                let mut lists = HashMap::<&str, (Vec<Place>, HashSet<String>)>::new();
                for batch in &entities.batches {
                    let (places, fields) = lists.entry(&batch.variable).or_default();
                    names(&batch.requires, fields);
                    for path in &batch.paths {
                        let mut place = self.follow(path);
                        places.push(place.clone());
                        self.requirements(&batch.requires, &mut place);
                        self.selection(&batch.selection, &mut place);
                    }
                }
                self.lists.extend(lists.into_values());
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

fn names(requirements: &[Requirement], found: &mut HashSet<String>) {
    for requirement in requirements {
        match requirement {
            Requirement::Field { key, fields, .. } => {
                found.insert(key.clone());
                names(fields, found);
            }
            Requirement::On { fields, .. } => names(fields, found),
        }
    }
}
