//! The schema that clients see: without what composition adds for gateways, without custom directives, and without
//! traces of what is inaccessible, all of which the planner's library leaves in.

use std::collections::HashSet;

use graphql_tools::parser::schema::DirectiveLocation as Location;
use graphql_tools::static_graphql::schema::{Definition, Directive, Document, Field, InputValue, TypeDefinition};

use crate::{outline::inner, supergraph::Linked};

/// What begins the names of types and directives that are for gateways.
const SPECIFICATIONS: [&str; 8] = [
    "join__",
    "link__",
    "core__",
    "context__",
    "policy__",
    "cost__",
    "federation__",
    "stitch__",
];
/// Where the specification has `@deprecated`.
const DEPRECATED: [Location; 4] = [
    Location::FieldDefinition,
    Location::ArgumentDefinition,
    Location::InputFieldDefinition,
    Location::EnumValue,
];
/// The directives on a schema that mean something to its clients.
const FOR_CLIENTS: [&str; 3] = ["deprecated", "specifiedBy", "oneOf"];

/// Takes out definitions of specifications, applied directives, and references to what is not there.
pub(super) fn for_clients(mut api: Document, linked: &Linked) -> Document {
    let mut met = HashSet::new();
    api.definitions.retain_mut(|definition| match definition {
        Definition::TypeDefinition(definition) => !has_prefix(definition.name()) && !linked.has_type(definition.name()),
        // The library defines those of the specification beside the supergraph's own.
        Definition::DirectiveDefinition(directive) if !met.insert(directive.name.clone()) => false,
        Definition::DirectiveDefinition(directive) => {
            match directive.name.as_str() {
                "deprecated" => directive.locations = DEPRECATED.to_vec(),
                "oneOf" => directive.locations = vec![Location::InputObject],
                _ => {}
            }
            let is_known = FOR_CLIENTS.contains(&directive.name.as_str());
            if !is_known {
                directive.locations.retain(is_executable);
            }
            let mut arguments = directive.arguments.iter();
            // What needs the types of its own specification is for gateways, as these types are.
            let is_added = is_added(&directive.name) || arguments.any(|it| linked.has_type(inner(&it.value_type)));
            is_known || (!is_added && !directive.locations.is_empty())
        }
        _ => true,
    });
    let types: HashSet<String> = api.definitions.iter().filter_map(name).collect();
    for definition in &mut api.definitions {
        match definition {
            Definition::SchemaDefinition(schema) => {
                clear(&mut schema.directives);
                for root in [&mut schema.query, &mut schema.mutation, &mut schema.subscription] {
                    root.take_if(|root| !types.contains(root));
                }
            }
            Definition::TypeDefinition(definition) => {
                clear_type(definition);
                detach(definition, &types);
            }
            Definition::DirectiveDefinition(directive) => {
                directive.arguments.retain(|argument| !is_hidden(argument));
                clear_values(&mut directive.arguments);
            }
            Definition::TypeExtension(_) => {}
        }
    }
    api
}

fn name(definition: &Definition<'static, String>) -> Option<String> {
    match definition {
        Definition::TypeDefinition(definition) => Some(definition.name().to_owned()),
        _ => None,
    }
}

/// Takes out interfaces and members that are not there.
fn detach(definition: &mut TypeDefinition, types: &HashSet<String>) {
    match definition {
        TypeDefinition::Object(object) => object.implements_interfaces.retain(|name| types.contains(name)),
        TypeDefinition::Interface(interface) => interface.implements_interfaces.retain(|name| types.contains(name)),
        TypeDefinition::Union(union) => union.types.retain(|name| types.contains(name)),
        _ => {}
    }
}

fn is_hidden(argument: &InputValue) -> bool {
    let mut directives = argument.directives.iter();
    directives.any(|directive| directive.name == "inaccessible")
}

fn is_executable(location: &Location) -> bool {
    matches!(
        location,
        Location::Query
            | Location::Mutation
            | Location::Subscription
            | Location::Field
            | Location::FragmentDefinition
            | Location::FragmentSpread
            | Location::InlineFragment
            | Location::VariableDefinition
    )
}

/// A directive that gives its specification its name, such as `@policy`, belongs to it as well.
fn is_added(name: &str) -> bool {
    has_prefix(name)
        || SPECIFICATIONS
            .iter()
            .any(|prefix| prefix.strip_suffix("__") == Some(name))
}

fn has_prefix(name: &str) -> bool {
    SPECIFICATIONS.iter().any(|prefix| name.starts_with(prefix))
}

fn clear_type(definition: &mut TypeDefinition) {
    match definition {
        TypeDefinition::Scalar(scalar) => clear(&mut scalar.directives),
        TypeDefinition::Object(object) => {
            clear(&mut object.directives);
            clear_fields(&mut object.fields);
        }
        TypeDefinition::Interface(interface) => {
            clear(&mut interface.directives);
            clear_fields(&mut interface.fields);
        }
        TypeDefinition::Union(union) => clear(&mut union.directives),
        TypeDefinition::Enum(definition) => {
            clear(&mut definition.directives);
            definition
                .values
                .iter_mut()
                .for_each(|value| clear(&mut value.directives));
        }
        TypeDefinition::InputObject(input) => {
            clear(&mut input.directives);
            clear_values(&mut input.fields);
        }
    }
}

fn clear_fields(fields: &mut [Field]) {
    for field in fields {
        clear(&mut field.directives);
        clear_values(&mut field.arguments);
    }
}

fn clear_values(values: &mut [InputValue]) {
    values.iter_mut().for_each(|value| clear(&mut value.directives));
}

fn clear(directives: &mut Vec<Directive>) {
    directives.retain(|directive| FOR_CLIENTS.contains(&directive.name.as_str()));
}
