//! Operations that the library cannot plan as a whole, planned in two: first up to some objects and their keys, then
//! from those keys on.
//!
//! The second part begins on the [stage](super::stage), where all keys of the object are known. Which of them it takes
//! is what the first part is asked for instead.

use std::cell::Cell;

use hive_router_query_planner::{
    ast::{
        operation::OperationDefinition,
        selection_item::SelectionItem,
        selection_set::{FieldSelection, SelectionSet},
    },
    state::supergraph_state::{OperationKind, SupergraphDefinition, SupergraphState, TypeNode},
};

use super::{
    Node, Step, aliases,
    kept::Needed,
    offstage::{fields, move_to, opened},
    own::name_apart,
    stage::{STAGE, entrance},
};

/// Cuts of cuts.
const DEPTH: usize = 2;

/// Plans an operation, from the stage or from where clients ask.
type Plan<'p> = &'p dyn Fn(&OperationDefinition, bool) -> Option<Node>;

/// What is needed to cut.
pub(super) struct Cutter<'c> {
    supergraph: &'c SupergraphState,
    needed: &'c Needed,
    root: &'c str,
    plan: Plan<'c>,
    is_late: &'c Cell<bool>,
    /// How many parts were tried, so that each has a number of its own.
    parts: Cell<usize>,
}

/// What is to be planned, from the stage or from where clients ask.
#[derive(Clone, Copy)]
struct Whole<'o> {
    operation: &'o OperationDefinition,
    is_staged: bool,
}

/// Where an operation may be cut: a selection of objects that have keys.
#[derive(Clone, Default)]
struct Place {
    /// The way there, by the places among the selections.
    way: Vec<usize>,
    path: Vec<Step>,
    of: String,
}

impl<'c> Cutter<'c> {
    /// What cuts operations below this root type. It stops looking once it `is_late`.
    pub(super) fn new(
        (supergraph, needed): (&'c SupergraphState, &'c Needed),
        root: &'c str,
        plan: Plan<'c>,
        is_late: &'c Cell<bool>,
    ) -> Self {
        let parts = Cell::new(1);
        Self {
            supergraph,
            needed,
            root,
            plan,
            is_late,
            parts,
        }
    }

    /// A plan in as few parts as possible, if there is one.
    pub(super) fn cut(&self, operation: &OperationDefinition) -> Option<Node> {
        let whole = Whole {
            operation,
            is_staged: false,
        };
        (0..DEPTH).find_map(|depth| self.within(whole, depth))
    }

    fn within(&self, whole: Whole<'_>, depth: usize) -> Option<Node> {
        let mut places = Vec::new();
        let root = match whole.is_staged {
            true => &*self.supergraph.query_type,
            false => self.root,
        };
        self.places(root, &whole.operation.selection_set, &Place::default(), &mut places);
        places.iter().find_map(|place| self.at(whole, place, depth))
    }

    /// What the library plans, or, with some depth left, what it plans in parts.
    fn planned(&self, whole: Whole<'_>, depth: usize) -> Option<Node> {
        let cut = || self.within(whole, depth.checked_sub(1)?);
        (self.plan)(whole.operation, whole.is_staged).or_else(cut)
    }

    fn at(&self, whole: Whole<'_>, place: &Place, depth: usize) -> Option<Node> {
        let Whole { operation, is_staged } = whole;
        let items = &place.of_operation(operation)?.items;
        let fails = |item: &SelectionItem| {
            if self.is_late.get() {
                return true;
            }
            let alone = place.with(operation, vec![item.clone()], true);
            (self.plan)(&alone, is_staged).is_none()
        };
        let (later, now): (Vec<_>, Vec<_>) = items.iter().cloned().partition(fails);
        if !later.is_empty() {
            return self.parted(whole, place, (now, later), depth);
        }
        // Each by itself can be planned, so it is two of them that cannot be together.
        let mut splits = (1..items.len()).rev().take_while(|_| !self.is_late.get());
        splits.find_map(|index| {
            let parts = (items[..index].to_vec(), items[index..].to_vec());
            self.parted(whole, place, parts, depth)
        })
    }

    fn parted(
        &self,
        whole: Whole<'_>,
        place: &Place,
        (mut now, later): (Vec<SelectionItem>, Vec<SelectionItem>),
        depth: usize,
    ) -> Option<Node> {
        if self.is_late.get() {
            return None;
        }
        let operation = whole.operation;
        let entrance = entrance(&place.of);
        let from_stage = Whole {
            operation: &entering(&entrance, later.clone(), operation),
            is_staged: true,
        };
        let (keys, mut rest) = opened(self.planned(from_stage, depth)?, &entrance)?;
        let keys = fields(&keys)?;
        if later.iter().all(|item| keys.contains(item)) {
            // It would be the same once more.
            return None;
        }
        let is_own = |name: &str| name.starts_with(aliases::PREFIX) || self.needed.is_given_arguments(name);
        name_apart(&mut rest, &is_own, self.parts.replace(self.parts.get() + 1));
        now.extend(keys);
        let before = place.with(operation, now, false);
        let operation = &before;
        let first = self.planned(Whole { operation, ..whole }, depth)?;
        rest.iter_mut()
            .try_for_each(|node| move_to(node, &entrance, &place.path))?;
        let mut nodes = match first {
            Node::Sequence { nodes } => nodes,
            one => vec![one],
        };
        nodes.append(&mut rest);
        Some(Node::Sequence { nodes })
    }

    /// The places below some selections, the outer ones first.
    fn places(&self, parent: &str, set: &SelectionSet, at: &Place, places: &mut Vec<Place>) {
        for (index, item) in set.items.iter().enumerate() {
            let mut path = at.path.clone();
            let Some((of, below)) = self.step(parent, item, &mut path) else {
                continue;
            };
            let way = [&at.way[..], &[index]].concat();
            let place = Place { way, path, of };
            let is_entrance = matches!(item, SelectionItem::Field(field) if field.name.starts_with(STAGE));
            if !is_entrance && self.has_keys(&place.of) {
                places.push(place.clone());
            }
            self.places(&place.of, below, &place, places);
        }
    }

    /// The type of what is selected below an item, and how it is reached.
    fn step<'i>(
        &self,
        parent: &str,
        item: &'i SelectionItem,
        path: &mut Vec<Step>,
    ) -> Option<(String, &'i SelectionSet)> {
        match item {
            SelectionItem::Field(field) => {
                path.push(Step::Field(field.selection_identifier().to_owned()));
                if let Some(of) = field.name.strip_prefix(STAGE) {
                    return Some((of.to_owned(), &field.selections));
                }
                let fields = self.supergraph.definitions.get(parent)?.fields();
                let of = &fields.get(&field.name)?.field_type;
                path.extend(vec![Step::Each; lists(of)]);
                Some((of.inner_type().to_owned(), &field.selections))
            }
            SelectionItem::InlineFragment(fragment) => {
                let of = &fragment.type_condition;
                if of != parent {
                    // The objects of an interface would have to be named one by one.
                    self.is_object(of).then(|| path.push(Step::On(vec![of.clone()])))?;
                }
                Some((of.clone(), &fragment.selections))
            }
            SelectionItem::FragmentSpread(_) => None,
        }
    }

    fn is_object(&self, of: &str) -> bool {
        matches!(
            self.supergraph.definitions.get(of),
            Some(SupergraphDefinition::Object(_))
        )
    }

    fn has_keys(&self, of: &str) -> bool {
        match self.supergraph.definitions.get(of) {
            Some(SupergraphDefinition::Object(object)) => {
                let mut joins = object.join_type.iter();
                joins.any(|join| join.key.is_some() && join.resolvable)
            }
            _ => false,
        }
    }
}

/// The operation that asks an object of the stage for these fields.
fn entering(entrance: &str, items: Vec<SelectionItem>, of: &OperationDefinition) -> OperationDefinition {
    let mut enter = FieldSelection::new_typename();
    enter.name = entrance.to_owned();
    enter.selections = SelectionSet { items };
    let items = vec![SelectionItem::Field(enter)];
    OperationDefinition {
        name: None,
        operation_kind: Some(OperationKind::Query),
        selection_set: SelectionSet { items },
        variable_definitions: of.variable_definitions.clone(),
    }
}

impl Place {
    fn of_operation<'o>(&self, operation: &'o OperationDefinition) -> Option<&'o SelectionSet> {
        self.way
            .iter()
            .try_fold(&operation.selection_set, |set, index| match set.items.get(*index)? {
                SelectionItem::Field(field) => Some(&field.selections),
                SelectionItem::InlineFragment(fragment) => Some(&fragment.selections),
                SelectionItem::FragmentSpread(_) => None,
            })
    }

    /// The operation with these selections at this place, and with or without all others.
    fn with(&self, operation: &OperationDefinition, items: Vec<SelectionItem>, is_alone: bool) -> OperationDefinition {
        let mut changed = operation.clone();
        let mut set = &mut changed.selection_set;
        for index in &self.way {
            let index = match is_alone {
                true => {
                    set.items = vec![set.items.swap_remove(*index)];
                    0
                }
                false => *index,
            };
            set = match &mut set.items[index] {
                SelectionItem::Field(field) => &mut field.selections,
                SelectionItem::InlineFragment(fragment) => &mut fragment.selections,
                SelectionItem::FragmentSpread(_) => return changed,
            };
        }
        set.items = items;
        changed
    }
}

fn lists(of: &TypeNode) -> usize {
    match of {
        TypeNode::List(of) => 1 + lists(of),
        TypeNode::NonNull(of) => lists(of),
        TypeNode::Named(_) => 0,
    }
}
