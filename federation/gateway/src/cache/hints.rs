//! How long an operation's answer may be kept, as `@cacheControl` in the schema says.

mod types;

use std::collections::{BTreeSet, HashMap};

use graphql_tools::static_graphql::{
    query::{self, Selection, SelectionSet},
    schema::{Definition, Directive, Field, TypeDefinition},
};

use super::Policy;
use crate::{
    outline::{Operation, OperationKind, Part, flag, inner, number},
    persisted::digest,
    request::Variables,
    supergraph::{Supergraph, argument},
};

const DIRECTIVE: &str = "cacheControl";
/// The root field that subgraphs have for entities. No schema for clients has it.
const ENTITIES: &str = "_entities";

/// The hints of a supergraph.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    types: HashMap<String, Hint>,
    fields: HashMap<String, HashMap<String, FieldHint>>,
    /// The objects that are of an interface, which may have hints of their own for its fields, or of a union.
    objects: HashMap<String, Vec<String>>,
    roots: [Option<String>; 3],
    is_used: bool,
    /// How long a root field without a hint may be kept, in seconds.
    default_max_age: u64,
    version: [u8; 32],
}

/// What counts for what the schema does not speak of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unsaid {
    /// What the settings say of root fields.
    Default,
    /// What the subgraph says with its answer.
    ByHeader,
}

/// Tells the types of the entities in a list that a request asks for.
pub(super) type TypesOf<'t> = dyn Fn(&query::Field) -> Option<BTreeSet<String>> + 't;

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
    /// Reads the directives of a supergraph; `default_max_age` is for root fields without one.
    pub(crate) fn new(supergraph: &Supergraph, default_max_age: u64) -> Self {
        let mut hints = Self {
            roots: supergraph.roots().map(|root| root.map(Into::into)),
            version: digest(&supergraph.sdl),
            is_used: default_max_age > 0,
            default_max_age,
            ..Self::default()
        };
        for definition in &supergraph.document.definitions {
            match definition {
                Definition::TypeDefinition(TypeDefinition::Object(object)) => {
                    hints.add(supergraph, &object.name, &object.directives, &object.fields);
                }
                Definition::TypeDefinition(TypeDefinition::Interface(interface)) => {
                    hints.add(supergraph, &interface.name, &interface.directives, &interface.fields);
                    hints.add_objects(supergraph, &interface.name);
                }
                Definition::TypeDefinition(TypeDefinition::Union(union)) => {
                    hints.add(supergraph, &union.name, &union.directives, &[]);
                    hints.add_objects(supergraph, &union.name);
                }
                _ => {}
            }
        }
        hints
    }

    /// Whether a field without a hint means something: others have one, or the settings speak for it.
    pub(crate) fn are_used(&self) -> bool {
        self.is_used
    }

    /// Tells the answers of one supergraph from those of another.
    pub(crate) fn version(&self) -> [u8; 32] {
        self.version
    }

    /// How long the answer to a request of ours to a subgraph may be kept. `types_of` tells the types of the entities in
    /// a list that it asks for; where it cannot, nothing may be kept.
    pub(super) fn of_request(&self, operation: &Operation<'_>, unsaid: Unsaid, types_of: &TypesOf<'_>) -> Policy {
        let lists = lists(operation);
        if lists.is_empty() {
            return self.walked(operation, &Variables::default(), unsaid);
        }
        let policies = lists.iter().map(|list| match types_of(list) {
            Some(types) => types.iter().fold(Policy::UNLIMITED, |policy, of| {
                policy.and(self.of_entities(operation, list, of, unsaid))
            }),
            None => Policy::NEVER,
        });
        policies.fold(Policy::UNLIMITED, Policy::and)
    }

    /// How long entities of a type may be kept: no longer than what is asked of them, and where only the schema speaks
    /// of them, not at all unless it speaks of their type.
    fn of_entities(&self, operation: &Operation<'_>, list: &query::Field, of: &str, unsaid: Unsaid) -> Policy {
        let hint = self.of_type(of);
        let silence = match unsaid {
            Unsaid::Default => 0,
            Unsaid::ByHeader => u64::MAX,
        };
        let own = Policy {
            max_age: hint.max_age.unwrap_or(silence),
            is_private: hint.is_private,
        };
        let variables = Variables::default();
        let walk = self.walk(operation, &variables, unsaid);
        own.and(walk.set(of, &list.selection_set, Some(own.max_age)))
    }

    /// How long the answer of an operation may be kept. Fields with selections and root fields need a hint, of their
    /// own or of their type; others go with their parent.
    pub(crate) fn policy(&self, operation: &Operation<'_>, variables: &Variables) -> Policy {
        self.walked(operation, variables, Unsaid::Default)
    }

    fn walked(&self, operation: &Operation<'_>, variables: &Variables, unsaid: Unsaid) -> Policy {
        match &self.roots[operation.kind as usize] {
            Some(root) if operation.kind == OperationKind::Query => {
                let walk = self.walk(operation, variables, unsaid);
                walk.set(root, operation.selection, None)
            }
            _ => Policy::NEVER,
        }
    }

    /// What is said of a type and of each object it can be: the shorter time, and private if one of them is.
    fn of_type(&self, name: &str) -> Hint {
        let own = self.types.get(name).copied().unwrap_or_default();
        let objects = self.objects.get(name).into_iter().flatten();
        objects
            .filter_map(|object| self.types.get(object))
            .fold(own, |hint, of| Hint {
                max_age: hint.max_age.map(|age| age.min(of.max_age.unwrap_or(age))),
                is_private: hint.is_private || of.is_private,
                ..hint
            })
    }

    fn walk<'a>(&'a self, operation: &'a Operation<'a>, variables: &'a Variables, unsaid: Unsaid) -> Walk<'a> {
        let default_max_age = match unsaid {
            Unsaid::Default => self.default_max_age,
            Unsaid::ByHeader => u64::MAX,
        };
        Walk {
            hints: self,
            operation,
            variables,
            default_max_age,
        }
    }

    fn add_objects(&mut self, supergraph: &Supergraph, name: &str) {
        let objects = supergraph.types.objects_of(name).map(Into::into);
        self.objects.insert(name.to_owned(), objects.collect());
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
        let parts = self.operation.parts(parent, set, self.variables);
        let policies = parts.map(|part| match part {
            Part::Field(field) => self.field(parent, &field.name, &field.selection_set, above),
            Part::Fragment(on, set) => self.set(on, set, above),
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
        let of_type = self.hints.of_type(&field.of);
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

/// The lists of entities that a request asks for; none where it is one for root fields.
fn lists<'a>(operation: &Operation<'a>) -> Vec<&'a query::Field> {
    let items = operation.selection.items.iter().filter_map(|item| match item {
        Selection::Field(field) if field.name == ENTITIES => Some(field),
        _ => None,
    });
    items.collect()
}

/// Where the directive may be repeated, each subgraph has its say.
fn read(directives: &[Directive]) -> Option<Hint> {
    let said = directives.iter().filter(|directive| directive.name == DIRECTIVE);
    said.map(said_by).reduce(|one, other| Hint {
        max_age: one.max_age.into_iter().chain(other.max_age).min(),
        is_private: one.is_private || other.is_private,
        inherits: one.inherits && other.inherits,
    })
}

fn said_by(directive: &Directive) -> Hint {
    let scope = argument(directive, "scope").and_then(crate::outline::as_text);
    Hint {
        max_age: number(directive, "maxAge").map(|age| u64::try_from(age).unwrap_or_default()),
        is_private: scope.is_some_and(|scope| scope == "PRIVATE"),
        inherits: flag(directive, "inheritMaxAge").unwrap_or_default(),
    }
}
