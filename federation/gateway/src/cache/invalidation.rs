//! Which of the answers that are kept are taken away.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Entity, Tags};
use crate::gateway::Gateway;

/// What to take away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Invalidation {
    /// Answers of this subgraph alone.
    #[serde(default)]
    pub subgraph: Option<String>,
    /// Answers with objects of this type.
    #[serde(default, rename = "type")]
    pub of_type: Option<String>,
    /// With a type: the entity with these key fields. Whatever else has the type in it goes as well, because which
    /// entities are in it is not known.
    #[serde(default)]
    pub key: Option<Map<String, Value>>,
}

/// The same, with the objects that the type can be.
pub(crate) struct Taken<'a> {
    what: &'a Invalidation,
    types: Option<BTreeSet<String>>,
}

impl Gateway {
    /// Takes kept answers away and says how many.
    pub(crate) fn invalidate(&self, what: &Invalidation) -> usize {
        let Some(store) = &self.0.cache else { return 0 };
        let serving = self.0.serving.load();
        let possible = |name: &String| match &*serving {
            Some(serving) => serving.hints.possible(name),
            None => [name.clone()].into(),
        };
        store.invalidate(&Taken {
            what,
            types: what.of_type.as_ref().map(possible),
        })
    }
}

impl Taken<'_> {
    /// Whether it takes away what is about this.
    pub(super) fn has(&self, tags: &Tags) -> bool {
        let subgraph = self.what.subgraph.as_ref();
        let is_of_subgraph = subgraph.is_none_or(|name| tags.subgraphs.contains(name));
        let is_of_type = self.types.as_ref().is_none_or(|types| {
            let is_it = |entity: &Entity| !types.is_disjoint(&entity.types) && self.may_be(entity);
            !types.is_disjoint(&tags.types) || tags.entity.as_ref().is_some_and(is_it)
        });
        is_of_subgraph && is_of_type
    }

    fn may_be(&self, entity: &Entity) -> bool {
        let key = self.what.key.as_ref();
        key.is_none_or(|key| may_have(key, &entity.representation))
    }
}

/// A subgraph that is told of an entity by another key does not say that it is another one.
fn may_have(key: &Map<String, Value>, told: &Map<String, Value>) -> bool {
    let mut fields = key.iter();
    fields.all(|(name, asked)| told.get(name).is_none_or(|told| is_same(asked, told)))
}

fn is_same(asked: &Value, told: &Value) -> bool {
    match (asked, told) {
        (Value::Object(asked), Value::Object(told)) => may_have(asked, told),
        (Value::Array(asked), Value::Array(told)) => {
            asked.len() == told.len() && asked.iter().zip(told).all(|(asked, told)| is_same(asked, told))
        }
        _ => text(asked) == text(told),
    }
}

/// An id is the same as a number and as text.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
