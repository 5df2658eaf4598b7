//! What a gateway asks a stitched service, taken apart once per text: nothing special, root fields under other names,
//! or entities.

use std::collections::{BTreeSet, HashMap};

use graphql_tools::static_graphql::query::{
    Definition, Document, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet, TypeCondition,
    Value, VariableDefinition,
};

use platform_graphql::strings::quoted;

use crate::{numbers, values};

const ENTITIES: &str = "_entities";
const REPRESENTATIONS: &str = "representations";

/// A text that was taken apart.
#[derive(Debug)]
pub(super) enum Asked {
    /// To be sent as it is.
    Plain,
    /// To be sent as this text.
    Renamed(String),
    /// Entities.
    Entities(Vec<Batch>),
}

/// A field `_entities`.
#[derive(Debug)]
pub(super) struct Batch {
    /// Its key in the answer.
    pub(super) key: String,
    /// The variable with the representations.
    pub(super) variable: String,
    /// What is asked of each type, by the name it is called in a fragment.
    pub(super) selections: Vec<Part>,
}

/// What is asked of entities of one type.
#[derive(Debug)]
pub(super) struct Part {
    /// The type, or an interface or union of it; nothing means all.
    pub(super) condition: Option<String>,
    /// The fields, with fragments in place.
    pub(super) text: String,
    /// The client's variables in it, as they are declared.
    pub(super) variables: Vec<(String, String)>,
}

/// The names that root fields have in the service, by `query`, `mutation` or `subscription` and their names here.
pub(super) type Renames = HashMap<(&'static str, String), String>;

/// Takes a text apart. What cannot be read is not changed: the service will say what is wrong with it.
pub(super) fn read(text: &str, renames: &Renames) -> Asked {
    let Some(mut document) = numbers::document_of(text) else {
        return Asked::Plain;
    };
    print_exactly(&mut document);
    if let Some(batches) = batches(&document) {
        return Asked::Entities(batches);
    }
    match rename(&mut document, renames) {
        true => Asked::Renamed(document.to_string()),
        false => Asked::Plain,
    }
}

/// Puts the strings of a document as literals that the library prints as they are: its own printer writes other
/// characters than it was given.
fn print_exactly(document: &mut Document) {
    values::each(document, &mut |value| {
        if let Value::String(text) = value {
            *value = Value::Enum(quoted(text));
        }
    });
}

fn batches(document: &Document) -> Option<Vec<Batch>> {
    let (mut operation, mut fragments) = (None, HashMap::new());
    for definition in &document.definitions {
        match definition {
            Definition::Operation(OperationDefinition::Query(query)) => operation = Some(query),
            Definition::Fragment(fragment) => drop(fragments.insert(fragment.name.as_str(), fragment)),
            Definition::Operation(_) => return None,
        }
    }
    let query = operation?;
    let mut out = Vec::new();
    for item in &query.selection_set.items {
        match item {
            Selection::Field(field) if field.name == ENTITIES => {
                out.push(batch(field, &query.variable_definitions, &fragments)?);
            }
            _ => return None,
        }
    }
    (!out.is_empty()).then_some(out)
}

fn batch(
    field: &Field,
    declared: &[VariableDefinition],
    fragments: &HashMap<&str, &FragmentDefinition>,
) -> Option<Batch> {
    let variable = field.arguments.iter().find_map(|(name, value)| match value {
        Value::Variable(variable) if name == REPRESENTATIONS => Some(variable.clone()),
        _ => None,
    })?;
    let whole = in_place(&field.selection_set, fragments);
    let mut selections = Vec::new();
    let mut direct = Vec::new();
    for item in whole.items {
        match item {
            Selection::InlineFragment(fragment) if fragment.directives.is_empty() => {
                let condition = fragment.type_condition.map(|TypeCondition::On(name)| name);
                selections.push(part(condition, &fragment.selection_set, declared));
            }
            other => direct.push(other),
        }
    }
    if !direct.is_empty() {
        let set = SelectionSet {
            items: direct,
            ..field.selection_set.clone()
        };
        selections.push(part(None, &set, declared));
    }
    Some(Batch {
        key: field.alias.clone().unwrap_or_else(|| ENTITIES.into()),
        variable,
        selections,
    })
}

fn part(condition: Option<String>, set: &SelectionSet, declared: &[VariableDefinition]) -> Part {
    let mut used = BTreeSet::new();
    variables_of(set, &mut used);
    let used = declared.iter().filter(|definition| used.contains(&definition.name));
    let whole = |definition: &VariableDefinition| {
        let default = definition
            .default_value
            .as_ref()
            .map(|value| format!(" = {value}"))
            .unwrap_or_default();
        (
            definition.name.clone(),
            format!("${}: {}{default}", definition.name, definition.var_type),
        )
    };
    let text = set.to_string();
    let text = text.trim();
    let text = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .unwrap_or(text);
    Part {
        condition,
        text: text.trim().to_owned(),
        variables: used.map(whole).collect(),
    }
}

/// A selection with its fragments put where they are used, so that parts of it can be sent alone.
fn in_place(set: &SelectionSet, fragments: &HashMap<&str, &FragmentDefinition>) -> SelectionSet {
    let mut out = set.clone();
    out.items.clear();
    for item in &set.items {
        let item = match item {
            Selection::Field(field) => Selection::Field(Field {
                selection_set: in_place(&field.selection_set, fragments),
                ..field.clone()
            }),
            Selection::InlineFragment(fragment) => {
                let mut fragment = fragment.clone();
                fragment.selection_set = in_place(&fragment.selection_set, fragments);
                Selection::InlineFragment(fragment)
            }
            Selection::FragmentSpread(spread) => {
                let Some(fragment) = fragments.get(spread.fragment_name.as_str()) else {
                    continue;
                };
                Selection::InlineFragment(graphql_tools::static_graphql::query::InlineFragment {
                    position: spread.position,
                    type_condition: Some(fragment.type_condition.clone()),
                    directives: spread.directives.clone(),
                    selection_set: in_place(&fragment.selection_set, fragments),
                })
            }
        };
        out.items.push(item);
    }
    out
}

fn variables_of(set: &SelectionSet, found: &mut BTreeSet<String>) {
    for item in &set.items {
        let (directives, below) = match item {
            Selection::Field(field) => {
                field.arguments.iter().for_each(|(_, value)| variables_in(value, found));
                (&field.directives, Some(&field.selection_set))
            }
            Selection::InlineFragment(fragment) => (&fragment.directives, Some(&fragment.selection_set)),
            Selection::FragmentSpread(spread) => (&spread.directives, None),
        };
        for directive in directives {
            directive
                .arguments
                .iter()
                .for_each(|(_, value)| variables_in(value, found));
        }
        if let Some(below) = below {
            variables_of(below, found);
        }
    }
}

fn variables_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Variable(name) => drop(found.insert(name.clone())),
        Value::List(items) => items.iter().for_each(|item| variables_in(item, found)),
        Value::Object(fields) => fields.iter().for_each(|(_, value)| variables_in(value, found)),
        _ => {}
    }
}

/// Gives root fields the names that the service knows, and keeps theirs in the answer. Whether there were any.
fn rename(document: &mut Document, renames: &Renames) -> bool {
    if renames.is_empty() {
        return false;
    }
    let mut is_changed = false;
    let (mut kind, mut spread) = ("query", BTreeSet::new());
    for definition in &mut document.definitions {
        let (name, set) = match definition {
            Definition::Operation(OperationDefinition::Query(query)) => ("query", &mut query.selection_set),
            Definition::Operation(OperationDefinition::SelectionSet(set)) => ("query", set),
            Definition::Operation(OperationDefinition::Mutation(it)) => ("mutation", &mut it.selection_set),
            Definition::Operation(OperationDefinition::Subscription(it)) => ("subscription", &mut it.selection_set),
            Definition::Fragment(_) => continue,
        };
        kind = name;
        is_changed |= rename_in(set, kind, renames, &mut spread);
    }
    for definition in &mut document.definitions {
        if let Definition::Fragment(fragment) = definition
            && spread.contains(&fragment.name)
        {
            is_changed |= rename_in(&mut fragment.selection_set, kind, renames, &mut BTreeSet::new());
        }
    }
    is_changed
}

fn rename_in(set: &mut SelectionSet, kind: &'static str, renames: &Renames, spread: &mut BTreeSet<String>) -> bool {
    let mut is_changed = false;
    for item in &mut set.items {
        match item {
            Selection::Field(field) => {
                if let Some(original) = renames.get(&(kind, field.name.clone())) {
                    let here = std::mem::replace(&mut field.name, original.clone());
                    field.alias.get_or_insert(here);
                    is_changed = true;
                }
            }
            Selection::InlineFragment(fragment) => {
                is_changed |= rename_in(&mut fragment.selection_set, kind, renames, spread);
            }
            Selection::FragmentSpread(fragment) => drop(spread.insert(fragment.fragment_name.clone())),
        }
    }
    is_changed
}
