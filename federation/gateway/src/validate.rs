//! Whether a document makes sense for the schema that clients see.

mod literals;
mod meaning;
mod overlap;
mod single;

use graphql_tools::{
    static_graphql::query::{Definition, Document, Selection, SelectionSet, TypeCondition},
    validation::{
        rules::default_rules_validation_plan,
        utils::ValidationError,
        validate::{ValidationPlan, validate},
    },
};
use platform_error::Code;

use self::literals::Literals;
use crate::{
    fault::{Fault, Refusal},
    outline::OperationKind,
    parse,
    supergraph::Supergraph,
};

/// Errors beyond this many are left out: nobody reads them, and a hostile document has thousands.
const MOST: usize = 20;

/// The rules of the specification.
pub(crate) struct Validator(ValidationPlan);

impl Default for Validator {
    fn default() -> Self {
        let mut rules = default_rules_validation_plan();
        // The library compares fields pair by pair, takes lists of different lengths for equal, and leaves out
        // fragments that it has met in another comparison.
        rules.rules.retain(|rule| rule.error_code() != overlap::RULE);
        rules.add_rule(Box::new(Literals));
        Self(rules)
    }
}

impl Validator {
    /// Refuses a document that breaks a rule, saying which and where.
    pub(crate) fn validate(&self, supergraph: &Supergraph, document: &Document) -> Result<(), Refusal> {
        let errors = validate(&supergraph.api, document, &self.0);
        let mut faults: Vec<Fault> = errors.iter().take(MOST).map(fault).collect();
        if faults.is_empty() {
            faults = strays(supergraph, document);
            faults.extend(single::crowds(document));
            faults.truncate(MOST);
        }
        if faults.is_empty() {
            faults = overlap::conflicts(supergraph, document);
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Refusal::of(Code::Invalid, faults)),
        }
    }
}

/// Fields that only look like those of introspection: the rules leave alone what begins with two underscores.
fn strays(supergraph: &Supergraph, document: &Document) -> Vec<Fault> {
    let mut found = Vec::new();
    for definition in &document.definitions {
        let (set, is_query) = match definition {
            Definition::Operation(operation) => (
                operation.selection_set(),
                parse::kind_of(operation) == OperationKind::Query,
            ),
            Definition::Fragment(fragment) => {
                let TypeCondition::On(on) = &fragment.type_condition;
                (&fragment.selection_set, on == supergraph.query_type())
            }
        };
        strays_of(set, is_query, &mut found);
    }
    found
}

fn strays_of(set: &SelectionSet, is_query: bool, found: &mut Vec<Fault>) {
    for selection in &set.items {
        match selection {
            Selection::Field(field) => {
                let is_known = match field.name.as_str() {
                    "__typename" => true,
                    "__schema" | "__type" => is_query,
                    name => !name.starts_with("__"),
                };
                if !is_known {
                    let message = format!("there is no field {} here", field.name);
                    let fault = Fault::new(Code::Invalid, message).with("rule", "FieldsOnCorrectType");
                    found.push(fault.located(field.position.line, field.position.column));
                }
                strays_of(&field.selection_set, false, found);
            }
            Selection::InlineFragment(fragment) => strays_of(&fragment.selection_set, is_query, found),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn fault(error: &ValidationError) -> Fault {
    let fault = Fault::new(Code::Invalid, error.message.clone()).with("rule", error.error_code);
    error
        .locations
        .iter()
        .filter(|at| at.line > 0)
        .fold(fault, |fault, at| fault.located(at.line, at.column))
}
