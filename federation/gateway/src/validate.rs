//! Whether a document makes sense for the schema that clients see.

use graphql_tools::{
    static_graphql::query::Document,
    validation::{
        rules::default_rules_validation_plan,
        utils::ValidationError,
        validate::{ValidationPlan, validate},
    },
};
use platform_error::Code;

use crate::{
    fault::{Fault, Refusal},
    supergraph::Supergraph,
};

/// Errors beyond this many are left out: nobody reads them, and a hostile document has thousands.
const MOST: usize = 20;

/// The rules of the specification.
pub(crate) struct Validator(ValidationPlan);

impl Default for Validator {
    fn default() -> Self {
        Self(default_rules_validation_plan())
    }
}

impl Validator {
    /// Refuses a document that breaks a rule, saying which and where.
    pub(crate) fn validate(&self, supergraph: &Supergraph, document: &Document) -> Result<(), Refusal> {
        let errors = validate(&supergraph.api, document, &self.0);
        match errors.is_empty() {
            true => Ok(()),
            false => Err(Refusal::of(
                Code::Invalid,
                errors.iter().take(MOST).map(fault).collect(),
            )),
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
