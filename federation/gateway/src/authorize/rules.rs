//! What each field of a supergraph requires, worked out once when it is loaded.

use std::collections::{HashMap, HashSet};

use graphql_tools::static_graphql::schema::{Definition, Field, TypeDefinition};
use platform_auth::Principal;

use super::{Denied, Requirement, requirement::Names};
use crate::{
    outline::{OperationKind, inner, is_list},
    supergraph::Supergraph,
};

/// The requirements of a supergraph.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    types: HashMap<String, TypeRule>,
    roots: [Option<String>; 3],
    all: Vec<Requirement>,
}

#[derive(Debug, Default)]
struct TypeRule {
    requirement: Requirement,
    fields: HashMap<String, FieldRule>,
}

/// What selecting a field requires, and what is found there.
#[derive(Debug)]
pub(super) struct FieldRule {
    pub(super) requirement: Requirement,
    pub(super) of: String,
    pub(super) is_list: bool,
}

impl Rules {
    /// Reads the directives of a supergraph.
    pub(crate) fn new(supergraph: &Supergraph) -> Self {
        let name = |spec: &str| {
            let directive = spec.rsplit('/').next().unwrap_or(spec);
            supergraph.directive_name(spec, directive)
        };
        let names = Names {
            authenticated: name("https://specs.apollo.dev/authenticated"),
            scopes: name("https://specs.apollo.dev/requiresScopes"),
            policy: name("https://specs.apollo.dev/policy"),
        };
        let mut own = Own::default();
        for definition in &supergraph.document.definitions {
            if let Definition::TypeDefinition(definition) = definition {
                own.read(definition, &names);
            }
        }
        own.combine(supergraph)
    }

    /// The type that operations of this kind start at.
    pub(super) fn root(&self, kind: OperationKind) -> Option<&str> {
        self.roots[kind as usize].as_deref()
    }

    /// Whether a caller may see all there is: then no operation needs a look.
    pub(super) fn are_met_by(&self, principal: Option<&Principal>) -> bool {
        self.all.iter().all(|requirement| requirement.check(principal).is_ok())
    }

    pub(super) fn field(&self, parent: &str, name: &str) -> Option<&FieldRule> {
        self.types.get(parent)?.fields.get(name)
    }

    /// Whether a fragment on `condition` may be entered where `parent` stands.
    pub(super) fn enter(&self, parent: &str, condition: &str, principal: Option<&Principal>) -> Result<(), Denied> {
        match self.types.get(condition) {
            Some(rule) if parent != condition => rule.requirement.check(principal),
            _ => Ok(()),
        }
    }
}

/// What stands on each element itself.
#[derive(Default)]
struct Own<'a> {
    types: HashMap<&'a str, Requirement>,
    fields: HashMap<(&'a str, &'a str), Requirement>,
    composites: Vec<(&'a str, &'a [Field])>,
}

impl<'a> Own<'a> {
    fn read(&mut self, definition: &'a TypeDefinition, names: &Names) {
        let (directives, fields) = match definition {
            TypeDefinition::Object(object) => (&object.directives, &object.fields[..]),
            TypeDefinition::Interface(interface) => (&interface.directives, &interface.fields[..]),
            TypeDefinition::Union(union) => (&union.directives, &[][..]),
            TypeDefinition::Scalar(scalar) => (&scalar.directives, &[][..]),
            TypeDefinition::Enum(enumeration) => (&enumeration.directives, &[][..]),
            TypeDefinition::InputObject(_) => return,
        };
        let name = definition.name();
        self.types.insert(name, Requirement::read(directives, names));
        for field in fields {
            let requirement = Requirement::read(&field.directives, names);
            self.fields.insert((name, &field.name), requirement);
        }
        if definition.is_composite_type() {
            self.composites.push((name, fields));
        }
    }

    fn combine(self, supergraph: &Supergraph) -> Rules {
        let mut rules = Rules {
            roots: supergraph.roots().map(|root| root.map(Into::into)),
            ..Rules::default()
        };
        let mut all = HashSet::new();
        for (name, fields) in &self.composites {
            let mut rule = TypeRule {
                requirement: self.types[name].clone(),
                fields: HashMap::new(),
            };
            all.insert(rule.requirement.clone());
            for field in *fields {
                let requirement = self.of_field(supergraph, name, field);
                all.insert(requirement.clone());
                let found = FieldRule {
                    requirement,
                    of: inner(&field.field_type).to_owned(),
                    is_list: is_list(&field.field_type),
                };
                rule.fields.insert(field.name.clone(), found);
            }
            rules.types.insert((*name).to_owned(), rule);
        }
        rules.all = all.into_iter().filter(|requirement| !requirement.is_empty()).collect();
        rules
    }

    /// A field read through an interface is read from any of its objects, so it requires what each of them does.
    fn of_field(&self, supergraph: &Supergraph, parent: &str, field: &Field) -> Requirement {
        let mut requirement = self.fields[&(parent, field.name.as_str())].clone();
        // Nothing leads to a root type, so what it requires is asked at its fields.
        if supergraph.roots().contains(&Some(parent)) {
            requirement.and(&self.types[parent]);
        }
        if let Some(of) = self.types.get(inner(&field.field_type)) {
            requirement.and(of);
        }
        for object in supergraph.types.objects_of(parent).filter(|object| *object != parent) {
            let of_field = self.fields.get(&(object, field.name.as_str()));
            for other in self.types.get(object).into_iter().chain(of_field) {
                requirement.and(other);
            }
        }
        requirement
    }
}
