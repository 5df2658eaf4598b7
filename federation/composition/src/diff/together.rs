//! Fields that an operation asks for under one name: their answers must be alike, also in whether they can be null.

use std::collections::{BTreeSet, HashSet};

use apollo_compiler::{
    ExecutableDocument, Name, Schema,
    ast::{FieldDefinition, Type},
    collections::IndexMap,
    executable::{Field, Selection, SelectionSet},
    schema::{Component, ExtendedType},
    validation::Valid,
};

use super::change::Use;

/// A type and a field of it.
type Coordinate<'a> = (&'a Name, &'a Name);

/// Two schemas, and where in the old one fields of several types can be asked for under one name.
pub(super) struct Together<'a> {
    pub(super) old: &'a Valid<Schema>,
    pub(super) new: &'a Valid<Schema>,
    /// The types of interfaces and unions, and all that can be asked for below them.
    beside: BTreeSet<Name>,
}

impl<'a> Together<'a> {
    pub(super) fn new(old: &'a Valid<Schema>, new: &'a Valid<Schema>) -> Self {
        let mut beside = BTreeSet::new();
        let mut found: Vec<&Name> = Vec::new();
        for ty in old.types.values() {
            match ty {
                ExtendedType::Interface(it) => found.push(&it.name),
                ExtendedType::Union(it) => found.extend(it.members.iter().map(|member| &member.name)),
                ExtendedType::Object(it) if !it.implements_interfaces.is_empty() => found.push(&it.name),
                _ => {}
            }
        }
        while let Some(name) = found.pop() {
            if beside.insert(name.clone()) {
                let fields = fields(old, name).into_iter().flat_map(IndexMap::values);
                found.extend(fields.map(|field| field.ty.inner_named_type()));
            }
        }
        Self { old, new, beside }
    }

    /// A field that an operation can ask for under one name with this one, but no longer in the new schema. One that
    /// is called the same comes first.
    pub(super) fn rival(&self, parent: &Name, field: &Name) -> Option<String> {
        let all = self.beside.iter().flat_map(|ty| {
            let fields = fields(self.old, ty).into_iter().flat_map(IndexMap::keys);
            fields.map(move |name| (ty, name))
        });
        let rivals = all.filter(|other| self.part((parent, field), *other));
        let (ty, name) = rivals.min_by_key(|(_, name)| *name != field)?;
        Some(format!("{ty}.{name}"))
    }

    /// Adds the fields of an operation that it asks for under one name with another field, and no longer can.
    pub(super) fn add(&self, document: &ExecutableDocument, uses: &mut HashSet<Use>) {
        let mut walk = Walk {
            together: self,
            document,
            seen: HashSet::new(),
            uses,
        };
        for operation in document.operations.iter() {
            walk.sets(&[&operation.selection_set]);
        }
    }

    /// The same where only the fields of an operation are known: any two may have had one name.
    pub(super) fn add_any(&self, fields: &[(Name, Name)], uses: &mut HashSet<Use>) {
        let coordinates: BTreeSet<Coordinate<'_>> = fields.iter().map(|(parent, field)| (parent, field)).collect();
        self.add_parted(&coordinates, uses);
    }

    fn add_parted(&self, coordinates: &BTreeSet<Coordinate<'_>>, uses: &mut HashSet<Use>) {
        for one in coordinates {
            if coordinates.iter().any(|other| self.part(*one, *other)) {
                uses.insert(Use::Together(one.0.clone(), one.1.clone()));
            }
        }
    }

    /// Whether the answers of two fields are alike in the old schema, and no longer in the new one.
    fn part(&self, one: Coordinate<'_>, other: Coordinate<'_>) -> bool {
        let types = |schema: &'a Schema| Some((answer(schema, one)?, answer(schema, other)?));
        let is_composite = |ty: &Type| is_composite(self.old, ty.inner_named_type());
        let were_alike = |(a, b): (&Type, &Type)| {
            is_alike(a, b) && (a.inner_named_type() == b.inner_named_type() || (is_composite(a) && is_composite(b)))
        };
        self.beside.contains(one.0)
            && self.beside.contains(other.0)
            && types(self.old).is_some_and(were_alike)
            && types(self.new).is_some_and(|(a, b)| !is_alike(a, b))
    }
}

/// Goes through an operation as its answer is put together.
struct Walk<'w, 'a> {
    together: &'w Together<'a>,
    document: &'w ExecutableDocument,
    /// The fields that were looked at together: fragments can repeat them very often.
    seen: HashSet<Vec<*const Field>>,
    uses: &'w mut HashSet<Use>,
}

/// Fields by the name under which they are asked for, each with the type it is asked of.
type ByName<'w> = IndexMap<&'w Name, Vec<(&'w Name, &'w Field)>>;

impl<'w> Walk<'w, '_> {
    /// Selections whose answers become one object.
    fn sets(&mut self, sets: &[&'w SelectionSet]) {
        let mut by_name = ByName::default();
        let mut fragments = HashSet::new();
        for set in sets {
            self.collect(set, &mut by_name, &mut fragments);
        }
        for fields in by_name.into_values() {
            let met = fields.iter().map(|(_, field)| std::ptr::from_ref(*field)).collect();
            if self.seen.insert(met) {
                let coordinates = fields.iter().map(|(parent, field)| (*parent, &field.name)).collect();
                self.together.add_parted(&coordinates, self.uses);
                let below: Vec<_> = fields.iter().map(|(_, field)| &field.selection_set).collect();
                self.sets(&below);
            }
        }
    }

    fn collect(&self, set: &'w SelectionSet, into: &mut ByName<'w>, fragments: &mut HashSet<&'w Name>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => into.entry(field.response_key()).or_default().push((&set.ty, &**field)),
                Selection::InlineFragment(fragment) => self.collect(&fragment.selection_set, into, fragments),
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.fragment_name);
                    if let Some(fragment) = fragment.filter(|_| fragments.insert(&spread.fragment_name)) {
                        self.collect(&fragment.selection_set, into, fragments);
                    }
                }
            }
        }
    }
}

fn fields<'a>(schema: &'a Schema, name: &str) -> Option<&'a IndexMap<Name, Component<FieldDefinition>>> {
    match schema.types.get(name)? {
        ExtendedType::Object(it) => Some(&it.fields),
        ExtendedType::Interface(it) => Some(&it.fields),
        _ => None,
    }
}

fn is_composite(schema: &Schema, name: &str) -> bool {
    let ty = schema.types.get(name);
    ty.is_some_and(|ty| ty.is_object() || ty.is_interface() || ty.is_union())
}

fn answer<'a>(schema: &'a Schema, (parent, field): Coordinate<'_>) -> Option<&'a Type> {
    Some(&fields(schema, parent)?.get(field)?.ty)
}

/// Whether answers are lists, and cannot be null, in the same places.
fn is_alike(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Named(_), Type::Named(_)) | (Type::NonNullNamed(_), Type::NonNullNamed(_)) => true,
        (Type::List(a), Type::List(b)) | (Type::NonNullList(a), Type::NonNullList(b)) => is_alike(a, b),
        _ => false,
    }
}
