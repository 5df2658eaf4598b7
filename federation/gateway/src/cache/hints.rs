//! How long an operation's answer may be kept, as `@cacheControl` in the schema says.

use std::collections::HashMap;

use graphql_tools::{
    parser::parse_query,
    static_graphql::{
        query::{Selection, SelectionSet},
        schema::{Definition, Directive, Field, TypeDefinition},
    },
};

use super::Policy;
use crate::{
    outline::{Operation, OperationKind, flag, inner, number},
    persisted::digest,
    request::Variables,
    supergraph::{Supergraph, argument},
};

const DIRECTIVE: &str = "cacheControl";

/// The hints of a supergraph.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    types: HashMap<String, Hint>,
    fields: HashMap<String, HashMap<String, FieldHint>>,
    /// The objects that are of an interface, which may have hints of their own for its fields.
    objects: HashMap<String, Vec<String>>,
    roots: [Option<String>; 3],
    is_used: bool,
    version: [u8; 32],
}

/// What counts for what the schema does not speak of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unsaid {
    /// So many seconds.
    MaxAge(u64),
    /// What the subgraph says with its answer.
    ByHeader,
}

impl Unsaid {
    fn max_age(self) -> u64 {
        match self {
            Self::MaxAge(seconds) => seconds,
            Self::ByHeader => u64::MAX,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Hint {
    max_age: Option<u64>,
    is_private: bool,
    inherits: bool,
}

#[derive(Debug)]
struct FieldHint {
    hint: Hint,
    of: String,
    is_composite: bool,
}

impl Hints {
    /// Reads the directives of a supergraph.
    pub(crate) fn new(supergraph: &Supergraph) -> Self {
        let mut hints = Self {
            roots: [
                Some(supergraph.query_type().to_owned()),
                supergraph.mutation_type().map(Into::into),
                supergraph.subscription_type().map(Into::into),
            ],
            version: digest(&supergraph.sdl),
            ..Self::default()
        };
        for definition in &supergraph.document.definitions {
            match definition {
                Definition::TypeDefinition(TypeDefinition::Object(object)) => {
                    hints.add(supergraph, &object.name, &object.directives, &object.fields);
                }
                Definition::TypeDefinition(TypeDefinition::Interface(interface)) => {
                    hints.add(supergraph, &interface.name, &interface.directives, &interface.fields);
                    let objects = supergraph.types.objects_of(&interface.name);
                    let objects = objects.filter(|object| *object != interface.name).map(Into::into);
                    hints.objects.insert(interface.name.clone(), objects.collect());
                }
                Definition::TypeDefinition(TypeDefinition::Union(union)) => {
                    hints.add(supergraph, &union.name, &union.directives, &[]);
                }
                _ => {}
            }
        }
        hints
    }

    /// Whether the supergraph has any hint, so that a field without one means something.
    pub(crate) fn are_used(&self) -> bool {
        self.is_used
    }

    /// Tells the answers of one supergraph from those of another.
    pub(crate) fn version(&self) -> [u8; 32] {
        self.version
    }

    /// How long the entities of a request may be kept that are of a type: no longer than what is asked of them, and
    /// where only the schema speaks of them, not at all unless it speaks of their type.
    pub(crate) fn of_entities(&self, type_name: &str, request: &str, unsaid: Unsaid) -> Option<Policy> {
        let hint = self.types.get(type_name).copied().unwrap_or_default();
        let silence = match unsaid {
            Unsaid::MaxAge(_) => 0,
            Unsaid::ByHeader => u64::MAX,
        };
        let own = Policy {
            max_age: hint.max_age.unwrap_or(silence),
            is_private: hint.is_private,
        };
        let document = parse_query::<String>(request).ok()?.into_static();
        let operation = Operation::find(&document, None)?;
        let walk = Walk {
            hints: self,
            operation: &operation,
            variables: &Variables::default(),
            default_max_age: unsaid.max_age(),
        };
        let lists = operation.selection.items.iter().filter_map(|item| match item {
            Selection::Field(field) => Some(&field.selection_set),
            _ => None,
        });
        Some(lists.fold(own, |policy, list| {
            policy.and(walk.set(type_name, list, Some(own.max_age)))
        }))
    }

    /// How long the answer to a request for root fields may be kept.
    pub(crate) fn of_roots(&self, request: &str, unsaid: Unsaid) -> Option<Policy> {
        let document = parse_query::<String>(request).ok()?.into_static();
        let operation = Operation::find(&document, None)?;
        Some(self.policy(&operation, &Variables::default(), unsaid.max_age()))
    }

    /// How long the answer of an operation may be kept. Fields with selections and root fields need a hint, of their
    /// own or of their type; others go with their parent.
    pub(crate) fn policy(&self, operation: &Operation<'_>, variables: &Variables, default_max_age: u64) -> Policy {
        if operation.kind != OperationKind::Query {
            return Policy::NEVER;
        }
        let Some(root) = &self.roots[operation.kind as usize] else {
            return Policy::NEVER;
        };
        let walk = Walk {
            hints: self,
            operation,
            variables,
            default_max_age,
        };
        walk.set(root, operation.selection, None)
    }

    fn add(&mut self, supergraph: &Supergraph, name: &str, directives: &[Directive], fields: &[Field]) {
        if let Some(hint) = read(directives) {
            self.is_used = true;
            self.types.insert(name.to_owned(), hint);
        }
        let mut own = HashMap::new();
        for field in fields {
            let hint = read(&field.directives);
            self.is_used |= hint.is_some();
            let of = inner(&field.field_type);
            let found = FieldHint {
                hint: hint.unwrap_or_default(),
                of: of.to_owned(),
                is_composite: supergraph.definition(of).is_some_and(TypeDefinition::is_composite_type),
            };
            own.insert(field.name.clone(), found);
        }
        self.fields.insert(name.to_owned(), own);
    }
}

struct Walk<'a> {
    hints: &'a Hints,
    operation: &'a Operation<'a>,
    variables: &'a Variables,
    default_max_age: u64,
}

impl Walk<'_> {
    /// `above` is what the parent field may be kept for; nothing at the root.
    fn set(&self, parent: &str, set: &SelectionSet, above: Option<u64>) -> Policy {
        let policies = set.items.iter().map(|selection| match selection {
            Selection::Field(field) if self.operation.includes(&field.directives, self.variables) => {
                self.field(parent, &field.name, &field.selection_set, above)
            }
            Selection::InlineFragment(fragment) if self.operation.includes(&fragment.directives, self.variables) => {
                let parent = fragment
                    .type_condition
                    .as_ref()
                    .map_or(parent, |condition| condition.as_ref());
                self.set(parent, &fragment.selection_set, above)
            }
            Selection::FragmentSpread(spread) if self.operation.includes(&spread.directives, self.variables) => {
                match self.operation.fragments.get(spread.fragment_name.as_str()) {
                    Some(fragment) => self.set(fragment.type_condition.as_ref(), &fragment.selection_set, above),
                    None => Policy::UNLIMITED,
                }
            }
            _ => Policy::UNLIMITED,
        });
        policies.fold(Policy::UNLIMITED, Policy::and)
    }

    fn field(&self, parent: &str, name: &str, inside: &SelectionSet, above: Option<u64>) -> Policy {
        let hint = |parent: &str| self.hints.fields.get(parent)?.get(name);
        let Some(field) = hint(parent) else {
            // The schema itself and names of types change with the supergraph alone.
            return Policy::UNLIMITED;
        };
        // Through an interface it is read from any of its objects.
        let objects = self.hints.objects.get(parent).into_iter().flatten();
        let of_objects = objects
            .filter_map(|object| hint(object))
            .map(|field| self.own(field, above));
        let own = of_objects.fold(self.own(field, above), Policy::and);
        own.and(self.set(&field.of, inside, Some(own.max_age)))
    }

    fn own(&self, field: &FieldHint, above: Option<u64>) -> Policy {
        let of_type = self.hints.types.get(&field.of).copied().unwrap_or_default();
        let inherits = field.hint.inherits || (field.hint.max_age.is_none() && of_type.inherits);
        let needs_own = (above.is_none() || field.is_composite) && !inherits;
        let max_age = match field.hint.max_age.or(of_type.max_age) {
            Some(max_age) => max_age,
            None if needs_own => self.default_max_age,
            None => above.unwrap_or(self.default_max_age),
        };
        Policy {
            max_age,
            is_private: field.hint.is_private || of_type.is_private,
        }
    }
}

fn read(directives: &[Directive]) -> Option<Hint> {
    let directive = directives.iter().find(|directive| directive.name == DIRECTIVE)?;
    let scope = argument(directive, "scope").and_then(crate::outline::as_text);
    Some(Hint {
        max_age: number(directive, "maxAge").map(|age| u64::try_from(age).unwrap_or_default()),
        is_private: scope.is_some_and(|scope| scope == "PRIVATE"),
        inherits: flag(directive, "inheritMaxAge").unwrap_or_default(),
    })
}
