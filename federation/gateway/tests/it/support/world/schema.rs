//! What schemas say of their types.

use graphql_tools::static_graphql::schema::{
    Definition as Defined, Directive as Annotation, Document as Schema, Field as FieldDefinition, Type, TypeDefinition,
    TypeExtension, Value,
};

/// The type within lists and non-nulls.
pub(crate) fn inner(ty: &Type) -> &str {
    match ty {
        Type::NamedType(name) => name,
        Type::ListType(of) | Type::NonNullType(of) => inner(of),
    }
}

/// The fields that a directive of this name is given.
pub(super) fn field_set(name: &str) -> impl Fn(&Annotation) -> Option<String> {
    move |directive| match directive.arguments.iter().find(|(argument, _)| argument == "fields") {
        Some((_, Value::String(set))) if directive.name == name => Some(set.clone()),
        _ => None,
    }
}

/// The types that a schema defines.
pub(super) fn types(schema: &Schema) -> impl Iterator<Item = &TypeDefinition> {
    schema.definitions.iter().filter_map(|definition| match definition {
        Defined::TypeDefinition(definition) => Some(definition),
        _ => None,
    })
}

/// Name, directives, fields, and whether it is abstract.
pub(super) type Composite<'a> = (String, &'a [Annotation], &'a [FieldDefinition], bool);

/// The types with fields, and the extensions of such.
pub(super) fn composites(schema: &Schema) -> Vec<Composite<'_>> {
    fn one<'s>(definition: &'s Defined<'static, String>) -> Option<Composite<'s>> {
        Some(match definition {
            Defined::TypeDefinition(TypeDefinition::Object(it)) => (it.name.clone(), &it.directives, &it.fields, false),
            Defined::TypeDefinition(TypeDefinition::Interface(it)) => {
                (it.name.clone(), &it.directives, &it.fields, true)
            }
            Defined::TypeDefinition(TypeDefinition::Union(it)) => (it.name.clone(), &it.directives, &[], true),
            Defined::TypeExtension(TypeExtension::Object(it)) => (it.name.clone(), &it.directives, &it.fields, false),
            Defined::TypeExtension(TypeExtension::Interface(it)) => (it.name.clone(), &it.directives, &it.fields, true),
            _ => return None,
        })
    }
    schema.definitions.iter().filter_map(one).collect()
}
