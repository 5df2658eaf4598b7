//! A document without the fields and fragments that its caller may not see.

use graphql_tools::static_graphql::query::{Definition, Document, Field, Selection, SelectionSet};
use platform_auth::Principal;

use super::Rules;
use crate::{
    conditions::{set_of, typename},
    parse::kind_of,
};

/// Takes forbidden selections out of every operation and fragment. A selection set that would be empty asks for
/// `__typename`, so that the object is still found and its forbidden fields are null in it.
pub(super) fn prune(rules: &Rules, document: &Document, principal: Option<&Principal>) -> Document {
    let pruner = Pruner { rules, principal };
    let mut document = document.clone();
    for definition in &mut document.definitions {
        match definition {
            Definition::Fragment(fragment) => {
                let parent: &str = fragment.type_condition.as_ref();
                pruner.set(parent, &mut fragment.selection_set);
            }
            Definition::Operation(operation) => {
                if let Some(root) = rules.root(kind_of(operation)) {
                    pruner.set(root, set_of(operation));
                }
            }
        }
    }
    drop_forbidden_spreads(&mut document, &pruner);
    document
}

struct Pruner<'a> {
    rules: &'a Rules,
    principal: Option<&'a Principal>,
}

impl Pruner<'_> {
    fn set(&self, parent: &str, set: &mut SelectionSet) {
        set.items.retain_mut(|selection| match selection {
            Selection::Field(field) => self.field(parent, field),
            Selection::InlineFragment(fragment) => {
                let condition = fragment
                    .type_condition
                    .as_ref()
                    .map_or(parent, |condition| condition.as_ref());
                let may_enter = self.rules.enter(parent, condition, self.principal).is_ok();
                if may_enter {
                    self.set(condition, &mut fragment.selection_set);
                }
                may_enter
            }
            Selection::FragmentSpread(_) => true,
        });
        fill(set);
    }

    fn field(&self, parent: &str, field: &mut Field) -> bool {
        let Some(rule) = self.rules.field(parent, &field.name) else {
            return true;
        };
        if rule.requirement.check(self.principal).is_err() {
            return false;
        }
        if !field.selection_set.items.is_empty() {
            self.set(&rule.of, &mut field.selection_set);
        }
        true
    }
}

/// A fragment whose type is forbidden is emptied where it is defined: wherever it is used it then asks for nothing
/// but the type's name.
fn drop_forbidden_spreads(document: &mut Document, pruner: &Pruner<'_>) {
    for definition in &mut document.definitions {
        if let Definition::Fragment(fragment) = definition {
            let condition: &str = fragment.type_condition.as_ref();
            if pruner.rules.enter("", condition, pruner.principal).is_err() {
                fragment.selection_set.items.clear();
                fill(&mut fragment.selection_set);
            }
        }
    }
}

fn fill(set: &mut SelectionSet) {
    if set.items.is_empty() {
        set.items.push(typename(set.span));
    }
}
