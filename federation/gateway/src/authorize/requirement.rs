//! What a caller must be or have.

use graphql_tools::static_graphql::schema::{Directive, Value};
use platform_auth::Principal;

use crate::{outline::as_text, supergraph::argument};

/// Conditions that must all hold. None of them: everybody may.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Requirement(Vec<Condition>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Condition {
    Authenticated,
    /// One of the lists must be held whole.
    Scopes(Vec<Vec<String>>),
    Policies(Vec<Vec<String>>),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Nobody has signed in.
    Unauthenticated,
    /// Somebody has, who may not.
    Forbidden,
}

/// What the three directives are called in a supergraph.
pub(super) struct Names {
    pub(super) authenticated: String,
    pub(super) scopes: String,
    pub(super) policy: String,
}

impl Requirement {
    /// What the directives on one element say.
    pub(super) fn read(directives: &[Directive], names: &Names) -> Self {
        let conditions = directives.iter().filter_map(|directive| match &directive.name {
            name if *name == names.authenticated => Some(Condition::Authenticated),
            name if *name == names.scopes => alternatives(directive, "scopes").map(Condition::Scopes),
            name if *name == names.policy => alternatives(directive, "policies").map(Condition::Policies),
            _ => None,
        });
        Self(conditions.collect())
    }

    /// Adds the conditions of another.
    pub(super) fn and(&mut self, other: &Self) {
        for condition in &other.0 {
            if !self.0.contains(condition) {
                self.0.push(condition.clone());
            }
        }
    }

    /// Whether everybody meets it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a caller meets it.
    pub(crate) fn check(&self, principal: Option<&Principal>) -> Result<(), Denied> {
        if self.0.is_empty() {
            return Ok(());
        }
        let principal = principal.ok_or(Denied::Unauthenticated)?;
        let holds = self.0.iter().all(|condition| match condition {
            Condition::Authenticated => true,
            Condition::Scopes(any) => any
                .iter()
                .any(|all| all.iter().all(|one| principal.scopes.contains(one))),
            Condition::Policies(any) => any
                .iter()
                .any(|all| all.iter().all(|one| principal.policies.contains(one))),
        });
        holds.then_some(()).ok_or(Denied::Forbidden)
    }
}

/// `[["a", "b"], ["c"]]`: a and b, or c. Nothing where an empty list asks for nothing, as in Apollo's router. What cannot
/// be read can be met by nobody.
fn alternatives(directive: &Directive, name: &str) -> Option<Vec<Vec<String>>> {
    let alternatives: Vec<Vec<String>> = match argument(directive, name) {
        Some(Value::List(any)) if any.is_empty() => return None,
        Some(Value::List(any)) => any.iter().filter_map(together).collect(),
        Some(one) => together(one).into_iter().collect(),
        None => Vec::new(),
    };
    let is_open = alternatives.iter().any(Vec::is_empty);
    (!is_open).then_some(alternatives)
}

/// A single text stands for a list of it, as everywhere in GraphQL.
fn together(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::List(all) => all.iter().map(as_text).collect(),
        one => as_text(one).map(|one| vec![one]),
    }
}
