//! How much a request asks for: entities, each of which may cost as much as a query of its own, and selections with all
//! fragments expanded, which the limits of execution walk through one by one; and whether it asks for the schema.

use std::collections::HashMap;

use async_graphql::{
    Name, Request, ServerError, Value as ConstValue, Variables,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;
use platform_error::{Code, Error};
use serde_json::json;

use crate::to_graphql;

const FIELD: &str = "_entities";
/// Tells the schema, as `__schema` does.
const SCHEMA: &str = "_service";
const ARGUMENT: &str = "representations";

/// The most selections of one operation.
const SELECTIONS: usize = 20_000;
/// Selection sets inside one another that are counted; execution takes fewer.
const DEEPEST: usize = 64;

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
        asks_for_schema,
    } = asked.ok()?;
    let most = limit.entities;
    let error = if selections > SELECTIONS {
        Error::new(
            Code::Invalid,
            format!("the request asks for more than {SELECTIONS} fields, fragments expanded"),
        )
        .with_hint("ask for less at once")
        .with_details(json!({ "limit": SELECTIONS }))
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
    asks_for_schema: bool,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.entities = self.entities.saturating_add(other.entities);
        self.selections = self.selections.saturating_add(other.selections);
        self.asks_for_schema |= other.asks_for_schema;
    }
}

/// The most that any operation that may be meant asks for. The library walks through all of them.
fn asked(document: &ExecutableDocument, wanted: Option<&str>, variables: &Variables) -> Size {
    let mut most = Size::default();
    for (name, operation) in document.operations.iter() {
        let mut counting = Counting {
            document,
            operation: &operation.node,
            variables,
            known: HashMap::new(),
            level: 0,
        };
        let size = counting.of(&operation.node.selection_set.node);
        most.selections = most.selections.saturating_add(size.selections);
        most.asks_for_schema |= size.asks_for_schema;
        if wanted.is_none() || name.map(Name::as_str) == wanted {
            most.entities = most.entities.max(size.entities);
        }
    }
    most
}

struct Counting<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// What fragments ask for, each time they are spread: the library resolves a field as often. One that holds itself
    /// is nothing there, and refused later.
    known: HashMap<&'a Name, Size>,
    level: usize,
}

impl<'a> Counting<'a> {
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
                Selection::Field(field) => {
                    let inside = self.of(&field.node.selection_set.node);
                    let name = field.node.name.node.as_str();
                    let given = field.node.get_argument(ARGUMENT);
                    let given = given.filter(|_| name == FIELD);
                    Size {
                        entities: given.map_or(0, |given| self.length(&given.node)),
                        asks_for_schema: name == SCHEMA || inside.asks_for_schema,
                        ..inside
                    }
                }
                Selection::InlineFragment(fragment) => self.of(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.of_fragment(&spread.node.fragment_name.node),
            });
        }
        self.level -= 1;
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
        let size = self.of(&fragment.node.selection_set.node);
        self.known.insert(name, size);
        size
    }

    fn length(&self, given: &Value) -> usize {
        match given {
            Value::List(items) => items.len(),
            Value::Null => 0,
            Value::Variable(name) => self.variables.get(name).or(self.default(name)).map_or(0, length),
            _ => 1,
        }
    }

    fn default(&self, name: &Name) -> Option<&'a ConstValue> {
        let mut definitions = self.operation.variable_definitions.iter();
        let definition = definitions.find(|definition| definition.node.name.node == *name)?;
        definition.node.default_value.as_ref().map(|value| &value.node)
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
