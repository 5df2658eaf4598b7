//! A schema as composition works on it: extensions folded into their types, directives recognised.

use apollo_compiler::{
    Name, Node,
    ast::{self, Argument, Directive, DirectiveLocation, Value},
    parser::SourceSpan,
};
use indexmap::IndexMap;

use crate::spec::Feature;

/// The types of a schema by name, in the order of their first mention.
pub(crate) type Types = IndexMap<Name, Type>;

/// A named type. Which parts are filled depends on its kind.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) name: Name,
    pub(crate) kind: Kind,
    pub(crate) description: Option<Node<str>>,
    pub(crate) directives: Vec<Applied>,
    pub(crate) implements: Vec<Name>,
    pub(crate) fields: IndexMap<Name, Field>,
    pub(crate) members: Vec<Name>,
    pub(crate) values: IndexMap<Name, EnumValue>,
    /// Whether the schema only extends it, by `extend` or `@extends`.
    pub(crate) is_extension: bool,
    pub(crate) location: Option<SourceSpan>,
}

impl Type {
    /// A type with nothing in it.
    pub(crate) fn new(name: Name, kind: Kind) -> Self {
        Self {
            name,
            kind,
            description: None,
            directives: Vec::new(),
            implements: Vec::new(),
            fields: IndexMap::new(),
            members: Vec::new(),
            values: IndexMap::new(),
            is_extension: false,
            location: None,
        }
    }

    /// Whether the type stands for an interface whose implementations the subgraph does not know.
    pub(crate) fn is_interface_object(&self) -> bool {
        self.directives.has(Feature::InterfaceObject)
    }

    /// Whether it has an `@key`.
    pub(crate) fn is_entity(&self) -> bool {
        self.directives.has(Feature::Key)
    }

    /// Whether it has fields to select.
    pub(crate) fn is_composite(&self) -> bool {
        matches!(self.kind, Kind::Object | Kind::Interface | Kind::Union)
    }
}

/// The kinds of named types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Kind {
    /// What the specification calls it, for messages.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Scalar => "Scalar Type",
            Self::Object => "Object Type",
            Self::Interface => "Interface Type",
            Self::Union => "Union Type",
            Self::Enum => "Enum Type",
            Self::Input => "Input Object Type",
        }
    }
}

/// A field of an object, interface or input type, or an argument: what has a name and a type.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) description: Option<Node<str>>,
    pub(crate) ty: ast::Type,
    /// The arguments; input fields and arguments have none.
    pub(crate) arguments: IndexMap<Name, Field>,
    /// The default; fields of objects and interfaces have none.
    pub(crate) default: Option<Node<Value>>,
    pub(crate) directives: Vec<Applied>,
    pub(crate) location: Option<SourceSpan>,
}

impl Field {
    /// Whether a caller must give a value.
    pub(crate) fn is_required(&self) -> bool {
        self.ty.is_non_null() && self.default.is_none()
    }
}

/// A value of an enum.
#[derive(Clone, Debug)]
pub(crate) struct EnumValue {
    pub(crate) name: Name,
    pub(crate) description: Option<Node<str>>,
    pub(crate) directives: Vec<Applied>,
    pub(crate) location: Option<SourceSpan>,
}

/// A directive where it is applied.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    /// What it is, if composition knows it.
    pub(crate) feature: Option<Feature>,
    /// What the schema calls it.
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Node<Argument>>,
    /// Whether it stands on an extension of its type.
    pub(crate) is_on_extension: bool,
    pub(crate) location: Option<SourceSpan>,
}

impl Applied {
    /// The value of an argument, if it is given.
    pub(crate) fn argument(&self, name: &str) -> Option<&Node<Value>> {
        self.arguments
            .iter()
            .find(|argument| argument.name == name)
            .map(|argument| &argument.value)
    }

    /// The value of a string argument.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.argument(name)?.as_str()
    }

    /// Gives a string argument another value, if it is given.
    pub(crate) fn set_text(&mut self, name: &str, text: &str) {
        for argument in self.arguments.iter_mut().filter(|argument| argument.name == name) {
            argument.make_mut().value = Node::new(Value::String(text.to_owned()));
        }
    }

    /// The value of a boolean argument.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.argument(name)?.to_bool()
    }

    /// The values of a list argument. A single value stands for a list of it, as everywhere in GraphQL.
    pub(crate) fn list(&self, name: &str) -> Option<&[Node<Value>]> {
        let value = self.argument(name).filter(|value| !value.is_null())?;
        Some(value.as_list().unwrap_or(std::slice::from_ref(value)))
    }

    /// The selection of `@key`, `@requires` or `@provides`.
    pub(crate) fn fields(&self) -> &str {
        self.text("fields").unwrap_or_default()
    }

    /// Whether a key leads into the subgraph.
    pub(crate) fn is_resolvable(&self) -> bool {
        self.flag("resolvable").unwrap_or(true)
    }
}

impl From<&Applied> for Directive {
    fn from(applied: &Applied) -> Self {
        Self {
            name: applied.name.clone(),
            arguments: applied.arguments.clone(),
        }
    }
}

/// Looking through the directives of an element.
pub(crate) trait Directives {
    /// The applications of a directive, in order.
    fn all(&self, feature: Feature) -> impl Iterator<Item = &Applied>;

    /// The first application of a directive.
    fn first(&self, feature: Feature) -> Option<&Applied> {
        self.all(feature).next()
    }

    /// Whether a directive is applied.
    fn has(&self, feature: Feature) -> bool {
        self.first(feature).is_some()
    }
}

impl Directives for Vec<Applied> {
    fn all(&self, feature: Feature) -> impl Iterator<Item = &Applied> {
        self.iter().filter(move |applied| applied.feature == Some(feature))
    }
}

/// A directive that a schema defines.
#[derive(Clone, Debug)]
pub(crate) struct Defined {
    pub(crate) name: Name,
    pub(crate) description: Option<Node<str>>,
    pub(crate) arguments: IndexMap<Name, Field>,
    pub(crate) repeatable: bool,
    pub(crate) locations: Vec<DirectiveLocation>,
}

/// The definitions of directives by name.
pub(crate) type Definitions = IndexMap<Name, Defined>;

/// The object types that a value of a type can have.
pub(crate) fn runtime_types<'a>(types: &'a Types, ty: &'a Type) -> Vec<&'a Name> {
    match ty.kind {
        Kind::Object => vec![&ty.name],
        Kind::Union => ty.members.iter().collect(),
        Kind::Interface => types
            .values()
            .filter(|other| other.kind == Kind::Object && other.implements.contains(&ty.name))
            .map(|other| &other.name)
            .collect(),
        _ => Vec::new(),
    }
}
