//! How many entities a request asks for: each may cost as much as a query of its own, whatever it is called.

use std::collections::HashSet;

use async_graphql::{
    Name, Request, ServerError, Value as ConstValue, Variables,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;
use platform_error::{Code, Error};
use serde_json::json;

use crate::to_graphql;

const FIELD: &str = "_entities";
const ARGUMENT: &str = "representations";

/// The refusal of a request that asks for more than `most` entities. What cannot be parsed is left for execution to
/// explain.
pub(crate) fn refusal(request: &mut Request, most: usize) -> Option<ServerError> {
    let wanted = request.operation_name.clone();
    let variables = std::mem::take(&mut request.variables);
    let asked = request
        .parsed_query()
        .map(|document| asked(document, wanted.as_deref(), &variables));
    request.variables = variables;
    let asked = asked.ok().filter(|asked| *asked > most)?;
    let error = Error::new(
        Code::Invalid,
        format!("the request asks for {asked} entities, and one request is answered at most {most}"),
    );
    let error = to_graphql(
        error
            .with_hint("spread the representations over several requests")
            .with_details(json!({ "entities": asked, "limit": most })),
    );
    let mut refusal = ServerError::new(error.message, None);
    refusal.extensions = error.extensions;
    Some(refusal)
}

/// The most that any operation that may be meant asks for.
fn asked(document: &ExecutableDocument, wanted: Option<&str>, variables: &Variables) -> usize {
    let operations = document
        .operations
        .iter()
        .filter(|(name, _)| wanted.is_none() || name.map(Name::as_str) == wanted);
    let count = |operation| {
        let mut counting = Counting {
            document,
            operation,
            variables,
            seen: HashSet::new(),
        };
        counting.of(&operation.selection_set.node)
    };
    operations
        .map(|(_, operation)| count(&operation.node))
        .max()
        .unwrap_or_default()
}

struct Counting<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// Fragments looked into: what one is spread into twice is one field, and one that holds itself is never valid.
    seen: HashSet<&'a Name>,
}

impl<'a> Counting<'a> {
    fn of(&mut self, set: &'a SelectionSet) -> usize {
        let mut count = 0;
        for selection in &set.items {
            count += match &selection.node {
                Selection::Field(field) if field.node.name.node == FIELD => {
                    let given = field.node.get_argument(ARGUMENT);
                    given.map_or(0, |given| self.length(&given.node))
                }
                Selection::Field(_) => 0,
                Selection::InlineFragment(fragment) => self.of(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.of_fragment(&spread.node.fragment_name.node),
            };
        }
        count
    }

    fn of_fragment(&mut self, name: &'a Name) -> usize {
        match self.document.fragments.get(name) {
            Some(fragment) if self.seen.insert(name) => self.of(&fragment.node.selection_set.node),
            _ => 0,
        }
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
