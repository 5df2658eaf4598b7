//! Answers `__schema` and `__type` from the schema that clients see.

mod kinds;

use graphql_tools::{
    parser::query::Value,
    static_graphql::schema::{
        Definition, Directive, DirectiveDefinition, EnumValue, Field, InputValue, Type, TypeDefinition,
    },
};

use self::kinds::{description, kind, literal, reason};
use super::{NodeId, Projection, Ty, TyKind};
use crate::{
    request::Variables,
    supergraph::{self, Supergraph},
};

/// Lists of the schema that lead to such lists again, so that an answer grows with each of them.
pub(super) const LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];
/// So many of them may be inside one another, as graphql-js allows.
pub(super) const MOST_LISTS: usize = 2;

/// Writes parts of the schema.
pub(super) struct Schema<'a> {
    pub(super) projection: &'a Projection,
    pub(super) supergraph: &'a Supergraph,
    pub(super) variables: &'a Variables,
    /// How many bytes the answer may have.
    pub(super) most: usize,
}

/// The answer has more bytes than it may have.
pub(super) struct Full;

/// A thing of the schema.
#[derive(Clone, Copy)]
enum Meta<'a> {
    Schema,
    Type(TypeRef<'a>),
    Field(&'a Field),
    Input(&'a InputValue),
    EnumValue(&'a EnumValue),
    Directive(&'a DirectiveDefinition),
}

#[derive(Clone, Copy)]
enum TypeRef<'a> {
    Named(&'a TypeDefinition),
    Wrapped(&'a Type),
}

/// What a field of a thing is.
enum Found<'a> {
    Null,
    Text(String),
    Flag(bool),
    One(Meta<'a>),
    Many(Vec<Meta<'a>>),
    Words(Vec<&'a str>),
}

impl<'a> Schema<'a> {
    /// Writes a root field: `__schema` or `__type`.
    pub(super) fn root(
        &self,
        name: &str,
        arguments: &[(String, Value<'static, String>)],
        ty: &Ty,
        out: &mut Vec<u8>,
    ) -> Result<(), Full> {
        let found = match name {
            "__schema" => Found::One(Meta::Schema),
            "__type" => match self.text(arguments, "name").and_then(|name| self.named(&name)) {
                Some(definition) => Found::One(definition),
                None => Found::Null,
            },
            _ => Found::Null,
        };
        self.found(found, ty, out)
    }

    fn found(&self, found: Found<'a>, ty: &Ty, out: &mut Vec<u8>) -> Result<(), Full> {
        if out.len() > self.most {
            return Err(Full);
        }
        match (found, &ty.kind) {
            (Found::Text(text), _) => quoted(&text, out),
            (Found::Flag(flag), _) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
            (Found::One(meta), TyKind::Composite { nodes, .. }) => match nodes.first() {
                Some((_, node)) => self.object(meta, *node, out)?,
                None => out.extend_from_slice(b"null"),
            },
            (Found::Many(many), TyKind::List(inner)) => {
                self.list(many.into_iter().map(Found::One), inner, out)?;
            }
            (Found::Words(words), TyKind::List(inner)) => {
                self.list(words.into_iter().map(|word| Found::Text(word.to_owned())), inner, out)?;
            }
            _ => out.extend_from_slice(b"null"),
        }
        Ok(())
    }

    fn list(&self, elements: impl Iterator<Item = Found<'a>>, ty: &Ty, out: &mut Vec<u8>) -> Result<(), Full> {
        out.push(b'[');
        for (index, element) in elements.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.found(element, ty, out)?;
        }
        out.push(b']');
        Ok(())
    }

    fn object(&self, meta: Meta<'a>, node: NodeId, out: &mut Vec<u8>) -> Result<(), Full> {
        let node = &self.projection.objects[node.0 as usize];
        if node.fields.is_empty() {
            out.push(b'{');
        }
        for field in &node.fields {
            field.opening.append_to(out);
            match &field.source {
                super::Source::Schema { name, arguments } => {
                    let deprecated = self.flag(arguments, "includeDeprecated");
                    self.found(self.field(meta, name, deprecated), &field.ty, out)?;
                }
                _ => quoted(&node.type_name, out),
            }
        }
        out.push(b'}');
        Ok(())
    }

    fn field(&self, meta: Meta<'a>, name: &str, deprecated: bool) -> Found<'a> {
        match meta {
            Meta::Schema => self.of_schema(name),
            Meta::Type(TypeRef::Named(definition)) => self.of_type(definition, name, deprecated),
            Meta::Type(TypeRef::Wrapped(ty)) => self.of_wrapper(ty, name),
            Meta::Field(field) => match name {
                "name" => Found::Text(field.name.clone()),
                "description" => text(field.description.as_ref()),
                "args" => inputs(&field.arguments, deprecated),
                "type" => self.typed(&field.field_type),
                _ => deprecation(&field.directives, name),
            },
            Meta::Input(input) => match name {
                "name" => Found::Text(input.name.clone()),
                "description" => text(input.description.as_ref()),
                "type" => self.typed(&input.value_type),
                "defaultValue" => text(input.default_value.as_ref().map(literal).as_ref()),
                _ => deprecation(&input.directives, name),
            },
            Meta::EnumValue(value) => match name {
                "name" => Found::Text(value.name.clone()),
                "description" => text(value.description.as_ref()),
                _ => deprecation(&value.directives, name),
            },
            Meta::Directive(directive) => match name {
                "name" => Found::Text(directive.name.clone()),
                "description" => text(directive.description.as_ref()),
                "isRepeatable" => Found::Flag(directive.repeatable),
                "locations" => Found::Words(directive.locations.iter().map(|location| location.as_str()).collect()),
                "args" => inputs(&directive.arguments, deprecated),
                _ => Found::Null,
            },
        }
    }

    fn of_schema(&self, name: &str) -> Found<'a> {
        let root = |name: Option<&str>| name.and_then(|name| self.named(name)).map_or(Found::Null, Found::One);
        let definitions = self.supergraph.api.definitions.iter();
        match name {
            "types" => Found::Many(
                definitions
                    .filter_map(|definition| match definition {
                        Definition::TypeDefinition(definition) => Some(Meta::Type(TypeRef::Named(definition))),
                        _ => None,
                    })
                    .collect(),
            ),
            "directives" => Found::Many(
                definitions
                    .filter_map(|definition| match definition {
                        Definition::DirectiveDefinition(directive) => Some(Meta::Directive(directive)),
                        _ => None,
                    })
                    .collect(),
            ),
            "queryType" => root(Some(self.supergraph.query_type())),
            "mutationType" => root(self.supergraph.mutation_type()),
            "subscriptionType" => root(self.supergraph.subscription_type()),
            _ => Found::Null,
        }
    }

    fn of_type(&self, definition: &'a TypeDefinition, name: &str, deprecated: bool) -> Found<'a> {
        match (name, definition) {
            ("kind", _) => Found::Text(kind(definition).to_owned()),
            ("name", _) => Found::Text(definition.name().to_owned()),
            ("description", _) => text(description(definition)),
            ("fields", TypeDefinition::Object(object)) => fields(&object.fields, deprecated),
            ("fields", TypeDefinition::Interface(interface)) => fields(&interface.fields, deprecated),
            ("interfaces", TypeDefinition::Object(object)) => self.all(&object.implements_interfaces),
            ("interfaces", TypeDefinition::Interface(interface)) => self.all(&interface.implements_interfaces),
            ("possibleTypes", TypeDefinition::Interface(_) | TypeDefinition::Union(_)) => {
                let types = self.supergraph.types.objects_of(definition.name());
                Found::Many(types.filter_map(|name| self.named(name)).collect())
            }
            ("enumValues", TypeDefinition::Enum(definition)) => {
                let shown = |value: &&EnumValue| deprecated || reason(&value.directives).is_none();
                Found::Many(definition.values.iter().filter(shown).map(Meta::EnumValue).collect())
            }
            ("inputFields", TypeDefinition::InputObject(definition)) => inputs(&definition.fields, deprecated),
            ("isOneOf", TypeDefinition::InputObject(_)) => Found::Flag(definition.is_one_of()),
            ("specifiedByURL", TypeDefinition::Scalar(scalar)) => {
                let specified = scalar
                    .directives
                    .iter()
                    .find(|directive| directive.name == "specifiedBy");
                let url = specified.and_then(|directive| supergraph::text(&directive.arguments, "url"));
                text(url.map(str::to_owned).as_ref())
            }
            _ => Found::Null,
        }
    }

    fn of_wrapper(&self, ty: &'a Type, name: &str) -> Found<'a> {
        match (name, ty) {
            ("kind", Type::NonNullType(_)) => Found::Text("NON_NULL".into()),
            ("kind", Type::ListType(_)) => Found::Text("LIST".into()),
            ("ofType", Type::NonNullType(inner) | Type::ListType(inner)) => self.typed(inner),
            _ => Found::Null,
        }
    }

    fn typed(&self, ty: &'a Type) -> Found<'a> {
        match ty {
            Type::NamedType(name) => self.named(name).map_or(Found::Null, Found::One),
            wrapper => Found::One(Meta::Type(TypeRef::Wrapped(wrapper))),
        }
    }

    fn all(&self, names: &[String]) -> Found<'a> {
        Found::Many(names.iter().filter_map(|name| self.named(name)).collect())
    }

    fn named(&self, name: &str) -> Option<Meta<'a>> {
        Some(Meta::Type(TypeRef::Named(self.supergraph.api_type(name)?)))
    }

    fn text(&self, arguments: &[(String, Value<'static, String>)], name: &str) -> Option<String> {
        match arguments.iter().find(|(key, _)| key == name).map(|(_, value)| value)? {
            Value::String(text) => Some(text.clone()),
            Value::Variable(variable) => self.variables.value(variable)?.as_str().map(str::to_owned),
            _ => None,
        }
    }

    fn flag(&self, arguments: &[(String, Value<'static, String>)], name: &str) -> bool {
        match arguments.iter().find(|(key, _)| key == name).map(|(_, value)| value) {
            Some(Value::Boolean(flag)) => *flag,
            Some(Value::Variable(variable)) => self.variables.is_true(variable),
            _ => false,
        }
    }
}

/// Fields that clients see; those of introspection itself are not listed.
fn fields(fields: &[Field], deprecated: bool) -> Found<'_> {
    let shown = |field: &&Field| !field.name.starts_with("__") && (deprecated || reason(&field.directives).is_none());
    Found::Many(fields.iter().filter(shown).map(Meta::Field).collect())
}

fn inputs(inputs: &[InputValue], deprecated: bool) -> Found<'_> {
    let shown = |input: &&InputValue| deprecated || reason(&input.directives).is_none();
    Found::Many(inputs.iter().filter(shown).map(Meta::Input).collect())
}

fn deprecation<'a>(directives: &[Directive], name: &str) -> Found<'a> {
    match name {
        "isDeprecated" => Found::Flag(reason(directives).is_some()),
        "deprecationReason" => text(reason(directives).as_ref()),
        _ => Found::Null,
    }
}

fn text<'a>(text: Option<&String>) -> Found<'a> {
    text.map_or(Found::Null, |text| Found::Text(text.clone()))
}

fn quoted(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}
