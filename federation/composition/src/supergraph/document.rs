//! From merged types to a document.

use apollo_compiler::{
    Name, Node,
    ast::{
        Definition, Directive, DirectiveDefinition, DirectiveList, Document, EnumTypeDefinition, EnumValueDefinition,
        FieldDefinition, InputObjectTypeDefinition, InputValueDefinition, InterfaceTypeDefinition,
        ObjectTypeDefinition, OperationType, ScalarTypeDefinition, SchemaDefinition, UnionTypeDefinition,
    },
    name,
};

use super::header;
use crate::{
    merge::Merged,
    model::{Applied, Defined, EnumValue, Field, Kind, Type, Types},
    subgraph::Schema,
};

/// The supergraph in the join specification. Definitions are sorted, so that a small change stays small.
pub(crate) fn document(merged: &Merged, schemas: &[Schema]) -> Document {
    let header = header::header(merged, schemas);
    let mut schema_directives = header.links;
    schema_directives.extend(
        merged
            .directives
            .iter()
            .map(|applied| Node::new(Directive::from(applied))),
    );
    let mut definitions = vec![schema_definition(&merged.types, schemas, schema_directives)];
    let mut others = header.definitions;
    others.extend(
        merged
            .definitions
            .values()
            .map(|directive| Definition::DirectiveDefinition(Node::new(directive.into()))),
    );
    others.extend(merged.types.values().map(definition));
    sort(&mut others);
    definitions.extend(others);
    Document {
        sources: Default::default(),
        definitions,
    }
}

/// Directives first, then types, each by name.
pub(super) fn sort(definitions: &mut [Definition]) {
    definitions.sort_by_cached_key(|definition| {
        let is_type = !matches!(definition, Definition::DirectiveDefinition(_));
        (is_type, definition.name().map(|name| name.to_string()))
    });
}

/// The `schema { … }` of a set of types.
pub(super) fn schema_definition(types: &Types, schemas: &[Schema], directives: Vec<Node<Directive>>) -> Definition {
    let roots = [
        (OperationType::Query, name!("Query")),
        (OperationType::Mutation, name!("Mutation")),
        (OperationType::Subscription, name!("Subscription")),
    ];
    // A type may be called Mutation without being a root.
    let is_root = |operation: &OperationType| schemas.iter().any(|schema| schema.roots.contains(operation));
    let present = roots.into_iter().filter(|(operation, name)| {
        types.contains_key(name) && (*operation == OperationType::Query || is_root(operation))
    });
    Definition::SchemaDefinition(Node::new(SchemaDefinition {
        description: None,
        directives: DirectiveList(directives),
        root_operations: present.map(Node::new).collect(),
    }))
}

/// A type as a definition.
pub(super) fn definition(ty: &Type) -> Definition {
    let description = ty.description.clone();
    let name = ty.name.clone();
    let directives = directives(&ty.directives);
    let implements_interfaces: Vec<Name> = ty.implements.clone();
    match ty.kind {
        Kind::Scalar => Definition::ScalarTypeDefinition(Node::new(ScalarTypeDefinition {
            description,
            name,
            directives,
        })),
        Kind::Object => Definition::ObjectTypeDefinition(Node::new(ObjectTypeDefinition {
            description,
            name,
            implements_interfaces,
            directives,
            fields: ty.fields.values().map(|field| Node::new(field.into())).collect(),
        })),
        Kind::Interface => Definition::InterfaceTypeDefinition(Node::new(InterfaceTypeDefinition {
            description,
            name,
            implements_interfaces,
            directives,
            fields: ty.fields.values().map(|field| Node::new(field.into())).collect(),
        })),
        Kind::Union => Definition::UnionTypeDefinition(Node::new(UnionTypeDefinition {
            description,
            name,
            directives,
            members: ty.members.clone(),
        })),
        Kind::Enum => Definition::EnumTypeDefinition(Node::new(EnumTypeDefinition {
            description,
            name,
            directives,
            values: ty.values.values().map(|value| Node::new(value.into())).collect(),
        })),
        Kind::Input => Definition::InputObjectTypeDefinition(Node::new(InputObjectTypeDefinition {
            description,
            name,
            directives,
            fields: ty.fields.values().map(|field| Node::new(field.into())).collect(),
        })),
    }
}

fn directives(applied: &[Applied]) -> DirectiveList {
    DirectiveList(applied.iter().map(|applied| Node::new(applied.into())).collect())
}

impl From<&Field> for FieldDefinition {
    fn from(field: &Field) -> Self {
        Self {
            description: field.description.clone(),
            name: field.name.clone(),
            arguments: field
                .arguments
                .values()
                .map(|argument| Node::new(argument.into()))
                .collect(),
            ty: field.ty.clone(),
            directives: directives(&field.directives),
        }
    }
}

impl From<&Field> for InputValueDefinition {
    fn from(field: &Field) -> Self {
        Self {
            description: field.description.clone(),
            name: field.name.clone(),
            ty: Node::new(field.ty.clone()),
            default_value: field.default.clone(),
            directives: directives(&field.directives),
        }
    }
}

impl From<&Defined> for DirectiveDefinition {
    fn from(directive: &Defined) -> Self {
        let arguments = directive.arguments.values();
        Self {
            description: directive.description.clone(),
            name: directive.name.clone(),
            arguments: arguments.map(|argument| Node::new(argument.into())).collect(),
            repeatable: directive.repeatable,
            locations: directive.locations.clone(),
        }
    }
}

impl From<&EnumValue> for EnumValueDefinition {
    fn from(value: &EnumValue) -> Self {
        Self {
            description: value.description.clone(),
            value: value.name.clone(),
            directives: directives(&value.directives),
        }
    }
}
