//! What a caller must be or have.

use graphql_tools::static_graphql::schema::{Directive, Value};

use crate::{jwt::Principal, outline::as_text, supergraph::argument};

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
            name if *name == names.scopes => Some(Condition::Scopes(alternatives(directive, "scopes"))),
            name if *name == names.policy => Some(Condition::Policies(alternatives(directive, "policies"))),
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

/// `[["a", "b"], ["c"]]`: a and b, or c. What cannot be read can be met by nobody.
fn alternatives(directive: &Directive, name: &str) -> Vec<Vec<String>> {
    let Some(Value::List(any)) = argument(directive, name) else {
        return Vec::new();
    };
    let alternatives = any.iter().filter_map(|all| match all {
        Value::List(all) => all.iter().map(as_text).collect(),
        one => as_text(one).map(|one| vec![one]),
    });
    alternatives.collect()
}
