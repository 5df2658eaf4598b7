//! How much a request asks for: entities, each of which may cost as much as a query of its own; what execution walks
//! through one by one, selections with all fragments expanded and what belongs to them; copies of variables; and
//! whether it asks for the schema.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned, Request, ServerError, Value as ConstValue, Variables,
    parser::types::{Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;
use platform_error::{Code, Error};
use serde_json::json;

use crate::to_graphql;

const FIELD: &str = "_entities";
/// Tells the schema, as `__schema` does.
const SCHEMA: &str = "_service";
const ARGUMENT: &str = "representations";

/// The most selections of a request, and arguments, directives and variables with them: the library looks for some of
/// them through all of the others.
const SELECTIONS: usize = 20_000;
/// Selection sets inside one another that are counted; execution takes fewer.
const DEEPEST: usize = 64;
/// Lists and objects inside one another: as many as JSON is read with.
const DEEPEST_VALUE: usize = 128;
/// How many bytes variables may take in the places that name them, beyond what they take once: the library puts a copy
/// of its own into each of them, before it looks whether it belongs there.
const COPIED: usize = 16 << 20;

/// What a request may ask for.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) entities: usize,
    /// Whether the schema is told.
    pub(crate) schema: bool,
}

/// The refusal of a request that asks for more than it may, or stands for more than can be looked through. What cannot be
/// parsed is left for execution to explain.
pub(crate) fn refusal(request: &mut Request, limit: Limit) -> Option<ServerError> {
    let wanted = request.operation_name.clone();
    let variables = std::mem::take(&mut request.variables);
    let asked = request
        .parsed_query()
        .map(|document| asked(document, wanted.as_deref(), &variables));
    request.variables = variables;
    let Size {
        entities,
        selections,
        copied,
        asks_for_schema,
    } = asked.ok()?;
    let most = limit.entities;
    let error = if selections > SELECTIONS {
        Error::new(
            Code::Invalid,
            format!("the request asks for more than {SELECTIONS} fields, arguments and variables, fragments expanded"),
        )
        .with_hint("ask for less at once")
        .with_details(json!({ "limit": SELECTIONS }))
    } else if copied > COPIED {
        Error::new(Code::Invalid, "the request names long variables in too many places")
            .with_hint("name each of them once")
            .with_details(json!({ "limit": COPIED }))
    } else if entities > most {
        let text = format!("the request asks for {entities} entities, and one request is answered at most {most}");
        Error::new(Code::Invalid, text)
            .with_hint("spread the representations over several requests")
            .with_details(json!({ "entities": entities, "limit": most }))
    } else if asks_for_schema && !limit.schema {
        Error::new(Code::Forbidden, "the schema is not told here")
            .with_hint("a gateway elsewhere is told it where the setting graphql.sdl is on")
    } else {
        return None;
    };
    let error = to_graphql(error);
    let mut refusal = ServerError::new(error.message, None);
    refusal.extensions = error.extensions;
    Some(refusal)
}

/// How much something asks for.
#[derive(Clone, Copy, Default)]
struct Size {
    entities: usize,
    selections: usize,
    /// The bytes of all variables in their places.
    copied: usize,
    asks_for_schema: bool,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.entities = self.entities.saturating_add(other.entities);
        self.selections = self.selections.saturating_add(other.selections);
        self.copied = self.copied.saturating_add(other.copied);
        self.asks_for_schema |= other.asks_for_schema;
    }

    fn of_all(parts: impl Iterator<Item = Self>) -> Self {
        parts.fold(Self::default(), |mut all, part| {
            all.add(part);
            all
        })
    }
}

/// What variables stand for, and how many bytes that takes.
type Given<'v> = HashMap<&'v str, (&'v ConstValue, usize)>;

fn given<'v>(values: impl Iterator<Item = (&'v Name, &'v ConstValue)>) -> Given<'v> {
    let with_size = |(name, value): (&'v Name, &'v ConstValue)| (name.as_str(), (value, bytes(value)));
    values.map(with_size).collect()
}

fn total(given: &Given<'_>) -> usize {
    given.values().map(|(_, bytes)| *bytes).fold(0, usize::saturating_add)
}

/// About how much memory a value takes.
fn bytes(value: &ConstValue) -> usize {
    let inside = match value {
        ConstValue::String(text) => text.len(),
        ConstValue::List(items) => items.iter().map(bytes).sum(),
        ConstValue::Object(fields) => fields.values().map(bytes).sum(),
        _ => 0,
    };
    size_of::<ConstValue>() + inside
}

/// The most that any operation that may be meant asks for. The library walks through all of them, and through fragments
/// that none uses.
fn asked(document: &ExecutableDocument, wanted: Option<&str>, variables: &Variables) -> Size {
    let variables = given(variables.iter());
    let once = total(&variables);
    let mut most = Size::default();
    let mut used = HashSet::new();
    for (name, operation) in document.operations.iter() {
        let operation = &operation.node;
        let defaults = given(operation.variable_definitions.iter().filter_map(|definition| {
            let value = definition.node.default_value.as_ref()?;
            Some((&definition.node.name.node, &value.node))
        }));
        let mut counting = Counting::new(document, (&variables, &defaults));
        let size = counting.of_operation(operation);
        used.extend(counting.known.into_keys());
        most.selections = most.selections.saturating_add(size.selections);
        most.asks_for_schema |= size.asks_for_schema;
        if wanted.is_none() || name.map(Name::as_str) == wanted {
            most.entities = most.entities.max(size.entities);
            let beyond = size.copied.saturating_sub(once).saturating_sub(total(&defaults));
            most.copied = most.copied.saturating_add(beyond);
        }
        if most.selections > SELECTIONS {
            return most;
        }
    }
    let none = Given::new();
    let mut counting = Counting::new(document, (&variables, &none));
    for name in document.fragments.keys().filter(|name| !used.contains(name)) {
        let size = counting.of_fragment(name);
        most.selections = most.selections.saturating_add(size.selections);
        most.copied = most.copied.saturating_add(size.copied);
    }
    most
}

struct Counting<'a, 'v> {
    document: &'a ExecutableDocument,
    variables: &'v Given<'v>,
    defaults: &'v Given<'v>,
    /// What fragments ask for, each time they are spread: the library resolves a field as often. One that holds itself
    /// is nothing there, and refused later.
    known: HashMap<&'a Name, Size>,
    level: usize,
}

impl<'a, 'v> Counting<'a, 'v> {
    fn new(document: &'a ExecutableDocument, (variables, defaults): (&'v Given<'v>, &'v Given<'v>)) -> Self {
        Self {
            document,
            variables,
            defaults,
            known: HashMap::new(),
            level: 0,
        }
    }

    fn of_operation(&mut self, operation: &'a OperationDefinition) -> Size {
        let mut size = self.of(&operation.selection_set.node);
        size.add(self.of_directives(&operation.directives));
        for definition in &operation.variable_definitions {
            size.selections = size.selections.saturating_add(1);
            size.add(self.of_directives(&definition.node.directives));
        }
        size
    }

    fn of(&mut self, set: &'a SelectionSet) -> Size {
        let mut size = Size {
            selections: set.items.len(),
            ..Size::default()
        };
        if self.level >= DEEPEST {
            size.selections = usize::MAX;
            return size;
        }
        self.level += 1;
        for selection in &set.items {
            size.add(match &selection.node {
                Selection::Field(field) => self.of_field(&field.node),
                Selection::InlineFragment(fragment) => self.of(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.of_fragment(&spread.node.fragment_name.node),
            });
            size.add(self.of_directives(selection.node.directives()));
        }
        self.level -= 1;
        size
    }

    fn of_field(&mut self, field: &'a Field) -> Size {
        let name = field.name.node.as_str();
        let mut size = self.of(&field.selection_set.node);
        size.entities = match field.get_argument(ARGUMENT) {
            Some(given) if name == FIELD => self.length(&given.node),
            _ => 0,
        };
        size.asks_for_schema |= name == SCHEMA;
        size.add(self.of_arguments(&field.arguments));
        size
    }

    fn of_fragment(&mut self, name: &'a Name) -> Size {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Size::default();
        };
        self.known.insert(name, Size::default());
        let mut size = self.of(&fragment.node.selection_set.node);
        size.add(self.of_directives(&fragment.node.directives));
        self.known.insert(name, size);
        size
    }

    fn of_directives(&self, directives: &[Positioned<Directive>]) -> Size {
        let mut size = Size::of_all(directives.iter().map(|one| self.of_arguments(&one.node.arguments)));
        size.selections = size.selections.saturating_add(directives.len());
        size
    }

    fn of_arguments(&self, arguments: &[(Positioned<Name>, Positioned<Value>)]) -> Size {
        let mut size = Size::of_all(arguments.iter().map(|(_, value)| self.of_value(&value.node, 0)));
        size.selections = size.selections.saturating_add(arguments.len());
        size
    }

    /// What a value asks for that is so deep inside others.
    fn of_value(&self, value: &Value, depth: usize) -> Size {
        let mut size = Size::default();
        match value {
            Value::Variable(name) => {
                size.selections = 1;
                size.copied = self.value_of(name).map_or(0, |(_, bytes)| *bytes);
            }
            Value::List(_) | Value::Object(_) if depth >= DEEPEST_VALUE => size.selections = usize::MAX,
            Value::List(items) => return Size::of_all(items.iter().map(|item| self.of_value(item, depth + 1))),
            Value::Object(fields) => return Size::of_all(fields.values().map(|field| self.of_value(field, depth + 1))),
            _ => {}
        }
        size
    }

    fn length(&self, given: &Value) -> usize {
        match given {
            Value::List(items) => items.len(),
            Value::Null => 0,
            Value::Variable(name) => self.value_of(name).map_or(0, |(value, _)| length(value)),
            _ => 1,
        }
    }

    fn value_of(&self, name: &Name) -> Option<&(&'v ConstValue, usize)> {
        let given = self.variables.get(name.as_str());
        given.or_else(|| self.defaults.get(name.as_str()))
    }
}

/// One value stands for a list of one.
fn length(given: &ConstValue) -> usize {
    match given {
        ConstValue::List(items) => items.len(),
        ConstValue::Null => 0,
        _ => 1,
    }
}
