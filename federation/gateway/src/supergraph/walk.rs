//! All texts and values of a schema, to be changed.

use graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, Field, InputValue, TypeDefinition, Value,
};

use crate::values::inside;

/// What is met. Lists and objects are shown as what is inside them.
pub(super) enum Met<'a> {
    Description(&'a mut String),
    Default(&'a mut Value),
    /// Of a directive that is applied.
    Argument(&'a mut Value),
}

type Visit<'a> = &'a mut dyn FnMut(Met<'_>);

/// Shows all descriptions and values; of extensions of types, which no supergraph has, nothing.
pub(super) fn each(schema: &mut Document, visit: Visit<'_>) {
    for definition in &mut schema.definitions {
        match definition {
            Definition::SchemaDefinition(it) => of_directives(&mut it.directives, visit),
            Definition::TypeDefinition(it) => of_type(it, visit),
            Definition::TypeExtension(_) => {}
            Definition::DirectiveDefinition(it) => {
                of_head(&mut it.description, &mut [], visit);
                of_inputs(&mut it.arguments, visit);
            }
        }
    }
}

fn of_type(definition: &mut TypeDefinition, visit: Visit<'_>) {
    match definition {
        TypeDefinition::Scalar(it) => of_head(&mut it.description, &mut it.directives, visit),
        TypeDefinition::Union(it) => of_head(&mut it.description, &mut it.directives, visit),
        TypeDefinition::Object(it) => {
            of_head(&mut it.description, &mut it.directives, visit);
            of_fields(&mut it.fields, visit);
        }
        TypeDefinition::Interface(it) => {
            of_head(&mut it.description, &mut it.directives, visit);
            of_fields(&mut it.fields, visit);
        }
        TypeDefinition::Enum(it) => {
            of_head(&mut it.description, &mut it.directives, visit);
            for value in &mut it.values {
                of_head(&mut value.description, &mut value.directives, visit);
            }
        }
        TypeDefinition::InputObject(it) => {
            of_head(&mut it.description, &mut it.directives, visit);
            of_inputs(&mut it.fields, visit);
        }
    }
}

fn of_fields(fields: &mut [Field], visit: Visit<'_>) {
    for field in fields {
        of_head(&mut field.description, &mut field.directives, visit);
        of_inputs(&mut field.arguments, visit);
    }
}

fn of_inputs(inputs: &mut [InputValue], visit: Visit<'_>) {
    for input in inputs {
        of_head(&mut input.description, &mut input.directives, visit);
        if let Some(value) = &mut input.default_value {
            inside(value, &mut |value| visit(Met::Default(value)));
        }
    }
}

fn of_head(description: &mut Option<String>, directives: &mut [Directive], visit: Visit<'_>) {
    if let Some(text) = description {
        visit(Met::Description(text));
    }
    of_directives(directives, visit);
}

fn of_directives(directives: &mut [Directive], visit: Visit<'_>) {
    for (_, value) in directives.iter_mut().flat_map(|directive| &mut directive.arguments) {
        inside(value, &mut |value| visit(Met::Argument(value)));
    }
}
