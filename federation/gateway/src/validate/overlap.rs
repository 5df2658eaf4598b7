//! Whether fields that share a response key can be one field of the answer: FieldsInSetCanMerge of the specification.
//!
//! Not pair by pair, which takes the square of the time. Fields are brought together by their key first, as Simon
//! Adameit does it for Sangria ("GraphQL: overlapping fields can be merged fast"): all of one key have one shape, and
//! all of one key that may belong to one object are one field with one set of arguments. Only the keys that stand for
//! several fields somewhere have to be looked at object by object.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ptr::from_ref,
};

use graphql_tools::static_graphql::{
    query::{Definition, Document, Field, FragmentDefinition, Selection, SelectionSet, TypeCondition},
    schema::Type,
};
use platform_error::Code;

use super::{MOST, meaning::Meanings};
use crate::{fault::Fault, outline::inner, parse, supergraph::Supergraph};

/// What the specification's rule is called in errors.
pub(super) const RULE: &str = "OverlappingFieldsCanBeMerged";
/// Selections that are looked at object by object. Types inside types inside types may come to more than anybody can
/// count, with few fields.
const MOST_BY_OBJECT: usize = 500_000;

/// The fields of a document that cannot be one, though they have one key. The document fits the schema otherwise.
pub(super) fn conflicts(supergraph: &Supergraph, document: &Document) -> Vec<Fault> {
    let fragments = document.definitions.iter().filter_map(|definition| match definition {
        Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
        Definition::Operation(_) => None,
    });
    let mut merge = Merge {
        supergraph,
        fragments: fragments.collect(),
        meanings: Meanings::default(),
        compared: HashSet::new(),
        path: Vec::new(),
        left: MOST_BY_OBJECT,
        typename: Type::NonNullType(Box::new(Type::NamedType("String".into()))),
        misshapen: Vec::new(),
        different: Vec::new(),
    };
    for definition in &document.definitions {
        let Definition::Operation(operation) = definition else {
            continue;
        };
        let Some(of) = supergraph.root_type(parse::kind_of(operation)) else {
            continue;
        };
        let sets = [Set {
            of,
            selection: operation.selection_set(),
        }];
        let mixed = merge.shapes(&sets);
        if merge.by_object(&sets, &mixed).is_err() {
            let message = "the fields of one name cannot be told apart in so many types inside one another; \
                           give them names of their own";
            return vec![Fault::new(Code::Invalid, message).with("rule", RULE)];
        }
    }
    match merge.different.is_empty() {
        true => merge.misshapen,
        false => merge.different,
    }
}

/// A selection of fields of one type.
#[derive(Clone, Copy)]
struct Set<'a> {
    of: &'a str,
    selection: &'a SelectionSet,
}

/// A field where it stands.
#[derive(Clone, Copy)]
struct Seen<'a> {
    parent: &'a str,
    field: &'a Field,
    /// The same number for the same field with the same arguments.
    meaning: usize,
}

/// The fields of some sets by their response keys, in the order of the document.
#[derive(Default)]
struct Groups<'a> {
    all: Vec<(&'a str, Vec<Seen<'a>>)>,
    places: HashMap<&'a str, usize>,
    met: HashSet<*const SelectionSet>,
    selections: usize,
}

/// The keys that stand for several fields, and those that have such keys below them.
#[derive(Default)]
struct Mixed<'a>(HashMap<&'a str, Mixed<'a>>);

/// Too much had to be looked at.
struct Spent;

struct Merge<'a> {
    supergraph: &'a Supergraph,
    fragments: HashMap<&'a str, &'a FragmentDefinition>,
    meanings: Meanings,
    /// The fields that were compared with one another.
    compared: HashSet<Vec<*const Field>>,
    path: Vec<&'a str>,
    left: usize,
    typename: Type,
    misshapen: Vec<Fault>,
    different: Vec<Fault>,
}

impl<'a> Merge<'a> {
    /// Compares the shapes of all fields of one key: whichever objects they are of, a client reads them alike.
    fn shapes(&mut self, sets: &[Set<'a>]) -> Mixed<'a> {
        let mut mixed = Mixed::default();
        for (key, group) in self.groups(sets).all {
            self.path.push(key);
            let first = group[0];
            let is_mixed = group.iter().any(|seen| seen.meaning != first.meaning);
            let shape = self.type_of(first);
            let other = group
                .iter()
                .find(|seen| !self.is_one_shape(shape, self.type_of(**seen)));
            let below = match other {
                Some(other) => {
                    let types = [shape, self.type_of(*other)].map(|of| of.map(Type::to_string).unwrap_or_default());
                    let reason = format!("is of type {} and of type {}", types[0], types[1]);
                    if self.misshapen.len() < MOST {
                        self.misshapen.push(self.fault(&reason, [first, *other]));
                    }
                    Mixed::default()
                }
                None => self.shapes(&self.below(&group)),
            };
            if is_mixed || !below.0.is_empty() {
                mixed.0.insert(key, below);
            }
            self.path.pop();
        }
        mixed
    }

    /// Compares the fields of one key that may belong to one object.
    fn by_object(&mut self, sets: &[Set<'a>], mixed: &Mixed<'a>) -> Result<(), Spent> {
        if mixed.0.is_empty() || self.different.len() == MOST {
            return Ok(());
        }
        let groups = self.groups(sets);
        self.left = self.left.checked_sub(groups.selections).ok_or(Spent)?;
        for (key, group) in groups.all {
            let Some(below) = mixed.0.get(key) else { continue };
            if !self
                .compared
                .insert(group.iter().map(|seen| from_ref(seen.field)).collect())
            {
                continue;
            }
            self.path.push(key);
            for part in self.parts(group) {
                self.left = self.left.checked_sub(part.len()).ok_or(Spent)?;
                let first = part[0];
                if let Some(other) = part.iter().find(|seen| seen.meaning != first.meaning) {
                    let fault = self.fault(&difference(first, *other), [first, *other]);
                    self.different.push(fault);
                    break;
                }
                self.by_object(&self.below(&part), below)?;
            }
            self.path.pop();
        }
        Ok(())
    }

    /// The fields that may belong to one object, for each object: its own, and those of abstract types.
    fn parts(&self, group: Vec<Seen<'a>>) -> impl Iterator<Item = Vec<Seen<'a>>> + use<'a> {
        let types = &self.supergraph.types;
        let is_object = |seen: &Seen<'_>| types.id(seen.parent).is_some_and(|id| types.is_object(id));
        let mut objects = BTreeMap::<&str, Vec<Seen<'a>>>::new();
        for seen in group.iter().filter(|seen| is_object(seen)) {
            objects.entry(seen.parent).or_default().push(*seen);
        }
        let mut of_any: Vec<_> = group.iter().filter(|seen| !is_object(seen)).copied().collect();
        if objects.len() < 2 {
            of_any.clear();
            objects = BTreeMap::from([("", group)]);
        }
        objects
            .into_values()
            .map(move |own| of_any.iter().copied().chain(own).collect())
    }

    fn groups(&mut self, sets: &[Set<'a>]) -> Groups<'a> {
        let mut groups = Groups::default();
        for set in sets {
            self.gather(*set, &mut groups);
        }
        groups
    }

    fn gather(&mut self, set: Set<'a>, groups: &mut Groups<'a>) {
        if !groups.met.insert(from_ref(set.selection)) {
            return;
        }
        groups.selections += set.selection.items.len();
        for selection in &set.selection.items {
            let (on, selection) = match selection {
                Selection::Field(field) => {
                    groups.add(Seen {
                        parent: set.of,
                        field,
                        meaning: self.meanings.of(field),
                    });
                    continue;
                }
                Selection::InlineFragment(fragment) => (fragment.type_condition.as_ref(), &fragment.selection_set),
                Selection::FragmentSpread(spread) => match self.fragments.get(spread.fragment_name.as_str()) {
                    Some(fragment) => (Some(&fragment.type_condition), &fragment.selection_set),
                    None => continue,
                },
            };
            let of = on.map_or(set.of, |TypeCondition::On(on)| on);
            self.gather(Set { of, selection }, groups);
        }
    }

    /// What is selected of the values of some fields.
    fn below(&self, fields: &[Seen<'a>]) -> Vec<Set<'a>> {
        let set = |seen: &Seen<'a>| {
            let definition = self.supergraph.api_field(seen.parent, &seen.field.name)?;
            let selection = &seen.field.selection_set;
            let of = inner(&definition.field_type);
            (!selection.items.is_empty()).then_some(Set { of, selection })
        };
        fields.iter().filter_map(set).collect()
    }

    fn type_of(&self, seen: Seen<'a>) -> Option<&Type> {
        match seen.field.name.as_str() {
            "__typename" => Some(&self.typename),
            name => Some(&self.supergraph.api_field(seen.parent, name)?.field_type),
        }
    }

    fn is_one_shape(&self, one: Option<&Type>, other: Option<&Type>) -> bool {
        match (one, other) {
            (Some(Type::NonNullType(one)), Some(Type::NonNullType(other)))
            | (Some(Type::ListType(one)), Some(Type::ListType(other))) => self.is_one_shape(Some(one), Some(other)),
            (Some(Type::NamedType(one)), Some(Type::NamedType(other))) => {
                let is_composite = |name| self.supergraph.types.id(name).is_some();
                one == other || (is_composite(one) && is_composite(other))
            }
            (one, other) => one.is_none() || other.is_none(),
        }
    }

    fn fault(&self, reason: &str, fields: [Seen<'a>; 2]) -> Fault {
        let message = format!("{} {reason}; give one of them another alias", self.path.join("."));
        let fault = Fault::new(Code::Invalid, message).with("rule", RULE);
        fields.iter().fold(fault, |fault, seen| {
            fault.located(seen.field.position.line, seen.field.position.column)
        })
    }
}

impl<'a> Groups<'a> {
    fn add(&mut self, seen: Seen<'a>) {
        let key = seen.field.alias.as_deref().unwrap_or(&seen.field.name);
        let place = *self.places.entry(key).or_insert(self.all.len());
        match self.all.get_mut(place) {
            Some((_, group)) => group.push(seen),
            None => self.all.push((key, vec![seen])),
        }
    }
}

fn difference(one: Seen<'_>, other: Seen<'_>) -> String {
    match one.field.name == other.field.name {
        true => format!("is the field {} with different arguments", one.field.name),
        false => format!("is the field {} and the field {}", one.field.name, other.field.name),
    }
}
