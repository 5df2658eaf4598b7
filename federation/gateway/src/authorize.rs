//! Who may ask for which field: `@authenticated`, `@requiresScopes` and `@policy`.

mod prune;
mod requirement;
mod rules;

use graphql_tools::static_graphql::query::{Document, Field, SelectionSet};
use platform_auth::Principal;
use platform_error::Code;
use serde::{Deserialize, Serialize};

pub(crate) use requirement::{Denied, Requirement};
pub(crate) use rules::Rules;

use crate::{
    fault::{Fault, PathSegment},
    outline::{Operation, Part},
    request::Variables,
};

/// Refusals listed in one answer; an operation may have thousands of fields.
const MOST_FAULTS: usize = 50;
/// Stands for every position of a list in the path of a refused field, as in Apollo's router.
const EVERY_ITEM: &str = "@";

/// What happens to an operation that asks for what its caller may not see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct AuthorizationSettings {
    /// Whether the whole operation is refused, instead of answering the forbidden fields with null.
    pub reject: bool,
}

/// What is left of an operation for a caller.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Permitted {
    /// The document without what is forbidden.
    pub document: Document,
    /// One error for each field that was taken out.
    pub faults: Vec<Fault>,
}

/// Takes out of an operation what its caller may not see; nothing where all of it is allowed.
pub(crate) fn permit(
    rules: &Rules,
    document: &Document,
    asked: &Asked<'_>,
    principal: Option<&Principal>,
) -> Option<Permitted> {
    let faults = refusals(rules, asked, principal);
    if faults.is_empty() {
        return None;
    }
    Some(Permitted {
        document: prune::prune(rules, document, principal),
        faults,
    })
}

/// Whether an operation asks for anything that is not for everybody.
pub(crate) fn is_protected(rules: &Rules, asked: &Asked<'_>) -> bool {
    !refusals(rules, asked, None).is_empty()
}

fn refusals(rules: &Rules, asked: &Asked<'_>, principal: Option<&Principal>) -> Vec<Fault> {
    let Some(root) = rules
        .root(asked.operation.kind)
        .filter(|_| !rules.are_met_by(principal))
    else {
        return Vec::new();
    };
    let mut walk = Walk {
        rules,
        asked,
        principal,
        path: Vec::new(),
        faults: Vec::new(),
    };
    walk.set(root, asked.operation.selection);
    walk.faults
}

/// An operation and what decides which of its fields are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    /// The operation.
    pub operation: Operation<'a>,
    /// Its variables.
    pub variables: &'a Variables,
}

/// Looks for forbidden fields along every path of the answer. Its length is bounded by the limit on height.
struct Walk<'a> {
    rules: &'a Rules,
    asked: &'a Asked<'a>,
    principal: Option<&'a Principal>,
    path: Vec<PathSegment>,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    fn set(&mut self, parent: &str, set: &SelectionSet) {
        let asked = self.asked;
        for part in asked.operation.parts(parent, set, asked.variables) {
            if self.faults.len() >= MOST_FAULTS {
                return;
            }
            match part {
                Part::Field(field) => self.field(parent, field),
                Part::Fragment(on, set) => match self.rules.enter(parent, on, self.principal) {
                    Ok(()) => self.set(on, set),
                    Err(denied) => self.refuse(denied, on),
                },
            }
        }
    }

    fn field(&mut self, parent: &str, field: &Field) {
        let Some(rule) = self.rules.field(parent, &field.name) else {
            return;
        };
        let key = field.alias.as_ref().unwrap_or(&field.name);
        let length = self.path.len();
        self.path.push(PathSegment::Key(key.clone()));
        match rule.requirement.check(self.principal) {
            Ok(()) => {
                if rule.is_list {
                    self.path.push(PathSegment::Key(EVERY_ITEM.into()));
                }
                self.set(&rule.of, &field.selection_set);
            }
            Err(denied) => self.refuse(denied, &format!("{parent}.{}", field.name)),
        }
        self.path.truncate(length);
    }

    fn refuse(&mut self, denied: Denied, what: &str) {
        let fault = match denied {
            Denied::Unauthenticated => Fault::new(Code::Unauthenticated, format!("sign in to read {what}")),
            Denied::Forbidden => Fault::new(Code::Forbidden, format!("you may not read {what}")),
        };
        self.faults.push(fault.at(self.path.clone()));
    }
}
