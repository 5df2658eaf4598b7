//! From the text of an operation to a document that fits the schema.

use std::sync::Arc;

use graphql_tools::static_graphql::query::{Document, Value, VariableDefinition};
use platform_graphql::strings;
use sha2::{Digest, Sha256};

use super::reserved;
use crate::{
    Error, conditions,
    fault::Refusal,
    limits::{self, LimitSettings},
    numbers::Numbers,
    outline::{Operation, OperationKind},
    parse,
    request::Variables,
    supergraph::Supergraph,
    telemetry::{Durations, Step, measured},
    validate::Validator,
};

/// What an operation is remembered by: the hash of its text and of its name in there, whoever sends the name along.
pub(crate) type Key = [u8; 32];

/// A document that fits the schema.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) key: Key,
    pub(crate) text: Arc<str>,
    /// As the document has it.
    pub(crate) name: Option<String>,
    /// What the operation does.
    pub(crate) kind: OperationKind,
    pub(crate) document: Document,
    /// The variables of `@skip` and `@include`.
    pub(super) conditions: Vec<String>,
    /// What a variable that is called as one of the planner's is called in the plan.
    pub(super) stand_in: Option<String>,
    /// Whether fields of it are moving between subgraphs, for a share of the requests.
    pub(crate) is_moving: bool,
    /// How long it takes.
    pub(crate) durations: Durations,
}

/// Reads texts for one supergraph.
pub(super) struct Reader {
    pub(super) supergraph: Arc<Supergraph>,
    pub(super) checks: Checks,
}

/// What every text has to pass before anything is planned, whoever it comes from.
#[derive(Default)]
pub(super) struct Checks {
    pub(super) validator: Validator,
    pub(super) limits: LimitSettings,
}

/// The key of an operation.
pub(super) fn key_of(text: &str, name: Option<&str>) -> Key {
    let mut hash = Sha256::new_with_prefix(text);
    if let Some(name) = name {
        hash.update(b"\0");
        hash.update(name);
    }
    hash.finalize().into()
}

/// The variables of an operation's conditions as they are where a client sends none.
pub(super) fn defaults(declared: &[VariableDefinition]) -> Variables {
    let mut variables = Variables::default();
    for variable in declared {
        if let Some(Value::Boolean(is)) = &variable.default_value {
            variables.set(&variable.name, is.to_string());
        }
    }
    variables
}

impl Reader {
    /// The document of a text, checked.
    pub(super) fn read(&self, text: &Arc<str>, name: Option<&str>) -> Result<Parsed, Refusal> {
        let document = self.checks.document(&self.supergraph, text, name)?;
        let operation = parse::operation(&document, name)?;
        let (name, kind) = (parse::name_of(operation), parse::kind_of(operation));
        Ok(Parsed {
            key: key_of(text, name),
            text: text.clone(),
            name: name.map(str::to_owned),
            kind,
            conditions: conditions::variables(&document),
            stand_in: reserved::stand_in(&document),
            is_moving: self.supergraph.labels.concern(&document),
            durations: Durations::default(),
            document,
        })
    }
}

impl Checks {
    /// The document of a text, once it has passed, with its strings and numbers as they were written.
    pub(super) fn document(
        &self,
        supergraph: &Supergraph,
        text: &str,
        name: Option<&str>,
    ) -> Result<Document, Refusal> {
        let text = strings::readable(text);
        let (readable, numbers) = Numbers::take_out(&text);
        let passed = self.passed(supergraph, &readable, name);
        let mut document = passed.map_err(|refusal| numbers.told(refusal))?;
        numbers.put_back(&mut document);
        Ok(document)
    }

    fn passed(&self, supergraph: &Supergraph, text: &str, name: Option<&str>) -> Result<Document, Refusal> {
        let document = measured(Step::Parse, || parse::parse(text, self.limits.tokens))?;
        let operation = parse::operation(&document, name)?;
        limits::check(&document, operation, &self.limits)?;
        // Validation takes an operation without a root for one without fields.
        let kind = parse::kind_of(operation);
        if supergraph.root_type(kind).is_none() {
            return Err(Error::NoRoot(kind.as_str()).into());
        }
        measured(Step::Validate, || self.validator.validate(supergraph, &document))?;
        Ok(document)
    }
}

impl Parsed {
    /// The operation that is asked for; it was found once before this document was kept.
    pub(crate) fn outline(&self) -> Result<Operation<'_>, Error> {
        Operation::find(&self.document, self.name.as_deref()).ok_or(Error::NoOperation)
    }

    /// Whether it is the only one of its text, so that its name need not be sent.
    pub(super) fn is_alone(&self) -> bool {
        parse::operation(&self.document, None).is_ok()
    }

    /// Adds to an operation's variables those that the plan knows by another name.
    pub(crate) fn complete(&self, variables: &mut Variables) {
        if let Some(name) = &self.stand_in {
            reserved::copy(variables, name);
        }
    }

    /// What a plan is remembered by: the operation, what of it is permitted, how its conditions are decided, and
    /// where its moving fields are.
    pub(super) fn key_with(&self, permitted: Option<&Document>, variables: &Variables, draw: u64) -> Key {
        if permitted.is_none() && self.conditions.is_empty() && !self.is_moving {
            return self.key;
        }
        let mut hash = Sha256::new_with_prefix(self.key);
        if let Some(document) = permitted {
            hash.update(document.to_string());
        }
        for name in &self.conditions {
            hash.update([u8::from(variables.is_true(name))]);
        }
        if self.is_moving {
            hash.update(draw.to_le_bytes());
        }
        hash.finalize().into()
    }
}
