//! Applications of the join specification's directives.

use apollo_compiler::{
    Name, Node,
    ast::{Argument, Value},
    name,
};

use crate::model::Applied;

/// Builds an application of a directive argument by argument.
pub(crate) struct Application(Applied);

impl Application {
    pub(crate) fn new(name: Name) -> Self {
        Self(Applied {
            feature: None,
            name,
            arguments: Vec::new(),
            is_on_extension: false,
            location: None,
        })
    }

    /// Adds an argument.
    pub(crate) fn with(mut self, name: Name, value: Value) -> Self {
        let value = Node::new(value);
        self.0.arguments.push(Node::new(Argument { name, value }));
        self
    }

    /// Adds an argument if there is a text for it.
    pub(crate) fn text<'a>(self, name: Name, value: impl Into<Option<&'a str>>) -> Self {
        match value.into() {
            Some(text) => self.with(name, Value::String(text.to_owned())),
            None => self,
        }
    }

    /// Adds an argument if there is a value for it.
    pub(crate) fn flag(self, name: Name, value: Option<bool>) -> Self {
        match value {
            Some(value) => self.with(name, Value::Boolean(value)),
            None => self,
        }
    }

    pub(crate) fn build(self) -> Applied {
        self.0
    }
}

/// `@join__type`, without its key.
pub(super) fn join_type(graph: &Name) -> Application {
    Application::new(name!("join__type")).with(name!("graph"), Value::Enum(graph.clone()))
}

/// `@join__field` for a subgraph.
pub(super) fn join_field(graph: &Name) -> Application {
    Application::new(name!("join__field")).with(name!("graph"), Value::Enum(graph.clone()))
}

/// `@join__field` of a field that no subgraph knows at this type.
pub(super) fn join_field_of_nobody() -> Applied {
    Application::new(name!("join__field")).build()
}

/// `@join__implements`.
pub(super) fn join_implements(graph: &Name, interface: &Name) -> Applied {
    Application::new(name!("join__implements"))
        .with(name!("graph"), Value::Enum(graph.clone()))
        .text(name!("interface"), interface.as_str())
        .build()
}

/// `@join__unionMember`.
pub(super) fn join_union_member(graph: &Name, member: &Name) -> Applied {
    Application::new(name!("join__unionMember"))
        .with(name!("graph"), Value::Enum(graph.clone()))
        .text(name!("member"), member.as_str())
        .build()
}

/// `@join__enumValue`.
pub(super) fn join_enum_value(graph: &Name) -> Applied {
    Application::new(name!("join__enumValue"))
        .with(name!("graph"), Value::Enum(graph.clone()))
        .build()
}
