//! Takes a request for entities apart, so that only those are asked for that are not kept, and puts the answer
//! together again.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{BufMut, Bytes, BytesMut};
use graphql_tools::static_graphql::query;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::request::or_default;

const REPRESENTATIONS: &str = "representations";

/// A request to a subgraph, as its parts.
#[derive(Debug, Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) query: &'a RawValue,
    #[serde(borrow, default)]
    pub(super) variables: BTreeMap<&'a str, &'a RawValue>,
}

/// One entity that is asked for.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// As it is sent.
    pub(super) representation: &'a RawValue,
    /// Its type.
    pub(super) of: String,
    /// What is kept of it.
    pub(super) kept: Option<Bytes>,
}

/// The answer of a subgraph to a request for entities.
#[derive(Debug, Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    data: Option<Entities<'a>>,
    #[serde(default, deserialize_with = "or_default")]
    errors: Vec<Value>,
    #[serde(borrow, default)]
    extensions: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Entities<'a> {
    #[serde(borrow, default)]
    _entities: Option<Vec<&'a RawValue>>,
}

/// The entities a request asks for; nothing where it is no request for one list of them.
pub(super) fn wanted<'a>(body: &Body<'a>) -> Option<Vec<Wanted<'a>>> {
    let representations = body.variables.get(REPRESENTATIONS)?;
    let all: Vec<&'a RawValue> = serde_json::from_str(representations.get()).ok()?;
    all.into_iter()
        .map(|representation| {
            let fields: Map<String, Value> = serde_json::from_str(representation.get()).ok()?;
            let of = fields.get("__typename")?.as_str()?.to_owned();
            Some(Wanted {
                representation,
                of,
                kept: None,
            })
        })
        .collect()
}

/// The types of the entities of a list that a request asks for, as their representations say.
pub(super) fn types_of(list: &query::Field, body: &Body<'_>) -> Option<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "__typename")]
        name: String,
    }
    let (_, representations) = list.arguments.iter().find(|(name, _)| name == REPRESENTATIONS)?;
    let query::Value::Variable(name) = representations else {
        return None;
    };
    let all: Vec<Typed> = serde_json::from_str(body.variables.get(name.as_str())?.get()).ok()?;
    Some(all.into_iter().map(|one| one.name).collect())
}

/// The request for those entities that are not kept.
pub(super) fn request_for_missing(body: &Body<'_>, wanted: &[Wanted<'_>]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(b"{\"query\":");
    out.put_slice(body.query.get().as_bytes());
    out.put_slice(b",\"variables\":{\"representations\":[");
    let missing = wanted.iter().filter(|wanted| wanted.kept.is_none());
    put_list(&mut out, missing.map(|wanted| wanted.representation.get().as_bytes()));
    out.put_u8(b']');
    for (name, value) in body.variables.iter().filter(|(name, _)| **name != REPRESENTATIONS) {
        out.put_slice(format!(",{}:", Value::from(*name)).as_bytes());
        out.put_slice(value.get().as_bytes());
    }
    out.put_slice(b"}}");
    out.freeze()
}

/// The entities of an answer, one for each that was asked for; nothing where it has errors or is not whole, so that
/// nothing of it is kept.
pub(super) fn entities(answer: &[u8], expected: usize) -> Option<Vec<&RawValue>> {
    let reply: Reply<'_> = serde_json::from_slice(answer).ok()?;
    let entities = reply.data?._entities?;
    (reply.errors.is_empty() && entities.len() == expected).then_some(entities)
}

/// The whole answer: what was kept, and what was asked for now, each in its place. Nothing where what came now is no
/// answer: it must not be taken for one to the whole request.
pub(super) fn whole(wanted: &[Wanted<'_>], answer: Option<&[u8]>) -> Option<Bytes> {
    let reply: Option<Reply<'_>> = match answer {
        Some(answer) => Some(serde_json::from_slice(answer).ok()?),
        None => None,
    };
    let missing = wanted.iter().filter(|wanted| wanted.kept.is_none()).count();
    let (mut found, errors, extensions) = match &reply {
        Some(reply) => {
            let entities = reply.data.as_ref().and_then(|data| data._entities.as_ref());
            let found = entities.map_or(&[][..], Vec::as_slice);
            // Nothing says why entities are missing, or which of them are there.
            if found.len() != missing && reply.errors.is_empty() {
                return None;
            }
            (found.iter(), reply.errors.clone(), reply.extensions)
        }
        None => ([][..].iter(), Vec::new(), None),
    };
    let mut out = BytesMut::new();
    out.put_slice(b"{\"data\":{\"_entities\":[");
    let items = wanted.iter().map(|wanted| match &wanted.kept {
        Some(kept) => &kept[..],
        None => found.next().map_or(&b"null"[..], |entity| entity.get().as_bytes()),
    });
    put_list(&mut out, items);
    out.put_slice(b"]}");
    if !errors.is_empty() {
        out.put_slice(b",\"errors\":");
        out.put_slice(&serde_json::to_vec(&in_place(errors, wanted)).ok()?);
    }
    if let Some(extensions) = extensions {
        out.put_slice(b",\"extensions\":");
        out.put_slice(extensions.get().as_bytes());
    }
    out.put_u8(b'}');
    Some(out.freeze())
}

/// The subgraph counts the entities it was asked for; the paths of its errors must count all of them.
fn in_place(mut errors: Vec<Value>, wanted: &[Wanted<'_>]) -> Vec<Value> {
    let missing: Vec<usize> = wanted
        .iter()
        .enumerate()
        .filter(|(_, wanted)| wanted.kept.is_none())
        .map(|(position, _)| position)
        .collect();
    for error in &mut errors {
        let Some(index) = error.pointer_mut("/path/1") else {
            continue;
        };
        let place = index.as_u64().and_then(|at| missing.get(usize::try_from(at).ok()?));
        if let Some(place) = place {
            *index = (*place).into();
        }
    }
    errors
}

fn put_list<'a>(out: &mut BytesMut, items: impl Iterator<Item = &'a [u8]>) {
    for (position, item) in items.enumerate() {
        if position > 0 {
            out.put_u8(b',');
        }
        out.put_slice(item);
    }
}
