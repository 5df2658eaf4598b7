//! How many fields an operation has once its abstract types are taken apart into their objects, as the planner does
//! before it looks at any clock: a small text inside interfaces inside interfaces may stand for millions.

use std::collections::HashMap;

use graphql_tools::static_graphql::{
    query::{Document, Field, FragmentDefinition, Selection, SelectionSet, TypeCondition},
    schema::{Directive, Field as FieldDefinition, TypeDefinition, Value},
};

use crate::{
    Error,
    outline::{Operation, inner},
    supergraph::{Supergraph, argument},
};

/// Refuses an operation that comes to more fields than these.
pub(super) fn check(
    supergraph: &Supergraph,
    document: &Document,
    name: Option<&str>,
    most: usize,
) -> Result<(), Error> {
    let Some(operation) = Operation::find(document, name) else {
        return Ok(());
    };
    let mut walk = Walk {
        supergraph,
        fragments: operation.fragments,
        taken_apart: HashMap::new(),
        left: most,
    };
    match supergraph
        .root_type(operation.kind)
        .map(|root| walk.set(root, operation.selection))
    {
        Some(Err(Spent)) => Err(Error::TooManyFields(most)),
        _ => Ok(()),
    }
}

/// There are more fields than are allowed. Each is counted by going there, so this ends the counting as well.
struct Spent;

struct Walk<'a> {
    supergraph: &'a Supergraph,
    fragments: HashMap<&'a str, &'a FragmentDefinition>,
    /// Whether the field of an interface is asked for from each of its objects.
    taken_apart: HashMap<(&'a str, &'a str), bool>,
    left: usize,
}

impl<'a> Walk<'a> {
    fn set(&mut self, parent: &'a str, set: &'a SelectionSet) -> Result<(), Spent> {
        for selection in &set.items {
            match selection {
                Selection::Field(field) => self.selected(parent, field)?,
                Selection::InlineFragment(fragment) => {
                    self.fragment(parent, fragment.type_condition.as_ref(), &fragment.selection_set)?;
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(spread.fragment_name.as_str()).copied() {
                        self.fragment(parent, Some(&fragment.type_condition), &fragment.selection_set)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn fragment(
        &mut self,
        parent: &'a str,
        condition: Option<&'a TypeCondition>,
        set: &'a SelectionSet,
    ) -> Result<(), Spent> {
        let on = condition.map(|TypeCondition::On(on)| on.as_str());
        let Some(on) = on.filter(|on| *on != parent) else {
            return self.set(parent, set);
        };
        let types = &self.supergraph.types;
        let within = types.id(parent).map(|parent| types.possible(parent));
        for object in types.objects_of(on) {
            if within
                .zip(types.id(object))
                .is_some_and(|(within, id)| within.contains(id))
            {
                self.set(object, set)?;
            }
        }
        Ok(())
    }

    fn selected(&mut self, parent: &'a str, field: &'a Field) -> Result<(), Spent> {
        let supergraph = self.supergraph;
        let known = self.taken_apart.entry((parent, field.name.as_str()));
        if !*known.or_insert_with(|| is_taken_apart(supergraph, parent, &field.name)) {
            return self.field(parent, field);
        }
        for object in supergraph.types.objects_of(parent) {
            self.field(object, field)?;
        }
        Ok(())
    }

    fn field(&mut self, parent: &str, field: &'a Field) -> Result<(), Spent> {
        self.left = self.left.checked_sub(1).ok_or(Spent)?;
        match self.supergraph.field(parent, &field.name) {
            Some(definition) => self.set(inner(&definition.field_type), &field.selection_set),
            None => Ok(()),
        }
    }
}

/// Whether the planner asks each object for the field: where one of them does not have it in every subgraph, or where
/// not every subgraph of the interface answers it.
fn is_taken_apart(supergraph: &Supergraph, parent: &str, name: &str) -> bool {
    let Some(TypeDefinition::Interface(interface)) = supergraph.definition(parent) else {
        return false;
    };
    let moves = |field: &FieldDefinition| {
        joins(field).any(|join| {
            is_set(join, "external") || is_set(join, "usedOverridden") || argument(join, "override").is_some()
        })
    };
    let mut objects = supergraph.types.objects_of(parent);
    if objects.any(|object| supergraph.field(object, name).is_none_or(moves)) {
        return true;
    }
    let Some(field) = supergraph
        .field(parent, name)
        .filter(|field| joins(field).next().is_some())
    else {
        return false;
    };
    let answered = joins(field).filter(|join| argument(join, "graph").is_some() && !is_set(join, "external"));
    let defined = interface
        .directives
        .iter()
        .filter(|directive| directive.name == "join__type");
    answered.count() < defined.filter(|join| !is_set(join, "isInterfaceObject")).count()
}

fn joins(field: &FieldDefinition) -> impl Iterator<Item = &Directive> {
    field
        .directives
        .iter()
        .filter(|directive| directive.name == "join__field")
}

fn is_set(directive: &Directive, name: &str) -> bool {
    argument(directive, name) == Some(&Value::Boolean(true))
}
