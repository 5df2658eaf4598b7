//! Takes out of the schema that clients see what composition adds for gateways and the planner's library leaves in.

use graphql_tools::static_graphql::schema::{Definition, Directive, Document, Field, InputValue, TypeDefinition};

/// What begins the names of types and directives that are for gateways.
const SPECIFICATIONS: [&str; 7] = [
    "join__",
    "link__",
    "core__",
    "context__",
    "policy__",
    "cost__",
    "federation__",
];

/// Takes out definitions of specifications, and wherever they are used.
pub(super) fn without_specifications(mut api: Document) -> Document {
    api.definitions.retain(|definition| match definition {
        Definition::TypeDefinition(definition) => !has_prefix(definition.name()),
        Definition::DirectiveDefinition(definition) => !is_added(&definition.name),
        _ => true,
    });
    for definition in &mut api.definitions {
        match definition {
            Definition::SchemaDefinition(schema) => clear(&mut schema.directives),
            Definition::TypeDefinition(definition) => clear_type(definition),
            Definition::DirectiveDefinition(directive) => clear_values(&mut directive.arguments),
            Definition::TypeExtension(_) => {}
        }
    }
    api
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
    directives.retain(|directive| !is_added(&directive.name));
}
