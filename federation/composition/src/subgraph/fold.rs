//! From a document to types: definitions and extensions of a type become one.

use apollo_compiler::{
    Name, Node,
    ast::{
        self, Definition, DirectiveDefinition, DirectiveList, Document, EnumValueDefinition, FieldDefinition,
        InputValueDefinition, OperationType,
    },
    parser::SourceSpan,
};
use indexmap::IndexMap;

use super::{names::Names, roots::roots};
use crate::{
    model::{Applied, Defined, Definitions, Directives, EnumValue, Field, Kind, Type, Types},
    spec::{Feature, MACHINERY_FIELDS, MACHINERY_TYPES, Version},
};

/// Scalars that every schema has, whether it defines them or not.
const BUILT_IN: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

/// What a document says, type by type.
pub(crate) struct Folded {
    pub(crate) types: Types,
    pub(crate) definitions: Definitions,
    pub(crate) directives: Vec<Applied>,
    pub(crate) roots: Vec<(OperationType, Name)>,
}

/// Folds a document.
pub(crate) fn fold(document: &Document, names: &Names) -> Folded {
    let mut folded = Folded {
        types: Types::new(),
        definitions: Definitions::new(),
        directives: Vec::new(),
        roots: roots(document),
    };
    for definition in &document.definitions {
        match definition {
            Definition::DirectiveDefinition(directive) => {
                if names.feature(&directive.name).is_none() {
                    folded
                        .definitions
                        .insert(directive.name.clone(), defined(directive, names));
                }
            }
            Definition::SchemaDefinition(_) | Definition::SchemaExtension(_) => {
                folded.directives.extend(applied(definition.directives(), names));
            }
            _ => {
                let Some(part) = Part::of(definition) else { continue };
                if BUILT_IN.contains(&part.name.as_str())
                    || MACHINERY_TYPES.contains(&part.name.as_str())
                    || names.is_spec_type(part.name)
                {
                    continue;
                }
                part.add_to(&mut folded.types, names);
            }
        }
    }
    // Federation 1 did not heed it on a type.
    if names.version != Version::FEDERATION_1 {
        folded.types.values_mut().for_each(inherit_external);
    }
    drop_machinery(&mut folded);
    folded
}

/// On a type it means all fields, those of its other definitions and extensions too.
fn inherit_external(ty: &mut Type) {
    let Some(external) = ty.directives.first(Feature::External).cloned() else {
        return;
    };
    for field in ty
        .fields
        .values_mut()
        .filter(|field| !field.directives.has(Feature::External))
    {
        field.directives.push(external.clone());
    }
}

/// Removes the root fields that only serve the gateway.
fn drop_machinery(folded: &mut Folded) {
    let query = folded
        .roots
        .iter()
        .find(|(operation, _)| *operation == OperationType::Query);
    if let Some((_, name)) = query
        && let Some(ty) = folded.types.get_mut(name)
    {
        ty.fields.retain(|name, _| !MACHINERY_FIELDS.contains(&name.as_str()));
    }
}

/// One definition or extension of a type, of whatever kind.
struct Part<'a> {
    name: &'a Name,
    kind: Kind,
    is_extension: bool,
    description: Option<&'a Node<str>>,
    directives: &'a DirectiveList,
    implements: &'a [Name],
    fields: &'a [Node<FieldDefinition>],
    inputs: &'a [Node<InputValueDefinition>],
    members: &'a [Name],
    values: &'a [Node<EnumValueDefinition>],
    location: Option<SourceSpan>,
}

impl<'a> Part<'a> {
    fn of(definition: &'a Definition) -> Option<Self> {
        let kind = match definition {
            Definition::ScalarTypeDefinition(_) | Definition::ScalarTypeExtension(_) => Kind::Scalar,
            Definition::ObjectTypeDefinition(_) | Definition::ObjectTypeExtension(_) => Kind::Object,
            Definition::InterfaceTypeDefinition(_) | Definition::InterfaceTypeExtension(_) => Kind::Interface,
            Definition::UnionTypeDefinition(_) | Definition::UnionTypeExtension(_) => Kind::Union,
            Definition::EnumTypeDefinition(_) | Definition::EnumTypeExtension(_) => Kind::Enum,
            Definition::InputObjectTypeDefinition(_) | Definition::InputObjectTypeExtension(_) => Kind::Input,
            _ => return None,
        };
        let mut part = Self {
            name: definition.name()?,
            kind,
            is_extension: definition.is_extension_definition(),
            description: None,
            directives: definition.directives(),
            implements: &[],
            fields: &[],
            inputs: &[],
            members: &[],
            values: &[],
            location: definition.name()?.location(),
        };
        match definition {
            Definition::ScalarTypeDefinition(ty) => part.description = ty.description.as_ref(),
            Definition::ObjectTypeDefinition(ty) => {
                part.description = ty.description.as_ref();
                (part.implements, part.fields) = (&ty.implements_interfaces, &ty.fields);
            }
            Definition::ObjectTypeExtension(ty) => {
                (part.implements, part.fields) = (&ty.implements_interfaces, &ty.fields);
            }
            Definition::InterfaceTypeDefinition(ty) => {
                part.description = ty.description.as_ref();
                (part.implements, part.fields) = (&ty.implements_interfaces, &ty.fields);
            }
            Definition::InterfaceTypeExtension(ty) => {
                (part.implements, part.fields) = (&ty.implements_interfaces, &ty.fields);
            }
            Definition::UnionTypeDefinition(ty) => {
                (part.description, part.members) = (ty.description.as_ref(), &ty.members);
            }
            Definition::UnionTypeExtension(ty) => part.members = &ty.members,
            Definition::EnumTypeDefinition(ty) => {
                (part.description, part.values) = (ty.description.as_ref(), &ty.values);
            }
            Definition::EnumTypeExtension(ty) => part.values = &ty.values,
            Definition::InputObjectTypeDefinition(ty) => {
                (part.description, part.inputs) = (ty.description.as_ref(), &ty.fields);
            }
            Definition::InputObjectTypeExtension(ty) => part.inputs = &ty.fields,
            _ => {}
        }
        Some(part)
    }

    fn add_to(&self, types: &mut Types, names: &Names) {
        let is_new = !types.contains_key(self.name);
        let ty = types
            .entry(self.name.clone())
            .or_insert_with(|| Type::new(self.name.clone(), self.kind));
        let directives = applied(self.directives, names).collect::<Vec<_>>();
        let shareable = directives.first(Feature::Shareable);
        let is_extension = self.is_extension || directives.has(Feature::Extends);
        ty.is_extension = is_extension && (is_new || ty.is_extension);
        if is_new || !is_extension {
            ty.location = self.location;
        }
        ty.description = ty.description.take().or_else(|| self.description.cloned());
        for interface in self.implements {
            if !ty.implements.contains(interface) {
                ty.implements.push(interface.clone());
            }
        }
        for field in self.fields {
            let mut field = output_field(field, names);
            // On a type it means the fields of that one definition.
            if !field.directives.has(Feature::Shareable) {
                field.directives.extend(shareable.cloned());
            }
            ty.fields.insert(field.name.clone(), field);
        }
        ty.fields.extend(inputs(self.inputs, names));
        ty.members.extend(self.members.iter().cloned());
        for value in self.values {
            ty.values.insert(value.value.clone(), enum_value(value, names));
        }
        for mut directive in directives {
            directive.is_on_extension = is_extension;
            ty.directives.push(directive);
        }
    }
}

fn defined(directive: &DirectiveDefinition, names: &Names) -> Defined {
    Defined {
        name: directive.name.clone(),
        description: directive.description.clone(),
        arguments: inputs(&directive.arguments, names).collect(),
        repeatable: directive.repeatable,
        locations: directive.locations.clone(),
    }
}

fn output_field(field: &Node<FieldDefinition>, names: &Names) -> Field {
    Field {
        name: field.name.clone(),
        description: field.description.clone(),
        ty: field.ty.clone(),
        arguments: inputs(&field.arguments, names).collect(),
        default: None,
        directives: applied(&field.directives, names).collect(),
        location: field.name.location(),
    }
}

fn inputs(inputs: &[Node<InputValueDefinition>], names: &Names) -> impl Iterator<Item = (Name, Field)> {
    inputs.iter().map(|input| {
        let field = Field {
            name: input.name.clone(),
            description: input.description.clone(),
            ty: ast::Type::clone(&input.ty),
            arguments: IndexMap::new(),
            default: input.default_value.clone(),
            directives: applied(&input.directives, names).collect(),
            location: input.name.location(),
        };
        (input.name.clone(), field)
    })
}

fn enum_value(value: &EnumValueDefinition, names: &Names) -> EnumValue {
    EnumValue {
        name: value.value.clone(),
        description: value.description.clone(),
        directives: applied(&value.directives, names).collect(),
        location: value.value.location(),
    }
}

fn applied(list: &DirectiveList, names: &Names) -> impl Iterator<Item = Applied> {
    list.0.iter().map(|directive| Applied {
        feature: names.feature(&directive.name),
        name: directive.name.clone(),
        arguments: directive.arguments.clone(),
        is_on_extension: false,
        location: directive.location(),
    })
}
