//! The plan of an operation: which subgraph is asked what, in which order, and where the answers go.

mod aliases;
mod alike;
mod api;
mod caught;
mod context;
mod cut;
mod fitting;
mod hive;
mod kept;
mod keys;
mod offstage;
mod overrides;
mod own;
mod rooms;
mod roots;
mod spelling;
mod stage;
mod translate;
mod typed;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use graphql_tools::static_graphql::{query, schema};
use platform_config::Duration;
use serde::Serialize;

pub use self::caught::catches_panics;
pub(crate) use self::caught::caught;
pub(crate) use self::hive::HivePlanner;
pub(crate) use self::kept::of_client;
pub use self::overrides::Overrides;
pub(crate) use self::translate::REPRESENTATIONS;
use crate::{Error, outline::OperationKind};

/// Makes plans for one supergraph. A trait, because the planner in use is a frozen library that is to be replaced.
pub(crate) trait Planner: Send + Sync {
    /// The plan of one operation of a valid document, within a budget of time.
    fn plan(
        &self,
        document: &query::Document,
        name: Option<&str>,
        overrides: &Overrides,
        budget: Duration,
    ) -> Result<Plan, Error>;

    /// Under which key a plan keeps what a client asks for by this one.
    fn kept_as<'k>(&self, key: &'k str, name: &str, has_arguments: bool) -> Cow<'k, str>;

    /// The schema that clients see.
    fn api(&self) -> Arc<schema::Document>;

    /// The address of each subgraph.
    fn endpoints(&self) -> BTreeMap<String, String>;
}

/// How an operation is answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// What the operation does.
    #[serde(skip)]
    pub(crate) kind: OperationKind,
    /// The first step. Absent where no subgraph needs to be asked.
    pub(crate) node: Option<Node>,
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind")]
pub(crate) enum Node {
    /// Asks a subgraph for root fields.
    Fetch(Fetch),
    /// Asks a subgraph for fields of entities that others told of.
    Entities(Entities),
    /// One after the other.
    Sequence {
        /// The steps.
        nodes: Vec<Node>,
    },
    /// At the same time.
    Parallel {
        /// The steps.
        nodes: Vec<Node>,
    },
    /// Listens to a subgraph. What follows in its sequence is done for every event.
    Subscription {
        /// What to listen to.
        primary: Fetch,
    },
}

/// A request for root fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fetch {
    /// Which subgraph.
    pub subgraph: String,
    /// What the request does there.
    pub operation: OperationKind,
    /// The document to send.
    pub document: String,
    /// The client's variables it uses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
    /// Where the answer goes: the root, or objects deeper down that stand for the root type.
    #[serde(skip_serializing_if = "Path::is_empty")]
    pub path: Path,
    /// What the answer looks like.
    #[serde(skip)]
    pub selection: Selection,
}

/// A request for fields of entities.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entities {
    /// Which subgraph.
    pub subgraph: String,
    /// The document to send.
    pub document: String,
    /// The client's variables it uses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
    /// The lists of entities, each with its own variable.
    pub batches: Vec<Batch>,
}

/// A list of entities of one request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Batch {
    /// The response key: `_entities` or an alias.
    pub key: String,
    /// The variable that carries the representations.
    pub variable: String,
    /// Where the entities are.
    pub paths: Vec<Path>,
    /// What a representation consists of.
    pub requires: Vec<Requirement>,
    /// Types under which the subgraph knows the entities, instead of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renamed_types: Vec<RenamedType>,
    /// What each entity of the answer looks like.
    #[serde(skip)]
    pub selection: Selection,
}

/// Entities of this type, or of one of its subtypes, are presented under its name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RenamedType {
    /// The types that are renamed.
    pub of: Vec<String>,
    /// The new name.
    pub to: String,
}

/// One part of a representation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) enum Requirement {
    /// A field.
    Field {
        /// Its key in the representation.
        key: String,
        /// Its key in the data, where that differs.
        source: String,
        /// Its parts.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        fields: Vec<Requirement>,
    },
    /// Fields of entities of one type.
    On {
        /// The type.
        condition: String,
        /// The fields.
        fields: Vec<Requirement>,
    },
}

/// The response keys of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Selection {
    /// The keys in the order in which they are asked for.
    pub fields: Vec<Selected>,
}

/// One response key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selected {
    /// The key in the subgraph's answer.
    pub key: String,
    /// The key under which it is kept, where the planner gave it an alias of its own.
    pub kept_as: String,
    /// The field that it is.
    pub name: String,
    /// The keys below.
    pub children: Selection,
}

impl Selected {
    /// Whether it is the type of the object.
    pub(crate) fn is_typename(&self) -> bool {
        self.name == "__typename"
    }
}

impl Selection {
    /// The entry of a key, made if there is none.
    pub(crate) fn entry(&mut self, key: &str) -> &mut Selected {
        if let Some(position) = self.fields.iter().position(|field| field.key == key) {
            return &mut self.fields[position];
        }
        self.fields.push(Selected {
            key: key.to_owned(),
            kept_as: key.to_owned(),
            name: key.to_owned(),
            children: Self::default(),
        });
        let last = self.fields.len() - 1;
        &mut self.fields[last]
    }
}

/// A way from the root of the data to objects in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Path(pub Vec<Step>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Step {
    /// Into a field.
    Field(String),
    /// Into each element of a list.
    Each,
    /// Only where the object is of one of these types.
    On(Vec<String>),
}

impl Path {
    /// Whether it stays at the root.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Plan {
    /// What is done for every event of a subscription, after its primary fetch.
    pub(crate) fn subscription(&self) -> Option<&Fetch> {
        match self.node.as_ref()? {
            Node::Subscription { primary } => Some(primary),
            Node::Sequence { nodes } => match nodes.first()? {
                Node::Subscription { primary } => Some(primary),
                _ => None,
            },
            _ => None,
        }
    }

    /// The documents that are sent, each with the subgraph that gets it.
    pub(crate) fn fetches(&self) -> Vec<(&str, &str)> {
        let mut fetches = Vec::new();
        if let Some(node) = &self.node {
            node.collect(&mut fetches);
        }
        fetches
    }
}

impl Node {
    fn collect<'p>(&'p self, fetches: &mut Vec<(&'p str, &'p str)>) {
        match self {
            Self::Fetch(fetch) | Self::Subscription { primary: fetch } => {
                fetches.push((&fetch.subgraph, &fetch.document));
            }
            Self::Entities(entities) => fetches.push((&entities.subgraph, &entities.document)),
            Self::Sequence { nodes } | Self::Parallel { nodes } => nodes.iter().for_each(|node| node.collect(fetches)),
        }
    }
}
