//! A root field that resolves entities, as the supergraph carries it: written into a directive and read from one.

use apollo_compiler::{
    Name, Node,
    ast::{Argument as Given, Directive as Written, Value as Literal},
};
use graphql_tools::static_graphql::schema::{Directive, Value};

use super::ENTITY;
use crate::supergraph::{self, argument};

/// The definition of the directive. Its arguments are plain scalars, because types of its own would be seen by clients.
pub(super) const DEFINITION: &str = "directive @stitch__entity(subgraph: String!, key: String!, field: String!, \
     arguments: [String!]!, batch: Int!) repeatable on OBJECT";

/// What a value of an argument is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Template {
    /// A field of the representation.
    Path(Vec<String>),
    /// The same for all.
    Constant(serde_json::Value),
    /// A list with an element for each entity.
    All(Box<Template>),
    /// An input object.
    Object(Vec<(String, Template)>),
}

/// A root field that resolves entities of one type in one subgraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entity {
    pub(super) subgraph: String,
    /// The fields of the key as a selection, such as `id owner { id }`.
    pub(super) key: String,
    /// The leaves of the key.
    pub(super) leaves: Vec<Vec<String>>,
    pub(super) field: String,
    pub(super) arguments: Vec<Argument>,
    /// How many entities one request asks for.
    pub(super) batch: usize,
}

/// An argument of a root field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Argument {
    pub(super) name: String,
    /// Its type in the service, such as `[ID!]!`.
    pub(super) ty: String,
    pub(super) value: Template,
}

impl Entity {
    /// Whether the root field gives all entities of a request at once.
    pub(super) fn is_list(&self) -> bool {
        self.arguments.iter().any(|argument| argument.value.is_list())
    }

    /// As a directive of a subgraph's schema.
    pub(super) fn directive(&self) -> Written {
        let text = |text: &str| Node::new(Literal::String(text.to_owned()));
        let argument = |argument: &Argument| {
            let Argument { name, ty, value } = argument;
            text(&format!("{name}: {ty} = {}", value.write()))
        };
        let given = |name: &str, value: Node<Literal>| {
            Node::new(Given {
                name: Name::new_unchecked(name),
                value,
            })
        };
        let batch = i32::try_from(self.batch).unwrap_or(i32::MAX);
        Written {
            name: Name::new_unchecked(ENTITY),
            arguments: vec![
                given("subgraph", text(&self.subgraph)),
                given("key", text(&self.key)),
                given("field", text(&self.field)),
                given(
                    "arguments",
                    Node::new(Literal::List(self.arguments.iter().map(argument).collect())),
                ),
                given("batch", Node::new(Literal::Int(batch.into()))),
            ],
        }
    }

    /// From a directive of a supergraph; nothing, if it is not whole.
    pub(super) fn read(directive: &Directive) -> Option<Self> {
        let text = |name| supergraph::text(&directive.arguments, name).map(str::to_owned);
        let key = text("key")?;
        let Some(Value::List(arguments)) = argument(directive, "arguments") else {
            return None;
        };
        let Some(Value::Int(batch)) = argument(directive, "batch") else {
            return None;
        };
        Some(Self {
            subgraph: text("subgraph")?,
            leaves: leaves(&key)?,
            key,
            field: text("field")?,
            arguments: arguments.iter().map(Argument::read).collect::<Option<_>>()?,
            batch: usize::try_from(batch.as_i64()?).ok()?.max(1),
        })
    }
}

impl Argument {
    fn read(value: &Value) -> Option<Self> {
        let Value::String(text) = value else { return None };
        let (name, rest) = text.split_once(": ")?;
        let (ty, value) = rest.split_once(" = ")?;
        Some(Self {
            name: name.to_owned(),
            ty: ty.to_owned(),
            value: Template::read(&serde_json::from_str(value).ok()?).ok()?,
        })
    }
}

/// The leaves of a key: `id owner { id }` has `id` and `owner.id`. Nothing, if it is not a selection.
pub(super) fn leaves(key: &str) -> Option<Vec<Vec<String>>> {
    let spaced = key.replace('{', " { ").replace('}', " } ").replace(',', " ");
    let mut words = spaced.split_whitespace().peekable();
    let (mut found, mut stem) = (Vec::new(), Vec::<String>::new());
    while let Some(word) = words.next() {
        match word {
            "{" => return None,
            "}" => drop(stem.pop()?),
            name => {
                stem.push(name.to_owned());
                if words.next_if_eq(&"{").is_none() {
                    found.push(stem.clone());
                    stem.pop();
                }
            }
        }
    }
    (stem.is_empty() && !found.is_empty()).then_some(found)
}
