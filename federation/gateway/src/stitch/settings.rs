//! How a GraphQL service that knows nothing of federation is described. Section `[stitch]`, or `stitch` in a list of
//! subgraphs.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The services that are stitched in, by the name of the subgraph that each becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StitchSettings(pub BTreeMap<String, Stitch>);

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Stitch {
    /// Where it answers. In a list of subgraphs `routing_url` says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A file with its schema, where it does not tell it to introspection. In a list of subgraphs `schema` says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<PathBuf>,
    /// The types that others may join, and the root fields that resolve them.
    pub(crate) entities: BTreeMap<String, Resolvers>,
    /// What is left out: types, `Type.field`, or `Type.*`.
    pub(crate) hide: Vec<String>,
    /// Other names for root fields: `"Query.users" = "people"`.
    pub(crate) rename: BTreeMap<String, String>,
    /// Types, or single fields as `Type.field`, that other subgraphs resolve as well.
    pub(crate) shareable: Vec<String>,
    /// How many entities one request asks for.
    pub(crate) batch: usize,
}

impl Default for Stitch {
    fn default() -> Self {
        Self {
            url: None,
            schema: None,
            entities: BTreeMap::new(),
            hide: Vec::new(),
            rename: BTreeMap::new(),
            shareable: Vec::new(),
            batch: 100,
        }
    }
}

/// How the entities of a type are found: in one way, or in several, of which the first that has its key is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected { key = \"id\", field = \"user\", arguments = { id = \"id\" } }, or a list of such"
)]
pub(crate) enum Resolvers {
    /// In one way.
    One(Resolver),
    /// In several.
    Several(Vec<Resolver>),
}

impl Resolvers {
    /// All of them.
    pub(crate) fn all(&self) -> &[Resolver] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

/// A root field that finds entities by their key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Resolver {
    /// The fields that tell one entity from another, as in `@key`.
    pub key: String,
    /// The root field of queries that gives the entity, or a list of entities.
    pub field: String,
    /// What its arguments are: a field of the key, such as `"id"` or `"owner.id"`; a number or truth value; a table of
    /// such for an input object; `["id"]` for the list of all entities that are asked for.
    #[serde(default)]
    pub arguments: BTreeMap<String, Value>,
}
