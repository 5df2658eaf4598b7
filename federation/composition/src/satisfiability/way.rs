//! The ways from the roots into a state, and whether a query can take one of them.

use std::collections::{BTreeMap, HashMap};

use apollo_compiler::{Name, ast::OperationType};

use super::walk::{StateId, TooManyPaths, Walk};

/// The values of some labels.
pub(super) type Labels<'a> = BTreeMap<&'a str, bool>;

/// One step into a state.
pub(super) enum Origin<'a> {
    Root(OperationType),
    Field {
        parent: StateId,
        name: &'a Name,
        declared: &'a Name,
        /// The values of labels under which the field leads here.
        labels: Labels<'a>,
    },
}

/// The last steps of all ways into a state.
pub(super) struct Ways<'a> {
    /// Whether one way is open whatever the labels are. It is the only one then: no other can say more.
    pub(super) is_free: bool,
    origins: Vec<Origin<'a>>,
}

impl<'a> Ways<'a> {
    pub(super) fn add(&mut self, other: Self) {
        if self.is_free {
            return;
        }
        if other.is_free {
            *self = other;
        } else {
            self.origins.extend(other.origins);
        }
    }

    pub(super) fn is_root(&self, operation: OperationType) -> bool {
        matches!(self.origins.as_slice(), [Origin::Root(root)] if *root == operation)
    }
}

/// A path of a query.
pub(super) struct Way<'a> {
    pub(super) operation: OperationType,
    /// The fields it takes, and the type of the object in each if the field does not say it.
    pub(super) fields: Vec<(&'a Name, Option<Name>)>,
}

/// A state on the way back from what cannot be resolved.
struct Point<'a> {
    state: StateId,
    /// The labels decided between here and there.
    labels: Labels<'a>,
    /// The point that a step leads to, and the step.
    next: Option<(usize, (&'a Name, Option<Name>))>,
}

impl<'a> Walk<'a> {
    /// The ways that end with a step.
    pub(super) fn by(&self, step: Origin<'a>) -> Ways<'a> {
        let is_free = match &step {
            Origin::Root(_) => true,
            Origin::Field { parent, labels, .. } => labels.is_empty() && self.ways[*parent].is_free,
        };
        Ways {
            is_free,
            origins: vec![step],
        }
    }

    /// The shortest way to a state that decides no label both ways, if there is any.
    pub(super) fn way(&mut self, to: StateId, labels: Labels<'a>) -> Result<Option<Way<'a>>, TooManyPaths> {
        let mut seen: HashMap<StateId, Vec<Labels<'a>>> = HashMap::new();
        let mut points = vec![Point {
            state: to,
            labels,
            next: None,
        }];
        let mut at = 0;
        while let Some(Point { state, labels, .. }) = points.get(at) {
            let (mut found, mut paths) = (Vec::new(), 0);
            for origin in &self.ways[*state].origins {
                let (parent, name, declared, decided) = match origin {
                    Origin::Root(operation) => return Ok(Some(forward(*operation, &points, at))),
                    Origin::Field {
                        parent,
                        name,
                        declared,
                        labels,
                    } => (*parent, *name, *declared, labels),
                };
                let Some(labels) = both(labels, decided) else { continue };
                let seen = seen.entry(parent).or_default();
                paths += labels.len() + seen.len();
                // What is decided there already leaves no way open that fewer decisions did not.
                if seen.iter().any(|it| both(it, &labels).as_ref() == Some(&labels)) {
                    continue;
                }
                seen.push(labels.clone());
                let runtime = &self.states[*state].runtime;
                let fragment = (runtime != declared).then(|| runtime.clone());
                found.push(Point {
                    state: parent,
                    labels,
                    next: Some((at, (name, fragment))),
                });
            }
            points.extend(found);
            self.spend(paths)?;
            at += 1;
        }
        Ok(None)
    }
}

/// Both sets of labels, unless they contradict each other.
fn both<'a>(one: &Labels<'a>, other: &Labels<'a>) -> Option<Labels<'a>> {
    let mut both = one.clone();
    for (label, value) in other {
        if *both.entry(label).or_insert(*value) != *value {
            return None;
        }
    }
    Some(both)
}

fn forward<'a>(operation: OperationType, points: &[Point<'a>], root: usize) -> Way<'a> {
    let mut fields = Vec::new();
    let mut at = root;
    while let Some((next, step)) = &points[at].next {
        fields.push(step.clone());
        at = *next;
    }
    Way { operation, fields }
}
